"""The system-call filter: what the program decides, and what the kernel makes of it."""

from __future__ import annotations

import errno
import struct
from collections.abc import Callable

import pytest

from sandbox import seccomp
from sandbox.seccomp import ALLOW, ERRNO, KILL, MACHINES
from sandbox.types import Sandbox

X32 = 0x40000000


def decision(machine: str, number: int, argument: int = 0, audit: int | None = None) -> int:
    """Run the filter as the kernel does."""
    about = MACHINES[machine]
    data = struct.pack(
        "=IIQQ", number, about.audit if audit is None else audit, 0, argument
    ) + bytes(40)
    code = list(struct.iter_unpack("=HBBI", seccomp.program(about)))
    at, loaded = 0, 0
    while True:
        operation, yes, no, value = code[at]
        at += 1
        match operation:
            case seccomp.LOAD:
                (loaded,) = struct.unpack_from("=I", data, value)
            case seccomp.EQUAL:
                at += yes if loaded == value else no
            case seccomp.GREATER:
                at += yes if loaded > value else no
            case seccomp.ANY_BIT:
                at += yes if loaded & value else no
            case seccomp.RETURN:
                return int(value)


@pytest.mark.parametrize("machine", MACHINES)
def test_what_is_listed_is_denied_and_the_rest_allowed(machine: str) -> None:
    about = MACHINES[machine]
    special = {about.clone, about.socket, about.personality, seccomp.CLONE3}
    for number in range(seccomp.LAST_KNOWN + 1):
        if number in about.denied.values():
            assert decision(machine, number) == ERRNO | errno.EPERM
        elif number not in special:
            assert decision(machine, number) == ALLOW
    for number in (seccomp.CLONE3, seccomp.LAST_KNOWN + 1, 5000, X32 | 165, 0xFFFFFFFF):
        assert decision(machine, number) == ERRNO | errno.ENOSYS


@pytest.mark.parametrize("machine", MACHINES)
def test_arguments_are_looked_at(machine: str) -> None:
    about = MACHINES[machine]
    assert decision(machine, about.clone, 0x01200011) == ALLOW  # fork
    assert decision(machine, about.clone, 0x003D0F00) == ALLOW  # a thread
    for flag in (0x00020000, 0x10000000, 0x40000000):  # mounts, users, network
        assert decision(machine, about.clone, flag | 0x11) == ERRNO | errno.EPERM
    for family in (1, 2, 10, 16, 17):
        assert decision(machine, about.socket, family) == ALLOW
    for family in (31, 38, 40, 44):  # Bluetooth, the kernel's ciphers, the hypervisor, XDP
        assert decision(machine, about.socket, family) == ERRNO | errno.EAFNOSUPPORT
    assert decision(machine, about.personality, 0xFFFFFFFF) == ALLOW
    assert decision(machine, about.personality, 0x0040000) == ERRNO | errno.EPERM
    assert decision(machine, about.socket, 2) == ALLOW  # the number is loaded again after each


@pytest.mark.parametrize("machine", MACHINES)
def test_another_architecture_is_killed(machine: str) -> None:
    assert decision(machine, 1, audit=0x40000003) == KILL


@pytest.mark.sandbox
def test_the_kernel_takes_it(start: Callable[[str], Sandbox]) -> None:
    calls = "import ctypes; c = ctypes.CDLL(None, use_errno=True)\n"
    calls += "for n in (435, 425, 428): c.syscall(n, 0, 0, 0); print(ctypes.get_errno())"
    done = start("bubblewrap").run(f"grep Seccomp: /proc/self/status; python3 -c '{calls}'")
    assert done.stdout.split() == ["Seccomp:", "2", "38", "1", "1"]
