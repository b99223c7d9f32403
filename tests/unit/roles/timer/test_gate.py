# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gate that a run goes through: what it reads from systemd, whom it skips, who comes next in a group."""

from __future__ import annotations

import contextlib
import json
import os
from typing import Any

import pytest

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.pin import cleaner_of
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.programs import program
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.samples import FIXTURES, capture

gate = program("gate")
group = program("job_group")
journal = program("job_journal")
private = program("private_directory")
trigger = program("job_trigger")

# 2026-11-25 08:01:00 UTC, when the captured run was started.
CAPTURED = 1795593660.0
CAPTURED_VERSIONS = sorted(int(path.parent.name.split("-")[1]) for path in FIXTURES.glob("systemd-*/trigger.yml"))


def captured_trigger(version: int) -> Any:
    timer, service = trigger.parse_blocks(capture(version, "trigger")["stdout"])
    return trigger.trigger_of(timer, service)


def known(**fields: Any) -> Any:
    """A run that its timer started on the monotonic clock at 1000."""
    given = {"expressions": ["daily"], "elapses": [], "triggered": 1000.0, "began": 1000.1, "ended_before": 900.0}
    return trigger.Trigger(**{**given, **fields})


# --- what systemd says


def test_several_versions_were_captured():
    assert {247, 252, 257} <= set(CAPTURED_VERSIONS)


@pytest.mark.parametrize("version", CAPTURED_VERSIONS)
def test_systemd_tells_when_the_job_was_due(version):
    found = captured_trigger(version)
    assert sorted(found.expressions) == ["*-*-* *:*:00/4", "Mon *-*-* 08:00:00 Europe/Berlin"]
    assert sorted(found.elapses) == [CAPTURED, CAPTURED + 4 * 86400 + 22 * 3600 + 59 * 60]
    assert 0 < found.began - found.triggered < 1
    assert 0 < found.began - found.ended_before < 2


def test_what_has_never_been_is_zero():
    timer = {"TimersCalendar": ["{ OnCalendar=daily ; next_elapse=(null) }"], "LastTriggerUSecMonotonic": ["0"]}
    assert trigger.trigger_of(timer, {}) == (["daily"], [], 0, 0, 0, False)


def test_a_timer_that_was_removed_is_known():
    assert trigger.trigger_of({"LoadState": ["not-found"]}, {}).gone
    assert not trigger.trigger_of({"LoadState": ["loaded"]}, {}).gone


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0", 0), ("", 0), ("17.084122s", 17.084122), ("4h 50min 17s", 17417), ("1month 2d 3us", 2802600.000003),
     ("1w 5ms", 604800.005), ("1y", 31557600), ("infinity", 0)],
)  # fmt: skip
def test_time_spans_of_systemd(text, seconds):
    assert trigger.parse_span(text) == pytest.approx(seconds, abs=1e-7)


@pytest.mark.parametrize("version", [247, 252, 257, 262])
def test_elapses_are_read_in_utc_whatever_the_zone_of_the_host(version):
    berlin, utc = (trigger.parse_elapses(capture(version, f"calendar-{zone}")["stdout"]) for zone in ("berlin", "utc"))
    assert len(berlin) > 50
    assert len(utc) > 50
    # Expressions in whole minutes of the hour elapse at the same moments in both zones.
    assert set(berlin) & set(utc)


def test_what_is_no_time_is_none():
    assert trigger.parse_time("never") is None
    assert trigger.parse_time("Wed 2026-11-25 09:01:00 CET") is None
    assert trigger.parse_time("Wed 2026-11-25 08:01:00.500000 UTC") == CAPTURED + 0.5


# --- who has started the run


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ({}, True),
        ({"ended_before": 0.0}, True),
        # It has waited for the network.
        ({"began": 1090.0}, True),
        # The timer has never elapsed; or during the run before; or its own start has not happened.
        ({"triggered": 0.0}, False),
        ({"triggered": 899.0, "began": 950.0}, False),
        ({"began": 5000.0}, False),
    ],
)
def test_times_tell_who_has_started_the_run(times, expected):
    assert trigger.is_started_by_timer(known(**times)) is expected


