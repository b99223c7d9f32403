# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists of jobs are taken from variables as they stand; a broken template is an error of its job and field alone."""

from __future__ import annotations

import datetime
import re
import time
from typing import Any

import pytest

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import line
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.jobs import merge_jobs
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.variables import (
    OMITTED,
    Broken,
    Declared,
    has_template,
    list_variables,
    read_variables,
    unread_lists,
    why_no_value,
)

KNOWN = {"good": "value", "number": 5, "listed": [{"name": "a", "command": "/bin/{{ good }}"}], "nothing": OMITTED}
JOB = {"schedule": "daily", "command": "/bin/true"}


def template(value: Any) -> Any:
    """Templates as Ansible does, as far as these tests need it."""
    if isinstance(value, dict):
        return {key: template(item) for key, item in value.items()}
    if isinstance(value, list):
        return [template(item) for item in value]
    if not isinstance(value, str):
        return value
    whole = re.fullmatch(r"\{\{ (\w+) \}\}", value)
    if whole and whole.group(1) in KNOWN:
        return KNOWN[whole.group(1)]

    def found(match: re.Match[str]) -> str:
        if match.group(1) not in KNOWN:
            raise Broken(f"'{match.group(1)}' is undefined")
        return str(KNOWN[match.group(1)])

    return re.sub(r"\{\{ (\w+) \}\}", found, value)


def read(**variables: Any) -> Declared:
    return read_variables(variables, template)


def lines(declared: Declared) -> list[str]:
    return [line(found) for found in declared.findings]


def test_fields_are_templated():
    found = read(
        timer_jobs=[{"name": "a", "command": "/bin/{{ good }}", "retries": "{{ number }}", "unit": {"A": "{{ good }}"}}]
    )
    assert found.layers["timer_jobs"] == [{"name": "a", "command": "/bin/value", "retries": 5, "unit": {"A": "value"}}]
    assert found.findings == []


def test_a_broken_template_is_an_error_of_its_job_and_field():
    found = read(
        timer_jobs=[
            {**JOB, "name": "a", "command": "/bin/{{ nope }}"},
            {**JOB, "name": "b", "description": "{{ good }}", "environment": {"A": "x", "B": "{{ missing }}"}},
        ],
        timer_host_jobs=[{"name": "a", "user": "{{ nobody }}"}],
        timer_defaults={"group": "{{ none }}"},
    )
    end = "define what is missing, or correct the template [broken-template]"
    assert lines(found) == [
        f"a: command \"/bin/{{{{ nope }}}}\": cannot be templated: 'nope' is undefined; {end}",
        f"b: environment: cannot be templated: 'missing' is undefined; {end}",
        f"a: user \"{{{{ nobody }}}}\": cannot be templated: 'nobody' is undefined; {end}",
        f"timer_defaults: group \"{{{{ none }}}}\": cannot be templated: 'none' is undefined; {end}",
    ]
    merged = merge_jobs(found.layers, found.defaults, "skip", found.findings)
    # A field that is broken is not missing as well, and the others are there.
    assert [one.code for one in merged.findings] == ["broken-template"] * 4
    assert [(job["name"], job["description"]) for job in merged.jobs] == [("a", "a"), ("b", "value")]


@pytest.mark.parametrize("field", ["script", "environment_file", "credentials", "on_failure", "heartbeat"])
def test_what_may_be_secret_is_not_shown(field: str):
    found = read(timer_jobs=[{**JOB, "name": "a", field: "topsecret {{ nope }}"}])
    assert "topsecret" not in lines(found)[0]


def test_a_broken_name_is_an_error_of_its_place():
    found = read(timer_jobs=[{**JOB, "name": "x{{ nope }}"}, {**JOB, "name": "{{ good }}", "user": "{{ nope }}"}])
    assert [one.partition(": cannot")[0] for one in lines(found)] == [
        'timer_jobs, entry 1, name "x{{ nope }}"',
        'value: user "{{ nope }}"',
    ]
    merged = merge_jobs(found.layers, None, "skip", found.findings)
    assert [one.code for one in merged.findings] == ["broken-template"] * 2


def test_a_variable_that_is_a_template_as_a_whole():
    found = read(timer_jobs="{{ listed }}", listed=KNOWN["listed"], timer_group_jobs="{{ gone }}")
    assert found.layers["timer_jobs"] == [{"name": "a", "command": "/bin/value"}]
    assert lines(found)[0].startswith("timer_group_jobs \"{{ gone }}\": cannot be templated: 'gone' is undefined")
    assert found.layers["timer_group_jobs"] is None


