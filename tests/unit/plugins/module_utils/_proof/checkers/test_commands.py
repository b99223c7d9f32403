# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The text of the commands: specifiers, variables, what only a shell understands, length, relative paths."""

from __future__ import annotations

import shlex
import string
from typing import Any

import pytest
import yaml

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import Finding, line
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import Scope
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.checkers.arguments import (
    LONGEST_ARGUMENT,
    check_argument_length,
    check_relative,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.checkers.commands import listed
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.checkers.shell import check_shell_syntax
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.checkers.specifiers import (
    SPECIFIERS,
    check_specifiers,
    is_known,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.checkers.variables import (
    _IN_A_WORD,
    check_variables,
    uses,
    variables_of,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.command_line import commands_of, specifiers
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.check import text
from ansible_collections.dotmobi.systemd_timers.tests.corpus.corpus import load
from ansible_collections.dotmobi.systemd_timers.tests.unit.plugins.module_utils._syntax.test_command_line import (
    VERSIONS,
    rows,
)
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.fake_facts import job_view, known

MANAGER = {"LANG", "PATH"}
# As in fixtures/capture_commands.py.
ENVIRONMENT = {"ONE": "1", "EMPTY": "", "TWO": "a  b", "QUOTED": "'c d' e"}


def found(version: int = 252, **fields: Any) -> list[Finding]:
    """Return what all the checkers of this file say of a job."""
    job = job_view(**fields)
    return [
        *check_relative(job),
        *check_specifiers(job, version),
        *check_variables(job, known(job.wanted)),
        *check_shell_syntax(job, known(job.wanted)),
        *check_argument_length(job),
    ]


def told(version: int = 252, **fields: Any) -> list[str]:
    """Return the lines of it, without the name of the job."""
    return [line(one).removeprefix("backup: ") for one in found(version, **fields)]


def codes(version: int = 252, **fields: Any) -> list[str]:
    """Return the codes of it."""
    return [one.code for one in found(version, **fields)]


# --- what systemd really does


@pytest.mark.parametrize("version", VERSIONS)
def test_the_specifiers_are_those_that_systemd_knows(version: int) -> None:
    taken = {row["line"][-1] for row in rows(version, "specifiers") if row["argv"] is not None}
    assert {one for one in string.ascii_letters + string.digits if is_known(f"%{one}", version)} == taken


@pytest.mark.parametrize("version", VERSIONS)
def test_the_paths_in_the_table_are_those_that_systemd_puts_there(version: int) -> None:
    for row in rows(version, "specifiers"):
        meaning = SPECIFIERS.get(row["line"][-1], "")
        if row["argv"] is not None and meaning.startswith("/"):
            assert row["argv"][0][3] == f"={meaning.partition(',')[0]}", row["line"]


def given(word: str) -> list[str]:
    """Return what `uses` says that a process gets in the place of a word."""
    leading = [use for use in uses(word, True, ENVIRONMENT) if use.shown == word and not word.startswith("${")]
    if leading:
        return shlex.split(ENVIRONMENT.get(leading[0].name, ""))
    replaced = {use.shown: ENVIRONMENT.get(use.name, "") for use in uses(word, True, ENVIRONMENT)}
    return [_IN_A_WORD.sub(lambda one: "$" if one.group() == "$$" else replaced.get(one.group(), one.group()), word)]


@pytest.mark.parametrize("version", VERSIONS)
def test_variables_are_replaced_where_systemd_does_it(version: int) -> None:
    seen = 0
    for row in rows(version, "line"):
        commands = commands_of(row["line"])
        if "$" not in row["line"] or not row["argv"] or ":" in commands[0].prefix or "@" in commands[0].prefix:
            continue
        words = [word.replace("%%", "%") for word in commands[0].argv]
        if not any(specifiers(word) for word in words):
            seen += 1
            assert [one for word in words for one in given(word)] == row["argv"][0], row["line"]
    assert seen > 12


def test_a_word_that_is_left_out_has_a_finding() -> None:
    """`a $ONE/post b` gave `a b` on both versions."""
    for word in ("$ONE/post", "$ONE$TWO", "$1", "$?", "$@", "$", "$-x", "'$ONE two'", "'$1 == 2 {print}'", "$ONE%%"):
        assert codes(command=f"/bin/x {word}", environment=dict(ENVIRONMENT)) == ["unexpanded-variable"], word


@pytest.mark.parametrize("version", VERSIONS)
def test_systemd_sets_what_we_say(version: int) -> None:
    """Nothing that a process really had is called unset."""
    for row in rows(version, "variables"):
        settings: dict[str, list[str]] = {}
        for setting in row["settings"].split("\n"):
            key, _is, value = setting.partition("=")
            settings.setdefault(key, []).append(value)
        service = {key: values for key, values in settings.items() if key and key != "ExecStart" and any(values)}
        job = job_view(service=service)
        if "PAMName" in service:
            continue
        names = variables_of(job, row["key"].rstrip("=+"), MANAGER)
        assert set(row["names"] or ()) <= names, row


def test_the_limit_is_that_of_the_controller() -> None:
    assert LONGEST_ARGUMENT == text.LONGEST_ARGUMENT


# --- specifiers


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (
            "/bin/date +%Y%m%d",
            (
                'command "/bin/date +%Y%m%d": systemd replaces %Y, %m and %d before the command sees them; '
                'write "/bin/date +%%Y%%m%%d" [date-format]'
            ),
        ),
        (
            '/bin/sh -c "tar -cf /x-$(date +%%F-%H%M).tar /etc"',
            (
                r'command "/bin/sh -c \"tar -cf /x-$(date +%%F-%H%M).tar /etc\"": systemd replaces %H and %M '
                r"before the "
                'command sees them; write /bin/sh -c "tar -cf /x-$(date +%%F-%%H%%M).tar /etc" [date-format]'
            ),
        ),
        (
            "/bin/x /srv/%H:%M.log",
            (
                'command "/bin/x /srv/%H:%M.log": systemd replaces %H and %M before the command sees them; '
                'write "/bin/x /srv/%%H:%%M.log" [date-format]'
            ),
        ),
        (
            "/bin/date +%s",
            (
                'command "/bin/date +%s": systemd replaces %s before the command sees it; '
                'write "/bin/date +%%s" [date-format]'
            ),
        ),
        # What systemd refuses must not be one that a job can accept.
        (
            "/bin/date '+%F %H'",
            (
                "command \"/bin/date '+%F %H'\": systemd 252 refuses %F and replaces %H before the command sees them; "
                "write \"/bin/date '+%%F %%H'\" [unknown-specifier]"
            ),
        ),
        (
            "/bin/echo 50%x",
            (
                'command "/bin/echo 50%x": systemd 252 refuses %x, which is no specifier; '
                'write "/bin/echo 50%%x" [unknown-specifier]'
            ),
        ),
        (
            "/bin/x %k %x",
            (
                'command "/bin/x %k %x": systemd 252 refuses %k and %x, which are no specifiers; '
                'write "/bin/x %%k %%x" [unknown-specifier]'
            ),
        ),
        (
            "/bin/x %D",
            (
                'command "/bin/x %D": systemd 252 refuses %D: there is %D only since systemd 255; '
                'write "/bin/x %%D" [unknown-specifier]'
            ),
        ),
        (
            "/bin/ls %h",
            (
                'warning: command "/bin/ls %h": systemd replaces %h with /root, not the home of the job\'s user; '
                "write %%h for a plain %h, or accept it [specifier]"
            ),
        ),
        (
            "/bin/x%n --id %i",
            (
                'warning: command "/bin/x%n --id %i": systemd replaces %n with the name of the service and %i '
                "with nothing; "
                "write %%n and %%i for a plain %n and %i, or accept it [specifier]"
            ),
        ),
        (
            "/bin/x 50%\\x78",
            (
                'command "/bin/x 50%\\\\x78": systemd 252 refuses %x, which is no specifier; '
                "write %% for each per cent sign [unknown-specifier]"
            ),
        ),
    ],
)
def test_specifiers(command: str, expected: str) -> None:
    assert told(command=command) == [expected]


ALICE = Scope("alice", 1000, 1000, "/home/alice")
# What systemd has put there: /bin/echo "%h %t ..." in a service of alice's manager.
OF_ALICE = {
    252: {
        "C": "/home/alice/.cache", "E": "/home/alice/.config", "g": "the group of alice", "G": "1000",
        "h": "/home/alice", "L": "/home/alice/.config/log", "s": "the shell of alice", "S": "/home/alice/.config",
        "t": "/run/user/1000", "u": "alice", "U": "1000",
    },
    257: {
        "C": "/home/alice/.cache", "D": "/home/alice/.local/share", "E": "/home/alice/.config",
        "g": "the group of alice", "G": "1000", "h": "/home/alice", "L": "/home/alice/.local/state/log",
        "s": "the shell of alice", "S": "/home/alice/.local/state", "t": "/run/user/1000", "u": "alice", "U": "1000",
    },
}  # fmt: skip


@pytest.mark.parametrize("version", OF_ALICE)
def test_specifiers_of_an_account_are_not_those_of_root(version: int) -> None:
    for letter, meant in OF_ALICE[version].items():
        (one,) = check_specifiers(job_view(command=f"/bin/x %{letter}"), version, ALICE)
        assert one.reason == f"systemd replaces %{letter} with {meant}"
    (one,) = check_specifiers(job_view(command="/bin/x %T"), version, ALICE)
    assert one.reason == "systemd replaces %T with /tmp"


def test_specifiers_of_an_instance() -> None:
    """Of zz-spec@a-b.service: %f is /a/b, %j spec, %p zz-spec, %P zz/spec, %N zz-spec@a-b."""
    (one,) = check_specifiers(job_view(name="zz-spec@a-b", command="/bin/x %f %j %p %P %N %i"), 252)
    assert one.reason == (
        "systemd replaces %f with the instance as a path, %j with the last part of the name before the @, "
        "%p with the name before the @, %P with the name before the @, unescaped and %N with the name of the job"
    )


def test_each_kind_once_for_a_command() -> None:
    assert codes(command="/bin/x %h %u %x %k") == ["unknown-specifier", "specifier"]
    assert codes(command="/bin/x %h +%Y+%m") == ["date-format", "specifier"]
    assert codes(command="/bin/x +%Y", service={"ExecStartPre": ["/bin/x +%m", "/bin/x +%d"]}) == ["date-format"] * 3


def test_specifiers_of_other_versions() -> None:
    assert codes(257, command="/bin/x %D") == ["specifier"]
    assert codes(247, command="/bin/date +%Y%m%d") == ["unknown-specifier"]
    # A newer systemd may know it.
    assert codes(258, command="/bin/x %k") == []
    assert codes(258, command="/bin/date +%H%k") == ["date-format"]


@pytest.mark.parametrize(
    "command",
    [
        "/bin/date +%%Y-%%m-%%d",
        "/bin/curl -w %{http_code} http://x/",
        "/bin/x 50% 50%, %- %/",
        ["/bin/date", "+%Y-%m-%d"],
        ["/opt/100%d/x"],
        "/bin/x 'open %x",
    ],
)
def test_per_cent_signs_that_may_stand(command: Any) -> None:
    assert told(command=command) == []


def test_a_long_command_is_not_written_out() -> None:
    (one,) = found(command=f"/bin/date {'x' * 120} +%Y")
    assert one.fix == "write %% for each per cent sign"


# --- variables


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (
            {"command": "/bin/echo $BACKUP_TARGET"},
            (
                'command "/bin/echo $BACKUP_TARGET": nothing sets $BACKUP_TARGET, so systemd replaces it with nothing; '
                "set BACKUP_TARGET in environment, or write $$BACKUP_TARGET for a plain dollar [unset-variable]"
            ),
        ),
        (
            {"command": "/bin/x a${LEFT}b ${RIGHT}"},
            (
                'command "/bin/x a${LEFT}b ${RIGHT}": nothing sets ${LEFT} and ${RIGHT}, so systemd replaces them with '
                "nothing; set LEFT in environment, or write $${LEFT} for a plain dollar [unset-variable]"
            ),
        ),
        (
            {"command": "/bin/ls ${TARGE}", "environment": {"TARGET": "/srv"}},
            (
                'command "/bin/ls ${TARGE}": nothing sets ${TARGE}, so systemd replaces it with nothing; '
                "write ${TARGET} [unset-variable]"
            ),
        ),
        (
            {"command": "/bin/ls $HOME"},
            (
                'command "/bin/ls $HOME": nothing sets $HOME, so systemd replaces it with nothing; set user '
                "(root, too), "
                "so that systemd sets HOME, or write $$HOME for a plain dollar [unset-variable]"
            ),
        ),
        (
            {"command": "/bin/sh -c 'for f in *; do echo ${f}; done'"},
            (
                "command \"/bin/sh -c 'for f in *; do echo ${f}; done'\": nothing sets ${f}, so systemd "
                "replaces it with "
                "nothing; write $${f}, which the command gets as ${f} [unset-variable]"
            ),
        ),
        (
            {"command": "/bin/sh -c 'x ${user}'"},
            (
                "command \"/bin/sh -c 'x ${user}'\": nothing sets ${user}, so systemd replaces it with nothing; "
                "write $${user}, which the command gets as ${user} [unset-variable]"
            ),
        ),
        (
            {"command": "/bin/bash -c 'echo ${x##*/}'"},
            (
                "command \"/bin/bash -c 'echo ${x##*/}'\": nothing sets ${x##*/}, so systemd replaces it with nothing; "
                "write $${x##*/}, which the command gets as ${x##*/} [unset-variable]"
            ),
        ),
        (
            {"command": "/bin/ls --x=$HOME/y", "user": "nobody"},
            (
                'command "/bin/ls --x=$HOME/y": systemd leaves $HOME inside a longer word as it is; '
                'write "--x=${HOME}/y" [unexpanded-variable]'
            ),
        ),
        (
            {"command": "/bin/ls --x=$HOME/y"},
            (
                'command "/bin/ls --x=$HOME/y": systemd leaves $HOME inside a longer word as it is; write '
                '"--x=${HOME}/y", '
                "and set user (root, too), so that systemd sets HOME [unexpanded-variable]"
            ),
        ),
        (
            {"command": "/bin/ls $TARGET/x", "environment": {"TARGET": "/srv"}},
            (
                'command "/bin/ls $TARGET/x": systemd takes the whole of $TARGET/x for the name of a variable, '
                "and leaves "
                'the word out; write "${TARGET}/x" [unexpanded-variable]'
            ),
        ),
        (
            {"command": "/bin/ls $TARGET/x"},
            (
                'command "/bin/ls $TARGET/x": systemd takes the whole of $TARGET/x for the name of a variable, '
                "and leaves "
                'the word out; write "${TARGET}/x", and set TARGET in environment [unexpanded-variable]'
            ),
        ),
        (
            {"command": "/usr/bin/awk '$1 == 2' /x"},
            (
                "command \"/usr/bin/awk '$1 == 2' /x\": systemd takes the whole of $1 == 2 for the name of a "
                "variable, and "
                'leaves the word out; write "$$1 == 2" [unexpanded-variable]'
            ),
        ),
        (
            {"command": "/bin/sh -c '$HOME/bin/x'", "user": "app"},
            (
                "command \"/bin/sh -c '$HOME/bin/x'\": systemd takes the whole of $HOME/bin/x for the name of a "
                "variable, "
                'and leaves the word out; write "$$HOME/bin/x" [unexpanded-variable]'
            ),
        ),
        (
            {"command": '/bin/echo "$(hostname)"'},
            (
                r'command "/bin/echo \"$(hostname)\"": systemd takes the whole of $(hostname) for the name of a '
                r"variable, "
                'and leaves the word out; write [/bin/sh, -c, "..."] [unexpanded-variable]'
            ),
        ),
        (
            {"service": {"ExecStartPre": "/bin/x ${MODE:-full}"}},
            (
                'service.ExecStartPre "/bin/x ${MODE:-full}": systemd knows no default values, so ${MODE:-full} '
                "stays as it "
                'is; write /bin/sh -c "..." [unexpanded-variable]'
            ),
        ),
    ],
)
def test_variables(fields: dict[str, Any], expected: str) -> None:
    assert told(**fields) == [expected]


