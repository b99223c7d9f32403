# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decides what to do: (goals, observed) to ordered steps. Pure, and the only place that decides `changed`.

A timer is never restarted: systemd would remember its last trigger, and a schedule edited to a time that has
just passed would run the job at once. A timer in memory whose schedule changes is stopped, its links removed, so
that the one reload forgets it; then it is linked and started like a new one.
"""

from __future__ import annotations

import os
from typing import Collection, NamedTuple, Sequence

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job import chain
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.file_record import PROGRAMS, SCRIPT
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import (
    ABSENT,
    OTHERS_READ,
    PRESENT,
    RECORD,
    JobFile,
    WantedJob,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.pin import (
    SYSTEM_PLACES,
    Places,
    cleaner_of,
    has_notices,
    pin_files,
    pinned_units,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.model import (
    NO_FILE,
    FileState,
    Observed,
    is_mask,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._plan.first_run import (
    RUN,
    RUN_AFTER,
    is_due,
    left_to_others,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._plan.followers import followers_of, lasting_links
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._plan.model import Diff, Goal, JobChange, Step
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._plan.under_way import folder_in_use
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax import timer_unit
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.unit_file import owner_of
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.model import (
    NOT_ACTIVE,
    UNDER_WAY,
    is_under_way,
)

# The order of an apply. Stamps get their time as soon as the timers have stopped: what is due from then on is caught up
# by the start. Links are away for the reload alone, so that a host that is reset meanwhile comes up armed. What cannot
# be undone waits until the evidence is in. The manager of an account that does not run yet starts what is linked: so it
# is started when all else is in its place, and what it is not to start is linked after that.
ORDER = (
    "make_log_directory",
    "pin",
    "note_run",
    "stop",
    "carry_stamp",
    "touch_stamp",
    "reset_failed",
    "install_file",
    "correct_file",
    "install",
    "correct",
    "delete",
    "unlink",
    "link",
    "unlink_again",
    "reload",
    "start_manager",
    "delete_file",
    "link_again",
    "check_forgotten",
    "start",
)
AFTER_EVIDENCE = (
    *("clean_stamp", "reset_gone", "stop_service", "remove_folder", "carry_record", "remove_state"),
    *("await_run", "forget_first_run", "run_once"),
)
NEEDS_NO_RELOAD = (
    *(
        "make_log_directory",
        "note_run",
        "pin",
        "touch_stamp",
        "install_file",
        "correct_file",
        "delete_file",
        "start_manager",
    ),
    *AFTER_EVIDENCE,
)
SECRET = "(secret)\n"  # noqa: S105
CHANGED_SECRET = "(secret, changed)\n"  # noqa: S105
OWN_PROGRAM = "(a program of dotmobi.systemd_timers)\n"
CHANGED_PROGRAM = "(a program of dotmobi.systemd_timers, changed)\n"


class Plan(NamedTuple):
    """The ordered steps, those that follow the evidence, and what they mean for each job. pins: parts to lay down."""

    steps: list[Step]
    final_steps: list[Step]
    changes: list[JobChange]
    pins: tuple[JobFile, ...] = ()

    @property
    def changed(self) -> bool:
        """Tell whether there is anything to do."""
        return bool(self.steps or self.final_steps)


def starts_now(timer: str, uptime: float, spans: dict[str, int | None]) -> bool:
    """Tell whether to start a timer now: not when it counts from a boot so long ago that it would elapse at once.

    `spans` maps time spans to microseconds. Such a timer is linked only, and the next boot starts it.
    """
    after_boot = timer_unit.boot_spans(timer)
    return not after_boot or all((spans.get(span) or 0) / 1e6 > uptime for span in after_boot)


def goal_of(job: WantedJob, observed: Observed, spans: dict[str, int | None], *, done: bool = False) -> Goal:
    """Return how a declared job is to stand. done: its last elapse has run."""
    if done and job.after_last_run == "remove" and has_ended_well(job.name, observed):
        return Goal(job.name, job.state, None, None, [], False, False, False, done=True)
    if job.state == ABSENT:
        return Goal(job.name, job.state, None, None, [], False, False, False, stop_run=job.on_remove == "stop")
    armed = job.state == PRESENT
    lets_run = job.on_reschedule == "run"
    links = [*timer_unit.links(job.name, job.timer), *chain.links_of(job.name, job.service)] if armed else []
    elapses_at_start = not starts_now(job.timer, observed.uptime, spans)
    start = armed and bool(job.timer) and (lets_run or not elapses_at_start) and not boot_starts(job, observed)
    # A stamp keeps a persistent timer from running the job as well.
    runs_by_timer = start and lets_run and elapses_at_start and not timer_unit.is_persistent(job.timer)
    return Goal(
        job.name,
        job.state,
        job.service,
        job.timer or None,
        links,
        armed,
        start and not done,
        lets_run,
        job.renamed_from,
        files=job.files,
        done=done,
        runs_first=armed and is_due(job, observed) and not runs_by_timer,
        keeps_note=job.run_on_install is None,
    )


def has_ended_well(name: str, observed: Observed) -> bool:
    """Tell whether no run of a job is under way, and the last one has not failed: somebody is to see that.

    systemd forgets a failure at a boot; the record does not, nor that a run was interrupted.
    """
    state = observed.units.get(f"{name}.service", NOT_ACTIVE)
    record = observed.records.get(name)
    return state.active not in (*UNDER_WAY, "failed") and record is not None and record.ended_well


def boot_starts(job: WantedJob, observed: Observed) -> bool:
    """Tell whether systemd will start the timer anyhow, and catch up a run that was missed.

    The boot that is under way does, and so does a start that waits for others, as for the clock to be set.
    """
    timer = f"{job.name}.timer"
    unit = observed.units.get(timer, NOT_ACTIVE)
    return (
        (unit.is_queued or (observed.manager.booting and unit.active == "inactive"))
        and bool(observed.links.get(timer))
        and observed.files.get(timer, NO_FILE).text == job.timer
        and not is_stale(job.name, observed)
    )


def is_armed(timer: str, text: str, observed: Observed) -> bool:
    """Tell whether PID 1 has the timer loaded and waiting. Elapsed is right only for one that counts from boot."""
    unit = observed.units.get(timer)
    if unit is None or unit.load != "loaded" or unit.active != "active":
        return False
    return unit.sub in ("waiting", "running") or timer_unit.elapses_once(text)


def is_stale(name: str, observed: Observed) -> bool:
    """Tell whether PID 1 holds another text than the disk: a killed run, or a file edited since the last reload."""
    return not observed.stale.isdisjoint((f"{name}.service", f"{name}.timer"))


def is_open(name: str, state: FileState) -> bool:
    """Tell whether a file may be shown: units and scripts. All else in a job's folder is secret, whatever its mode."""
    is_plain = not os.path.isabs(name) or os.path.basename(name) == SCRIPT
    # What somebody has closed may hold a secret, too.
    return is_plain and (not state.text or bool(state.mode & OTHERS_READ))