@pytest.mark.parametrize("version", CAPTURED_VERSIONS)
def test_the_captured_run_was_started_by_its_timer(version):
    assert trigger.is_started_by_timer(captured_trigger(version))


# --- forbid


@pytest.mark.parametrize(
    ("elapses", "ended", "covered"),
    [
        ([5000.0], 5010.0, 5000.0),
        ([5000.0, 5008.0], 5010.0, 5000.0),
        ([5011.0], 5010.0, None),
        ([6000.0], 5010.0, None),
        ([], 5010.0, None),
    ],
)
def test_an_elapse_is_covered_by_a_run_that_ends_after_it(elapses, ended, covered):
    assert trigger.covered_elapse(known(elapses=elapses), 5012.0, ended) == covered


@pytest.fixture
def clock(monkeypatch):
    """Unix time 5012 is 1000.5 on the monotonic clock."""
    monkeypatch.setattr(gate.time, "time", lambda: 5012.0)
    monkeypatch.setattr(gate, "monotonic", lambda: 1000.5)


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(
    ("ended", "jitter", "skipped"),
    [
        (999.9, 0, True),
        (999.9, 60, True),
        # The elapse at 5010 was before its end, and jitter has put the run off until long after that.
        (998.6, 60, False),
        (998.6, 0, True),
        (990.0, 0, False),
        (0.0, 0, False),
    ],
)
def test_forbid_skips_what_systemd_makes_up_for(ended, jitter, skipped):
    found = known(elapses=[5010.0], triggered=1002.7 if ended == 998.6 else 1000.0)
    if not skipped:
        gate.check_forbid(found, ended, 1.0, jitter)
        return
    with pytest.raises(gate.Skipped) as caught:
        gate.check_forbid(found, ended, 1.0, jitter)
    assert caught.value.reason == "forbid"
    assert caught.value.fields == {"elapse": "1970-01-01T01:23:30+00:00"}


def test_the_end_of_a_run_is_noted(tmp_path, monkeypatch):
    directory = str(tmp_path / "ended")
    assert gate.last_end("j", directory) == 0.0
    monkeypatch.setattr(gate, "monotonic", lambda: 123.5)
    gate.note_end("j", directory)
    assert gate.last_end("j", directory) == 123.5


# --- the starting deadline


def calendar(*elapses: float):
    """Stand for systemd-analyze: the elapses after the base time."""

    def between(_expressions: list[str], since: float, until: float) -> list[float]:
        return [one for one in elapses if since < one <= until]

    return between


@pytest.mark.usefixtures("clock")
def test_a_run_that_is_on_time_may_begin_until_its_deadline(monkeypatch):
    monkeypatch.setattr(gate, "elapses_between", calendar(4000.0, 5000.0))
    assert gate.check_deadline(known(), 60.0, 5.0) == 5065.0


@pytest.mark.usefixtures("clock")
def test_a_run_that_is_late_is_skipped_and_says_by_how_much(monkeypatch):
    for module in (gate, trigger):
        monkeypatch.setattr(module, "elapses_between", calendar(1000.0, 2000.0, 4000.0))
    with pytest.raises(gate.Skipped) as caught:
        gate.check_deadline(known(), 60.0, 5.0)
    assert caught.value.reason == "starting-deadline"
    assert caught.value.fields == {"elapse": "1970-01-01T01:06:40+00:00", "late": 1012}
    assert str(caught.value) == "skipped the elapse of 1970-01-01T01:06:40+00:00: it is late by more than 1min"


def test_the_last_elapse_is_found_however_long_ago(monkeypatch):
    monkeypatch.setattr(trigger, "elapses_between", calendar(10.0, 20.0))
    assert trigger.last_elapse(["x"], 3e7, 60.0) == 20.0
    assert trigger.last_elapse(["x"], 1e9, 60.0) is None
    assert trigger.elapses_between([], 0, 1) == []