@pytest.mark.parametrize(
    "fields",
    [
        {"command": "/bin/ls ${TARGET} $TARGET --path=${TARGET}/x", "environment": {"TARGET": "/srv"}},
        {"command": "/bin/ls $A $B", "service": {"Environment": '"A=1 2" B=3'}},
        {"command": "/bin/echo ${HOME} ${USER} $INVOCATION_ID", "user": "nobody"},
        {"command": "/bin/echo $LANG $PATH $TRIGGER_UNIT"},
        {"command": "/bin/echo $$HOME $${HOME} a$$HOME"},
        {"command": ":/bin/echo $HOME ${UNSET} $1"},
        {"command": "/bin/ls $TARGET", "environment_file": "/etc/app/env"},
        {"command": "/bin/ls $TARGET", "service": {"PAMName": "login"}},
        {"command": "/bin/ls $TARGET", "service": {"PassEnvironment": "X TARGET"}},
        {"command": "/bin/ls ${STATE_DIRECTORY}", "service": {"StateDirectory": "x"}},
        {"command": "/bin/ls ${CREDENTIALS_DIRECTORY}/a", "service": {"LoadCredential": "a:/b"}},
        {"service": {"ExecStopPost": "/bin/x $SERVICE_RESULT $EXIT_CODE $EXIT_STATUS"}},
        # A shell or another interpreter has variables of its own.
        {"command": "/bin/sh -c 'for f in *; do echo $f; done'"},
        {"command": "/bin/sh -ec 'echo ${MODE:-full} > $OUTPUT/x'"},
        {"command": "/usr/bin/nice -n 5 /bin/bash -c 'echo $FOO/x'"},
        {"command": "/usr/bin/awk '{print $1, $NF}' /x"},
        {"command": "/usr/bin/python3.11 -c 'print(\"$HOME\" + x)'"},
        {"command": "/usr/bin/ssh host 'echo $HOME'"},
        {"command": "/bin/grep -E 'foo$|BAR$' /x"},
        {"command": "/bin/find /x -exec /bin/sh -c 'echo $0' {} \\;"},
        # Plain text.
        {"command": "/bin/x --password=pa$word --price=5$ --re=^a$"},
        {"command": ["/bin/sh", "-c", 'for f in *; do echo "$f ${f}"; done; echo $HOME']},
        {"command": ["/bin/echo", "$HOME", "${HOME}", "x$HOME"]},
        {"command": "@/bin/sh name -c 'echo $FOO'"},
        {"command": "/bin/x 'open $FOO"},
    ],
)
def test_variables_that_may_stand(fields: dict[str, Any]) -> None:
    assert told(**fields) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"command": "/bin/echo $LANG", "service": {"UnsetEnvironment": "LANG"}},
        {"command": "/bin/echo $STATE_DIRECTORY"},
        {"command": "/bin/echo $SERVICE_RESULT"},
        {"command": "/bin/echo $MAINPID"},
        {"command": "/bin/echo ${1}", "environment_file": "/etc/app/env"},
        {"command": "@/bin/echo $FOO x"},
        {"command": "/bin/echo '$FOO'"},
        {"command": "/bin/sh /x.sh $FOO"},
    ],
)
def test_variables_that_nothing_sets(fields: dict[str, Any]) -> None:
    assert codes(**fields) == ["unset-variable"]


