# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Layers of declarations become one list of complete jobs, or faults that name job and field."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.codes import DECLARATION
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import line
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.fields import FIELDS, SYNONYMS
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.jobs import Merged, merge_jobs, overlay

LEAST = {"name": "a", "schedule": "daily", "command": "/bin/true"}


def merge(*layers: Any, defaults: Any = None, on_reschedule: str = "skip") -> Merged:
    """Merge layers named as the role's variables are."""
    names = ["timer_jobs", "timer_group_jobs", "timer_host_jobs"]
    return merge_jobs(dict(zip(names, layers, strict=False)), defaults or {}, on_reschedule)


def faults(*layers: Any, defaults: Any = None) -> list[str]:
    """Return the faults of the declarations as lines, without the codes at their ends."""
    findings = merge(*layers, defaults=defaults).findings
    assert {found.code for found in findings} <= set(DECLARATION)
    return [line(found).rsplit(" [", 1)[0] for found in findings]


def job(*layers: Any, defaults: Any = None) -> dict[str, Any]:
    """Return the only job of good declarations."""
    merged = merge(*layers, defaults=defaults)
    assert merged.findings == []
    assert len(merged.jobs) == 1
    return merged.jobs[0]


def test_nothing() -> None:
    assert merge() == merge([], None, []) == Merged([], [])


def test_a_job_has_every_field() -> None:
    expected = {name: field.default for name, field in FIELDS.items()}
    expected |= {"name": "a", "description": "a", "schedule": ["daily"], "command": "/bin/true"}
    expected |= {"on_reschedule": "skip", "environment": {}, "accept": [], "secrets": [], "credentials": {}}
    expected |= {"limits": {}, "conditions": {}}
    assert job([LEAST]) == expected


def test_the_later_layer_wins_field_by_field() -> None:
    found = job(
        [{**LEAST, "user": "one", "description": "one", "schedule": ["daily", "Mon"]}],
        [{"name": "a", "description": "two", "schedule": "hourly"}],
        [{"name": "a", "user": "three"}],
        defaults={"user": "zero", "group": "zero"},
    )
    assert (found["user"], found["description"], found["group"]) == ("three", "two", "zero")
    assert found["schedule"] == ["hourly"]


def test_dictionaries_merge_by_key() -> None:
    found = job(
        [{**LEAST, "environment": {"B": "1", "C": "1"}, "service": {"Nice": 1}}],
        [{"name": "a", "environment": {"C": "2", "D": None}, "service": {"Nice": None, "CPUWeight": 5}}],
        defaults={"environment": {"A": "0", "B": "0", "D": "0"}},
    )
    assert found["environment"] == {"A": "0", "B": "1", "C": "2"}
    assert found["service"] == {"Nice": None, "CPUWeight": ["5"]}


def test_null_takes_a_field_out() -> None:
    found = job([{**LEAST, "user": "one"}], [{"name": "a", "user": None, "description": None, "accuracy": None}])
    assert (found["user"], found["description"], found["accuracy"]) == (None, "a", "1s")
    assert job([{**LEAST, "environment": None}], defaults={"environment": {"A": "1"}})["environment"] == {}


def test_overlay_changes_neither_side() -> None:
    below, above = {"environment": {"A": "1"}, "user": "a"}, {"environment": {"B": "2"}, "user": None}
    assert overlay(below, above) == {"environment": {"A": "1", "B": "2"}, "user": None}
    assert below == {"environment": {"A": "1"}, "user": "a"}
    assert above == {"environment": {"B": "2"}, "user": None}


def test_jobs_stand_in_the_order_of_first_mention() -> None:
    merged = merge(
        [{**LEAST, "name": "b"}, {**LEAST, "name": "a"}], [{**LEAST, "name": "c"}, {"name": "a", "user": "x"}]
    )
    assert [found["name"] for found in merged.jobs] == ["b", "a", "c"]
    assert merged.findings == []


def test_a_layer_may_switch_a_job_off() -> None:
    assert job([LEAST], [{"name": "a", "state": "suspended"}])["state"] == "suspended"


def test_an_absent_job_needs_nothing_but_its_name() -> None:
    assert job([{"name": "a", "state": "absent"}])["state"] == "absent"


def test_on_reschedule_of_the_role_holds_where_the_job_says_nothing() -> None:
    merged = merge([LEAST, {**LEAST, "name": "b", "on_reschedule": "run"}], on_reschedule="fail")
    assert [found["on_reschedule"] for found in merged.jobs] == ["fail", "run"]


FEW = "known fields of this kind: name, schedule, command, script; all of them: docs/fields.md"


