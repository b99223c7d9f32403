# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""All that is checked of the jobs before anything on the host changes: many small checkers, all findings collected.

What costs a call of a program is asked here, for all jobs at once; the checkers get the answers.
"""

from __future__ import annotations

from typing import Iterable, NamedTuple

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.codes import (
    CODES,
    ERROR,
    SCHEDULE,
    WARNING,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import Finding
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import (
    ABSENT,
    MissedElapse,
    Request,
    WantedJob,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.root_helper import is_ours
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.model import NO_FILE, Observed
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.checkers.access import (
    check_access,
    check_group,
    check_user,
    check_writable,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.checkers.arguments import (
    check_argument_length,
    check_relative,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.checkers.clock_change import (
    check_clock_change,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.checkers.environment import (
    check_environment,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.checkers.files import check_own_files
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.checkers.host import check_link_folders
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.checkers.names import (
    check_drop_ins,
    check_enabled_service,
    check_names,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.checkers.notify import check_notices
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.checkers.opened import (
    check_loader_variables,
    check_opened,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.checkers.programs import (
    COMMAND_KEYS,
    check_credentials,
    check_environment_files,
    check_output,
    check_programs,
    check_python,
    check_scripts,
    check_working_directory,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.checkers.sandbox import (
    check_hidden,
    check_hidden_attempts,
    check_powerless_root,
    check_sandbox_paths,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.checkers.schedule import (
    check_lengths,
    check_reload_runs,
    check_schedules,
    check_spans,
    check_start_limit,
    check_trigger,
    timespans,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.checkers.service import (
    check_finishes,
    check_handlers,
    check_remain_after_exit,
    check_runtime_max,
    check_secrets,
    check_unit,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.checkers.shell import (
    check_shell_syntax,
    home_of,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.checkers.specifiers import check_specifiers
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.checkers.variables import check_variables
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.context import (
    Checker,
    Context,
    ProofJob,
    view,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.ended import ended_expressions, is_over
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.host_facts import Facts
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.missed_elapses import (
    held_runs,
    predict,
    refusals,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.suggest.calendar import candidates
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.suggest.time_span import timespan_candidates
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.verify import verify
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax import timer_unit
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.calendar import (
    Calendar,
    Timespan,
    check_calendars,
    check_timespans,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.runner import Runner
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.systemctl import parse_blocks

# Those that look at the text of a job alone: the proof without a host has these.
OF_SCHEDULES: tuple[Checker, ...] = (
    check_schedules,
    lambda job, known: check_clock_change(job, known.calendars, known.facts.clock_change),
    check_spans,
    check_trigger,
    check_reload_runs,
    check_start_limit,
    check_lengths,
)
OF_COMMANDS: tuple[Checker, ...] = (
    lambda job, known: check_relative(job, home_of(job, known)),
    lambda job, known: check_specifiers(job, known.observed.manager.version, known.request.scope),
    check_variables,
    check_environment,
    check_shell_syntax,
    lambda job, _known: check_argument_length(job),
)
OF_SERVICES: tuple[Checker, ...] = (check_secrets, check_remain_after_exit, check_runtime_max, check_finishes)
# In the order of their findings; each looks at one job.
CHECKERS: tuple[Checker, ...] = (
    *OF_SCHEDULES,
    check_programs,
    check_python,
    check_scripts,
    *OF_COMMANDS,
    check_user,
    check_group,
    check_working_directory,
    check_environment_files,
    check_credentials,
    check_output,
    check_access,
    check_writable,
    check_opened,
    check_loader_variables,
    check_hidden,
    check_hidden_attempts,
    check_sandbox_paths,
    check_powerless_root,
    *OF_SERVICES,
    check_unit,
    check_handlers,
    check_notices,
    check_drop_ins,
    check_enabled_service,
)
UNNEEDED_COMMAND = ["systemctl", "show", "--property=Id,StopWhenUnneeded"]
ENVIRONMENT_COMMAND = ["systemctl", "show-environment"]
# A checker of ours says the same in better words.
COVERED = {
    "missing-command": ("missing-command", "not-executable", "bad-interpreter", "shell-syntax"),
    "not-executable": ("missing-command", "not-executable", "bad-interpreter", "shell-syntax"),
    "missing-field": ("relative-command", "unknown-specifier"),
    "relative-command": ("relative-command", "shell-syntax"),
    "no-trigger": ("no-trigger", "invalid-schedule", "unknown-timezone", "invalid-timespan"),
}


class Proof(NamedTuple):
    """What was found, what of it the jobs accept, and what the plan has to know.

    spans: time spans to microseconds (None: infinity). surprises: jobs that systemd would run at once. done: jobs whose
    last elapse has run.
    """

    findings: list[Finding]
    accepted: list[Finding]
    spans: dict[str, int | None]
    surprises: dict[str, MissedElapse]
    done: frozenset[str] = frozenset()


def changed_units(jobs: list[WantedJob], observed: Observed) -> dict[str, str]:
    """Return the units whose text is not on the host yet, both of a pair: verify needs them side by side."""
    units = {}
    for job in jobs:
        texts = job.units()
        if any(observed.files.get(unit, NO_FILE).text != text for unit, text in texts.items()):
            units.update(texts)
    return units


def is_accepted(finding: Finding, accepted: dict[str, Iterable[str]]) -> bool:
    """Tell whether the job accepts the finding, and it is one that can be accepted."""
    return finding.code in accepted.get(finding.job, ()) and CODES[finding.code].acceptable


def without_repetition(
    verified: list[Finding], told: list[Finding], accepts: dict[str, Iterable[str]]
) -> list[Finding]:
    """Return what verify found and no checker has told: it trips over the same faults and their consequences.

    A warning, or what the job accepts, does not hide what verify says of the same line.
    """
    grave = [one for one in told if one.severity != WARNING and not is_accepted(one, accepts)]
    same = {(finding.job, finding.field, finding.value) for finding in grave}
    codes = {(finding.job, finding.code) for finding in told}
    equal = {(finding.job, finding.field, finding.value, finding.code) for finding in told}
    return [
        found
        for found in verified
        if (found.job, found.field, found.value) not in same
        and (found.job, found.field, found.value, found.code) not in equal
        and not any((found.job, code) in codes for code in COVERED.get(found.code, ()))
    ]


def calendar_fixes(runner: Runner, calendars: dict[str, Calendar]) -> dict[str, str]:
    """Return for bad expressions what was probably meant, if systemd takes it; without bad ones free."""
    meant = {text: candidates(text) for text, judged in calendars.items() if not judged.valid}
    judged_too = check_calendars(runner, [one for guesses in meant.values() for one in guesses])
    return first_good(meant, {text for text, judged in judged_too.items() if judged.fires})


def spans_for_calendars(runner: Runner, calendars: dict[str, Calendar]) -> dict[str, str]:
    """Return for bad expressions the time span that was meant, for the field `every`; without bad ones free."""
    # A plain number would be seconds, and with a colon it is a time of day.
    bad = [text for text, judged in calendars.items() if not judged.valid and not text.isdigit() and ":" not in text]
    meant = {text: [text, *timespan_candidates(text)] for text in bad}
    judged_too = check_timespans(runner, [one for guesses in meant.values() for one in guesses])
    return first_good(meant, {text for text, judged in judged_too.items() if judged.microseconds})


def span_fixes(runner: Runner, spans: dict[str, Timespan]) -> dict[str, str]:
    """Return the same for time spans."""
    meant = {text: timespan_candidates(text) for text, judged in spans.items() if not judged.valid}
    judged_too = check_timespans(runner, [one for guesses in meant.values() for one in guesses])
    return first_good(meant, {text for text, judged in judged_too.items() if judged.valid})


def first_good(meant: dict[str, list[str]], good: set[str]) -> dict[str, str]:
    """Return the first good guess for each text that has one."""
    found = {text: [one for one in guesses if one in good] for text, guesses in meant.items()}
    return {text: guesses[0] for text, guesses in found.items() if guesses}


def manager_variables(runner: Runner, jobs: list[ProofJob]) -> frozenset[str]:
    """Return the variables that PID 1 gives to every service; asked only when a command uses a variable."""
    values = (value for job in jobs for key in COMMAND_KEYS for value in job.service.values("Service", key))
    if not any("$" in value.replace("$$", "") for value in values if not is_ours(value)):
        return frozenset()
    return frozenset(line.split("=", 1)[0] for line in runner(ENVIRONMENT_COMMAND).stdout.splitlines() if "=" in line)


def past_expressions(job: ProofJob, calendars: dict[str, Calendar]) -> list[str]:
    """Return the expressions of a job that do not elapse again."""
    expressions = job.timer.values("Timer", "OnCalendar")
    return [one for one in expressions if calendars[one].valid and not calendars[one].elapses]


def delayed_expressions(job: ProofJob, past: list[str], observed: Observed, now: float) -> frozenset[str]:
    """Return the past expressions of a timer that jitter has put off: systemd holds it, and waits."""
    timer = f"{job.name}.timer"
    waits = observed.next_elapse.get(timer, 0.0) > now and job.timer.values("Timer", "OnCalendar") == past
    same = timer_unit.triggers(observed.files.get(timer, NO_FILE).text) == timer_unit.triggers(job.wanted.timer)
    return frozenset(past if waits and same else ())


def unneeded_targets(runner: Runner, jobs: list[ProofJob]) -> frozenset[str]:
    """Return the targets that stop at once (StopWhenUnneeded=); asked only when a timer starts any."""
    targets = dict.fromkeys(
        unit for job in jobs for unit in job.timer.values("Timer", "Unit") if unit.endswith(".target")
    )
    if not targets:
        return frozenset()
    blocks = parse_blocks(runner([*UNNEEDED_COMMAND, "--", *targets]).stdout)
    return frozenset(found.get("Id", "") for found in blocks if found.get("StopWhenUnneeded") == "yes")


def learn(runner: Runner, request: Request, observed: Observed, facts: Facts, jobs: list[ProofJob]) -> Context:
    """Ask systemd what the checkers need to know, all jobs in one call for each kind of question."""
    calendars = check_calendars(runner, [one for job in jobs for one in job.timer.values("Timer", "OnCalendar")])
    spans = check_timespans(runner, [found.value for job in jobs for found in timespans(job)])
    past = {job.name: past_expressions(job, calendars) for job in jobs}
    ended = ended_expressions(runner, past, observed.records)
    over = {
        job.name: ended.get(job.name, frozenset()) | delayed_expressions(job, past[job.name], observed, facts.now)
        for job in jobs
        if past[job.name]
    }
    return Context(
        request,
        observed,
        facts,
        calendars,
        spans,
        calendar_fixes(runner, calendars),
        {**spans_for_calendars(runner, calendars), **span_fixes(runner, spans)},
        manager_variables(runner, jobs),
        over,
        frozenset(job.name for job in jobs if is_over(job.wanted.timer, ended.get(job.name, frozenset()))),
        unneeded_targets(runner, jobs),
    )


def prove_jobs(runner: Runner, request: Request, observed: Observed, facts: Facts) -> Proof:
    """Check every job; what is the same on the host already is not verified again."""
    jobs = [view(job) for job in request.jobs if job.state != ABSENT]
    known = learn(runner, request, observed, facts, jobs)
    findings = [
        *check_link_folders(request),
        *check_names(request, observed),
        *check_own_files(request, observed),
    ]
    for job in jobs:
        for checker in CHECKERS:
            findings += checker(job, known)
    wanted = [job.wanted for job in jobs]
    accepts: dict[str, Iterable[str]] = {job.name: job.accept for job in request.jobs}
    verified = verify(runner, changed_units(wanted, observed), observed.manager.version)
    findings += without_repetition(verified, findings, accepts)
    spans = {span: found.microseconds for span, found in known.spans.items() if found.valid}
    # Of bad expressions and spans there is nothing to predict.
    bad = {found.job for found in findings if found.severity == ERROR and found.code in SCHEDULE}
    surprises = predict(runner, [job for job in wanted if job.name not in bad], observed, spans)
    findings += refusals(wanted, observed, surprises) + held_runs(runner, wanted, observed)
    return Proof(
        [finding for finding in findings if not is_accepted(finding, accepts)],
        [finding for finding in findings if is_accepted(finding, accepts)],
        spans,
        surprises,
        known.done,
    )