def test_a_long_word_is_not_written_out() -> None:
    (one,) = found(command=f"/bin/x '$HOME/{'x' * 120}'", user="app")
    assert one.fix == "write ${NAME} for a variable, $$ for a plain dollar"
    assert "xxx..." in one.reason


def test_variables_wait_for_the_shell_that_a_command_needs() -> None:
    fields: dict[str, Any] = {"command": "/bin/cat $FOO > /x"}
    assert codes(**fields) == ["shell-syntax"]
    assert codes(**fields, accept=["shell-syntax"]) == ["unset-variable", "shell-syntax"]


# --- what only a shell understands


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (
            "/bin/cat /etc/passwd | /usr/bin/wc -l",
            'understands |; write [/bin/sh, -c, "/bin/cat /etc/passwd | /usr/bin/wc -l"]',
        ),
        ("/bin/true && /bin/false", 'understands &&; write [/bin/sh, -c, "/bin/true && /bin/false"]'),
        ("/bin/sleep 5 &", 'understands &; write "/bin/sleep 5": nothing waits for a job'),
        ("cd /srv && ls", 'understands cd and &&; write [/bin/sh, -c, "cd /srv && ls"]'),
        ("(cd /srv; ls)", 'understands (cd and ;; write [/bin/sh, -c, "(cd /srv; ls)"]'),
        ("source /etc/x", 'understands source; write [/bin/bash, -c, "source /etc/x"]'),
        (". /etc/x", 'understands .; write [/bin/sh, -c, ". /etc/x"]'),
        ("/bin/date > /srv/date", 'understands >; write [/bin/sh, -c, "/bin/date > /srv/date"]'),
        (
            "/bin/date >> /srv/date 2>&1",
            'understands >> and 2>&1; write [/bin/sh, -c, "/bin/date >> /srv/date 2>&1"]',
        ),
        ("-/bin/x 2>/dev/null", 'understands 2>/dev/null; write -/bin/sh -c "/bin/x 2>/dev/null"'),
        ("/bin/x a>/dev/null", 'understands a>/dev/null; write [/bin/sh, -c, "/bin/x a>/dev/null"]'),
        ("/bin/x &>/dev/null", 'understands &>/dev/null; write [/bin/bash, -c, "/bin/x &>/dev/null"]'),
        ("/bin/cat < /x", 'understands <; write [/bin/sh, -c, "/bin/cat < /x"]'),
        ("/bin/cat <<EOF", 'understands <<EOF; write [/bin/sh, -c, "/bin/cat <<EOF"]'),
        ("/bin/cat /x |wc", 'understands |wc; write [/bin/sh, -c, "/bin/cat /x |wc"]'),
        ("/bin/echo $(hostname)", 'understands $(...); write [/bin/sh, -c, "/bin/echo $(hostname)"]'),
        ("/bin/echo x-$(date +%%F)", 'understands $(...); write [/bin/sh, -c, "/bin/echo x-$(date +%F)"]'),
        ("/bin/echo `hostname`", 'understands `...`; write [/bin/sh, -c, "/bin/echo `hostname`"]'),
        ("/bin/echo a; /bin/echo b", 'understands ;; write [/bin/sh, -c, "/bin/echo a; /bin/echo b"]'),
        ("/bin/a; /bin/b", 'understands ;; write [/bin/sh, -c, "/bin/a; /bin/b"]'),
        ("/bin/sh -c cat /x | wc", 'understands |; write [/bin/sh, -c, "cat /x | wc"]'),
        ("LANG=C /bin/date -u", 'understands LANG=C; set LANG in environment, and write "/bin/date -u"'),
        ("/bin/rm -f /srv/x/*.tmp", 'understands /srv/x/*.tmp; write [/bin/sh, -c, "/bin/rm -f /srv/x/*.tmp"]'),
        ("/bin/ls ~/x", 'understands ~/x; write "/bin/ls /root/x"'),
        ('/bin/ls "~/x"', 'understands ~/x; write /bin/ls "/root/x"'),
        ("/usr/bin/env ~/x a~/b", 'understands ~/x; write "/usr/bin/env /root/x a~/b"'),
        ("/bin/ls ~/x | wc -l", 'understands ~/x and |; write [/bin/sh, -c, "/bin/ls /root/x | wc -l"]'),
        ("/bin/ls $HOME/x | wc", 'understands |; write [/bin/sh, -c, "/bin/ls /root/x | wc"]'),
        (["/bin/ls", "~/x"], 'understands ~/x; write /bin/ls "/root/x"'),
        (["/bin/rm", "-f", "/srv/x/*"], 'understands /srv/x/*; write [/bin/sh, -c, "/bin/rm -f /srv/x/*"]'),
        (
            ["/bin/rm", "/srv/my dir/*.log", "a b"],
            "understands /srv/my dir/*.log; write [/bin/sh, -c, \"/bin/rm /srv/my' 'dir/*.log 'a b'\"]",
        ),
        (["/bin/mkdir", "/srv/{a,b}"], 'understands /srv/{a,b}; write [/bin/bash, -c, "/bin/mkdir /srv/{a,b}"]'),
        ("/bin/touch /srv/f{1..3}", 'understands /srv/f{1..3}; write [/bin/bash, -c, "/bin/touch /srv/f{1..3}"]'),
        ("/bin/a ; /bin/b | c", 'understands |; write [/bin/sh, -c, "..."]'),
        ("@/bin/a name | c", 'understands |; write [/bin/sh, -c, "..."]'),
        ('"-/bin/a" | c', 'understands |; write [/bin/sh, -c, "..."]'),
        (f"/bin/a {'x' * 120} | c", 'understands |; write [/bin/sh, -c, "..."]'),
        ('/bin/echo "a b" | c', r'understands |; write [/bin/sh, -c, "/bin/echo \"a b\" | c"]'),
    ],
)
def test_shell_syntax(command: str, said: str) -> None:
    (one,) = told(command=command)
    assert one.endswith(f": no shell runs it, and only a shell {said} [shell-syntax]")


