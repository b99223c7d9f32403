# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every kind of value: what is taken, and what is said of what is not."""

from __future__ import annotations

import datetime
import re
from typing import Any

import pytest

from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.check.field import CHECKERS, check_field
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.errors import BadValue
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.fields import FIELDS
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.options import (
    check_options,
    plain_directories,
)

RETRIES = "write how often to try again, or `{attempts: 3, delay: 10s, backoff: 2}`"
SPAN = "write a time span such as 90s, 15min or 1h 30min"
TOKEN = (
    'write a date such as "2027-01-01", whose runs are skipped, or the number of a change, for which the next run is: '
    "letters, digits and _ . : + -"
)

GOOD = [
    ("on_failure", {"mail": "root, ops@example.com"}, {"mail": {"to": ["root", "ops@example.com"], "from": None}}),
    (
        "on_failure",
        {"mail": {"to": "a@b.example", "from": "c@d.example"}},
        {"mail": {"to": ["a@b.example"], "from": "c@d.example"}},
    ),
    ("on_failure", {"mail": None, "lines": 0}, {"mail": None, "lines": 0}),
    ("on_failure", {"webhook": "https://a.example/x"}, {"webhook": [{"url": "https://a.example/x", "headers": {}}]}),
    (
        "on_failure",
        {"webhook": ["http://a.example", {"url": {"path": "/etc/url"}, "headers": {"X-A": 7, "X-B": None}}]},
        {
            "webhook": [
                {"url": "http://a.example", "headers": {}},
                {"url": {"path": "/etc/url"}, "headers": {"X-A": "7"}},
            ]
        },
    ),
    ("on_failure", {"command": "/usr/bin/page --to 'two words'"}, {"command": ["/usr/bin/page", "--to", "two words"]}),
    (
        "on_success",
        {"command": ["/usr/bin/page", 7, "$HOME"], "unit": "alert@%n.service"},
        {"command": ["/usr/bin/page", "7", "$HOME"], "unit": ["alert@%n.service"]},
    ),
    ("heartbeat", "https://hc.example/{host}/{job}?rid=1", {"url": "https://hc.example/{host}/{job}?rid=1"}),
    (
        "heartbeat",
        {"url": {"credential": "hc", "prefix": "https://hc.example/"}, "start": "yes", "exit_status": True},
        {"url": {"credential": "hc", "prefix": "https://hc.example/"}, "start": True, "exit_status": True},
    ),
    ("accept", "missing-command", ["missing-command"]),
    ("accept", ["missing-command", "drop-in"], ["missing-command", "drop-in"]),
    ("name", "it-glue_backup.2", "it-glue_backup.2"),
    ("name", 7, "7"),
    ("name", "a" * 241, "a" * 241),
    ("description", "50 % of $HOME; done", "50 % of $HOME; done"),
    ("description", 12, "12"),
    ("description", 15, "15"),
    ("state", "suspended", "suspended"),
    ("schedule", "daily", ["daily"]),
    ("schedule", ["daily", "Mon"], ["daily", "Mon"]),
    ("schedule", ("daily",), ["daily"]),
    ("every", "15min", "15min"),
    ("every", 90, "90"),
    ("persistent", True, True),
    ("persistent", "no", False),
    ("persistent", "True", True),
    ("persistent", 0, False),
    ("on_reschedule", "run", "run"),
    ("command", "/bin/sh -c 'echo $HOME'", "/bin/sh -c 'echo $HOME'"),
    ("command", ["/bin/sh", "", "a b", 7, "\n"], ["/bin/sh", "", "a b", "7", "\n"]),
    ("command", ["ls"], ["ls"]),
    ("triggered_by", "backup", ["backup"]),
    ("triggered_by", ["a", "b@c", "a"], ["a", "b@c"]),
    ("triggered_by", [], []),
    ("commands", [["ls", 7], "/bin/echo $HOME"], [["ls", "7"], "/bin/echo $HOME"]),
    ("working_directory", "/srv/my files", "/srv/my files"),
    ("working_directory", "~", "~"),
    ("environment_file", "-/etc/default/x", "-/etc/default/x"),
    ("timezone", "UTC", "UTC"),
    *[("timezone", name, name) for name in ("America/Argentina/Buenos_Aires", "Etc/GMT-14", "GMT+0", "EST5EDT")],
    ("user", "www-data", "www-data"),
    ("user", 1000, "1000"),
    ("group", "host$", "host$"),
    ("environment", {"A": "x\ny", "B": "7", "C": None, "D": ""}, {"A": "x\ny", "B": "7", "C": None, "D": ""}),
    ("environment", {}, {}),
    ("retries", 3, {"attempts": 4}),
    ("retries", "0", {"attempts": 1}),
    ("retries", {"attempts": 3, "delay": "1min 30s", "backoff": 1.5}, {"attempts": 3, "delay": 90.0, "backoff": 1.5}),
    ("retries", {"delay": 0, "max_delay": None}, {"delay": 0.0, "max_delay": None}),
    ("concurrency", "forbid", {"policy": "forbid"}),
    (
        "concurrency",
        {"group": "db", "group_limit": 2, "group_wait": "2h"},
        {"group": "db", "group_limit": 2, "group_wait": 7200.0},
    ),
    ("starting_deadline", "10min", 600.0),
    ("starting_deadline", 90, 90.0),
    ("starting_deadline", "1w 2d 3hours 4m 5sec 6ms", 788645.006),
    ("skip_next", "2026-12-24", "2026-12-24"),
    ("skip_next", 4711, "4711"),
    ("secrets", "MAILGUN", ["MAILGUN"]),
    ("secrets", ["A", "B_2"], ["A", "B_2"]),
    (
        "service",
        {"Nice": 5, "A": True, "B": False, "C": 15, "D": None, "E": ["x", 1, True], "F": [], "X-My": ""},
        {
            "Nice": ["5"],
            "A": ["true"],
            "B": ["false"],
            "C": ["15"],
            "D": None,
            "E": ["x", "1", "true"],
            "F": [],
            "X-My": [""],
        },
    ),
    ("script", {"content": "a\nb"}, {"interpreter": None, "args": [], "content": "a\nb"}),
    (
        "script",
        {"src": "files/a b.py", "interpreter": "/usr/bin/python3 -I", "args": [1, "a b"], "content": None},
        {"interpreter": ["/usr/bin/python3", "-I"], "args": ["1", "a b"], "src": "files/a b.py"},
    ),
    ("name", "backup@db1", "backup@db1"),
    ("name", "backup.2@a1_-.", "backup.2@a1_-."),
    ("spread", "hour", "hour"),
    ("spread", "1h 30min", "1h 30min"),
    (
        "limits",
        {"memory": "512M", "memory_high": "20%", "cpu": "150%", "tasks": 50, "nice": -5, "open_files": "1024:4096"},
        {"memory": "512M", "memory_high": "20%", "cpu": "150%", "tasks": "50", "nice": "-5", "open_files": "1024:4096"},
    ),
    (
        "limits",
        {"memory": "infinity", "swap": 0, "io_weight": None},
        {"memory": "infinity", "swap": "0", "io_weight": None},
    ),
    (
        "conditions",
        {"ac_power": True, "host": "!db*", "path_exists": ["/a", "!/b c"], "virtualization": "vm"},
        {"ac_power": True, "host": ["!db*"], "path_exists": ["/a", "!/b c"], "virtualization": ["vm"]},
    ),
    (
        "conditions",
        {"virtualization": False, "command": ["/bin/test", "-s", "/x"], "host": None},
        {"virtualization": False, "command": ["/bin/test", "-s", "/x"], "host": None},
    ),
    ("state_directory", "reports/daily", ["reports/daily"]),
    ("cache_directory", ["a", "b"], ["a", "b"]),
    ("writable_paths", "-/srv/my files", ["-/srv/my files"]),
    ("environment_file", "-/etc/x", "-/etc/x"),
    ("environment_file", {"content": "A=1\n"}, {"content": "A=1\n"}),
    (
        "credentials",
        {"a.b-C_1": {"content": "x\n"}, "b": {"encrypted": "Whx"}, "c": {"path": "/etc/c"}, "d": None},
        {"a.b-C_1": {"content": "x\n"}, "b": {"encrypted": "Whx"}, "c": {"path": "/etc/c"}, "d": None},
    ),
]

