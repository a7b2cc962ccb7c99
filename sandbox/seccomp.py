"""The system-call filter of commands under bubblewrap; Docker has its own default profile.

Everything is allowed but what is listed here: what Docker's default profile denies to a container
without capabilities, new namespaces, sockets of families that no tool uses, and every system call
that is newer than this list. A denied call fails as if it were not permitted or not there.

    subprocess.run(["bwrap", "--seccomp", str(fd), ...], pass_fds=[fd])   # fd = filter_fd()
"""

from __future__ import annotations

import errno
import os
import platform
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass

# Classic BPF: (code, jump if true, jump if false, value); linux/filter.h, linux/seccomp.h.
Instruction = tuple[int, int, int, int]
LOAD, EQUAL, GREATER, ANY_BIT, RETURN = 0x20, 0x15, 0x25, 0x45, 0x06
ALLOW, ERRNO, KILL = 0x7FFF0000, 0x00050000, 0x80000000
NUMBER, ARCHITECTURE, FIRST_ARGUMENT = 0, 4, 16  # offsets in struct seccomp_data

NEW_NAMESPACE = 0x7E020000  # every CLONE_NEW* flag
LAST_KNOWN = 462  # mseal, of Linux 6.10; numbers above 423 are the same on both machines
FAMILIES = (0, socket.AF_UNIX, socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK, 17)  # 17: packet
PERSONALITIES = (0, 0x8, 0x20000, 0x20008, 0xFFFFFFFF)  # what Docker's profile lets through


@dataclass(frozen=True, slots=True)
class Machine:
    """System-call numbers of one architecture, from its unistd.h."""

    audit: int  # AUDIT_ARCH_*
    clone: int
    socket: int
    personality: int
    denied: Mapping[str, int]


# Numbers above 423 are common to all architectures.
NEW_CALLS = {
    "pidfd_send_signal": 424, "io_uring_setup": 425, "io_uring_enter": 426,
    "io_uring_register": 427, "open_tree": 428, "move_mount": 429, "fsopen": 430, "fsconfig": 431,
    "fsmount": 432, "fspick": 433, "pidfd_getfd": 438, "mount_setattr": 442, "quotactl_fd": 443,
    "memfd_secret": 447, "set_mempolicy_home_node": 450, "statmount": 457, "listmount": 458,
    "lsm_get_self_attr": 459, "lsm_set_self_attr": 460, "lsm_list_modules": 461,
}  # fmt: skip
CLONE3 = (
    435  # its flags lie in memory, where no filter sees them: "not there", so that clone is used
)

