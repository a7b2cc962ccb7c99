"""What a command sees, the same under every provider."""

from __future__ import annotations

from pathlib import Path

from sandbox.types import Limits

UID = 1000
HOSTNAME = "sandbox"
WORK = "/work"  # current folder and HOME: fresh, writable, of limited size
ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
    "HOME": WORK,
    "USER": "user",
    "LANG": "C.UTF-8",
    "TERM": "dumb",
}
LAB_SOURCE = Path(__file__).parent / "lab"
LAB_COMMAND = ("python3", "-B", "-m", "lab")  # in "/", with LAB_SOURCE at /lab
LAB_CAPABILITIES = ("NET_ADMIN", "NET_RAW", "NET_BIND_SERVICE")  # until it listens, then none
MOST_OPEN_FILES = 1024


def rlimits(limits: Limits) -> dict[str, tuple[int, int]]:
    """Name, of prlimit and of RLIMIT_*, to the soft and hard limits that a process can be given.

    Memory is the data segment, not the address space: Go programs reserve a gigabyte of
    addresses that they never touch. How many processes there may be is not among them: the kernel
    counts those of a user in a user namespace, and a container has none of its own.

    At the soft limit of time comes SIGXCPU, which tells why; who ignores it has a second more.
    """
    same = {
        "data": limits.memory_bytes,
        "fsize": limits.file_bytes,
        "nofile": MOST_OPEN_FILES,
        "core": 0,
    }
    return {name: (value, value) for name, value in same.items()} | {
        "cpu": (limits.cpu_s, limits.cpu_s + 1)
    }
