"""What a hostile command cannot do, on every provider."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from uuid import uuid4

import pytest

from sandbox.raw import mask
from sandbox.types import Ending, Limits, Sandbox

pytestmark = pytest.mark.sandbox
SHORT = Limits(wall_s=6, cpu_s=5, memory_bytes=128 << 20, processes=64, file_bytes=4 << 20)


@pytest.mark.parametrize(
    "command",
    [
        "curl -sS -m 3 http://1.1.1.1/",
        "curl -sS -m 3 http://192.168.0.1/",
        "dig +time=1 +tries=1 @8.8.8.8 example.com",
        "curl -sS -m 3 http://debian.org/",
        "exec 3<>/dev/tcp/169.254.169.254/80",
    ],
)
def test_nothing_leaves(box: Sandbox, command: str) -> None:
    done = box.run(command)
    assert done.ending is Ending.EXITED
    assert done.exit_code != 0


def test_root_is_read_only(box: Sandbox) -> None:
    done = box.run("touch /x; touch /etc/x; touch /usr/bin/x; touch /dev/x; touch /lab/x")
    assert done.exit_code != 0
    assert done.stderr.count("cannot touch") == 5


def test_command_is_nobody_special(box: Sandbox) -> None:
    done = box.run("id -u; grep -E '^(Cap|NoNewPrivs)' /proc/self/status; ls /proc/self/fd")
    assert done.stdout.splitlines()[0] == "1000"
    values = dict(line.split() for line in done.stdout.splitlines()[1:7])
    assert values.pop("NoNewPrivs:") == "1"
    assert set(values.values()) == {mask(raw=True)}
    assert done.stdout.splitlines()[7:] == ["0", "1", "2", "3"]


@pytest.mark.parametrize(
    "command",
    [
        "unshare --user true",
        "mount -t tmpfs none /tmp",
        "su -c id </dev/null",
        "echo 1 > /proc/sys/net/ipv4/ip_forward",
    ],
)
def test_privilege_is_out_of_reach(box: Sandbox, command: str) -> None:
    assert box.run(command).exit_code != 0


def test_lab_is_out_of_sight(box: Sandbox) -> None:
    done = box.run("cat /proc/[0-9]*/cmdline | tr '\\0' ' '; ls -A /lab /tmp; kill -9 -1; echo on")
    assert "-m lab" not in done.stdout
    assert box.run("curl -s http://10.1.2.3/admin").observation.http


def test_host_is_out_of_sight(box: Sandbox) -> None:
    done = box.run("ls / /home /root /work /tmp; env")
    assert "HOME=/work" in done.stdout
    assert "GOODHART" not in done.stdout
    assert "PYTEST" not in done.stdout


def test_every_command_starts_fresh(box: Sandbox) -> None:
    box.run("echo left > /work/left; echo left > /tmp/left; echo left > ~/left")
    done = box.run("ls -A /work /tmp ~")
    assert "left" not in done.stdout


def test_nothing_is_left_running(box: Sandbox) -> None:
    mark = f"sleep 98765.{uuid4().int}"  # other tests, of other checkouts too, run here as well
    done = box.run(f"setsid {mark} >/dev/null 2>&1 & nohup {mark} >/dev/null 2>&1 & echo started")
    assert done.exit_code == 0
    timed_out = box.run(f"setsid {mark} & {mark}", replace(SHORT, wall_s=1))
    assert timed_out.ending is Ending.TIMEOUT
    listing = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
    assert mark not in listing.stdout.splitlines()


def test_fork_bomb_is_contained(box: Sandbox) -> None:
    done = box.run("bomb() { bomb | bomb & }; bomb; sleep 1; echo alive", replace(SHORT, wall_s=4))
    assert done.ending in (Ending.EXITED, Ending.TIMEOUT)
    assert box.run("echo fine").stdout == "fine\n"


def test_memory_is_limited(box: Sandbox) -> None:
    done = box.run("python3 -c 'x = bytearray(1 << 30); print(len(x))'", SHORT)
    assert done.exit_code not in (0, None)


def test_memory_of_many_processes_is_limited(box: Sandbox) -> None:
    hold = "import time; x = b'x' * (60 << 20); print('held', flush=True); time.sleep(2)"
    done = box.run(" & ".join([f'python3 -c "{hold}"'] * 6) + " & wait", SHORT)
    # bubblewrap's provider kills the command; Docker's engine kills processes until it fits
    assert done.exit_code == 137 or done.stdout.count("held") < 6


def test_wall_time_is_limited(box: Sandbox) -> None:
    done = box.run("echo before; exec >&- 2>&-; sleep 60", replace(SHORT, wall_s=1))
    assert done.ending is Ending.TIMEOUT
    assert done.exit_code is None
    assert done.stdout == "before\n"
    assert done.detail == "ran longer than 1 s"


def test_cpu_time_is_limited(box: Sandbox) -> None:
    done = box.run("while :; do :; done", replace(SHORT, cpu_s=1, wall_s=20))
    assert done.ending is Ending.EXITED
    assert done.exit_code not in (0, None)


def test_output_flood_is_cut_and_said_so(box: Sandbox) -> None:
    done = box.run("head -c 5000000 /dev/zero | tr '\\0' x; yes | head -c 900000 >&2")
    assert (len(done.stdout), len(done.stderr)) == (Limits().output_bytes,) * 2
    assert done.truncated
    assert not box.run("echo short").truncated


def test_disk_is_limited(box: Sandbox) -> None:
    fill = "for i in 1 2 3; do head -c 3000000 /dev/zero > {}/$i || exit 9; done"
    for folder in ("/work", "/tmp", "/dev/shm"):
        assert box.run(fill.format(folder), SHORT).exit_code not in (0, None)


def test_exit_code_is_the_commands_own(box: Sandbox) -> None:
    assert box.run("exit 7").exit_code == 7
    assert box.run("kill -SEGV $$").exit_code == 139
    assert box.run("no-such-tool").exit_code == 127
    assert box.run("echo 'unclosed").exit_code == 2
    assert box.run("").exit_code == 0
