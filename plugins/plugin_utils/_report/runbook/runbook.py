# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Turns what the hosts say of their jobs into what a runbook tells; pure.

Hosts can differ. So each fact of a job is a list of what is said, each with the hosts that say it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.attempts_command import unwrapped
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.unit_file import OWNER_SECTION, UnitText
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._report.run_rules import (
    deadline_words,
    group_words,
    limits_words,
    overlap_words,
    retries_words,
    timeout_words,
)
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._report.runbook.shell_command import (
    programs,
    shell_lines,
)
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._report.status import shown_name, triggers_words
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._report.unknown_jobs import (
    Results,
    unknown_everywhere,
)
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._text.directive_help import directive_words

KINDS = ("service", "timer")
# In this order; what a user has beside them stands between.
FIRST_SECTIONS = ("Unit", "Service", "Timer")
LAST_SECTIONS = ("Install", OWNER_SECTION)
FILES = ("append:", "file:", "truncate:")
JOURNAL = ("", "journal")


class OnHost(NamedTuple):
    """A job on one host: what the module says, and its unit files."""

    host: str
    job: Mapping[str, Any]

    @property
    def service(self) -> UnitText:
        """The service."""
        return UnitText(self.job["unit_texts"]["service"] or "")

    def units(self) -> dict[str, dict[str, Any]]:
        """Return name to path and text of each unit; the text is None when the file cannot be read."""
        texts, paths = self.job["unit_texts"], self.job["unit_files"]
        folder, name = os.path.dirname(paths["timer"]), self.job["name"]
        kinds = KINDS if self.job.get("triggered_by") is None else KINDS[:1]
        pair = {f"{name}.{kind}": {"path": paths[kind], "text": texts[kind]} for kind in kinds}
        beside = {one: {"path": os.path.join(folder, one), "text": text} for one, text in texts["companions"].items()}
        return {**pair, **beside}


def book(
    results: Results,
    purposes: Mapping[str, Mapping[str, str]] | None = None,
    log_directories: Mapping[str, str] | None = None,
    owner: str = "",
) -> dict[str, Any]:
    """Return all that the document tells; `error`: why there is none. `owner`: whose jobs were asked for."""
    named: dict[tuple[str, str], list[OnHost]] = {}
    for host, result in results.items():
        for job in result["jobs"]:
            named.setdefault((job["name"], account_of(job)), []).append(OnHost(host, job))
    hosts = list(results)
    places = {host: path for host, path in (log_directories or {}).items() if path and host in results}
    units = [unit for found in named.values() for one in found for unit in one.units().items()]
    return {
        "error": error_of(results, owner),
        "hosts": hosts,
        "jobs": [entry(found, hosts, purposes or {}) for _key, found in sorted(named.items())],
        "directives": {
            kind: directives(unit["text"] or "" for name, unit in units if name.endswith(kind)) for kind in KINDS
        },
        "log_directories": grouped(places.items()),
    }


def account_of(job: Mapping[str, Any]) -> str:
    """Return whose user manager has a job, nothing for one of the system."""
    return str(job["user"]) if job.get("scope") == "user" else ""


def error_of(results: Results, owner: str) -> str:
    """Return why there is nothing to write about, or an empty text."""
    if any(result["jobs"] for result in results.values()):
        return ""
    whose = f"with the owner mark {owner}" if owner else "of this collection"
    nothing = f"no job {whose} is installed on {', '.join(results) or 'any host'}"
    return unknown_everywhere(results) or f"{nothing}; apply first: ansible-playbook site.yml"


def grouped(pairs: Iterable[tuple[str, Any]]) -> list[dict[str, Any]]:
    """Return each value once, with the hosts that have it, in the order of the hosts."""
    found: list[dict[str, Any]] = []
    for host, value in pairs:
        same = [one for one in found if one["value"] == value]
        if same:
            same[0]["hosts"].append(host)
        else:
            found.append({"value": value, "hosts": [host]})
    return found


