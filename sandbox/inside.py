"""What a command sees, the same under every provider."""

from __future__ import annotations

from pathlib import Path

from sandbox.types import Limits

UID = 1000
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


def argv(command: str, limits: Limits) -> list[str]:
    """The command line as a process, under the limits that a process can be given.

    Memory is the data segment, not the address space: Go programs reserve a gigabyte of
    addresses that they never touch.
    """
    return [
        "prlimit",
        f"--cpu={limits.cpu_s}",
        f"--data={limits.memory_bytes}",
        f"--nproc={limits.processes}",
        f"--fsize={limits.file_bytes}",
        f"--nofile={MOST_OPEN_FILES}",
        "--core=0",
        "bash",
        "-c",
        command,
    ]