LINE = {
    "a\nb": ("contains a line break", "write it on one line (in YAML, `>-` folds lines without a final newline)"),
    "a\r": ("contains a line break", "write it on one line (in YAML, `>-` folds lines without a final newline)"),
    "a\0b": ("contains a NUL character", "remove it"),
    "a\x1bb": ("contains a control character", "remove it"),
    "a\x85b": ("contains a control character", "remove it"),
    "a\tb": ("contains a control character", "remove it"),
    "a\\": ("ends in a backslash, which systemd takes for a line that goes on", "remove the backslash"),
    " a": ("starts or ends with white space, which systemd drops", "remove the white space"),
    "a ": ("starts or ends with white space, which systemd drops", "remove the white space"),
    "a\ufffe": ("contains U+FFFE, which Unicode keeps free and systemd refuses", "remove it"),
    "\ufdd0b": ("contains U+FDD0, which Unicode keeps free and systemd refuses", "remove it"),
    "a\U0010ffffb": ("contains U+10FFFF, which Unicode keeps free and systemd refuses", "remove it"),
    "\ud800": ("is not valid UTF-8", "remove the stray bytes"),
}
ARGUMENT = "holds an argument of more than 131071 bytes"
NAME = "use letters, digits, '-', '_' and '.', beginning with a letter or digit"
INSTANCE = f"{NAME}, and for an instance one '@' and a text after it"
SPREAD = ("is not a length of time that runs can be spread over",
          "write hour, day, or a time span up to a day such as 30min")  # fmt: skip