def test_defaults_that_are_a_template_as_a_whole():
    found = read(timer_jobs=[{**JOB, "name": "a"}], timer_defaults="{{ gone }}")
    assert found.defaults is None
    assert [one.partition(": cannot")[0] for one in lines(found)] == ['timer_defaults "{{ gone }}"']
    assert merge_jobs(found.layers, found.defaults, "skip", found.findings).findings == found.findings
    assert read(timer_defaults="{{ whole }}", whole={"user": "{{ good }}"}).defaults == {"user": "value"}


def test_lists_that_are_added_are_looked_at_one_by_one():
    more = [{**JOB, "name": "b", "user": "{{ nope }}"}]
    found = read(timer_jobs="{{ listed + more }}", listed=KNOWN["listed"], more="{{ real }}", real=more)
    assert [entry["name"] for entry in found.layers["timer_jobs"]] == ["a", "b"]
    assert lines(found)[0].startswith('b: user "{{ nope }}": cannot be templated')


def test_a_variable_of_itself_ends():
    assert read(timer_jobs="{{ timer_jobs }}").findings != []


def test_what_is_omitted_is_left_out():
    found = read(
        timer_jobs=[{**JOB, "name": "a", "user": "{{ nothing }}"}, "{{ nothing }}"], timer_group_jobs="{{ nothing }}"
    )
    assert found.layers["timer_jobs"] == [{**JOB, "name": "a"}]
    assert found.layers["timer_group_jobs"] is None
    assert found.findings == []


def test_lists_of_groups_are_read_in_one_order():
    names = ["timer_host_jobs", "timer_jobs_of_web", "timer_jobs_of_database", "timer_jobs", "timer_jobs_info"]
    expected = ["timer_jobs", "timer_jobs_of_database", "timer_jobs_of_web", "timer_group_jobs", "timer_host_jobs"]
    assert list_variables(dict.fromkeys(names)) == expected
    found = read(
        timer_jobs_of_web=[{**JOB, "name": "a", "user": "web"}],
        timer_jobs_of_database=[{**JOB, "name": "a", "user": "database"}, {**JOB, "name": "b"}],
        timer_jobs_info={"jobs": []},
    )
    merged = merge_jobs(found.layers, None, "skip", found.findings)
    assert [(job["name"], job["user"]) for job in merged.jobs] == [("a", "web"), ("b", None)]
    assert merged.findings == []


def test_a_registered_result_of_such_a_name_is_refused():
    found = read(timer_jobs_of_web={"changed": False})
    (error,) = merge_jobs(found.layers, None, "skip").findings
    assert error.field == "timer_jobs_of_web"


@pytest.mark.parametrize(
    ("name", "fix"),
    [
        ("timer_jbos", "write timer_jobs"),
        ("timer_group_job", "write timer_group_jobs"),
        ("timer_web_tasks", "write timer_jobs_of_web_tasks, which is merged with timer_jobs"),
        ("timer_jobs_web", "write timer_jobs_of_web, which is merged with timer_jobs"),
    ],
)
def test_a_list_that_is_not_read_is_told(name: str, fix: str):
    (warning,) = unread_lists({name: [{**JOB, "name": "a"}], "timer_x": {"a": 1}, "timer_y": ["a"]}, ["timer_owner"])
    assert (warning.field, warning.fix, warning.severity) == (name, fix, "warning")


def test_lists_that_a_template_may_read_are_no_mistake():
    assert unread_lists({"timer_base": [{**JOB, "name": "a"}], "timer_jobs": "{{ timer_base + x }}"}, []) == []


@pytest.mark.parametrize("value", ["text", 5, None, True, datetime.date(2026, 12, 24), [], {"a": ["b"]}])
def test_what_needs_no_templating(value: Any):
    assert not has_template(value)


@pytest.mark.parametrize(
    "value", ["{{ a }}", "{% if a %}", "x {# c #}", ["a", "{{ b }}"], {"a": {"b": "{{ c }}"}}, {"{{ a }}": 1}]
)
def test_what_needs_it(value: Any):
    assert has_template(value)


def test_reasons_are_one_line():
    assert why_no_value(ValueError("'a' is undefined. 'a' is undefined")) == "'a' is undefined"
    assert why_no_value(ValueError("first.\nsecond")) == "first"
    old = "template error while templating string: no filter 'x'. String: topsecret {{ a | x }}. no filter 'x'"
    assert why_no_value(ValueError(old)) == "template error while templating string: no filter 'x'"
    assert why_no_value(ValueError()) == "ValueError"


def test_jobs_without_templates_cost_nothing():
    jobs = [{**JOB, "name": f"job{number}", "environment": {"A": "a", "B": "b"}} for number in range(1000)]
    calls: list[Any] = []
    before = time.process_time()
    found = read_variables({"timer_jobs": jobs}, calls.append)
    assert time.process_time() - before < 1
    assert calls == []
    assert len(found.layers["timer_jobs"]) == 1000