MACHINES = {
    "x86_64": Machine(
        audit=0xC000003E,
        clone=56,
        socket=41,
        personality=135,
        denied={
            "ptrace": 101, "syslog": 103, "uselib": 134, "ustat": 136, "sysfs": 139,
            "vhangup": 153, "modify_ldt": 154, "pivot_root": 155, "_sysctl": 156, "adjtimex": 159,
            "chroot": 161, "acct": 163, "settimeofday": 164, "mount": 165, "umount2": 166,
            "swapon": 167, "swapoff": 168, "reboot": 169, "sethostname": 170,
            "setdomainname": 171, "iopl": 172, "ioperm": 173, "create_module": 174,
            "init_module": 175, "delete_module": 176, "get_kernel_syms": 177,
            "query_module": 178, "quotactl": 179, "nfsservctl": 180, "lookup_dcookie": 212,
            "clock_settime": 227, "mbind": 237, "set_mempolicy": 238, "get_mempolicy": 239,
            "kexec_load": 246, "add_key": 248, "request_key": 249, "keyctl": 250,
            "migrate_pages": 256, "unshare": 272, "move_pages": 279, "perf_event_open": 298,
            "fanotify_init": 300, "name_to_handle_at": 303, "open_by_handle_at": 304,
            "clock_adjtime": 305, "setns": 308, "process_vm_readv": 310,
            "process_vm_writev": 311, "kcmp": 312, "finit_module": 313, "kexec_file_load": 320,
            "bpf": 321, "userfaultfd": 323, **NEW_CALLS,
        },
    ),
    "aarch64": Machine(
        audit=0xC00000B7,
        clone=220,
        socket=198,
        personality=92,
        denied={
            "lookup_dcookie": 18, "mount": 40, "umount2": 39, "pivot_root": 41, "nfsservctl": 42,
            "chroot": 51, "vhangup": 58, "quotactl": 60, "acct": 89, "unshare": 97,
            "kexec_load": 104, "init_module": 105, "delete_module": 106, "clock_settime": 112,
            "syslog": 116, "ptrace": 117, "reboot": 142, "sethostname": 161,
            "setdomainname": 162, "settimeofday": 170, "adjtimex": 171, "add_key": 217,
            "request_key": 218, "keyctl": 219, "swapon": 224, "swapoff": 225, "mbind": 235,
            "get_mempolicy": 236, "set_mempolicy": 237, "migrate_pages": 238, "move_pages": 239,
            "perf_event_open": 241, "fanotify_init": 262, "name_to_handle_at": 264,
            "open_by_handle_at": 265, "clock_adjtime": 266, "setns": 268, "process_vm_readv": 270,
            "process_vm_writev": 271, "kcmp": 272, "finit_module": 273, "bpf": 280,
            "userfaultfd": 282, "kexec_file_load": 294, **NEW_CALLS,
        },
    ),
}  # fmt: skip


def supported() -> bool:
    """Whether there is a filter for the machine that this runs on."""
    return platform.machine() in MACHINES


def program(machine: Machine) -> bytes:
    """The filter as the kernel takes it: an array of struct sock_filter."""
    deny, unknown = _fail(errno.EPERM), _fail(errno.ENOSYS)
    code: list[Instruction] = [
        (LOAD, 0, 0, ARCHITECTURE),
        (EQUAL, 1, 0, machine.audit),
        (RETURN, 0, 0, KILL),  # 32-bit calls have other numbers
        (LOAD, 0, 0, NUMBER),
        (GREATER, 0, 1, LAST_KNOWN),  # the x32 calls of x86_64 as well
        unknown,
        (EQUAL, 0, 1, CLONE3),
        unknown,
    ]
    for number in sorted(machine.denied.values()):
        code += [(EQUAL, 0, 1, number), deny]
    clone: list[Instruction] = [(ANY_BIT, 0, 1, NEW_NAMESPACE), deny]
    code += _if_call(machine.clone, clone)
    code += _if_call(machine.personality, _only(PERSONALITIES, deny))
    code += _if_call(machine.socket, _only(FAMILIES, _fail(errno.EAFNOSUPPORT)))
    code.append((RETURN, 0, 0, ALLOW))
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in code)


def filter_fd() -> int:
    """A new descriptor from which bwrap reads the filter, once. KeyError: see `supported`."""
    read, write = os.pipe()  # a pipe holds 64 KiB; the filter has one and a half
    os.write(write, program(MACHINES[platform.machine()]))
    os.close(write)
    return read


def _fail(number: int) -> Instruction:
    return (RETURN, 0, 0, ERRNO | number)


def _if_call(number: int, body: list[Instruction]) -> list[Instruction]:
    """`body` for that system call, on its first argument; it may fall through."""
    loads: list[Instruction] = [(LOAD, 0, 0, FIRST_ARGUMENT), *body, (LOAD, 0, 0, NUMBER)]
    return [(EQUAL, 0, len(loads), number), *loads]


def _only(values: tuple[int, ...], otherwise: Instruction) -> list[Instruction]:
    """Fall through if the argument is one of the values."""
    tests: list[Instruction] = [
        (EQUAL, len(values) - at, 0, int(value)) for at, value in enumerate(values)
    ]
    return [*tests, otherwise]