def test_the_fix_is_yaml_that_passes() -> None:
    (one,) = found(command='/bin/cat /x | grep "a b" > /y')
    command = yaml.safe_load(one.fix.removeprefix("write "))
    assert command == ["/bin/sh", "-c", '/bin/cat /x | grep "a b" > /y']
    assert found(command=command) == []


def test_a_directive_gets_a_text_that_passes() -> None:
    (one,) = found(service={"ExecStartPre": '/bin/date +%%F | cut -d- -f1 > "/x y"'})
    fixed = one.fix.removeprefix("write ")
    assert fixed == '/bin/sh -c "/bin/date +%%F | cut -d- -f1 > \\"/x y\\""'
    assert found(service={"ExecStartPre": fixed}) == []


@pytest.mark.parametrize(
    "command",
    [
        '/bin/sh -c "cat /etc/passwd | wc -l > /dev/null 2>&1 && exit 0"',
        ["/bin/sh", "-c", "cat x | wc"],
        "/bin/sh -c date>/srv/x",
        "/bin/bash -c ls|wc",
        'find /srv -name "*.tmp" -exec rm -f {} \\;',
        "find /srv -name *.tmp -size +1k",
        ["find", "/srv", "-name", "*.tmp", "-exec", "rm", "-f", "{}", ";"],
        "/bin/sort -t '|' -k 2 /x",
        "/bin/cut -d| -f1 /x",
        "/bin/grep -E foo|bar /x",
        '/bin/echo "a > b" y\'$(x)\' "`z`"',
        "/bin/echo a\\;",
        "/usr/bin/curl http://x/?a=1&b=2&",
        "/usr/bin/curl http://x/?a=1&b=2",
        "/usr/bin/pip install foo>=1.2 bar <=3",
        "/usr/bin/mail -r <root@host> x",
        "/bin/x a->b =>c 50%% !x #y",
        "/bin/a x ; /bin/b y",
        "/bin/x $$(y)",
        ["/bin/true", "&&", "/bin/false"],
        "/usr/bin/rsync -a --exclude=*.tmp /a/ /b/",
        "/bin/cp -a /srv/a /srv/b",
        "cdrecord x",
        '"/opt/my tool;" x',
        ["/opt/my tool;"],
        "/usr/bin/env LANG=C date",
        "/bin/x 'open | y",
    ],
)
def test_what_needs_no_shell(command: Any) -> None:
    assert told(command=command) == []


