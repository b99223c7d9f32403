# Copyright: (c) 2026, dotmobi.systemd_timers contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controller half of timer_jobs: merges and checks the declarations, renders the units, runs the module once."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from jinja2 import TemplateError

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import Finding, grouped, line
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.redact import masked_findings
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.mask import marks_of
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import JobFile
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.options import ARGUMENT_SPEC
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.request import parse_request
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.offline import prove_offline
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.runner import make_runner
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.complete import lacks_schedule
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.jobs import Merged, merge_jobs
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.log_output import (
    rotation_jobs,
    settle_outputs,
)
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.options import (
    check_options,
    plain_directories,
)
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.search_places import (
    candidates,
    further_places,
    where,
)
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.spread import span_of, spread_jobs
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.user_scope import account_of
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.uses import (
    check_uses,
    declared_before,
    orphan_advice,
)
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.variables import (
    OMITTED,
    Broken,
    Declared,
    is_encrypted,
    read_variables,
    unread_lists,
    why_no_value,
)
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._render import notify
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._render.job_files import (
    long_names,
    read_sources,
    shared_units,
)
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._render.render import (
    Rendered,
    Templates,
    compile_templates,
    render,
    spoken_triggers,
    why_not_rendered,
)
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._report.no_log import keeps_no_log
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._report.proof import (
    as_data,
    counts,
    has_errors,
    message,
    rows_of_jobs,
    together,
)
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._text.printable import printable
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._text.schedule import schedule_text

RULES = (notify.refusals,)
TEMPLATE_OPTIONS = {"service": "service_template", "timer": "unit_template"}
TEMPLATE_DIRECTORY = os.path.join(os.path.dirname(__file__), "..", "..", "roles", "timer", "templates")
# The layers, each over the one before; the key is what a user knows it by.
LAYERS = {"timer_jobs": "jobs", "timer_group_jobs": "group_jobs", "timer_host_jobs": "host_jobs"}
# Set by the role: lists and defaults are taken from its variables as they stand, not from templated arguments.
FROM_VARIABLES = "__timer_from_variables"
# What the role has registered when it was used before, in this run of Ansible and on this host.
RESULT_VARIABLE = "__timer_result"
# Set by the playbook `validate`: all findings are shown at the end, and only then does the run fail.
REPORT_VARIABLE = "__timer_report"
# Of that playbook: no host is asked.
OFFLINE_VARIABLE = "offline"
TARGET_OPTIONS = ("owner", "prune", "prune_limit", "proof", "unit_directory", "files_directory", "log_directory")


def notes_of(result: dict[str, Any]) -> list[str]:
    """Return what is to be said of other applies on the host."""
    notes = []
    if "waited" in result:
        notes.append(f"waited {result['waited']:.0f} s for another apply on this host")
    if result.get("under_way"):
        notes.append("an apply is under way on this host; what is shown may be out of date")
    return notes


def remove_omit(value: Any, omit: Any) -> Any:
    """Return a value without what is to be left out of it."""
    if isinstance(value, Mapping):
        return {key: remove_omit(item, omit) for key, item in value.items() if item != omit}
    return [remove_omit(item, omit) for item in value if item != omit] if isinstance(value, list) else value


def as_variables(message: str) -> str:
    """Return a message about options with the variables of the role, which set them."""
    return re.sub(r"'(\w+)'", lambda one: f"`timer_{one[1]}`" if one[1] in ARGUMENT_SPEC else one[0], message)


def exception_text(result: dict[str, Any]) -> str:
    """Return what a module that ended in an exception has said last; ansible-core 2.19 has it as an object."""
    event = getattr(result.get("exception"), "event", None)
    return str(getattr(event, "msg", ""))


def proved_offline(request: dict[str, Any], options: dict[str, Any]) -> dict[str, Any]:
    """Return what the module would, as far as this machine can tell; no host is asked."""
    proof = prove_offline(make_runner(), parse_request(request, options), lambda text: schedule_text(text) is not None)
    marks = {job["name"]: marks_of(job["service"]) for job in request["jobs"]}
    findings, accepted = (masked_findings(found, marks) for found in (proof.findings, proof.accepted))
    return {
        "changed": False,
        "findings": [found._asdict() for found in findings],
        "accepted": [found._asdict() for found in accepted],
        "offline": proof.notes,
    }