RELATIVE = ("is no plain relative path", "write a name, or names with a / between them")
USER = "use letters, digits, '_', '.' and '-'"
PROGRAM = "in a list the first item is the program's path, no prefix"

BAD = [
    ("on_failure", "ops@example.com", "is a text, not a dictionary",
     "write `{mail: ops@example.com}`, or webhook, command, unit"),
    ("on_failure", {"slack": "x"}, 'holds "slack", which is not known here',
     "known are mail, webhook, command, unit, lines, only"),
    ("on_failure", {"only": "timers", "mail": "root"}, 'only is "timers", which is not known here', 'write "timer"'),
    ("on_failure", {"webhook": {"url": "http://a.example", "format": "slak"}},
     'webhook format is "slak", which is not known here', 'write "slack"'),
    ("on_failure", {"webhook": {"url": "http://a.example", "format": "slack", "body": "x"}},
     "webhook has a format and a body", "remove one of the two"),
    ("on_failure", {"webhook": {"url": "http://a.example", "body": {"a": ["{sumary}"]}}},
     'webhook body holds "{sumary}", which is no fact of a run', 'write "{summary}"'),
    ("on_failure", {"webhook": {"url": "http://a.example", "body": '{"text": "{summary}"}'}},
     "webhook body is JSON in a text, where a fact could end a string", "write it as a dictionary or a list"),
    ("on_failure", {"mail": "-oQ/tmp"}, 'mail holds "-oQ/tmp", which is no address',
     "write an address such as ops@example.com, or the name of a user of the host"),
    ("on_failure", {"mail": {"from": "a@b.example"}}, "mail has no address in `to`",
     "write an address such as ops@example.com, or the name of a user of the host"),
    ("on_failure", {"mail": []}, "mail is an empty list", "give at least one, or leave it out"),
    ("on_failure", {"webhook": "example.com/x"}, "webhook is not an http or https address",
     "write an address such as https://example.com/hook"),
    ("on_failure", {"webhook": "http://[x/"}, "webhook is not a valid address",
     "write an address such as https://example.com/hook"),
    ("on_failure", {"webhook": "http://a.example/a b"},
     "webhook holds a space or a letter that an address cannot have", "write %20 and the like, xn-- for a host"),
    ("on_failure", {"webhook": {"headers": {}}}, "webhook has no url",
     "write an address such as https://example.com/hook"),
    ("on_failure", {"webhook": {"url": "http://a.example", "headers": {"A b": "x"}}},
     "webhook headers holds what is no name of a header", "use letters, digits and -"),
    ("on_failure", {"webhook": {"url": "http://a.example", "headers": {"A": "x\r\nB: y"}}},
     "webhook headers A holds a line break or a control character", "remove it"),
    ("on_failure", {"webhook": {"url": {"path": "/a", "credential": "b"}}},
     "webhook url has to name one of credential and path",
     "write a text, or `{credential: NAME}`, or `{path: /FILE}`"),
    (
        "commands",
        "/bin/a; /bin/b",
        "is a text, not a list",
        "write a list of commands, each a text or a list of arguments",
    ),
    ("triggered_by", ["a.service"], "already ends in .service", 'write "a"'),
    ("commands", [], "is an empty list", "give at least one command, or leave the field out"),
    ("commands", ["/bin/a", []], "entry 2 is an empty list", "give the program and its arguments"),
    ("commands", [["/bin/a", "--next--"]], 'entry 1 holds "--next--", which stands between commands', "remove it"),
    ("on_failure", {"command": "/bin/sh -c 'x"}, "command has quotes that are not closed",
     "write a list of arguments"),
    ("on_failure", {"command": []}, "command is no command", "write a program and its arguments, a text or a list"),
    ("on_failure", {"command": ["/bin/x", None]}, "command holds empty", "write each argument in quotes, as a text"),
    ("on_success", {"unit": ["a.service", "b"]}, 'unit holds "b", which is no name of a unit',
     "write the whole name of a unit, such as alert@%n.service"),
    ("on_success", {"lines": True}, "lines is not a whole number from 0 to 1000", "write such a number"),
    ("heartbeat", True, "is a boolean, not a text", "write a text, in quotes"),
    ("heartbeat", {"start": 2}, "start is a number, not a boolean", "write true or false"),
    *[("description", text, *answer) for text, answer in LINE.items()],
    *[("command", text, *answer) for text, answer in LINE.items()],
    *[("service", {"Nice": text}, f"Nice {reason}", fix) for text, (reason, fix) in LINE.items()],
    ("description", "", "is empty", "give a value, or leave the field out"),
    ("description", True, "is a boolean, not a text", "write one text, in quotes"),
    ("description", ["a"], "is a list, not a text", "write one text, in quotes"),
    ("description", {"a": 1}, "is a dictionary, not a text", "write one text, in quotes"),
    ("description", None, "is empty, not a text", "write one text, in quotes"),
    ("description", b"a", "is a bytes, not a text", "write one text, in quotes"),
    ("schedule", [], "is an empty list", "give at least one value, or leave the field out"),
    ("schedule", ["daily", ""], "is empty", "give a value, or leave the field out"),
    ("schedule", [["daily"]], "is a list, not a text", "write one text, in quotes"),
    ("every", {"minutes": 5}, "is a dictionary, not a text", "write one text, in quotes"),
    ("working_directory", "srv/x", "is not an absolute path", "write /srv/x or the whole path"),
    ("working_directory", "../x", "is not an absolute path", "write the whole path, beginning with /"),
    ("working_directory", '"/opt/My App"', "has quotes within the text, which would be part of the path",
     "write /opt/My App, without them"),
    ("working_directory", "-'~/My App'", "has quotes within the text, which would be part of the path",
     "write -~/My App, without them"),
    ("environment_file", '"/etc/My App"', "has quotes within the text, which would be part of the path",
     "write /etc/My App, without them"),
    ("environment_file", "x", "is not an absolute path", "write /x or the whole path"),
    ("user", "a b", "is not the name of a user or group", USER),
    ("user", "-a", "is not the name of a user or group", USER),
    ("group", "a:b", "is not the name of a user or group", USER),
    ("user", "%n", "is not the name of a user or group", USER),
    # Each would be taken for another part of the expression.
    *[
        ("timezone", text, "is not the name of a time zone", "write a name such as Europe/London, or UTC")
        for text in ("08:00", "00:00:07", "*-*-*", "2090", "UTC UTC", "../UTC", "/UTC", "UTC/", "é", "%i")
    ],
    ("persistent", "perhaps", "is a text, not a boolean", "write true or false"),
    ("persistent", 2, "is a number, not a boolean", "write true or false"),
    ("persistent", [], "is a list, not a boolean", "write true or false"),
    ("state", "presnt", "is not a known value", 'write "present"'),
    ("state", "zzz", "is not a known value", "write one of present, suspended, absent"),
    ("state", True, "is not a known value", "write one of present, suspended, absent"),
    ("on_reschedule", ["run"], "is not a known value", 'write "run"'),
    ("name", "a/b", "contains a path", 'write "b"'),
    ("name", "../../etc/x", "contains a path", 'write "x"'),
    ("name", "a.timer", "already ends in .timer", 'write "a"'),
    ("name", "a.service", "already ends in .service", 'write "a"'),
    ("name", "my job", "is no unit name", f'write "my-job": {NAME}'),
    ("name", "a@", "is no unit name", f'write "a": {INSTANCE}'),
    ("name", "@b", "is no unit name", f'write "b": {INSTANCE}'),
    ("name", "a@b@c", "is no unit name", f'write "a-b-c": {INSTANCE}'),
    ("name", "a@b:1", "is no unit name", f'write "a-b-1": {INSTANCE}'),
    ("name", "a:b", "is no unit name", f'write "a-b": {NAME}'),
    ("name", "a@b c", "is no unit name", f'write "a-b-c": {INSTANCE}'),
    ("name", "a@b.timer", "already ends in .timer", 'write "a@b"'),
    *[("spread", text, *SPREAD) for text in ("week", "2d", "0s", "1s", "soon", "-1h", "5 parsecs", "90")],
    ("limits", "512M", "is a text, not a dictionary", "write `{memory: 512M}`"),
    ("limits", {"memori": "512M"}, 'holds "memori", which is not known here', 'write "memory"'),
    ("limits", {"memory": "512MB"}, 'memory cannot be "512MB"', 'write "512M"'),
    ("limits", {"memory": "1 g"}, 'memory cannot be "1 g"', 'write "1G"'),
    ("limits", {"memory": "110%"}, 'memory cannot be "110%"',
     "write a size such as 512M, a share such as 20%, or infinity"),
    ("limits", {"cpu": 50}, 'cpu cannot be "50"', 'write "50%"'),
    ("limits", {"cpu": "0%"}, 'cpu cannot be "0%"', "write a share of one CPU such as 50%; 200% is two CPUs"),
    ("limits", {"nice": 20}, 'nice cannot be "20"', "write a number from -20 to 19"),
    ("limits", {"tasks": 0}, 'tasks cannot be "0"', "write a number, a share such as 10%, or infinity"),
    ("limits", {"io_weight": 10001}, 'io_weight cannot be "10001"',
     "write a number from 1 to 10000, where 100 is what other units have"),
    ("limits", {"io_class": "Idle"}, 'io_class cannot be "Idle"', 'write "idle"'),
    ("limits", {"memory": ["1G"]}, "memory is a list, not a text", "write one text, in quotes"),
    ("conditions", ["ac_power"], "is a list, not a dictionary", "write `{path_exists: /srv/data}`"),
    ("conditions", {"path_exist": "/x"}, 'holds "path_exist", which is not known here', 'write "path_exists"'),
    ("conditions", {"path_exists": "x"}, "path_exists is not an absolute path",
     "write the whole path, and `!` before it where it must not hold"),
    ("conditions", {"host": "!"}, 'host cannot be "!"', "write one value, and `!` before it where it must not hold"),
    ("conditions", {"host": "|a"}, 'host cannot be "|a"', "write one value, and `!` before it where it must not hold"),
    ("conditions", {"ac_power": "perhaps"}, "ac_power is a text, not a boolean", "write true or false"),
    ("conditions", {"command": []}, "command is an empty list", "give the program and its arguments"),
    ("state_directory", "/var/lib/reports", "is an absolute path, and systemd makes it below a fixed directory",
     'write "reports"'),
    *[("logs_directory", text, *RELATIVE) for text in ("../x", "a//b", "a/", ".", "a:b")],
    ("writable_paths", ["/a", "b"], 'holds "b", which is not an absolute path', "write /b or the whole path"),
    ("writable_paths", "~/x", 'holds "~/x", which is not an absolute path', "write the whole path, beginning with /"),
    ("name", "-a", "is no unit name", f'write "a": {NAME}'),
    ("name", ".hidden", "is no unit name", f'write "hidden": {NAME}'),
    ("name", "é", "is no unit name", NAME),
    ("name", "a\n", *LINE["a\nb"]),
    ("name", "a" * 242, "is longer than 241 characters", "shorten it"),
    ("name", ["a"], "is a list, not a text", "write one text, in quotes"),
    ("command", 7, "is a number, not a text or a list", "write the command line, or a list of arguments"),
    ("command", "", "is empty", "give a value, or leave the field out"),
    ("command", {}, "is a dictionary, not a text or a list", "write the command line, or a list of arguments"),
    ("command", [], "is an empty list", "give the program and its arguments"),
    ("command", ["/bin/x", True], "holds a boolean", "write each argument in quotes, as a text"),
    ("command", ["/bin/x", ["a"]], "holds a list", "write each argument in quotes, as a text"),
    ("command", ["/bin/x", None], "holds empty", "write each argument in quotes, as a text"),
    ("command", ["/bin/x", "a\0"], "contains a NUL character", "remove it"),
    ("command", ["/bin/x", "\udcff"], "is not valid UTF-8", "remove the stray bytes"),
    ("command", ["/bin/x", "é" * 65536], ARGUMENT, "put it in a file"),
    ("command", ["", "a"], "does not begin with a program", PROGRAM),
    *[("command", [f"{prefix}/bin/x"], "does not begin with a program", PROGRAM) for prefix in "-@:+!|"],
    ("command", [" /x"], "the program has white space around it or a control character", "write its path"),
    ("command", ["/x\n"], "the program has white space around it or a control character", "write its path"),
    ("command", ["/x\ty"], "the program has white space around it or a control character", "write its path"),
    (
        "secrets",
        "A=hunter2",
        "holds what is no variable name",
        "write the names of variables of environment, never their values",
    ),
    ("environment", "A=1", "is a text, not a dictionary", "write NAME: value"),
    ("environment", ["A=1"], "is a list, not a dictionary", "write NAME: value"),
    *[
        ("environment", {name: "x"}, f'holds "{name}", which is no variable name', ("use letters, digits and '_', not "
         "beginning with a digit"))
        for name in ("1A", "A-B", "", "A=B", "A\n", "é", 7)
    ],
    (
        "environment",
        {"A": True},
        "A is a boolean, not a text",
        'write A: "..." in quotes, so that YAML keeps it as it is',
    ),
    (
        "environment",
        {"A": 1.10},
        "A is a number, not a text",
        'write A: "..." in quotes, so that YAML keeps it as it is',
    ),
    ("environment", {"A": "x\0"}, "contains a NUL character", "remove it"),
    ("environment", {"A": "\uffff"}, "contains U+FFFF, which Unicode keeps free and systemd refuses", "remove it"),
    ("environment", {"A": "x" * 131072}, "A has more than 131071 bytes", "put it in a file"),
    ("service", ["Nice=5"], "is a list, not a dictionary", "write Directive: value"),
    *[
        ("service", {name: "x"}, f'holds "{name}", which is no name of a directive',
         "write it as in systemd.directives(7)")
        for name in ("Ni ce", "Nice=5\nUser", "[Service]", "", "#a", 7)
    ],
    ("service", {"Nice": {}}, "Nice is a dictionary", "write a text, a whole number, a boolean or a list of them"),
    ("service", {"Nice": [[1]]}, "Nice is a list", "write a text, a whole number, a boolean or a list of them"),
    ("script", "echo", "is a text, not a dictionary", "write `content: |` and the script, or `src: FILE`"),
    ("script", {}, "has none of content, src", "give one of content, src"),
    ("script", {"content": "a", "src": "b"}, "has content and src", "give one of content, src"),
    ("script", {"contents": "a"}, 'holds "contents", which is not known here', 'write "content"'),
    ("script", {"content": "a", "mode": "0755"}, 'holds "mode", which is not known here',
     "known are content, src, interpreter, args"),
    ("script", {"content": ["a"]}, "content is a list, not a text", "write a text, for example after `|`"),
    ("script", {"content": ""}, "content is empty", "give it a text, or leave the field out"),
    ("script", {"content": "a\0"}, "content contains a NUL character", "remove it"),
    ("script", {"content": "x" * (1024 * 1024 + 1)}, "content has more than 1024 KiB",
     "deploy it by other means, and name its path"),
    ("script", {"content": "#!/bin/sh\r\n"}, "content has the line ends of DOS", "save it with the line ends of Unix"),
    ("script", {"src": ""}, "src is empty", "write the path of a file"),
    ("script", {"src": "a\nb"}, "src contains a line break", LINE["a\nb"][1]),
    ("script", {"content": "a", "interpreter": "python3"}, "interpreter is not an absolute path",
     "write the whole path, such as /usr/bin/python3"),
    ("script", {"content": "a", "interpreter": []}, "interpreter is an empty list",
     "give the program and its arguments"),
    ("script", {"content": "a", "args": "-v"}, "args is a text, not a list", "write a list of arguments"),
    ("script", {"content": "a", "args": [None]}, "holds empty", "write each argument in quotes, as a text"),
    ("environment_file", {"content": "A=1", "mode": "0600"}, 'holds "mode", which is not known here',
     "known are content, src"),
    ("credentials", ["a"], "is a list, not a dictionary", "write NAME: {content: ...}"),
    ("credentials", {"a/b": {"content": "x"}}, "holds what is no name of a credential",
     "use letters, digits, '_', '.' and '-'"),
    ("credentials", {"a": "hunter2"}, "a is a text, not a dictionary", "write a: {content: ...}"),
    ("credentials", {"a": {"path": "x"}}, "a path is not an absolute path", "write /x or the whole path"),
    ("credentials", {"a": {"path": "/x", "content": "y"}}, "a has content and path",
     "give one of content, src, encrypted, path"),
    ("retries", True, "is not a whole number from 0 to 999", RETRIES),
    ("retries", -1, "is not a whole number from 0 to 999", RETRIES),
    ("retries", {"attempts": 0}, "attempts is not a whole number from 1 to 1000", "write such a number"),
    ("retries", {"tries": 3}, 'holds "tries", which it does not know',
     "known keys: attempts, delay, backoff, max_delay"),
    ("retries", {"attempt": 3}, 'holds "attempt", which it does not know', 'write "attempts"'),
    ("retries", {"delay": "soon"}, "delay is not a time span", SPAN),
    ("retries", {"delay": [1]}, "delay is not a time span", SPAN),
    ("retries", {"backoff": 0.5}, "backoff is not a number from 1 to 100",
     "write 2 to double the delay before each further attempt"),
    ("concurrency", "Forbid", "is not a policy", 'write "forbid"'),
    ("concurrency", "never", "is not a policy", "write one of queue, forbid, replace"),
    ("concurrency", {"group": "a b"}, "group is not a name",
     "use letters, digits, '_', '.', ':', '+' and '-', at most 100 of them"),
    ("concurrency", {"group": "../x"}, "group is not a name",
     "use letters, digits, '_', '.', ':', '+' and '-', at most 100 of them"),
    ("concurrency", {"group_wait": 0}, "group_wait is no time at all", "write a time span such as 15min"),
    ("starting_deadline", "infinity", "is not a time span", SPAN),
    ("starting_deadline", "10 fortnights", "is not a time span", SPAN),
    ("starting_deadline", "0s", "is no time at all", "write a time span such as 15min"),
    ("skip_next", True, "is not a token", TOKEN),
    ("skip_next", "2026-02-30", "is not a date of the calendar", "write a day that there is, or a word"),
    ("skip_next", "next; rm", "is not a token", TOKEN),
    ("accept", "missing-comand", 'holds "missing-comand", which is no code of a finding', 'write "missing-command"'),
    ("accept", [7], 'holds "7", which is no code of a finding',
     "the codes stand in brackets at the end of each message"),
    ("accept", ["drop-in", "invalid-schedule"], 'holds "invalid-schedule", which no job can accept',
     "fix what it stands for"),
    ("service", {"Nice": [None]}, "Nice is empty", "write a text, a whole number, a boolean or a list of them"),
]  # fmt: skip