def shown(name: str, state: FileState, wanted: JobFile | None) -> tuple[str, str]:
    """Return what a diff shows of a file before and after: nothing of a secret."""
    before, after = state.text, wanted.text if wanted else ""
    if (wanted and wanted.is_program) or (not wanted and os.path.isabs(name) and os.path.basename(name) in PROGRAMS):
        return OWN_PROGRAM if before else "", ("" if not wanted else CHANGED_PROGRAM if before else OWN_PROGRAM)
    if is_open(name, state):
        return before, after
    old = SECRET if before else ""
    new = SECRET if after else ""
    return old, CHANGED_SECRET if old and new and before != after else new


class JobPlanner:
    """Collects what one pair needs, by kind of step."""

    def __init__(
        self,
        goal: Goal,
        observed: Observed,
        unit_directory: str,
        ids: tuple[int, int],
        places: Places,
        *,
        starters: Sequence[str] = (),
        lasting: Sequence[str] = (),
        kept: Collection[str] = (),
    ) -> None:
        self.goal = goal
        # New jobs whose run starts this one, which is new, too.
        self.starters = starters
        # This name is a former one: links by which the run under way starts, at its end, what follows the new name.
        self.lasting = lasting
        # Such links of all jobs.
        self.kept_links = kept
        self.observed = observed
        self.unit_directory = unit_directory
        self.ids = ids
        self.timer = f"{goal.name}.timer"
        self.service = f"{goal.name}.service"
        self.todo: dict[str, list[str]] = {}
        self.actions: list[str] = []
        self.diffs: list[Diff] = []
        self.places = places
        self.pins: list[JobFile] = []
        self.is_running = is_under_way(goal.name, observed.units)
        # What is there goes with the pin, not before the run.
        stays = goal.name in observed.pins or not goal.stop_run
        self.folder_in_use = folder_in_use(goal.name, observed) if stays else ""

    def add(self, kind: str, *items: str) -> None:
        if items:
            self.todo.setdefault(kind, []).extend(items)

    def say(self, action: str) -> None:
        if action not in self.actions:
            self.actions.append(action)

    def file(self, unit: str) -> FileState:
        return self.observed.files.get(unit, NO_FILE)

    def compare_unit(self, unit: str, text: str | None) -> None:
        self.compare(unit, None if text is None else JobFile(unit, text))

    def compare(self, name: str, wanted: JobFile | None) -> None:
        """Compare a unit file or a file in the job's folder with what is there."""
        current = self.file(name)
        path = os.path.join(self.unit_directory, name)
        # What lies in the job's folder is read at each run, and needs no reload.
        suffix = "_file" if os.path.isabs(name) else ""
        if wanted is None:
            if current.kind != "absent":
                if not suffix or os.path.dirname(name) != self.folder_in_use:
                    self.add(f"delete{suffix}", name)
                self.say("remove" if self.goal.service is None else f"remove {os.path.basename(name)}")
                self.diffs.append(Diff(path, *shown(name, current, None)))
            return
        if current.kind != "file" or current.text != wanted.text:
            self.add(f"install{suffix}", name)
            if suffix and self.file(self.timer).kind != "absent":
                self.say(f"{'install' if current.kind == 'absent' else 'update'} {os.path.basename(name)}")
            else:
                self.say("install" if current.kind == "absent" else "update")
            self.diffs.append(Diff(path, *shown(name, current, wanted)))
        elif (current.mode, current.uid, current.gid) != (wanted.mode, *self.ids):
            self.add(f"correct{suffix}", name)
            self.say("correct owner and mode")
            attributes = "owner {}:{}, mode {:04o}\n"
            self.diffs.append(
                Diff(
                    path,
                    attributes.format(current.uid, current.gid, current.mode),
                    attributes.format(*self.ids, wanted.mode),
                )
            )

    def compare_extras(self) -> None:
        """Compare what the job has beside the pair with what it is to have."""
        wanted = {one.name: one for one in self.goal.files}
        for name in [*wanted, *(one for one in self.observed.extras.get(self.goal.name, []) if one not in wanted)]:
            self.compare(name, wanted.get(name))
        kept = {os.path.dirname(name) for name in (*wanted, *self.observed.foreign.get(self.goal.name, []))}
        for folder in self.observed.folders.get(self.goal.name, []):
            if folder not in kept and folder != self.folder_in_use:
                self.add("remove_folder", folder)
                self.say("remove" if self.goal.service is None else "remove its directory")
        # The record of a job that is done stays as long as the job is declared.
        if self.goal.service is None and not self.goal.done and self.goal.name in self.observed.states:
            self.add("remove_state", self.goal.name)
            self.say("remove")

    def carry_record(self) -> None:
        """Let the job take over the record of its last run under its former name."""
        former = self.goal.renamed_from
        states = self.observed.states
        text = self.observed.files.get(f"{former}.service", NO_FILE).text
        if (
            RECORD in states.get(former, ())
            and RECORD not in states.get(self.goal.name, ())
            and owner_of(text) is not None
        ):
            self.add("carry_record", f"{former} {self.goal.name}")

    def run_once(self) -> None:
        """Let a job run when it is new, and forget what a killed apply has noted of that when it is not to run."""
        noted = [name for name in (self.goal.name, self.goal.renamed_from) if name in self.observed.first_runs]
        if self.goal.runs_first:
            if self.goal.name not in noted:
                self.add("note_run", self.goal.name)
            self.add("forget_first_run", *dict.fromkeys((self.goal.name, *noted)))
            if self.starters:
                self.say(f"{RUN_AFTER}{' or '.join(self.starters)}")
            else:
                self.add("run_once", self.service)
                self.say(RUN)
        elif noted and not self.goal.keeps_note and "remove_state" not in self.todo:
            self.add("forget_first_run", *noted)
            self.say("forget its first run")

    def is_rescheduled(self) -> bool:
        current = self.file(self.timer)
        return current.kind == "file" and timer_unit.triggers(current.text) != timer_unit.triggers(
            self.goal.timer or ""
        )

    def needs_stamp(self, text: str) -> bool:
        """Tell whether a fresh stamp keeps the start from running the job: for a missed run, or one due since boot."""
        return timer_unit.is_persistent(text) and (
            self.timer in self.observed.stamps or bool(timer_unit.boot_triggers(text))
        )

    def becomes_persistent(self) -> bool:
        """Tell whether an active timer begins to keep a stamp; an old one would run the job at the next boot."""
        current = self.file(self.timer)
        wanted = self.goal.timer or ""
        return (
            current.kind == "file"
            and timer_unit.is_persistent(wanted)
            and not timer_unit.is_persistent(current.text)
            and bool(timer_unit.calendars(wanted))
        )

    def carries_stamp(self) -> bool:
        """Tell whether the job goes on under another name where the former one left off."""
        former = f"{self.goal.renamed_from}.timer"
        text = self.observed.files.get(former, NO_FILE).text
        return (
            bool(self.goal.renamed_from)
            and self.file(self.timer).kind == "absent"
            and former in self.observed.stamps
            and is_armed(former, text, self.observed)
            and timer_unit.is_persistent(text)
            # Ours, or of the declaration that it is taken over from: the proof has seen to that.
            and owner_of(text) is not None
            and timer_unit.calendars(text) == timer_unit.calendars(self.goal.timer or "")
        )

    def is_kept_in_memory(self) -> bool:
        """Tell whether systemd cannot forget the active timer: a reload has to do, and the proof looks what it runs."""
        return self.timer in self.observed.referenced

    def is_kept_from_manager(self) -> bool:
        """Tell whether the manager that is about to start must not start the timer: it waits for the next boot."""
        return not self.observed.manager.running and self.goal.armed and not self.goal.start

    def arm(self) -> bool:
        """Add the steps that arm the timer; return whether its links are made anew after the reload."""
        text = self.goal.timer or ""
        armed = is_armed(self.timer, text, self.observed)
        stale = is_stale(self.goal.name, self.observed)
        known = self.timer in self.observed.units
        again = False
        if not self.goal.lets_run and not (armed and self.is_kept_in_memory()):
            lost = self.file(self.timer).kind == "absent"
            again = known and (lost or stale or self.is_rescheduled() or (self.goal.start and not armed))
        start = self.goal.start and (again or not armed)
        if self.is_rescheduled():
            self.say("reschedule")
        elif stale:
            self.say("reload")
            self.add("reload", self.timer)
        if again and self.observed.units[self.timer].is_stoppable:
            self.add("stop", self.timer)
        if start:
            self.start(armed=armed, again=again)
        elif armed and not self.goal.lets_run and self.becomes_persistent():
            self.add("touch_stamp", self.timer)
        return again

    def start(self, *, armed: bool, again: bool) -> None:
        text = self.goal.timer or ""
        if not armed:
            self.say("arm")
        if self.carries_stamp():
            self.add("carry_stamp", f"{self.goal.renamed_from}.timer {self.timer}")
        elif (not self.goal.lets_run or self.goal.runs_first) and self.needs_stamp(text):
            self.add("touch_stamp", self.timer)
        if not self.goal.lets_run:
            if again and not self.needs_stamp(text):
                self.add("check_forgotten", self.timer)
            service = self.observed.units.get(self.service, NOT_ACTIVE)
            if (
                timer_unit.counts_from_unit(text)
                and self.service in self.observed.units
                and service.active == "inactive"
            ):
                self.add("check_forgotten", self.service)
        self.add("start", self.timer)

    def disarm(self) -> None:
        unit = self.observed.units.get(self.timer)
        if unit and unit.is_stoppable:
            self.add("stop", self.timer)
            self.say("disarm")

    def compare_links(self, again: bool) -> None:
        for unit in (self.timer, self.service):
            current = self.observed.links.get(unit, {})
            wanted = [path for path in self.goal.links if os.path.basename(path) == unit]
            right = [path for path, target in current.items() if path in wanted and self.is_right(path, target)]
            wrong = [path for path in current if path not in right and path not in self.kept_links]
            missing = [path for path in wanted if path not in right]
            if unit == self.service and any(not chain.is_chain_link(path) for path in wrong):
                self.say("disable the service itself")
            elif wrong or missing:
                self.say("enable" if wanted else "disable")
            if again and unit == self.timer:
                self.add("unlink_again", *current)
                self.add("link_again", *wanted)
            else:
                self.add("unlink", *wrong)
                self.add("link", *missing)

    def is_right(self, path: str, target: str) -> bool:
        """Tell whether a link points where it should: to the unit file of its name, however it is written."""
        folder = os.path.join(self.unit_directory, os.path.dirname(path))
        home = os.path.join(self.unit_directory, os.path.basename(path))
        return os.path.normpath(os.path.join(folder, target)) == home

    def forget_failures(self) -> None:
        gone = self.goal.service is None
        if gone and self.goal.name in self.observed.pins:
            return
        # A failed service stays in memory, and a trigger that counts from its last run could elapse at once.
        starts = bool(self.todo.get("start"))
        forget_service = gone or (starts and timer_unit.counts_from_unit(self.goal.timer or ""))
        for unit, forget in ((self.timer, True), (self.service, forget_service)):
            state = self.observed.units.get(unit)
            if state and state.active == "failed" and forget:
                self.add("reset_gone" if gone else "reset_failed", unit)
                if not self.actions or not (gone or unit == self.timer):
                    self.say("reset its failure")

    def end_run(self) -> None:
        """Say what becomes of a run that is under way while the job is removed."""
        if self.todo and self.is_running and self.goal.stop_run:
            self.add("stop_service", self.service)
            self.say("stop its run")

    def keep_run(self) -> None:
        """Let a run that is under way go on as it began: pin its units, and see to it that this is cleaned up after."""
        pin = self.observed.pins.get(self.goal.name)
        units = pinned_units(self.goal.name)
        if pin is None:
            changed = {*self.todo.get("install", []), *self.todo.get("delete", [])}
            if not self.is_running or self.goal.stop_run or changed.isdisjoint(units):
                return
        former = {unit: self.file(unit).text for unit in units if self.file(unit).kind == "file"}
        if self.service not in former and pin is None:
            return
        if pin:
            # One that was cut off has laid down the first part alone.
            rest = former if pin.units and has_notices(pin.service, self.goal.name) else {}
            texts = {**rest, self.service: pin.service, **pin.units}
        else:
            texts = former
        texts = {unit: texts[unit] for unit in units if unit in texts}
        links = [os.path.join(self.unit_directory, link) for link in self.lasting]
        parts = pin_files(self.goal.name, texts, [one.name for one in self.goal.files], self.places, links)
        if pin and not pin.units:
            # After a boot, there is no run to pin.
            parts = [one for one in parts if os.path.dirname(one.name) != self.places.control]
        found = pin.files if pin else {}
        self.pins = [one for one in parts if found.get(one.name, NO_FILE).text != one.text]
        self.add("pin", *(one.name for one in self.pins))
        if pin is None or not pin.waiting:
            self.add("await_run", cleaner_of(self.goal.name))
            self.say("let its run finish" if self.is_running else "clean up after its run")

    def belongs_to_others(self) -> bool:
        """Tell whether a job that is to be absent names a unit that is not ours, and has no file of ours.

        A mask is an administrator's.
        """
        units = (self.service, self.timer)
        masked = [unit for unit in units if is_mask(self.file(unit))]
        return (
            self.goal.state == ABSENT
            and (bool(masked) or any(unit in self.observed.elsewhere for unit in units))
            and all(self.file(unit).kind == "absent" or unit in masked for unit in units)
        )

    def decide(self) -> None:
        if self.belongs_to_others():
            return
        self.compare_unit(self.service, self.goal.service)
        self.compare_unit(self.timer, self.goal.timer)
        self.compare_extras()
        self.carry_record()
        self.run_once()
        timed = self.goal.timer is not None
        again = self.arm() if self.goal.armed and timed else False
        if not self.goal.armed or not timed:
            self.disarm()
        if self.goal.armed and not timed and is_stale(self.goal.name, self.observed):
            self.say("reload")
            self.add("reload", self.service)
        self.compare_links(again or self.is_kept_from_manager())
        self.forget_failures()
        if not timed and self.timer in self.observed.stamps:
            self.add("clean_stamp", self.timer)
            self.say("remove" if self.goal.service is None else "remove its stamp")
        if self.goal.service is None:
            self.end_run()
        self.keep_run()


