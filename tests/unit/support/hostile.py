# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Generates hostile jobs: valid ones with what has to come of them, and ones that must be refused.

tests/unit/test_hostile.py renders them, the scenario round_trip applies and runs them. Each of the two has the same
jobs in every run; SEED in the environment gives others, and so does a change of the code, because hypothesis mixes in
the constants of it. Nothing here uses the collection's own code.
"""

from __future__ import annotations

import math
import os
import re
from typing import Any, NamedTuple

import hypothesis
import yaml
from hypothesis import strategies as st

SEED = int(os.environ.get("SEED", "20260301"))
# The program that every job runs, and where a job's own things are: see molecule/round_trip/files/host.py.
PROGRAM = "/srv/trip/dump"
FOLDER = "/srv/trip"

# What ends a line for systemd, for Python's splitlines(), for a terminal, or for none of them.
BREAKS = "\n\r\t\v\f\x1c\x1d\x1e\x85\u2028\u2029"
CHARACTERS = "\"'`\\%$;#=[]{}()*?~<>&!|@:+-.,^_/ " + BREAKS + "\x01\x1b\x7f\x80\xa0\u200b\u202e\ufeff\u0301é日😀anx0T"
# Each of them has a meaning to systemd, to YAML, to Jinja2 or to a shell.
PIECES = [
    *("\nUser=nobody", "\r\nUser=nobody\r\n", "\u2028User=nobody", "\x85ExecStart=/bin/false", "\x0bUser=nobody"),
    *("ExecStart=/bin/evil", "[Service]", "[X-Ansible]", "Owner=x", "\\\n", "\\\\\n", "\n[Install]\nWantedBy=x"),
    *("%n", "%%", "%H", "%i", "%z", "+%Y%m%d", "$HOME", "${HOME}", "$$", "${V0}", "$(id)", "`id`"),
    *("\\x41", "\\x00", "\\n", '\\"', "\\s", "\\u0041", "\\073", "\\", '" "', "' '", " ; ", " \\; ", "&&", " #"),
    *("{{ 1 + 1 }}", "{% raw %}", "{# no #}", "}}", "!unsafe", "null", "true", "1e3", "~", "- a", "a: b", "--", "-e"),
    *("\x1b[31m", "\x9b31m", "e\u0301", "\r\r", "  ", "..", "../..", "//", "a" * 300),
]


def is_clean(text: str) -> bool:
    """Tell whether systemd takes all characters for such: it counts the noncharacters of Unicode as broken."""
    return not any(ord(char) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(char) <= 0xFDEF for char in text)


# No surrogates, which UTF-8 does not have; no characters that systemd takes for broken text; no NUL byte.
anything = st.characters(exclude_categories=["Cs"], exclude_characters="\0").filter(is_clean)
hostile = st.lists(
    st.sampled_from(CHARACTERS) | st.sampled_from(PIECES) | st.text(anything, max_size=3), max_size=10
).map("".join)


def on_a_line(text: str) -> str:
    """Return the text as a field of one line may hold it: no control characters, nothing at its ends that is lost."""
    text = re.sub(r"[\x00-\x1f\x7f-\x9f]", "", text)
    while text != text.strip().rstrip("\\"):
        text = text.strip().rstrip("\\")
    return text


def percent(text: str) -> str:
    return text.replace("%", "%%")


line = hostile.map(on_a_line)
# One name in a directory, which systemd also takes inside of a path.
component = line.map(lambda text: on_a_line(text.replace("/", "")[:60]))
# The journal drops the output of a service whose identifier is very long.
identifiers = line.map(lambda text: percent(on_a_line(text[:60]))).filter(bool)
# systemd takes no path of a program that holds one of these.
program_component = component.map(lambda text: on_a_line(re.sub(r"[$\"'\\]", "", text)))
stems = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,12}", fullmatch=True) | st.sampled_from(
    ["a.service", "b.timer", "-".join("abcdefgh"), "x.wants", "L" * 230, "0", "A--..__", "system.slice", "a.mount"]
)
variables = st.sampled_from(["V0", "V1", "_", "v", "PATH", "HOME", "LANG", "IFS", "PS4", "USER", "V_" * 40])
own_keys = st.sampled_from(["X-User", "X-ExecStart", "X-Owner", "X-Job", "X-x9"]) | st.from_regex(
    r"X-[A-Za-z][A-Za-z0-9]{0,6}", fullmatch=True
)
raw_values = st.one_of(line, st.lists(line, max_size=3), st.integers(), st.booleans(), st.none())
own_directives = st.dictionaries(own_keys, raw_values, max_size=2)
# All of them are years ahead, so that no timer elapses while the jobs are looked at.
# Years without an end: a job with a last elapse would keep a record of its runs.
schedules = st.sampled_from(["2090/1-01-01 00:00:07", "Sun 2090/1-01-01", "2091/2-*-01 06:30", "2090/3-02-03 6,18:00"])
zones = st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kolkata"])
# What hostile text makes a checker say; each says something of the command that is meant so here.
ACCEPTED = ["shell-syntax", "unexpanded-variable", "unset-variable", "specifier", "date-format"]
codes = st.lists(st.sampled_from([*ACCEPTED, "clock-change", "missing-user", "start-limit"]), max_size=2)


# --- jobs that are valid


class Draft(NamedTuple):
    """A job before it has its number, which makes names and paths unique."""

    fields: dict[str, Any]
    stem: str
    form: str
    words: list[tuple[str, str]]
    prefix: str
    program: str | None
    directory: str | None
    file: str | None
    output: tuple[str, str] | None


class Job(NamedTuple):
    """A valid job: its declaration, and what has to come of it.

    argv: what the program gets after its own path. exact: whether systemd holds these arguments in the same words, but
    for a doubled dollar. environment: the variables of the declaration and of its file. output: the file that the
    program's output goes to.
    """

    declaration: dict[str, Any]
    program: str
    argv: list[str]
    exact: bool
    environment: dict[str, str]
    directory: str
    file: str
    output: str

    @property
    def name(self) -> str:
        return str(self.declaration["name"])

    @property
    def installed(self) -> bool:
        return self.declaration.get("state") != "absent"

    @property
    def key(self) -> str:
        """The number of the job as its program gets it."""
        return self.argv[0]


def with_known(**known: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Directives of our own, and some of these."""
    both = st.tuples(own_directives, st.fixed_dictionaries({}, optional=known))
    return both.map(lambda found: {**found[0], **found[1]})