def short(value: Any) -> str:
    """Name a case."""
    return ascii(value)[:40]


@pytest.mark.parametrize(("field", "value", "expected"), GOOD, ids=short)
def test_good(field: str, value: Any, expected: Any) -> None:
    found = check_field(field, value)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(("field", "value", "reason", "fix"), BAD, ids=short)
def test_bad(field: str, value: Any, reason: str, fix: str) -> None:
    with pytest.raises(BadValue) as caught:
        check_field(field, value)
    assert (caught.value.reason, caught.value.fix) == (reason, fix)


@pytest.mark.parametrize(
    ("field", "value", "reasons"),
    [
        ("limits", {"memori": "1M", "cpu": "fast", "tasks": 5}, ["memori", "cpu"]),
        ("conditions", {"ac": True, "path_exists": "x"}, ["ac", "path_exists"]),
        ("retries", {"attempt": 3, "delay": "soon", "backoff": 0}, ["attempt", "delay", "backoff"]),
        ("concurrency", {"policy": "x", "group_limit": 0}, ["policy", "group_limit"]),
        ("credentials", {"a/b": {}, "c": {}, "d": {"content": "x"}, "e": "x"}, ["credential", "c", "e"]),
        ("on_failure", {"mails": "x", "lines": -1}, ["mails", "lines"]),
    ],
)
def test_all_that_is_wrong_with_a_value_is_said_at_once(field: str, value: Any, reasons: list[str]) -> None:
    with pytest.raises(BadValue) as caught:
        check_field(field, value)
    found = [caught.value.reason, *(one.reason for one in caught.value.more)]
    assert len(found) == len(reasons), found
    assert all(part in reason for part, reason in zip(reasons, found, strict=True)), found