class ActionModule(ActionBase):
    """Runs on the controller, then once on the host."""

    TRANSFERS_FILES = False
    task_variables: Mapping[str, Any] = {}
    _supports_check_mode = True
    _supports_diff = True

    @keeps_no_log
    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the module's result, with the findings of both sides in one message."""
        result = super().run(tmp, task_vars)
        task_vars = self.task_variables = task_vars or {}
        options = self._options()
        given = self._declared(options, task_vars)
        merged = merge_jobs(given.layers, given.defaults, options["on_reschedule"], given.findings, RULES)
        # Nothing declared is not the same as nothing wanted: a list may be misspelt.
        is_declared = any(layer is not None for layer in given.layers.values())
        earlier = declared_before(task_vars.get(RESULT_VARIABLE))
        names = [job["name"] for job in merged.jobs]
        findings = [*check_options(options), *merged.findings]
        findings += check_uses(options["owner"], names, earlier.get(options["owner"], []), options["prune"])
        findings += settle_outputs(merged.jobs, options["log_directory"] or "")
        merged.jobs.extend(rotation_jobs(options, merged.jobs))
        findings += read_sources(merged.jobs, self._read_source)
        findings += spread_jobs(merged.jobs, str(task_vars.get("inventory_hostname", "")))
        jobs, broken = self._rendered(options, merged, self._templates(options))
        findings = masked_findings([*findings, *broken], {job["name"]: job["secrets"] for job in merged.jobs})
        module_args = {name: options[name] for name in TARGET_OPTIONS}
        module_args["prune"] = options["prune"] and is_declared
        module_args["jobs"] = json.dumps(
            {"jobs": jobs, "proof_only": has_errors(findings), "as_it_stands": bool(task_vars.get(REPORT_VARIABLE))}
        )
        if task_vars.get(REPORT_VARIABLE) and boolean(task_vars.get(OFFLINE_VARIABLE, False), strict=False):
            result.update(proved_offline(json.loads(module_args["jobs"]), module_args))
        else:
            result.update(
                self._execute_module(
                    module_name="dotmobi.systemd_timers.timer_jobs", module_args=module_args, task_vars=task_vars
                )
            )
        # It would repeat every unit file.
        result.pop("invocation", None)
        words = {job["name"]: "" if lacks_schedule(job) else spoken_triggers(job) for job in merged.jobs}
        moved = {job["name"]: span_of(job["spread_offset"]) for job in merged.jobs if job["spread_offset"] is not None}
        for row in result.get("jobs", []):
            row["schedule_text"] = words.get(row["name"], "")
            row["spread"] = moved.get(row["name"])
        result["declared"] = {**earlier, options["owner"]: sorted({*earlier.get(options["owner"], []), *names})}
        advice = orphan_advice(result.get("orphans") or [], is_declared, earlier.get(options["owner"], []))
        self._report(result, findings, words, task_vars, advice)
        return result

    def _declared(self, options: dict[str, Any], task_vars: dict[str, Any]) -> Declared:
        """Return what is declared: in the arguments, or in the variables of the role."""
        if not task_vars.get(FROM_VARIABLES):
            layers = {variable: options[option] for variable, option in LAYERS.items()}
            return Declared(layers, options["defaults"], [])
        found = read_variables(task_vars, self._template)
        known = {f"timer_{name}" for name in ARGUMENT_SPEC}
        return found._replace(findings=[*found.findings, *unread_lists(task_vars, known)])

    def _template(self, value: Any) -> Any:
        """Return the value of a template. Raises Broken."""
        try:
            found = self._templar.template(value)
            if is_encrypted(found):
                found = str(found)
        except Exception as error:
            if type(error).__name__ == "AnsibleValueOmittedError":
                return OMITTED
            raise Broken(why_no_value(error)) from error
        omit = self._templar.available_variables.get("omit")  # ansible-core before 2.19
        if omit is None:
            return found
        return OMITTED if found == omit else remove_omit(found, omit)

    def _options(self) -> dict[str, Any]:
        # Raw values are checked by our own code; Ansible would copy them deeply first, 0.3 s for 1,000 jobs.
        given = self._task.args
        raw = {name: option.get("default") for name, option in ARGUMENT_SPEC.items() if option["type"] == "raw"}
        self._task.args = {name: value for name, value in given.items() if name not in raw}
        wrong = ""
        try:
            _validation, options = self.validate_argument_spec(
                {name: option for name, option in ARGUMENT_SPEC.items() if name not in raw}
            )
        except AnsibleError as error:
            wrong = str(error)
        finally:
            self._task.args = given
        if wrong:
            raise AnsibleActionFail(as_variables(wrong) if self._task._role else wrong)
        return {
            **options,
            **plain_directories(options),
            **{name: given.get(name, default) for name, default in raw.items()},
        }

    def _templates(self, options: dict[str, Any]) -> Templates:
        texts = []
        for kind in ("service", "timer"):
            path = options[TEMPLATE_OPTIONS[kind]]
            try:
                found = self._find("templates", path) if path else self._own_template(kind)
                with open(found, encoding="utf-8") as stream:
                    texts.append(stream.read())
            except (AnsibleError, OSError, UnicodeError) as error:
                raise AnsibleActionFail(f'timer_{TEMPLATE_OPTIONS[kind]} "{path}": cannot be read: {error}') from error
        try:
            own_service, own_timer = (not options[TEMPLATE_OPTIONS[kind]] for kind in ("service", "timer"))
            return compile_templates(*texts, (own_service, own_timer))
        except TemplateError as error:
            raise AnsibleActionFail(f"a unit file template is broken: {error}") from error

    def _find(self, folder: str, name: str) -> str:
        """Return the path of a file on the controller. Raises AnsibleError that says where it was looked for."""
        try:
            return str(self._find_needle(folder, name))
        except AnsibleError as error:
            if name.startswith(("/", "~")):
                raise
            places = further_places(self.task_variables, os.environ, os.getcwd())
            for path in candidates(folder, name, places):
                if self._loader.is_file(path):
                    return path
            # Ansible's own places: the role, the playbook, the file of tasks.
            raise AnsibleError(where(folder, name, [*self._task.get_search_path(), *places])) from error

    def _read_source(self, name: str) -> str:
        """Return the text of a file on the controller, also of one that is encrypted with Ansible Vault."""
        path = self._loader.get_real_file(self._find("files", name), decrypt=True)
        try:
            with open(path, encoding="utf-8", newline="") as stream:
                return stream.read()
        finally:
            self._loader.cleanup_tmp_file(path)

    @staticmethod
    def _own_template(kind: str) -> str:
        return os.path.join(TEMPLATE_DIRECTORY, f"job.{kind}.j2")

    @staticmethod
    def _rendered(
        options: dict[str, Any], merged: Merged, templates: Templates
    ) -> tuple[list[dict[str, Any]], list[Finding]]:
        jobs = []
        findings = []
        files_of: dict[str, list[JobFile]] = {}
        for job in merged.jobs:
            units = Rendered("", "", [])
            if job["state"] != "absent":
                try:
                    units = render(templates, job, options["owner"], options["files_directory"])
                except Exception as error:  # noqa: BLE001  a user's template can raise anything
                    fix = "correct the template"
                    reason = f"cannot be rendered: {why_not_rendered(error)}"
                    findings.append(Finding(job["name"], "template", None, reason, fix, "invalid-declaration"))
                    continue
            too_long = long_names(job["name"], units.files)
            if too_long:
                # The host could not even look at such files.
                findings += too_long
                continue
            jobs.append(
                {
                    "name": job["name"],
                    "state": job["state"],
                    "on_reschedule": job["on_reschedule"],
                    "accept": job["accept"],
                    "renamed_from": job["renamed_from"] or "",
                    "take_over_from": job["take_over_from"] or "",
                    "on_remove": job["on_remove"],
                    "after_last_run": job["after_last_run"],
                    "followed": bool(job.get("followed")),
                    "run_on_install": job["run_on_install"],
                    "service": units.service,
                    "timer": units.timer,
                    "account": account_of(job),
                    "hardening": job["hardening"],
                    "files": [one._asdict() for one in units.files],
                }
            )
            files_of[job["name"]] = units.files
        return jobs, findings + shared_units(files_of)

    @staticmethod
    def _report(
        result: dict[str, Any], ours: list[Finding], words: dict[str, str], task_vars: dict[str, Any], advice: str = ""
    ) -> None:
        """Put the findings of controller and host into the result; warn of what does not stop the apply."""
        host = str(task_vars.get("inventory_hostname", ""))
        notes = [f"{host}: {text}" for text in notes_of(result)]
        if notes:
            result.setdefault("warnings", []).extend(notes)
        if "failure" in result:
            result.update(failed=True, changed=False, msg=f"{host}: {result.pop('failure')}")
            return
        if result.get("failed") or result.get("unreachable"):
            # The host's side said why; what the controller found comes with it. A module that ended in an exception has
            # no message: Ansible makes one of the exception, where there is none yet.
            if ours:
                why = result.get("msg") or f"the module failed: {exception_text(result)}"
                result["msg"] = "\n".join([str(why), *(f"  {line(found)}" for found in grouped(ours))])
            return
        findings = grouped([*ours, *(Finding(**found) for found in result.pop("findings", []))])
        accepted = [Finding(**found) for found in result.pop("accepted", [])]
        data = as_data(findings, accepted)
        result.update(findings=data, finding_counts=counts(data), proof=rows_of_jobs(words, data))
        if result["finding_counts"]["errors"]:
            result.update(failed=True, changed=False, msg=message(host, findings))
            for key in ("diff", "jobs", "orphans"):
                result.pop(key, None)
            return
        shown = [line(found, among_warnings=True) for found in together(findings)]
        shown += [advice] if advice else []
        # The playbook `validate` shows the findings itself.
        if shown and not task_vars.get(REPORT_VARIABLE):
            result.setdefault("warnings", []).extend(printable(f"{host}: {text}") for text in shown)