# --- skip_next


def test_each_token_skips_one_run(tmp_path):
    state = str(tmp_path)
    for token in ("first", "second"):
        with pytest.raises(gate.Skipped) as caught:
            gate.check_skip_next("j", token, state)
        assert (caught.value.reason, caught.value.fields) == ("skip-next", {"token": token})
    for token in ("first", "second"):
        gate.check_skip_next("j", token, state)
    assert (tmp_path / "j").stat().st_mode & 0o777 == 0o700


CHRISTMAS = 1798070400.0  # 2026-12-24 00:00:00 UTC


@pytest.mark.parametrize(
    ("elapse", "zone", "skipped"),
    [
        (CHRISTMAS, "UTC", True),
        (CHRISTMAS + 86399, "UTC", True),
        (CHRISTMAS - 1, "UTC", False),
        (CHRISTMAS + 86400, "UTC", False),
        # It is a day of the schedule's time zone.
        (CHRISTMAS - 1, "Europe/Berlin", True),
        (CHRISTMAS + 86399, "Europe/Berlin", False),
        (CHRISTMAS, "America/New_York", False),
        (CHRISTMAS + 86400, "America/New_York", True),
    ],
)
def test_a_date_skips_the_runs_of_that_day(monkeypatch, elapse, zone, skipped):
    # The run begins a day later: it was caught up.
    monkeypatch.setattr(gate.time, "time", lambda: elapse + 86400)
    monkeypatch.setattr(gate, "last_elapse", lambda expressions, _now, _window: elapse if expressions else None)
    for _again in range(2):
        with pytest.raises(gate.Skipped, match="skip_next is 2026-12-24") if skipped else contextlib.nullcontext():
            gate.check_skip_date(known(), "2026-12-24", zone)
    # Without a calendar it is today.
    monkeypatch.setattr(gate.time, "time", lambda: elapse)
    with pytest.raises(gate.Skipped) if skipped else contextlib.nullcontext():
        gate.check_skip_date(known(expressions=[]), "2026-12-24", zone)