def test_the_fix_of_a_name_is_a_name() -> None:
    for name in ("my job", "../x", "a.timer", "-a-", "a@b@c", "a@"):
        with pytest.raises(BadValue) as caught:
            check_field("name", name)
        better = caught.value.fix.split('"')[1]
        assert check_field("name", better) == better


def test_every_checker_is_tried_both_ways() -> None:
    kinds = {field.kind for field in FIELDS.values()}
    assert kinds == set(CHECKERS)
    assert {FIELDS[field].kind for field, *_rest in GOOD} == kinds
    assert {FIELDS[field].kind for field, *_rest in BAD} == kinds


def test_defaults_are_good_values() -> None:
    for name, field in FIELDS.items():
        assert field.default is None or check_field(name, field.default) == field.default


OPTIONS = {
    "owner": "team-a.2",
    "unit_directory": "/etc/systemd/system",
    "files_directory": "/etc/my-jobs",
    "log_directory": "/var/log/my jobs",
    "log_keep": 0,
}


@pytest.mark.parametrize("log_directory", ["/var/log/my jobs", "", None])
def test_good_options(log_directory: str | None) -> None:
    assert check_options({**OPTIONS, "log_directory": log_directory}) == []


@pytest.mark.parametrize(
    ("option", "value", "reason"),
    [
        *[("owner", text, "cannot be an owner mark") for text in ("", "a b", "a\nJob=x", "-a", "é", "a\n")],
        *[("unit_directory", text, "is not an absolute path") for text in ("etc", "./x")],
        *[("log_directory", text, "contains a line break") for text in ("/a\nb", "/a\rb")],
        ("log_directory", "/a\\", "ends in a backslash, which systemd takes for a line that goes on"),
        ("log_directory", "/a\x85b", "contains a control character"),
        ("unit_directory", "/etc/../x", "goes up with `..`"),
        ("log_directory", "logs", "is not an absolute path"),
        ("log_keep", -1, "is less than 0"),
        ("files_directory", "jobs", "is not an absolute path"),
        ("files_directory", "/etc/my jobs", "holds characters that have a meaning in unit files"),
        ("files_directory", "/etc/jobs[1]", "holds characters that have a meaning in unit files"),
    ],
)
def test_bad_options(option: str, value: str, reason: str) -> None:
    found = check_options({**OPTIONS, option: value})
    assert [(one.job, one.field, one.value, one.reason) for one in found] == [("", f"timer_{option}", value, reason)]
    assert found[0].fix