def test_numbers_name_the_same_job_as_their_digits() -> None:
    found = job([{**LEAST, "name": 7}], [{"name": "7", "user": "x"}])
    assert (found["name"], found["user"]) == ("7", "x")


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({**LEAST, "shedule": "x"}, ['a: shedule "x": is not a field of a job; write "schedule"']),
        ({**LEAST, "workdir": "/x"}, ['a: workdir "/x": is not a field of a job; write "working_directory"']),
        (
            {**LEAST, "Nice": 5},
            ["a: Nice 5: is not a field of a job; write `limits: {nice: 5}`"],
        ),
        ({**LEAST, "zzz": 5}, [f"a: zzz 5: is not a field of a job; {FEW}"]),
        ({**LEAST, 7: 5}, [f"a: 7 5: is not a field of a job; {FEW}"]),
        (
            {"name": "a", "schedule": "daily"},
            ["a: command: is missing; add the command that the job runs, or a script"],
        ),
        (
            {"name": "a", "command": "/bin/true"},
            [('a: schedule: is missing, so the job would never run; add one, for example `schedule: "*-*-* 04:00:00"` '
             "(or `every`, or `on_boot`)")],
        ),
        (
            {"name": "a", "every": "1h", "every_after": "2h", "command": "/bin/true"},
            [('a: every_after "2h": stands beside every, and only one of them counts from the last run; '
              "remove one of them")],
        ),
        (
            {"name": "a", "every": "1h", "command": "/bin/true", "timezone": "UTC"},
            ['a: timezone "UTC": has no schedule that it applies to; add a schedule, or remove the field'],
        ),
        ({**LEAST, "user": "a b"}, [('a: user "a b": is not the name of a user or group; use letters, digits, \'_\', '
                                    "'.' and '-'")]),
    ],
)  # fmt: skip
def test_faults_of_a_job(entry: dict[Any, Any], expected: list[str]) -> None:
    assert faults([entry]) == expected


@pytest.mark.parametrize(
    "entry",
    [
        {"name": "a", "command": "/bin/true", "on_boot": "5min"},
        {"name": "a", "command": "/bin/true", "timer": {"OnUnitInactiveSec": "5min"}},
        {"name": "a", "service": {"ExecStart": "/bin/true"}, "schedule": "daily"},
    ],
)
def test_other_ways_to_say_when_and_what(entry: dict[str, Any]) -> None:
    assert faults([entry]) == []


@pytest.mark.parametrize(
    "entry", [{"name": "a", "shedule": "daily", "cmd": "x"}, {"name": "a", "command": 1, "every": []}]
)
def test_a_field_with_a_fault_is_not_missing_as_well(entry: dict[str, Any]) -> None:
    assert len(faults([entry])) == 2


def test_a_fault_of_one_job_hides_none_of_another() -> None:
    found = faults([{"name": "a", "shedule": "daily", "command": "/x"}, {"name": "b", "command": "/x"}])
    assert [one.split(":")[0] for one in found] == ["a", "b"]


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        ({"a": 1}, ['timer_jobs {"a": 1}: is a dictionary, not a list of jobs; write `- name: ...` for each job']),
        (
            "a",
            [
                (
                    'timer_jobs "a": is a text, not a list of jobs; write `- name: ...` for each job; of a text that '
                    'holds a list, make one: "{{ TEXT | from_yaml }}"'
                )
            ],
        ),
        (["a"], ['timer_jobs, entry 1 "a": is not a job; write `name: ...` and the job\'s other fields']),
        ([LEAST, None], ["timer_jobs, entry 2: is not a job; write `name: ...` and the job's other fields"]),
        ([{"user": "x"}], ["timer_jobs, entry 1: has no name; add `name:`, it names the units"]),
        ([{"name": None}], ["timer_jobs, entry 1: has no name; add `name:`, it names the units"]),
        (
            [LEAST, {**LEAST, "name": "b"}, LEAST],
            ['a: name "a": is declared twice in timer_jobs, by entries 1 and 3; rename or remove one of them'],
        ),
    ],
)
def test_faults_of_a_list(layer: Any, expected: list[str]) -> None:
    assert faults(layer) == expected


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        ({"user": "x"}, "missing-field"),
        ({**LEAST, "usr": "x"}, "unknown-field"),
        ({**LEAST, "user": "a b"}, "invalid-value"),
        ({**LEAST, "user": "a\nb"}, "control-character"),
        ({**LEAST, "description": "\ud800"}, "not-utf8"),
        ({**LEAST, "command": ["/bin/true", "x" * 131072]}, "argument-too-long"),
        ({**LEAST, "service": {"Nice": "5\n"}}, "control-character"),
        ({**LEAST, "name": "a b"}, "invalid-name"),
        ({**LEAST, "name": "a" * 300}, "invalid-name"),
        ({**LEAST, "accept": "no-such-code"}, "invalid-code"),
        ("x", "invalid-declaration"),
    ],
)
def test_codes(entry: Any, code: str) -> None:
    assert {found.code for found in merge([entry]).findings} >= {code}


def test_a_variable_with_a_fault_does_not_give_its_secrets_away() -> None:
    (one,) = faults([{**LEAST, "environment": {"2X": "a", "API_TOKEN": "hunter2"}}])
    assert "2X" in one
    assert "hunter2" not in one