triggers = st.one_of(
    st.fixed_dictionaries({"schedule": schedules | st.lists(schedules, min_size=1, max_size=3)}),
    st.fixed_dictionaries({"schedule": schedules, "timezone": zones}),
    st.fixed_dictionaries({"every": st.sampled_from(["52w", "300 d"])}),
    st.fixed_dictionaries({"on_boot": st.just("30y"), "schedule": schedules}),
)
optional_fields = st.fixed_dictionaries(
    {},
    optional={
        "description": line.filter(bool),
        "environment": st.dictionaries(variables, hostile, max_size=4),
        "state": st.sampled_from(["present"] * 5 + ["suspended"] * 4 + ["absent"]),
        "accept": codes,
        "network_online": st.booleans(),
        "persistent": st.booleans(),
        "accuracy": st.sampled_from(["1s", "1min", "1us", "2 h"]),
        "jitter": st.sampled_from(["5min", "90s", "1h 30min"]),
        "unit": with_known(
            Description=line.filter(bool).map(percent),
            Documentation=st.just(["man:true(1)", "https://example.org/%%20#a;b"]),
        ),
        "service": with_known(SyslogIdentifier=identifiers, Nice=st.sampled_from([5, "5"])),
        "timer": own_directives,
        "install": own_directives,
    },
)
drafts = st.builds(
    Draft,
    fields=st.tuples(optional_fields, triggers).map(lambda found: {**found[0], **found[1]}),
    stem=stems,
    form=st.sampled_from(["list", "list", "list", "text", "raw"]),
    words=st.lists(st.tuples(hostile, st.sampled_from(["double", "single", "bare", "variable"])), max_size=4),
    prefix=st.sampled_from(["", "", "-", ":", "+", "-:", "!"]),
    program=st.none() | program_component,
    directory=st.none() | component,
    file=st.none() | component,
    output=st.none() | st.tuples(st.sampled_from(["append", "file", "truncate"]), component),
)