@pytest.mark.parametrize(
    "path", ["/etc/my-jobs/", "//etc//my-jobs", "/etc/./my-jobs/.", "///etc/my-jobs//", "/etc/my-jobs"]
)
@pytest.mark.parametrize("option", ["unit_directory", "files_directory", "log_directory"])
def test_directories_are_written_in_one_way(option: str, path: str) -> None:
    assert plain_directories({**OPTIONS, option: path})[option] == "/etc/my-jobs"


@pytest.mark.parametrize("path", ["", None, "etc/", "/a/../b/"])
def test_what_is_no_plain_path_is_left_for_the_check(path: str | None) -> None:
    assert plain_directories({**OPTIONS, "log_directory": path})["log_directory"] == (path or "")


# 0644 and 12:30 in YAML, and what else is not what was written.
CHANGED = [420, 750, 0, True, 1.1, datetime.date(2026, 12, 24), datetime.datetime(2026, 12, 24, 8, 0)]
MODES = ["UMask", "RuntimeDirectoryMode", "StateDirectoryMode", "CacheDirectoryMode", "DirectoryMode", "SocketMode"]


@pytest.mark.parametrize("value", CHANGED)
def test_variables_and_modes_are_texts(value: Any) -> None:
    for field, key in [("environment", "A"), *(("service", mode) for mode in MODES), ("unit", "XMode")]:
        for given in (value, [value]) if field != "environment" else (value,):
            with pytest.raises(BadValue) as caught:
                check_field(field, {key: given})
            assert caught.value.reason.startswith(f"{key} is a ")
            assert re.fullmatch(rf'write {key}: ".*" in quotes, so that YAML keeps it as it is', caught.value.fix)
        assert check_field(field, {key: "0027"})


