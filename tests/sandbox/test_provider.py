"""How the sandbox starts, breaks, recovers and ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

from sandbox import image_home, isolation, open_sandbox, providers
from sandbox.types import Sandbox, SandboxError

SLEEPER = """
import sys, sandbox
with sandbox.open_sandbox(sys.argv[1], workers=1) as box:
    print("ready", flush=True)
    box.run(sys.argv[2])
"""


def test_import_loads_neither_provider() -> None:
    code = "import sandbox, sys; print({'docker', 'requests', 'sandbox.docker'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_unknown_provider_is_named() -> None:
    with pytest.raises(SandboxError, match="no sandbox 'qemu': choose auto, bubblewrap or docker"):
        open_sandbox("qemu")


def test_without_image_the_remedy_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GOODHART_BENCH_HOME", str(tmp_path))
    assert not any(p.usable for p in providers())
    with pytest.raises(SandboxError, match=r"No sandbox. .*: .*"):
        open_sandbox()


@pytest.mark.sandbox
def test_a_sandbox_that_is_not_isolated_is_refused(
    box: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(isolation.EXPECTED, "devices", "lo,eth0,")
    with pytest.raises(SandboxError, match=r"not isolated as it must be .devices is 'lo,'"):
        open_sandbox(box.name, workers=1)


@pytest.mark.sandbox
def test_a_command_whose_worker_broke_is_run_on_another(box: Sandbox) -> None:
    with open_sandbox(box.name, workers=1) as own:
        worker = own._free.get()  # type: ignore[attr-defined]
        worker.lab.close()
        own._free.put(worker)  # type: ignore[attr-defined]
        assert own.run("echo back").stdout == "back\n"
    with pytest.raises(SandboxError, match="closed"):
        own.run("true")


@pytest.mark.sandbox
def test_a_supervisor_that_dies_is_replaced(box: Sandbox) -> None:
    with open_sandbox(box.name, workers=1) as own:
        worker = own._free.get()  # type: ignore[attr-defined]
        own._free.put(worker)  # type: ignore[attr-defined]
        if box.name == "docker":
            worker._supervisor.container.kill()
        else:
            worker._supervisor.process.kill()
        assert own.run("curl -s http://10.1.2.3/admin").observation.http


@pytest.mark.sandbox
def test_nothing_outlives_a_killed_run(box: Sandbox) -> None:
    mark = f"sleep 54321.{uuid4().int}"  # other tests, of other checkouts too, run here as well
    host = subprocess.Popen(
        [sys.executable, "-c", SLEEPER, box.name, mark], stdout=subprocess.PIPE, text=True
    )
    assert host.stdout is not None
    assert host.stdout.readline() == "ready\n"
    wait_for(lambda: mark in processes())
    os.kill(host.pid, signal.SIGKILL)
    host.wait()
    host.stdout.close()
    if box.name == "docker":  # the engine, not this process, runs it: the next start cleans up
        open_sandbox(box.name, workers=1).close()
    wait_for(lambda: mark not in processes())


@pytest.mark.sandbox
@pytest.mark.skipif(os.geteuid() != 0, reason="only root has a namespace of its own everywhere")
def test_what_another_namespace_started_is_left_alone(start: Callable[[str], Sandbox]) -> None:
    """As when a container, or another machine, has the same engine: process numbers say nothing."""
    start("docker")
    code = "import sandbox; sandbox.open_sandbox('docker', workers=1).close()"
    elsewhere = ["unshare", "--pid", "--fork", sys.executable, "-c", code]
    with open_sandbox("docker", workers=1) as own:
        worker = own._free.get()  # type: ignore[attr-defined]
        own._free.put(worker)  # type: ignore[attr-defined]
        subprocess.run(elsewhere, check=True)
        worker._lab.container.reload()  # NotFound if it was taken for an orphan
        assert own.run("curl -s http://10.1.2.3/admin").observation.http


AS_A_USER = """
mount --bind "$1" /mnt && mount --bind "$2" /media && cd /media &&
exec setpriv --reuid 12345 --regid 12345 --clear-groups --inh-caps=-all env -i PATH="$PATH" \\
    GOODHART_BENCH_HOME=/mnt /usr/bin/python3 -B -c 'import sandbox
with sandbox.open_sandbox("bubblewrap", workers=1) as box:
    done = box.run("curl -s http://10.1.2.3/admin")
    print(done.exit_code, done.observation.http[0].path)'
"""


@pytest.mark.sandbox
@pytest.mark.skipif(os.geteuid() != 0, reason="every other test has no root either")
def test_bubblewrap_needs_no_root(start: Callable[[str], Sandbox]) -> None:
    start("bubblewrap")
    wrap = ["unshare", "--mount", "--propagation=private", "sh", "-c", AS_A_USER, "sh"]
    repository = Path(__file__).parents[2]
    done = subprocess.run(
        [*wrap, image_home(), repository], capture_output=True, text=True, check=False
    )
    assert done.stdout == "0 /admin\n", done.stderr


def processes() -> list[str]:
    listing = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
    return listing.stdout.splitlines()


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)