def make_job(number: int, draft: Draft) -> Job:
    """Return the job with this number."""
    key = f"{number:05}"
    fields = {"name": f"{draft.stem}-{key}", **draft.fields}
    program = f"{FOLDER}/programs/{key}{draft.program}" if draft.program else PROGRAM
    environment = dict(fields.get("environment", {}))
    directory = file = output = ""
    if draft.directory is not None:
        directory = fields["working_directory"] = f"{FOLDER}/directories/{key}{draft.directory}"
    if draft.file is not None:
        file = f"{FOLDER}/files/{key}{draft.file}"
        # The field takes a pattern: backslashes make of it this one path.
        fields["environment_file"] = re.sub(r"[*?\[\\]", r"\\\g<0>", file)
        environment["FROM_FILE"] = key
    if draft.output is not None:
        output = f"{FOLDER}/outputs/{key}{draft.output[1]}"
        fields["output"] = f"{draft.output[0]}:{output}"
    argv = [key, *(word for word, _style in draft.words)]
    exact = True
    if draft.form == "list":
        fields["command"] = [program, *argv]
    else:
        argv, exact, text = as_text(draft, program, key, environment)
        fields["accept"] = ACCEPTED
        if draft.form == "text":
            fields["command"] = text
        else:
            fields["service"] = {**fields.get("service", {}), "ExecStart": text}
    if environment:
        # Values hold `$HOME` and the like, which is meant to arrive as it is.
        fields["accept"] = list(dict.fromkeys([*fields.get("accept", []), "unexpanded-variable"]))
    return Job(fields, program, argv, exact, environment, directory, file, output)


def as_text(draft: Draft, program: str, key: str, environment: dict[str, str]) -> tuple[list[str], bool, str]:
    """Return the arguments, whether systemd holds them in these words, and the command line in systemd's syntax."""
    dollar = "$" if ":" in draft.prefix else "$$"
    parts = [draft.prefix + quoted(program, "double", "$"), quoted(key, "bare", dollar)]
    meant = [key]
    exact = True
    for word, style in draft.words:
        if style != "variable":
            parts.append(quoted(word, style, dollar))
            meant.append(word)
        elif "V0" in environment and ":" not in draft.prefix:
            # `${V0}` is replaced anywhere in a word, whatever its value holds.
            parts.append(quoted(word, "double", dollar)[:-1] + '${V0}"')
            meant.append(word + environment["V0"])
            exact = False
        else:
            parts.append(quoted(word, "double", dollar))
            meant.append(word)
    return meant, exact and ":" not in draft.prefix, " ".join(parts)


def quoted(word: str, style: str, dollar: str) -> str:
    """Return one word in systemd's syntax (systemd.syntax(7), Quoting), in one of its many forms."""
    doubled = word.replace("%", "%%").replace("$", dollar)
    if style == "bare" and word:
        return "".join(char if re.match(r"[\w/.-]", char) else codes_of(char) for char in doubled)
    quote = "'" if style == "single" else '"'
    body = "".join(f"\\{char}" if char in (quote, "\\") else char for char in doubled)
    body = body.replace("\n", "\\n").replace("\t", "\\t").replace("\v", "\\v")
    return quote + re.sub(r"[\x00-\x1f\x7f-\x9f]", lambda found: codes_of(found.group()), body) + quote


def codes_of(char: str) -> str:
    """Return a character as escapes, one for each byte of UTF-8; some hexadecimal, some octal."""
    return "".join(f"\\x{byte:02x}" if byte % 2 else f"\\{byte:03o}" for byte in char.encode())


# --- jobs that must be refused


class Bad(NamedTuple):
    """A declaration that must be refused, and the fields that the error may name."""

    declaration: dict[str, Any]
    field: str

    @property
    def name(self) -> str:
        return str(self.declaration["name"])


HARMLESS: dict[str, Any] = {"schedule": "2090/1-01-01", "command": [PROGRAM, "bad"]}
TEXTS = {
    "description": "a job",
    "command": f"{PROGRAM} bad",
    "working_directory": FOLDER,
    "environment_file": f"-{FOLDER}/none",
    "output": f"append:{FOLDER}/none",
    "user": "root",
    "group": "root",
    "schedule": "2090-01-01",
    "timezone": "UTC",
    "on_boot": "30y",
    "every": "52w",
    "accuracy": "1s",
    "jitter": "5min",
}
RAW = {"unit": "Documentation", "service": "SyslogIdentifier", "timer": "X-Note", "install": "X-Note"}
# Each takes a text off its line, or the line out of the unit, or is lost: no field of one line may hold it.
CUTS = [*"\n\r\x0b\x0c\x1c\x1d\x1e\x85\0\x7f\x08\t\ufffe", "\r\n", "\x1b[2J"]
DIRECTIVES = ["User=nobody", "ExecStart=/bin/false", "[Service]", "OnCalendar=minutely", "Owner=x", ""]
# No time, span or name holds one of these.
FOREIGN = "%$;\"'\\#=?[]{}()<>|&!@^`é😀"
JUNK_ZONES = ["00:00:07", "*-*-*", "UTC UTC", "UTC Europe/Berlin", "-", "--help", "/etc/passwd", "../UTC", "2090"]
BAD_NAMES = ["../../tmp/x", "a.service", "a b", "x" * 242, "a@b", "a\\x20b", "-a", ".a", "a/b", "é", "a\nb", "a\0"]
TAKEN = ["dbus", "systemd-journald", "systemd-tmpfiles-clean", "fstrim", "emergency"]