@pytest.mark.parametrize("field", sorted(FIELDS))
@pytest.mark.parametrize("date", CHANGED[-2:])
def test_a_date_is_refused_in_every_field(field: str, date: Any) -> None:
    kind = FIELDS[field].kind
    inside = {
        "directives": {"Nice": date},
        "environment": {"A": date},
        "limits": {"memory": date},
        "conditions": {"path_exists": date},
        "credentials": {"a": {"content": date}},
        "script": {"content": date},
        "retries": {"delay": date},
        "concurrency": {"group": date},
        "command": ["/bin/echo", date],
        "notice": {"mail": date},
        "heartbeat": {"url": date},
    }.get(kind, date)
    for value in (date, inside):
        with pytest.raises(BadValue):
            check_field(field, value)


def test_a_date_is_called_one() -> None:
    for field in ("description", "schedule", "skip_next", "user"):
        with pytest.raises(BadValue, match="is a date, not a text") as caught:
            check_field(field, CHANGED[-2])
        assert caught.value.fix == 'write "2026-12-24" in quotes, so that YAML keeps it as it is'


@pytest.mark.parametrize("program", ["/bin/chmod", "/usr/bin/install", "mkdir"])
def test_a_mode_in_a_list_is_a_text(program: str) -> None:
    with pytest.raises(BadValue, match="holds the number 420, which may have been written as another one"):
        check_field("command", [program, "-m", 420, "/srv/x"])
    assert check_field("command", [program, "-m", "0644", "/srv/x"])
    assert check_field("command", ["/bin/sleep", 5]) == ["/bin/sleep", "5"]