def test_the_time_zone_of_a_schedule_is_not_kept(monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    assert gate.day_of(CHRISTMAS, "America/New_York") == "2026-12-23"
    assert os.environ["TZ"] == "Asia/Tokyo"
    monkeypatch.delenv("TZ")
    gate.day_of(CHRISTMAS, "UTC")
    assert "TZ" not in os.environ


# --- groups


class Host:
    """Stands for systemd: which invocation of which service is in which state."""

    def __init__(self) -> None:
        self.states: dict[str, tuple[str, str]] = {}

    def show(self, names: list[str], *_properties: str) -> dict[str, dict[str, list[str]]]:
        found = {}
        for name in names:
            invocation, state = self.states.get(name, ("", "inactive"))
            found[name] = {"InvocationID": [invocation], "ActiveState": [state]}
        return found


@pytest.fixture
def host(monkeypatch):
    found = Host()
    monkeypatch.setattr(group, "show", found.show)
    return found


def arrive(host: Host, where: Any, name: str, invocation: str = "1") -> list[list[str]]:
    host.states[f"{name}.service"] = (invocation, "activating")
    return where.before([f"{name}.service", invocation], 1, ask=True)


def test_tickets_stand_in_the_order_of_arrival(host, tmp_path):
    where = group.Group("g", str(tmp_path / "groups"))
    seen = [[unit for unit, _invocation in arrive(host, where, name)] for name in ("a", "b", "c")]
    assert seen == [[], ["a.service"], ["a.service", "b.service"]]
    # Looking again takes no second ticket.
    assert len(arrive(host, where, "c")) == 2
    where.leave("a.service", 1)
    assert arrive(host, where, "b") == []
    assert (tmp_path / "groups").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("state", [("1", "inactive"), ("1", "failed"), ("2", "activating"), ("", "inactive")], ids=str)
def test_the_ticket_of_a_run_that_is_over_counts_no_more(host, tmp_path, state):
    where = group.Group("g", str(tmp_path))
    arrive(host, where, "a")
    host.states["a.service"] = state
    assert arrive(host, where, "b") == []


@pytest.mark.parametrize("state", ["activating", "active", "deactivating", "reloading"])
def test_the_ticket_of_a_run_that_is_under_way_counts(host, tmp_path, state):
    where = group.Group("g", str(tmp_path))
    arrive(host, where, "a")
    host.states["a.service"] = ("1", state)
    assert arrive(host, where, "b") == [["a.service", "1"]]


def test_a_crash_while_the_tickets_are_written_leaves_the_old_ones(host, tmp_path, monkeypatch):
    where = group.Group("g", str(tmp_path))
    arrive(host, where, "a")

    def broken(*_paths: str) -> None:
        raise OSError("no space")

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", broken)
        with pytest.raises(OSError, match="no space"):
            arrive(host, where, "b")
    assert json.loads((tmp_path / "g.json").read_text()) == [["a.service", "1"]]


def test_waiting_ends_when_those_before_have_left(host, tmp_path):
    where = group.Group("g", str(tmp_path))
    for name in ("a", "b"):
        arrive(host, where, name)
    host.states["c.service"] = ("1", "activating")
    told = []

    def queued(names: str, _waited: float) -> float:
        told.append(names)
        where.leave("a.service", 2)
        return 60.0

    where.wait(["c.service", "1"], 2, queued)
    assert told == ["a.service, b.service"]
    assert not (tmp_path / "1").exists()


def test_who_waits_far_behind_asks_systemd_rarely(host, tmp_path, monkeypatch):
    """All of a long queue asking of each other is what makes it slow."""
    where = group.Group("g", str(tmp_path))
    for number in range(50):
        where.before([f"{number}.service", "1"], 1, ask=False)
        host.states[f"{number}.service"] = ("1", "activating")
    asked = []
    monkeypatch.setattr(group, "show", lambda units, *names: asked.append(units) or host.show(units, *names))
    limits = []

    def queued(names: str, _waited: float) -> float:
        assert names == "0.service, 1.service, 2.service and 47 more"
        limits.append(0.0)
        if len(limits) == 20:
            raise gate.WaitedInVain
        return 0.0

    host.states["last.service"] = ("1", "activating")
    with pytest.raises(gate.WaitedInVain):
        where.wait(["last.service", "1"], 1, queued)
    assert asked == [["0.service"]]


def test_runs_that_ended_without_a_word_are_found_one_after_the_other(host, tmp_path):
    where = group.Group("g", str(tmp_path))
    for name in ("a", "b", "c"):
        where.before([f"{name}.service", "1"], 1, ask=False)
    host.states["c.service"] = ("1", "active")
    assert arrive(host, where, "d") == [["c.service", "1"]]
    host.states["c.service"] = ("1", "failed")
    assert arrive(host, where, "d") == []


def test_a_unit_has_one_ticket(host, tmp_path):
    where = group.Group("g", str(tmp_path))
    where.before(["a.service", "1"], 1, ask=False)
    assert arrive(host, where, "a", "2") == []
    assert json.loads((tmp_path / "g.json").read_text()) == [["a.service", "2"]]


def test_who_waits_decides_how_long(host, tmp_path):
    where = group.Group("g", str(tmp_path))
    arrive(host, where, "a")
    host.states["b.service"] = ("1", "activating")

    def queued(_names: str, _waited: float) -> float:
        raise gate.WaitedInVain

    with pytest.raises(gate.WaitedInVain):
        where.wait(["b.service", "1"], 1, queued)


# --- what has started a run


def note_of(tmp_path, monkeypatch, by_timer):
    monkeypatch.setattr(gate, "read_trigger", lambda *_names: known())
    monkeypatch.setattr(gate, "is_started_by_timer", lambda _known: by_timer)
    monkeypatch.setattr(group, "show", lambda units, *_names: {units[0]: {"InvocationID": ["abc"]}})
    # Not what the variables of the job say.
    monkeypatch.setenv("INVOCATION_ID", "of another")
    gate.note_start("j", str(tmp_path))
    return (tmp_path / "j").read_text()


@pytest.mark.parametrize(("by_timer", "expected"), [(True, "abc timer"), (False, "abc hand")])
def test_what_has_started_a_run_is_noted(tmp_path, monkeypatch, by_timer, expected):
    assert note_of(tmp_path, monkeypatch, by_timer) == expected


def test_a_run_that_takes_the_place_of_another_is_the_timers_once(tmp_path, monkeypatch):
    (tmp_path / f"j{gate.REPLACING}").touch()
    assert note_of(tmp_path, monkeypatch, by_timer=False) == "abc timer"
    assert note_of(tmp_path, monkeypatch, by_timer=False) == "abc hand"


@pytest.mark.usefixtures("host")
def test_a_unit_without_a_run_has_no_ticket():
    with pytest.raises(trigger.NoAnswer, match=r"systemd knows of no run of j\.service"):
        group.ticket_of("j.service")


# --- directories


@pytest.mark.parametrize("mask", [0o000, 0o002, 0o777])
def test_directories_are_roots_alone_whatever_the_umask(tmp_path, mask):
    path = tmp_path / private.OWN / "groups" / "deep"
    before = os.umask(mask)
    os.umask(0o077 if mask == 0o777 else mask)
    try:
        assert private.make_private(str(path)) == str(path)
        gate.note_end("j", str(path))
    finally:
        os.umask(before)
    modes = {one.name: one.stat().st_mode & 0o777 for one in (path, path.parent, path.parent.parent, path / "j")}
    assert modes == {private.OWN: 0o700, "groups": 0o700, "deep": 0o700, "j": 0o600}


@pytest.mark.parametrize("mode", [0o755, 0o775, 0o750])
def test_a_directory_that_nobody_else_could_change_is_closed(tmp_path, mode):
    path = tmp_path / private.OWN
    path.mkdir()
    path.chmod(mode)
    os.chown(path, os.geteuid(), 0 if os.geteuid() == 0 else os.getegid())
    if os.geteuid() != 0 and mode & 0o020:
        pytest.skip("the group of root is root's to give")
    private.make_private(str(path / "notices"))
    assert path.stat().st_mode & 0o777 == 0o700


def test_a_directory_that_others_could_change_is_refused(tmp_path):
    path = tmp_path / private.OWN
    path.mkdir()
    path.chmod(0o777)
    with pytest.raises(private.NotPrivate, match=f"others than root can change {path}; look at what is in it"):
        private.make_private(str(path / "groups"))
    assert not (path / "groups").exists()
    path.chmod(0o700)
    (path / "groups").symlink_to(tmp_path)
    with pytest.raises(OSError, match="groups"):
        private.make_private(str(path / "groups"))
    (path / "file").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="file"):
        private.open_private(str(path / "file"), os.O_WRONLY)
    assert not (tmp_path / "elsewhere").exists()