def cut(value: str) -> st.SearchStrategy[str]:
    """A good value that a control character follows, or stands in, or that ends in what systemd drops."""
    inside = st.tuples(st.sampled_from(CUTS), st.sampled_from(DIRECTIVES) | hostile)
    edge = st.sampled_from(["\\", "\\\\", "\\\\\\", " ", "\u00a0", "\u2028", "\n"])
    return st.one_of(
        inside.map(lambda found: value + "".join(found)),
        inside.map(lambda found: found[1] + found[0] + value),
        edge.map(lambda found: value + found),
        st.sampled_from([" ", "\u3000", "\t"]).map(lambda found: found + value),
    )


def junk(value: str) -> st.SearchStrategy[str]:
    """One line that holds what is of no such kind."""
    found = st.tuples(line, st.sampled_from(FOREIGN), line).map("".join).map(on_a_line)
    return found.filter(lambda text: any(char in FOREIGN for char in text)).map(lambda text: on_a_line(value + text))


def keys(valid: str) -> st.SearchStrategy[str]:
    """Keys of a dictionary that are no names of the kind."""
    pieces = ["", "A=b", "A\nB", "X-Ansible]\n[Service", "[Service]", "A B", "{{ 1 + 1 }}", "1A", "A-B", "=", "é", "#A"]
    return st.one_of(st.sampled_from(pieces), hostile).filter(lambda text: not re.fullmatch(valid, text))


def in_field(field: str, values: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[str, dict[str, Any]]]:
    return values.map(lambda value: (field, {field: value}))


