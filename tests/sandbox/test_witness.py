"""What a command started is told as it was, by both providers, and cannot make them break."""

from __future__ import annotations

import os
import platform
import signal
import socket
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox import open_sandbox, seccomp, watch
from sandbox.seccomp import ALLOW, KILL, MACHINES
from sandbox.types import Ending, Sandbox
from sandbox.watch import CALLS, NOTIFY

X32 = 0x40000000
SEVERAL = "seq 2 | xargs -n1 timeout 5 expr 1 +; for i in b c; do /bin/echo a$i; done >/dev/null"


def decision(machine: str, number: int, audit: int) -> int:
    """Run the filter as the kernel does."""
    code = list(struct.iter_unpack("=HBBI", watch.program(machine)))
    data = {seccomp.NUMBER: number, seccomp.ARCHITECTURE: audit}
    at, loaded = 0, 0
    while True:
        operation, yes, no, value = code[at]
        at += 1
        match operation:
            case seccomp.LOAD:
                loaded = data[value]
            case seccomp.EQUAL:
                at += yes if loaded == value else no
            case seccomp.GREATER:
                at += yes if loaded > value else no
            case seccomp.RETURN:
                return int(value)


@pytest.mark.parametrize("machine", CALLS)
def test_starts_and_exits_are_told_and_nothing_else(machine: str) -> None:
    calls, audit = CALLS[machine], MACHINES[machine].audit
    told = {calls.execve, calls.execveat, calls.exit_group}
    for number in range(500):
        assert decision(machine, number, audit) == (NOTIFY if number in told else ALLOW)
    assert decision(machine, X32 | 520, audit) == KILL
    assert decision(machine, 11, 0x40000003) == KILL


def test_where_the_kernel_cannot_tell_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert not watch.watch(theirs)
        assert watch.received(ours) is None


def started(box: Sandbox, command: str) -> list[tuple[str, int | None]]:
    """Each program with its arguments, and what it exited with."""
    done = box.run(command)
    assert done.programs is not None
    assert not done.unlisted
    return [(" ".join(p.argv), p.exit_code) for p in done.programs]


@pytest.mark.sandbox
@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("true; [ a = a ] && cd /", []),
        ("false && nmap 10.1.2.3; for i in $(:); do curl $i; done; nosuch", []),
        ("grep x /nosuch; /bin/false", [("grep x /nosuch", 2), ("/bin/false", 1)]),
        ("n=nmap; $n --versio{n,m} '*'", [("nmap --version --versiom *", 0)]),
        ("env A=1 nice expr 0", [("env A=1 nice expr 0", 1), ("nice expr 0", 1), ("expr 0", 1)]),
        ("bash -c 'exit 3'; (exit 4)", [("bash -c exit 3", 3)]),
        ("bash -c 'kill -9 $$'", [("bash -c kill -9 $$", None)]),
        ("gobuster version >/dev/null", [("gobuster version", 0)]),  # exits from a thread
        ("printf %s ü | xargs -I{} expr é{}", [("xargs -I{} expr é{}", 0), ("expr éü", 0)]),
        (
            SEVERAL,
            [
                ("seq 2", 0),
                ("xargs -n1 timeout 5 expr 1 +", 0),
                ("timeout 5 expr 1 + 1", 0),
                ("expr 1 + 1", 0),
                ("timeout 5 expr 1 + 2", 0),
                ("expr 1 + 2", 0),
                ("/bin/echo ab", 0),
                ("/bin/echo ac", 0),
            ],
        ),
    ],
)
def test_each_program_with_its_arguments_and_its_end(
    box: Sandbox, command: str, expected: list[tuple[str, int | None]]
) -> None:
    # Programs of a pipeline start at the same time.
    assert sorted(started(box, command), key=str) == sorted(expected, key=str)


@pytest.mark.sandbox
def test_the_file_is_told_and_not_what_it_calls_itself(box: Sandbox) -> None:
    done = box.run("cp /bin/true nmap; PATH=/work:$PATH nmap; (exec -a /usr/bin/nmap cp --version)")
    assert [p.path for p in done.programs or ()] == ["/usr/bin/cp", "/work/nmap", "/usr/bin/cp"]


@pytest.mark.sandbox
def test_more_than_is_kept_is_said(box: Sandbox) -> None:
    for command in (f"/bin/true {'x' * 70_000}", "for i in {1..9}; do /bin/true $(seq 2000); done"):
        done = box.run(command)
        assert done.unlisted, command
        assert sum(len(" ".join(p.argv)) for p in done.programs or ()) <= 64 << 10


HOSTILE = """python3 -c '
import ctypes, os, threading
libc = ctypes.CDLL(None)
for at in (0, 1, 1 << 47, 1 << 63, (1 << 64) - 1):
    libc.execve(b"/bin/true", ctypes.c_void_p(at), None)
    libc.execve(ctypes.c_void_p(at), None, None)
    libc.syscall(322, -1, ctypes.c_void_p(at), ctypes.c_void_p(at), None, 0)
libc.prctl(4, 0, 0, 0, 0)
for _ in range(20):
    threading.Thread(target=lambda: os.spawnv(os.P_WAIT, "/bin/true", ["true"])).start()
'; exit 5"""


@pytest.mark.sandbox
@pytest.mark.parametrize(
    "command",
    [
        HOSTILE,
        "for i in {1..100}; do sleep 100 & done; kill $(jobs -p); wait; exit 5",
        "timeout -s KILL .3 yes >/dev/null; timeout .3 tcpdump -i lo 2>/dev/null; exit 5",
    ],
)
def test_whatever_is_called_the_supervisor_lives(box: Sandbox, command: str) -> None:
    done = box.run(command)
    assert (done.ending, done.exit_code) == (Ending.EXITED, 5), done
    assert box.run("expr 2 + 3").programs == box.run("expr 2 + 3").programs != ()


@pytest.mark.sandbox
def test_without_the_bystander_nothing_runs_unseen(start: Callable[[str], Sandbox]) -> None:
    start("bubblewrap")
    with open_sandbox("bubblewrap", workers=1) as own:
        assert own.run("/bin/true").exit_code == 0
        worker = own._free.get()  # type: ignore[attr-defined]
        own._free.put(worker)  # type: ignore[attr-defined]
        supervisor = worker._supervisor.process.pid
        children = Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text().split()
        os.kill(int(children[0]), signal.SIGKILL)
        done = own.run("/bin/true")
        assert (done.ending, done.exit_code) == (Ending.EXITED, 0)
        assert [p.path for p in done.programs or ()] == ["/bin/true"]