def test_a_name_in_two_layers_is_no_double() -> None:
    assert faults([LEAST], [LEAST], [LEAST]) == []


@pytest.mark.parametrize(
    ("defaults", "expected"),
    [
        (["a"], ['timer_defaults ["a"]: is not a dictionary; write fields and values']),
        ({"user": "a b"}, [("timer_defaults: user \"a b\": is not the name of a user or group; use letters, digits, "
                           "'_', '.' and '-'")]),
        ({"usr": "a"}, ['timer_defaults: usr "a": is not a field of a job; write "user"']),
    ],
)  # fmt: skip
def test_faults_of_the_defaults(defaults: Any, expected: list[str]) -> None:
    assert faults([LEAST], defaults=defaults) == expected


def test_defaults_have_no_name() -> None:
    found = faults([LEAST], defaults={"name": "a"})
    assert len(found) == 1
    assert found[0].startswith(
        'timer_defaults: name "a": is not a field of a job; known fields of this kind: schedule, '
    )


def test_all_faults_at_once() -> None:
    found = faults(
        [{"name": "a", "user": "a b", "persistent": "perhaps"}, {"name": "my job"}, {"user": "x y"}, LEAST],
        [{"name": "c/d", "command": 1}, 5],
        defaults={"grp": 1},
    )
    parts = ["timer_defaults: grp", "a: user", "a: persistent", "my job: name", "timer_jobs, entry 3: has no name"]
    parts += ["timer_jobs, entry 3: user", "a: name", "c/d: name", "c/d: command", "timer_group_jobs, entry 2", "a: "]
    assert all(any(one.startswith(part) for one in found) for part in parts), found
    assert len(found) == len(set(found))


@pytest.mark.parametrize("synonym", SYNONYMS)
def test_habits_lead_to_the_field(synonym: str) -> None:
    found = [one for one in faults([{**LEAST, synonym: "x"}]) if f"{synonym} " in one]
    assert [one.split("; ")[1] for one in found] == [f'write "{SYNONYMS[synonym]}"']


# Names that jobs had before.

FIX_RENAME = "write the name that this job had before, and remove that one from the lists"


def named(name: str, **fields: Any) -> dict[str, Any]:
    """Return the least that a job needs, under a name."""
    return {**LEAST, "name": name, **fields}


def test_a_job_that_was_renamed() -> None:
    found = job([named("b", renamed_from="a", take_over_from="web-team", on_remove="stop")])
    assert (found["renamed_from"], found["take_over_from"], found["on_remove"]) == ("a", "web-team", "stop")


@pytest.mark.parametrize("state", ["present", "suspended", "absent"])
def test_a_former_name_that_is_declared_still(state: str) -> None:
    """It would be installed and removed in one apply."""
    assert faults([named("a", state=state), named("b", renamed_from="a")]) == [
        f'b: renamed_from "a": is the name of a job that is declared still; {FIX_RENAME}'
    ]


def test_a_former_name_that_another_layer_declares() -> None:
    assert len(faults([named("b", renamed_from="a")], [named("a")])) == 1


def test_a_job_that_is_renamed_from_itself() -> None:
    assert faults([named("a", renamed_from="a")])[0].startswith(
        'a: renamed_from "a": is the name of a job that is declared still'
    )


def test_a_former_name_that_two_jobs_claim() -> None:
    assert faults([named("b", renamed_from="a"), named("c", renamed_from="a"), named("d", renamed_from="x")]) == [
        f'c: renamed_from "a": is the former name of b too; {FIX_RENAME}'
    ]


@pytest.mark.parametrize(
    ("field", "value"), [("on_remove", "kill"), ("on_remove", True), ("renamed_from", "a/b"), ("renamed_from", "a b")]
)
def test_ends_and_former_names_that_are_none(field: str, value: Any) -> None:
    (text,) = faults([named("b", **{field: value})])
    assert text.startswith(f"b: {field} ")


def test_a_misspelt_name_in_a_later_list_is_answered_with_the_nearest() -> None:
    later = [{"name": "backups", "jitter": "5min"}, {"name": "zzz", "user": "x", "schedule": "daily"}]
    add = "add the command that the job runs, or a script"
    alone = "command: is missing, and no list but timer_host_jobs has this job"
    near = 'write the name "backup" to change that job'
    expected = [f"backups: {alone}; {near}, or {add}", f"zzz: {alone}; {add}"]
    assert faults([{**LEAST, "name": "backup"}], [], later) == expected


@pytest.mark.parametrize("value", ["[{name: a}]", "- name: a"])
def test_a_text_in_the_place_of_a_list_says_how_to_make_one(value: str) -> None:
    (found,) = merge_jobs({"timer_jobs": value}, {}, "skip").findings
    assert found.reason == "is a text, not a list of jobs"
    assert '"{{ TEXT | from_yaml }}"' in found.fix