def entry(found: Sequence[OnHost], hosts: Sequence[str], purposes: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """Return what is told of one job."""
    first = found[0].job
    name = first["name"]
    facts: dict[str, Callable[[OnHost], Any]] = {
        "owners": lambda one: one.job["owner"],
        "purpose": lambda one: purposes.get(one.host, {}).get(name) or one.job["description"] or name,
        "description": lambda one: one.job["description"] or name,
        "schedule": lambda one: triggers_words(one.job) or "never by itself",
        "expressions": lambda one: one.job["schedule"],
        "triggers": lambda one: [f"{found['directive']}={found['value']}" for found in one.job["triggers"]],
        "spans": lambda one: [found["value"] for found in one.job["triggers"] if found["directive"].endswith("Sec")],
        "persistent": lambda one: one.job["persistent"] and bool(one.job["schedule"]),
        "accuracy": lambda one: one.job["accuracy"],
        "jitter": lambda one: one.job["jitter"],
        "timeout": lambda one: timeout_words(one.job),
        "retries": lambda one: retries_words(one.job),
        "overlap": lambda one: overlap_words(one.job),
        "group": lambda one: group_words(one.job),
        "deadline": lambda one: deadline_words(one.job),
        "limits": lambda one: "; ".join(limits_words(one.job)),
        "notices": lambda one: "; ".join(one.job["notified"]),
        "command": lambda one: [own for command in one.job["command"] for own in unwrapped(command)],
        "user": lambda one: one.job["user"],
        "working_directory": lambda one: one.job["working_directory"],
        "output": lambda one: output_words(one.service),
        "output_files": lambda one: output_files(one.service),
        "programs": lambda one: programs(one.service),
        "shell": lambda one: shell_lines(one.service, one.job["user"]),
    }
    return {
        "name": name,
        "shown_name": shown_name(first),
        "account": account_of(first),
        "hosts": [one.host for one in found],
        "everywhere": len(found) == len(hosts),
        "suspended": [one.host for one in found if is_suspended(one.job)],
        "done": [one.host for one in found if one.job["activity"] == "done"],
        **{fact: grouped((one.host, tell(one)) for one in found) for fact, tell in facts.items()},
        "units": [
            {"name": unit, "files": grouped((one.host, one.units()[unit]) for one in found if unit in one.units())}
            for unit in dict.fromkeys(unit for one in found for unit in one.units())
        ],
        "changed": grouped((one.host, text) for one in found for text in one.job["drift"]),
    }


def is_suspended(job: Mapping[str, Any]) -> bool:
    """Tell whether nothing starts a job, as wanted."""
    return (
        not job["enabled"] and not job["timer_state"].startswith("active") and job["activity"] not in ("done", "manual")
    )


# --- where the output goes


def outputs(service: UnitText) -> tuple[str, str]:
    """Return where output and error messages go; what is not given is the same."""
    output = service.last("Service", "StandardOutput")
    return output, service.last("Service", "StandardError", output)


def output_words(service: UnitText) -> str:
    """Return where a job's output goes, in words."""
    output, errors = outputs(service)
    return one_output(output) if output == errors else f"{one_output(output)}; error messages: {one_output(errors)}"


def one_output(value: str) -> str:
    """Return one place in words."""
    if value in JOURNAL:
        return "the journal"
    if value == "journal+console":
        return "the journal, and the console of the host"
    if value == "null":
        return "nowhere"
    return f"the file {value.split(':', 1)[1]}" if value.startswith(FILES) else value


def output_files(service: UnitText) -> list[str]:
    """Return the files that a job's output goes to."""
    return list(dict.fromkeys(one.split(":", 1)[1] for one in outputs(service) if one.startswith(FILES)))


# --- directives


def directives(texts: Iterable[str]) -> list[dict[str, Any]]:
    """Return each directive of unit files once, section by section: its values, and what it means."""
    found: dict[str, dict[str, list[str]]] = {}
    for text in dict.fromkeys(texts):
        for one in UnitText(text).assignments:
            values = found.setdefault(one.section, {}).setdefault(one.key, [])
            if one.value not in values:
                values.append(one.value)
    sections = sorted(found, key=place_of)
    return [
        {"section": section, "directive": key, "values": values, "words": directive_words(section, key)}
        for section in sections
        for key, values in found[section].items()
    ]


def place_of(section: str) -> int:
    """Return where a section stands among others."""
    if section in FIRST_SECTIONS:
        return FIRST_SECTIONS.index(section)
    return 10 + LAST_SECTIONS.index(section) if section in LAST_SECTIONS else 5