# --- exit statuses, and what is told


@pytest.fixture
def told(monkeypatch):
    found: list[tuple[str, str]] = []
    monkeypatch.setattr(
        gate, "tell", lambda _job, event, message, *_priority, **_fields: found.append((event, message))
    )
    return found


def test_a_fault_of_the_gate_fails_the_run_and_never_skips_it(monkeypatch, told):
    def broken(*_names: str) -> None:
        raise trigger.NoAnswer("systemctl show: no")

    monkeypatch.setattr(gate, "read_trigger", broken)
    assert gate.main(["begin", "j", "--forbid"]) == gate.FAIL
    assert told == [("gate-failed", "gate begin: NoAnswer: systemctl show: no")]


@pytest.mark.parametrize(("by_timer", "status"), [(True, gate.SKIP), (False, gate.BEGIN)])
def test_a_run_that_is_started_by_hand_is_never_skipped(monkeypatch, told, tmp_path, by_timer, status):
    monkeypatch.setattr(gate.check_skip_next, "__defaults__", (str(tmp_path),))
    monkeypatch.setattr(gate, "read_trigger", lambda *_names: known())
    monkeypatch.setattr(gate, "is_started_by_timer", lambda _known: by_timer)
    assert gate.main(["begin", "j", "--skip-next", "x"]) == status
    assert [event for event, _message in told] == ["skipped"] * by_timer


