"""The lab's network: one loopback device on which every address of 10.0.0.0/8 answers."""

from __future__ import annotations

import ctypes
import fcntl
import resource
import socket
import struct

SIOCSIFFLAGS, SIOCSIFADDR, SIOCSIFNETMASK = 0x8914, 0x8916, 0x891C
IFF_UP, IFF_RUNNING = 0x1, 0x40
PR_SET_NO_NEW_PRIVS = 38
CAPABILITY_VERSION_3 = 0x20080522


def add_lab_network() -> None:
    """Bring loopback up and give it 10.0.0.1/8. Needs CAP_NET_ADMIN.

    On a loopback device the kernel routes the whole prefix of an address as local, so this one
    address makes all 16 million answer.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        up = struct.pack("16sh14x", b"lo", IFF_UP | IFF_RUNNING)
        fcntl.ioctl(control, SIOCSIFFLAGS, up)
        for request, address in ((SIOCSIFADDR, "10.0.0.1"), (SIOCSIFNETMASK, "255.0.0.0")):
            packed = socket.inet_aton(address)
            fcntl.ioctl(
                control, request, struct.pack("16sH2x4s8x", b"lo:lab", socket.AF_INET, packed)
            )


def allow_many_sockets() -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def drop_privileges() -> None:
    """Give up every capability for good: what the lab parses was written by the command."""
    libc = ctypes.CDLL(None, use_errno=True)
    header = struct.pack("Ii", CAPABILITY_VERSION_3, 0)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.capset(header, bytes(24)):
        raise OSError(ctypes.get_errno(), "the lab could not drop its capabilities")