def refusals() -> st.SearchStrategy[tuple[str, dict[str, Any]]]:
    """Fields that make a good job a bad one, with the name of the field at fault."""
    timed = ("schedule", "on_boot", "every", "accuracy", "jitter", "timezone")
    kinds: list[st.SearchStrategy[tuple[str, dict[str, Any]]]] = [
        *(in_field(field, cut(value)) for field, value in TEXTS.items()),
        *(in_field(field, junk("")) for field in (*timed, "user", "group")),
        *(in_field(field, junk(TEXTS[field])) for field in timed),
        in_field("schedule", st.tuples(st.just("2090-01-01"), cut("2090-01-02") | junk("")).map(list)),
        in_field(
            "schedule", st.sampled_from(["--help", "-", "--iterations=9", "2090-01-01 --version", "daily; daily"])
        ),
        in_field("every", st.sampled_from(["--help", "-1h", "--", "1h; 1h", "1h OnCalendar=daily"])),
        in_field("timezone", st.sampled_from(JUNK_ZONES)),
        in_field("working_directory", line.map(lambda text: f"{FOLDER}/nowhere/x{text}")),
        in_field("working_directory", st.sampled_from(["srv", "./srv", "$HOME", "%h", "'/srv'", '"/srv"'])),
        in_field("environment_file", line.map(lambda text: f"{FOLDER}/nowhere/x{text}")),
        in_field("output", st.sampled_from(["append:srv", "file:", "syslog:x", "journal;", "append:/nowhere/x", "$x"])),
        in_field("state", hostile.filter(lambda text: text not in ("present", "suspended", "absent"))),
        in_field("on_reschedule", hostile.filter(lambda text: text not in ("skip", "run", "fail"))),
        in_field("accept", st.lists(hostile, min_size=1, max_size=2)),
        in_field("accept", st.sampled_from([["control-character"], "name-taken", ["all"], ["*"]])),
        in_field("command", st.sampled_from([[], [""], ["-/bin/true"], ["+/bin/sh"], ["/bin/$x"], ["/bin/a\nb"]])),
        in_field(
            "command", st.lists(st.none() | st.booleans(), min_size=1, max_size=2).map(lambda rest: [PROGRAM, *rest])
        ),
        in_field(
            "command", line.map(lambda text: f'{PROGRAM} "{percent(text)}').filter(lambda text: text.count('"') == 1)
        ),
        in_field("command", hostile.map(lambda text: [PROGRAM, f"{text}\0{text}"])),
        in_field("command", st.sampled_from([131_072, 200_000]).map(lambda size: [PROGRAM, "x" * size])),
        in_field("environment", st.dictionaries(keys("[A-Za-z_][A-Za-z0-9_]*"), hostile, min_size=1, max_size=2)),
        in_field("environment", hostile.map(lambda text: {"A": f"{text}\0"})),
        in_field("environment", hostile.map(lambda text: {"A": f"{text}\U0001ffff"})),
        in_field("command", hostile.map(lambda text: [PROGRAM, f"{text}\ufdd0"])),
        *(
            in_field(field, st.dictionaries(keys("(X-)?[A-Za-z][A-Za-z0-9]*"), line, min_size=1, max_size=2))
            for field in RAW
        ),
        *(in_field(field, cut("x").map(lambda text, key=key: {key: text})) for field, key in RAW.items()),
        *(in_field(field, cut("x").map(lambda text, key=key: {key: ["x", text]})) for field, key in RAW.items()),
        in_field("service", line.map(lambda text: {"Usr": text})),
        in_field("unit", line.map(lambda text: {"ExecStartPre": text or "x"})),
        in_field("install", line.map(lambda text: {"Nice": text or "5"})),
        *(
            in_field(field, st.sampled_from([{"a": {}}, [], {"A": {"b": "c"}}, [["a"]], "text", 7, True]))
            for field in ("environment", *RAW)
        ),
        *(in_field(field, st.sampled_from([{}, {"a": "b"}, True, [["a"]], [None]])) for field in TEXTS),
        # Rare kinds more often.
        *[keys("[a-z_]+").map(lambda key: (key, {key: "x"}))] * 2,
        *[st.sampled_from(TAKEN).map(lambda name: ("name", {"name": name}))] * 2,
        *[keys("[A-Za-z0-9][A-Za-z0-9_.-]*").map(lambda name: ("name", {"name": name}))] * 3,
        *[st.sampled_from(BAD_NAMES).map(lambda name: ("name", {"name": name}))] * 2,
    ]
    return st.one_of(kinds)


def make_bad(number: int, found: tuple[str, dict[str, Any]]) -> Bad:
    """Return the declaration with this number."""
    field, fields = found
    declaration = {"name": f"bad-{number:05}", **HARMLESS, **fields}
    if field == "every":
        del declaration["schedule"]
    return Bad(declaration, field)


# --- many of them


def generate(strategy: st.SearchStrategy[Any], count: int) -> list[Any]:
    """Return as many values, the same for the same seed."""
    found: list[Any] = []
    while len(found) < count:
        # The first is always the simplest there is.
        found += run_of(strategy, f"{SEED} {len(found)}")[1:]
    return found[:count]


def run_of(strategy: st.SearchStrategy[Any], seed: str) -> list[Any]:
    """Return ten values; beyond that hypothesis rather varies those that it has made."""
    found: list[Any] = []

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=10,
        database=None,
        deadline=None,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(strategy)
    def collect(value: Any) -> None:
        found.append(value)

    collect()
    return found


def hostile_jobs(count: int) -> list[Job]:
    """Return valid jobs; the first is as large as a job can be."""
    found = generate(drafts, count)
    large = ["", " ", ";", "-", "x" * 131_071, "\\", "%", "$", "\n", "'", '"']
    found[0] = found[0]._replace(form="list", words=[(word, "double") for word in large])
    return [make_job(number, draft) for number, draft in enumerate(found)]


def refused_jobs(count: int) -> list[Bad]:
    """Return declarations that must be refused."""
    return [make_bad(number, found) for number, found in enumerate(generate(refusals(), count))]


def report(job: Job | Bad, **details: Any) -> str:
    """Return what is needed to try a job again: the seed, the declaration as YAML, the details."""
    declaration = yaml.safe_dump(job.declaration, default_flow_style=True, width=math.inf, sort_keys=False).strip()
    told = "".join(f"\n  {name}: {value!r}" for name, value in details.items())
    return f"SEED={SEED} {declaration}{told}"