# --- length


def test_long_arguments() -> None:
    long = "x" * LONGEST_ARGUMENT
    assert told(command=f"/bin/echo {long}") == []
    assert told(command=f"/bin/echo a {long}x") == [
        (
            f'command "/bin/echo a {"x" * 108}...": holds an argument of more than 131071 bytes; '
            "put it in a file [argument-too-long]"
        )
    ]
    assert codes(command=f"/bin/echo '{'ü' * (LONGEST_ARGUMENT // 2 + 1)}'") == ["argument-too-long"]
    assert codes(service={"ExecStartPre": f"/bin/echo {long}x"}) == ["argument-too-long"]
    # What is doubled for systemd reaches the process once.
    assert codes(command=["/bin/echo", "%" * LONGEST_ARGUMENT]) == []
    assert codes(command=f"/bin/echo {'$$' * LONGEST_ARGUMENT}") == []
    assert codes(command=f":/bin/echo {'$$' * LONGEST_ARGUMENT}") == ["argument-too-long"]


def test_long_variables() -> None:
    assert told(environment={"LIST": "x" * (LONGEST_ARGUMENT - 5)}) == []
    expected = ["environment: LIST has more than 131071 bytes; put it in a file [argument-too-long]"]
    # With its name it is too long for the kernel.
    assert told(environment={"LIST": "x" * (LONGEST_ARGUMENT - 4)}) == expected
    assert told(service={"Environment": f'A=1 "LIST={"x" * LONGEST_ARGUMENT}"'}) == expected


