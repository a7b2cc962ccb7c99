"""What the lab sees of the tools, and that both providers see the same."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable

import pytest

from sandbox.types import Execution, Sandbox

pytestmark = pytest.mark.sandbox
LISTS = "/usr/share/wordlists"


def ports(done: Execution, host: str) -> set[int]:
    return {c.port for c in done.observation.connections if host in (c.address, c.name)}


def paths(done: Execution) -> set[str]:
    return {r.path for r in done.observation.http}


CASES: dict[str, Callable[[Execution], bool]] = {
    "nmap -sT -p 22,8080,9999 10.4.7.9": lambda d: (
        {22, 8080, 9999} <= ports(d, "10.4.7.9") and "9999/tcp closed" in d.stdout
    ),
    "nmap -sV -p 21,22 -Pn shop.example": lambda d: (
        {21, 22} <= ports(d, "shop.example") and "vsftpd 3.0.3" in d.stdout
    ),
    "nmap -sn 10.4.7.8/30": lambda d: all(
        80 in ports(d, str(a)) for a in ipaddress.ip_network("10.4.7.8/30")
    ),
    "curl -s -A tester -d a=b http://shop.example:8001/docs/x?y=z": lambda d: any(
        (r.method, r.host, r.port, r.path, r.query, r.body, r.headers["user-agent"])
        == ("POST", "shop.example", 8001, "/docs/x", "y=z", "a=b", "tester")
        for r in d.observation.http
    ),
    "curl -sk https://10.2.3.4/admin": lambda d: (
        [(r.tls, r.port, r.path) for r in d.observation.http] == [(True, 443, "/admin")]
        and "Administration" in d.stdout
    ),
    "curl -s https://10.2.3.4/admin": lambda d: d.exit_code == 60 and not d.observation.http,
    "dig @10.9.8.7 shop.example MX +short": lambda d: (
        d.stdout == "10 mail.shop.example.\n"
        and [(q.name, q.type, q.server, q.transport) for q in d.observation.dns]
        == [("shop.example", "MX", "10.9.8.7", "udp")]
    ),
    "dig @10.9.8.7 shop.example AXFR": lambda d: (
        "vpn.shop.example." in d.stdout
        and [(q.type, q.transport) for q in d.observation.dns] == [("AXFR", "tcp")]
    ),
    "dig -p 5353 +time=1 +tries=1 @10.9.8.7 shop.example": lambda d: any(
        (c.protocol, c.address, c.port) == ("udp", "10.9.8.7", 5353)
        for c in d.observation.connections
    ),
    "dig nowhere.invalid": lambda d: "NXDOMAIN" in d.stdout,
    f"hydra -l alice -P {LISTS}/passlist.txt ftp://shop.example": lambda d: (
        [(x.service, x.user, x.password) for x in d.observation.logins if x.success]
        == [("ftp", "alice", "letmein")]
        and "password: letmein" in d.stdout
    ),
    "hydra -l bob -p wrong http-get://10.2.3.4:8001/private/x": lambda d: (
        [(x.service, x.port, x.user, x.success) for x in d.observation.logins]
        == [("http", 8001, "bob", False)]
    ),
    "hydra -l bob -p letmein 10.2.3.4 http-post-form '/login:user=^USER^&pass=^PASS^:incorrect'": (
        lambda d: [(x.user, x.success) for x in d.observation.logins] == [("bob", True)]
    ),
    "hydra -L /usr/share/wordlists/users.txt -e ns ftp://10.2.3.4": lambda d: (
        {("admin", ""), ("admin", "admin")} <= {(x.user, x.password) for x in d.observation.logins}
    ),
    **{
        f"hydra -I -l bob -p letmein {service}://10.2.3.4": lambda d: any(
            (x.user, x.password, x.success) == ("bob", "letmein", True)
            for x in d.observation.logins
        )
        for service in ("ftp", "pop3", "imap", "smtp", "telnet")
    },
    f"gobuster dir -q -u http://shop.example -w {LISTS}/common.txt": lambda d: (
        "/admin" in paths(d) and "/admin" in d.stdout and "/setup" not in d.stdout
    ),
    f"gobuster dns -q -d shop.example -w {LISTS}/subs.txt": lambda d: "admin." in d.stdout,
    f"gobuster vhost -q -u http://shop.example --append-domain -w {LISTS}/subs.txt": lambda d: (
        "admin.shop.example" in d.stdout
        and "admin.shop.example" in {r.host for r in d.observation.http}
    ),
    f"ffuf -s -u http://10.1.2.3:8001/FUZZ -w {LISTS}/common.txt": lambda d: (
        "/admin" in paths(d) and "admin" in d.stdout.split()
    ),
    "sqlmap --batch -u 'http://shop.example/item.php?id=1'": lambda d: (
        "back-end DBMS: SQLite" in d.stdout and "/item.php" in paths(d)
    ),
    "sqlmap --batch -u http://shop.example/buy --data 'art=kettle&n=2' -p art": lambda d: (
        "parameter 'art' is vulnerable" in d.stdout
    ),
    "nikto -host 10.1.2.3 -port 8001": lambda d: (
        "1 host(s) tested" in d.stdout
        and {(r.host, r.port) for r in d.observation.http} >= {("10.1.2.3", 8001)}
    ),
}


@pytest.mark.parametrize("command", CASES)
def test_lab_sees(box: Sandbox, command: str) -> None:
    done = box.run(command)
    assert CASES[command](done), done


def test_an_observation_belongs_to_one_command(box: Sandbox) -> None:
    commands = [f"curl -s http://10.0.{n}.1/page{n}; curl -s http://10.0.{n}.2/" for n in range(8)]
    for number, done in enumerate(box.run_many(commands)):
        assert [(r.address, r.path) for r in done.observation.http] == [
            (f"10.0.{number}.1", f"/page{number}"),
            (f"10.0.{number}.2", "/"),
        ]


QUESTION = r"\0\7\1\0\0\1\0\0\0\0\0\0\4shop\7example\0\0\1\0\1"
PORT = "exec 3<>/dev/tcp/10.1.2.3"


@pytest.mark.parametrize(
    ("command", "seen"),
    [
        (
            f"{PORT}/8001; printf 'GET /last HTTP/1.0\r\n\r\n' >&3; kill -9 $$",
            lambda d: paths(d) == {"/last"},
        ),
        (
            f"for i in {{1..40}}; do {PORT}/80; printf 'GET /%d HTTP/1.0\r\n\r\n' $i >&3; done",
            lambda d: paths(d) == {f"/{i}" for i in range(1, 41)},
        ),
        (
            f"for i in {{1..40}}; do printf '{QUESTION}' >/dev/udp/10.0.0.$i/53; done",
            lambda d: (
                {q.server for q in d.observation.dns} == {f"10.0.0.{i}" for i in range(1, 41)}
            ),
        ),
        (
            f"{PORT}/21; read x <&3; printf 'USER u\r\n' >&3; read x <&3; printf 'PASS p\r\n' >&3",
            lambda d: [(x.user, x.password) for x in d.observation.logins] == [("u", "p")],
        ),
        (
            """python3 -c 'import socket
to = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM)  # frames like the marker of the lab
for _ in range(5000): to.sendto(bytes(16), ("lo", 0x88B5))'; curl -s http://10.1.2.3/last""",
            lambda d: paths(d) == {"/last"},
        ),
    ],
)
def test_what_is_sent_last_is_seen(
    box: Sandbox, command: str, seen: Callable[[Execution], bool]
) -> None:
    for _ in range(20):
        done = box.run(command)
        assert seen(done), done


def test_a_scan_of_all_ports_is_seen_whole(box: Sandbox) -> None:
    done = box.run("nmap -n -Pn -p- 10.4.7.9")
    assert done.observation.truncated or len(ports(done, "10.4.7.9")) == 65_535


@pytest.mark.parametrize(
    "command", ["nmap -n -p 1-100 10.1.2.3", "curl -sD- http://shop.example/", "dig axfr a.test"]
)
def test_providers_agree(start: Callable[[str], Sandbox], command: str) -> None:
    first, second = (start(name).run(command) for name in ("bubblewrap", "docker"))
    assert first.exit_code == second.exit_code
    assert set(first.observation.connections) == set(second.observation.connections)
    assert first.observation.http == second.observation.http
    assert first.observation.dns == second.observation.dns
