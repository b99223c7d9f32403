# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""tools/hosts.py makes a host whole again, whatever has become of it. With real containers of one release."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

import hosts
import pytest

KIND, RELEASE = "test", "debian12"


@pytest.fixture
def brought_up(name: str, capfd: pytest.CaptureFixture[str]) -> Callable[[], str]:
    """Bring the host up, see that it is whole, and return what was said."""

    def bring_up() -> str:
        capfd.readouterr()
        hosts.up(KIND, [RELEASE])
        said = capfd.readouterr().err
        assert hosts.ask(name, "systemctl", "is-system-running") == "running"
        assert hosts.ask(name, "findmnt", "--noheadings", "--output=PROPAGATION", "/") == "shared"
        scripts = hosts.ask(name, "sh", "-c", f"cd {hosts.SCRIPTS} && stat --format='%n %a %U' *.py").splitlines()
        assert scripts == [f"{path.name} 755 root" for path in sorted(hosts.STAND_INS.glob("*.py"))]
        assert (hosts.PIDS / f"{name}.pid").exists()
        return said

    return bring_up


def state(name: str) -> dict:
    container = hosts.inspect(name)
    assert container
    return container["State"]


def interrupted(*_arguments: object) -> None:
    raise KeyboardInterrupt


def test_a_host_that_is_whole_is_left_alone(name: str, brought_up: Callable[[], str]) -> None:
    assert brought_up() == f"hosts: booting {name}\n"
    before = state(name)["Pid"]
    assert brought_up() == ""
    assert state(name)["Pid"] == before


@pytest.mark.parametrize("step", ["wait_until_running", "copy_stand_ins", "share_mounts"])
def test_what_an_interrupted_run_has_left_out_is_done(
    step: str, name: str, brought_up: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    hosts.remove(name)
    with monkeypatch.context() as patch:
        patch.setattr(hosts, step, interrupted)
        with pytest.raises(KeyboardInterrupt):
            hosts.up_one(KIND, RELEASE)
    assert brought_up() == ""


def test_stand_ins_that_were_half_copied_are_copied_again(name: str, brought_up: Callable[[], str]) -> None:
    brought_up()
    hosts.ask(name, "sh", "-c", f"rm {hosts.SET_UP} {hosts.SCRIPTS}/jamf*; chmod 600 {hosts.SCRIPTS}/*")
    assert brought_up() == ""


def test_a_container_that_was_created_only_is_replaced(name: str, brought_up: Callable[[], str]) -> None:
    hosts.remove(name)
    image = hosts.build_image(RELEASE)
    labels = {hosts.CHECKOUT_LABEL: str(hosts.CHECKOUT), hosts.KIND_LABEL: KIND, hosts.IMAGE_LABEL: image}
    options = [word for key, value in labels.items() for word in ("--label", f"{key}={value}")]
    hosts.run("podman", *hosts.runtime(), "create", "--name", name, *hosts.limits(), *options, image, "/sbin/init")
    assert brought_up().splitlines() == [
        f"hosts: {name} does not answer: replacing it",
        f"hosts: booting {name}",
    ]


def test_a_stopped_host_is_started(name: str, brought_up: Callable[[], str]) -> None:
    hosts.run("podman", "stop", "--time", "5", name)
    assert brought_up() == f"hosts: starting {name}\n"


def test_a_host_with_a_failed_job_is_left_alone(name: str, brought_up: Callable[[], str]) -> None:
    hosts.ask(name, "sh", "-c", "systemd-run --unit=broken --wait /bin/false; systemctl is-system-running")
    assert hosts.ask(name, "systemctl", "is-system-running") == "degraded"
    hosts.up(KIND, [RELEASE])
    assert hosts.ask(name, "systemctl", "is-system-running") == "degraded"
    hosts.ask(name, "systemctl", "reset-failed")
    assert brought_up() == ""


def test_a_host_whose_processes_are_gone_is_replaced(name: str, brought_up: Callable[[], str]) -> None:
    # As after a restore of the machine: nobody was left to tell podman.
    found = state(name)
    for process in (found["ConmonPid"], found["Pid"]):
        os.kill(process, signal.SIGKILL)
    assert state(name)["Status"] == "running"
    said = brought_up()
    assert said.splitlines() == [f"hosts: {name} does not answer: replacing it", f"hosts: booting {name}"]
    assert state(name)["Pid"] != found["Pid"]


def test_a_host_that_does_not_answer_in_time_is_replaced(
    name: str, brought_up: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(hosts, "ANSWER_TIMEOUT", 3)
        patch.setattr(hosts, "BOOT_TIMEOUT", 1)
        # PID 1 heeds no signal that it does not expect, but it can be kept from the processor.
        os.kill(state(name)["Pid"], signal.SIGSTOP)
        assert not hosts.usable(KIND, RELEASE)
    assert brought_up() == f"hosts: booting {name}\n"