# --- relative paths


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (
            {"command": "bin/report"},
            (
                'command "bin/report": bin/report is no absolute path, and systemd refuses the unit; '
                "write the absolute path [relative-command]"
            ),
        ),
        (
            {"command": ["./report", "--all"], "working_directory": "/srv"},
            (
                'command "./report --all": ./report is no absolute path, and systemd refuses the unit; '
                'write "/srv/report --all" [relative-command]'
            ),
        ),
        (
            {"service": {"ExecStartPre": "-../x y", "WorkingDirectory": "-/srv/a"}},
            (
                'service.ExecStartPre "-../x y": ../x is no absolute path, and systemd refuses the unit; '
                'write "-/srv/x y" [relative-command]'
            ),
        ),
        (
            {"command": "~/bin/x", "working_directory": "/srv"},
            (
                'command "~/bin/x": ~/bin/x is no absolute path, and systemd refuses the unit; '
                "write the absolute path [relative-command]"
            ),
        ),
        (
            {"command": "${HOME}/bin/x", "user": "app"},
            (
                'command "${HOME}/bin/x": systemd replaces no variable in the place of the program, and refuses the '
                "relative path ${HOME}/bin/x; write the absolute path [relative-command]"
            ),
        ),
        (
            {"command": "/bin/true ; bin/x"},
            (
                'command "/bin/true ; bin/x": bin/x is no absolute path, and systemd refuses the unit; '
                "write the absolute path [relative-command]"
            ),
        ),
        (
            {"command": "bin/x", "working_directory": "~"},
            (
                'command "bin/x": bin/x is no absolute path, and systemd refuses the unit; '
                "write the absolute path [relative-command]"
            ),
        ),
    ],
)
def test_relative_commands(fields: dict[str, Any], expected: str) -> None:
    assert told(**fields) == [expected]