@pytest.mark.parametrize(
    ("options", "status"),
    [
        (["--skip-date", "2026-12-24", "--zone", "UTC"], gate.SKIP),
        (["--skip-date", "2026-12-25", "--zone", "UTC"], gate.BEGIN),
        (["--skip-next", "new"], gate.SKIP),
        (["--skip-next", "used"], gate.BEGIN),
        (["--forbid"], gate.BEGIN),
    ],
)
def test_a_run_that_is_to_be_skipped_is_skipped_also_when_its_job_is_removed_as_it_begins(
    monkeypatch, told, tmp_path, options, status
):
    """Its timer is gone, and with it what has started the run."""
    monkeypatch.setattr(gate.check_removed, "__defaults__", (str(tmp_path),))
    monkeypatch.setattr(gate.time, "time", lambda: CHRISTMAS + 3600)
    monkeypatch.setattr(gate, "read_trigger", lambda *_names: known(triggered=0.0, gone=True))
    (tmp_path / "j").mkdir()
    (tmp_path / "j" / gate.TOKENS).write_text('["used"]')
    assert gate.main(["begin", "j", *options]) == status
    assert [event for event, _message in told] == ["skipped"] * (status == gate.SKIP)
    assert (tmp_path / "j" / gate.TOKENS).read_text() == '["used"]'


def test_an_entry_of_the_journal_is_one_line_for_each_field(monkeypatch):
    monkeypatch.setenv("INVOCATION_ID", "abc")
    text = journal.entry("j", "attempt", "two\nlines", journal.ERROR, {"status": 3, "bad": "a\rb"}).decode()
    assert text.endswith("\n")
    assert dict(line.split("=", 1) for line in text.splitlines()) == {
        "MESSAGE": "two lines",
        "PRIORITY": "3",
        "SYSLOG_IDENTIFIER": "j",
        "OBJECT_SYSTEMD_UNIT": "j.service",
        "DOTMOBI_JOB": "j",
        "DOTMOBI_EVENT": "attempt",
        "DOTMOBI_INVOCATION": "abc",
        "DOTMOBI_STATUS": "3",
        "DOTMOBI_BAD": "a b",
    }


@pytest.mark.parametrize(("seconds", "text"), [(0.25, "0.2s"), (90, "90s"), (120, "2min"), (7200, "2h"), (86400, "1d")])
def test_lengths_of_time_in_words(seconds, text):
    assert journal.words(seconds) == text


# --- a run that is replaced


@pytest.mark.parametrize("pinned", [False, True])
def test_the_run_of_a_job_that_was_changed_is_cleaned_up_after_before_the_next(pinned, tmp_path, monkeypatch):
    calls = []
    if pinned:
        (tmp_path / "a.sh").touch()
    monkeypatch.setattr(gate, "PINNED", str(tmp_path))
    answer = {"a.service": {"ActiveState": ["activating"], "InvocationID": ["1"]}}
    monkeypatch.setattr(gate, "show", lambda *_names: answer)
    monkeypatch.setattr(gate, "tell", lambda *_about, **_fields: None)
    monkeypatch.setattr(gate.subprocess, "run", lambda argv, **_options: calls.append(argv[1:]))
    monkeypatch.setattr(gate.os, "execvpe", lambda _program, argv, _environment: calls.append(argv[1:]))
    gate.replace(gate.parse(["replace", "a"]))
    before = [["stop", "--", "a.service"], ["start", "--", cleaner_of("a")]] if pinned else []
    assert calls == [*before, ["restart", "--no-block", "--", "a.service"]]