def make_plan(
    goals: list[Goal],
    observed: Observed,
    unit_directory: str,
    ids: tuple[int, int] = (0, 0),
    places: Places = SYSTEM_PLACES,
) -> Plan:
    """Return the steps that lead from what is observed to the goals, in the order of an apply.

    ids: the user and group that the files are to belong to. places: where pins of runs under way are.
    """
    todo: dict[str, list[str]] = {}
    changes = []
    pins: list[JobFile] = []
    followers = followers_of(goals)
    starters, lasting = left_to_others(goals, followers), lasting_links(goals, followers, observed)
    kept = frozenset(link for links in lasting.values() for link in links)
    for goal in goals:
        pair = JobPlanner(
            goal,
            observed,
            unit_directory,
            ids,
            places,
            starters=starters.get(goal.name, ()),
            lasting=lasting.get(goal.name, ()),
            kept=kept,
        )
        pair.decide()
        pins += pair.pins
        for kind, items in pair.todo.items():
            todo.setdefault(kind, []).extend(items)
        changes.append(JobChange(goal.name, goal.state, pair.actions if pair.todo else [], pair.diffs))
    if not observed.log_directory_exists:
        todo["make_log_directory"] = []
    if not observed.manager.running and any(goal.armed for goal in goals):
        todo["start_manager"] = list(todo.get("start", []))
    # What a killed run of another declaration left is for that declaration to complete.
    interrupted = {goal.name for goal in goals}.intersection(observed.dirty)
    if observed.leftover or interrupted or any(kind not in NEEDS_NO_RELOAD for kind in todo):
        todo["reload"] = []
    return Plan(
        [Step(kind, todo[kind]) for kind in ORDER if kind in todo],
        [Step(kind, todo[kind]) for kind in AFTER_EVIDENCE if kind in todo],
        changes,
        tuple(pins),
    )