@pytest.mark.parametrize("command", ["/bin/x ./y", "x y/z", "-/bin/x", "@-/bin/x name", "+!/bin/x", '"/bin/a b" c'])
def test_commands_that_are_not_relative(command: str) -> None:
    assert told(command=command) == []


def test_a_specifier_may_make_it_absolute() -> None:
    assert codes(command="%h/bin/x") == ["specifier"]


# --- the corpus


@pytest.mark.parametrize("case", [case for case in load() if case.name.startswith("good-")], ids=lambda case: case.name)
def test_good_jobs_of_the_corpus(case: Any) -> None:
    for job in case.jobs:
        fields = {
            key: job[key]
            for key in ("command", "script", "user", "environment", "environment_file", "service")
            if key in job
        }
        assert [one for one in found(**fields) if one.code != "specifier"] == [], job


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("command-date", ["date-format"]),
        ("command-date-in-shell", ["date-format"]),
        ("command-home", ["unset-variable"]),
        ("command-relative", ["relative-command"]),
        ("command-specifier", ["specifier"]),
        ("command-specifier-unknown", ["unknown-specifier"]),
        ("command-variable-in-word", ["unexpanded-variable"]),
        ("command-variable-misspelt", ["unset-variable"]),
        ("command-variable-unset", ["unset-variable"]),
        ("shell-and", ["shell-syntax"]),
        ("shell-background", ["shell-syntax"]),
        ("shell-builtin", ["shell-syntax"]),
        ("shell-pipe", ["shell-syntax"]),
        ("shell-redirection", ["shell-syntax"]),
        ("shell-substitution", ["shell-syntax"]),
        ("argument-too-long-in-a-text", ["argument-too-long"]),
        # Others speak of these.
        ("command-before-missing", []),
        ("command-directory", []),
        ("command-escape", []),
        ("command-missing", []),
        ("command-misspelt", []),
        ("command-no-program", []),
        ("command-not-on-path", []),
        ("command-quotes", []),
    ],
)
def test_bad_jobs_of_the_corpus(name: str, expected: list[str]) -> None:
    (case,) = [case for case in load() if case.name == name]
    for job in case.jobs:
        fields = {key: job[key] for key in ("command", "user", "environment", "service") if key in job}
        assert codes(**fields) == expected, job


def test_listed() -> None:
    assert [listed("a"), listed("ab"), listed("abcb")] == ["a", "a and b", "a, b and c"]
