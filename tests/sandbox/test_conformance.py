"""Every provider contains every attack, and one that is weakened is refused or found out."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sandbox import isolation, open_sandbox
from sandbox.conformance import ATTACKS, Attack, Host, check
from sandbox.conformance.attacks import CONTAINED, ends, fakes, floods, times_out
from sandbox.inside import LAB_CAPABILITIES
from sandbox.types import Ending, Execution, HttpRequest, Limits, Observation, Sandbox, SandboxError

ENDED = Execution("x", Ending.EXITED, 0, "", "", False, 0.1)
PAGE = HttpRequest("10.1.2.3", 80, "10.1.2.3", "GET", "/admin", "", {}, "")


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    with Host() as opened:
        yield opened


@pytest.mark.sandbox
@pytest.mark.slow
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_contained(box: Sandbox, host: Host, attack: Attack) -> None:
    (result,) = check(box, host, [attack])
    assert result.faults == (), result.execution


def test_names_are_distinct() -> None:
    assert len({attack.name for attack in ATTACKS}) == len(ATTACKS)


def test_what_is_not_contained_is_said() -> None:
    assert CONTAINED(ENDED) == ""
    assert "said '1.1.1.1" in CONTAINED(replace(ENDED, stdout="1.1.1.1\n"))
    assert "exit code 7" in CONTAINED(replace(ENDED, exit_code=7))
    assert "timeout" in CONTAINED(replace(ENDED, ending=Ending.TIMEOUT, detail="late"))
    assert "exit code 0" in ends(None)(ENDED)
    assert "reported as ''" in ends(0, detail="of memory")(ENDED)
    assert "reported as 'of memory'" in ends(0)(replace(ENDED, detail="of memory"))
    assert times_out(ENDED)
    assert floods(replace(ENDED, stdout="x" * 9999))
    seen = replace(ENDED, observation=Observation(http=(PAGE,)))
    assert fakes(0)(seen) == "the lab recorded 1 requests and 0 logins"


class Leaky:
    """A sandbox that lets everything out: runs the command on the host's shell."""

    name, image = "leaky", ""

    def run(self, command: str, limits: Limits = Limits()) -> Execution:  # noqa: B008
        line = ["bash", "-c", command]
        done = subprocess.run(line, capture_output=True, text=True, check=False, timeout=60)
        return replace(
            ENDED,
            command=command,
            exit_code=done.returncode,
            stdout=done.stdout,
            stderr=done.stderr,
        )


@pytest.mark.parametrize("name", ["egress over TCP", "sockets of the host"])
def test_an_escape_is_found_out(host: Host, name: str) -> None:
    (attack,) = (attack for attack in ATTACKS if attack.name == name)
    (result,) = check(Leaky(), host, [attack])  # type: ignore[arg-type]
    assert any("the host heard it" in fault for fault in result.faults)


@pytest.mark.parametrize("name", list(isolation.expected(raw=True)))
def test_one_difference_and_nothing_is_run(name: str) -> None:
    lines = "\n".join(f"{key}={value}" for key, value in isolation.expected(raw=True).items())

    def weak(command: str, limits: Limits) -> Execution:
        return replace(ENDED, stdout=f"{lines}\n{name}=odd")

    with pytest.raises(SandboxError, match=rf"not isolated as it must be \({name} is 'odd'"):
        isolation.check_isolation(weak, raw=True)


WEAK_BWRAP = """#!/usr/bin/python3
import os, sys
words = sys.argv[1:]
while "{option}" in words:
    at = words.index("{option}")
    del words[at : at + 2]
os.execv("{bwrap}", ["bwrap", *words])
"""


@pytest.mark.sandbox
@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("--seccomp", "calls is 'all'"),
        ("--cap-drop", "CapInh is"),
        ("--remount-ro", "writable is '/dev,/dev/shm"),
        ("--size", "sizes is"),
        ("--hostname", "host is"),
    ],
)
def test_a_weakened_bubblewrap_is_refused(
    start: Callable[[str], Sandbox], monkeypatch: pytest.MonkeyPatch, option: str, said: str
) -> None:
    """A bwrap that leaves out what it was asked for."""
    start("bubblewrap")
    bwrap = shutil.which("bwrap")
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:  # /tmp is hidden from `nobody`
        Path(folder).chmod(0o755)
        weak = Path(folder, "bwrap")
        weak.write_text(WEAK_BWRAP.format(option=option, bwrap=bwrap))
        weak.chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
        with pytest.raises(SandboxError, match=f"not isolated as it must be .{said}"):
            open_sandbox("bubblewrap", workers=1)


@pytest.mark.sandbox
@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("pid_mode", "host", "PidMode is 'host'"),
        ("read_only", False, "ReadonlyRootfs is False"),
        ("cap_add", [*LAB_CAPABILITIES, "CHOWN"], "CapAdd is"),
        ("security_opt", ["seccomp=unconfined"], "SecurityOpt is"),
        ("pids_limit", -1, "PidsLimit is"),
    ],
)
def test_a_weakened_docker_is_refused(
    start: Callable[[str], Sandbox],
    monkeypatch: pytest.MonkeyPatch,
    setting: str,
    value: Any,
    said: str,
) -> None:
    """An engine that runs with other settings than were asked for."""
    start("docker")
    from docker.models.containers import ContainerCollection

    whole = ContainerCollection.create
    monkeypatch.setattr(
        ContainerCollection,
        "create",
        lambda self, *args, **asked: whole(self, *args, **asked | {setting: value}),
    )
    with pytest.raises(SandboxError, match=f"not isolated as it must be .{said}"):
        open_sandbox("docker", workers=1)
