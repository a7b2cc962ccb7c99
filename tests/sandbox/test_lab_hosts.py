"""The hosts with a fixed role: what they offer, and that they offer nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from sandbox.lab.hosts import BY_ADDRESS, FILTERED, HOSTS, NETWORK, serves
from sandbox.lab.names import address_of
from sandbox.types import Execution, Sandbox

LISTS = "/usr/share/wordlists"


def found(done: Execution, state: str) -> set[int]:
    """The TCP ports that nmap reports as `state`."""
    return {int(port) for port in re.findall(rf"(\d+)/tcp +{state} ", done.stdout)}


def logins(done: Execution) -> set[tuple[str, str, str, bool]]:
    return {(x.service, x.user, x.password, x.success) for x in done.observation.logins}


def test_the_table_is_one_of_addresses_of_the_lab() -> None:
    assert len(BY_ADDRESS) == len(HOSTS)
    assert all(NETWORK.supernet_of(NETWORK.__class__(host.address)) for host in HOSTS)
    assert all(address_of(name) == host.address for host in HOSTS for name in host.names)


def test_a_host_serves_what_stands_in_the_table() -> None:
    assert serves("10.99.0.13", "tcp", 443)
    assert not serves("10.99.0.13", "tcp", 80)
    assert not serves("10.99.0.13", "udp", 443)
    assert not serves("10.99.0.99", "tcp", 80)
    assert serves("10.98.0.13", "tcp", 12345)


def test_a_wildcard_has_every_name_below_it() -> None:
    assert address_of("x" * 60 + ".wild.lab") == address_of("wild.lab")
    assert address_of("x" * 60 + ".tame.lab") is None


@pytest.mark.sandbox
def test_every_host_of_the_table_offers_its_ports_and_no_other(box: Sandbox) -> None:
    more = {22, 80, 443, 8080, 8443, 9999}  # some of what all other hosts offer
    wanted = {host.address: set(host.ports("tcp")) | more for host in HOSTS}
    scans = [
        f"nmap -n -Pn -sT -p {','.join(map(str, sorted(ports)))} {address}"
        for address, ports in wanted.items()
    ]
    for host, done in zip(HOSTS, box.run_many(scans), strict=True):
        silent = {p for p, service in host.ports("tcp").items() if service == FILTERED}
        assert found(done, "filtered") == silent, done.stdout
        assert found(done, "open") == set(host.ports("tcp")) - silent, done.stdout
        closed = found(done, "closed")
        assert closed == wanted[host.address] - set(host.ports("tcp")), done.stdout
        seen = {c.port for c in done.observation.connections}
        assert seen >= wanted[host.address], "a closed port is seen all the same"


CASES: dict[str, Callable[[Execution], bool]] = {
    "curl -sv https://expired.corp.lab/": lambda d: d.exit_code == 60 and not d.observation.http,
    "echo | openssl s_client -connect expired.corp.lab:443": lambda d: (
        "certificate has expired" in d.stderr + d.stdout
    ),
    "curl -s http://intranet.corp.lab/": lambda d: "Login needed" in d.stdout,
    "curl -s -u bob:letmein http://intranet.corp.lab/": lambda d: (
        "This is intranet" in d.stdout and logins(d) == {("http", "bob", "letmein", True)}
    ),
    "curl -s http://api.corp.lab/": lambda d: "This is api.corp.lab" in d.stdout,
    # just short of the lab's SLOW_S, so that a busy machine has time to send the request
    "curl -s -m 1.9 http://slow.corp.lab/": lambda d: (
        d.exit_code == 28 and [r.host for r in d.observation.http] == ["slow.corp.lab"]
    ),
    "curl -s http://slow.corp.lab/": lambda d: "Welcome" in d.stdout,
    "curl -s http://10.1.2.3:8443/plain": lambda d: (
        [(r.tls, r.path) for r in d.observation.http] == [(False, "/plain")]
    ),
    "curl -s ftp://bob:letmein@ftp.corp.lab/users.csv": lambda d: "2,guest" in d.stdout,
    "curl -s --disable-epsv ftp://bob:letmein@ftp.corp.lab/": lambda d: "README.txt" in d.stdout,
    "curl -s ftp://bob:wrong@ftp.corp.lab/": lambda d: (
        d.exit_code == 67 and logins(d) == {("ftp", "bob", "wrong", False)}
    ),
    "echo hello | nc -u -w 1 echo.corp.lab 7": lambda d: d.stdout == "hello\n",
    "dig @ns1.corp.lab corp.lab AXFR +short": lambda d: "10.99.0.50" in d.stdout,
    "dig @10.99.0.10 corp.lab +time=1 +tries=1": lambda d: d.exit_code == 9,
    "dig -x 10.99.0.20 +short": lambda d: d.stdout == "mail.corp.lab.\n",
    f"hydra -I -l root -P {LISTS}/passlist.txt mysql.corp.lab mysql": lambda d: (
        ("mysql", "root", "letmein", True) in logins(d) and "password: letmein" in d.stdout
    ),
    f"hydra -I -l root -P {LISTS}/passlist.txt postgres.corp.lab postgres": lambda d: (
        ("postgresql", "root", "letmein", True) in logins(d) and "password: letmein" in d.stdout
    ),
    f"hydra -I -P {LISTS}/passlist.txt redis.corp.lab redis": lambda d: (
        ("redis", "", "letmein", True) in logins(d) and "password: letmein" in d.stdout
    ),
    "hydra -I -p public router.corp.lab snmp": lambda d: (
        ("snmp", "", "public", True) in logins(d) and "password: public" in d.stdout
    ),
    "medusa -h 10.99.0.30 -u root -p wrongest -M mysql": lambda d: (
        logins(d) == {("mysql", "root", "(hidden)", False)}
    ),
    "medusa -h 10.99.0.31 -u root -p letmein -M postgres": lambda d: "[SUCCESS]" in d.stdout,
    f"hydra -I -t 4 -l root -P {LISTS}/passlist.txt ssh://bastion.corp.lab": lambda d: (
        {("ssh", "root", "letmein", True), ("ssh", "root", "123456", False)} <= logins(d)
        and "password: letmein" in d.stdout
    ),
    "medusa -h 10.1.2.3 -n 2222 -u bob -p wrong -M ssh": lambda d: (
        logins(d) == {("ssh", "bob", "wrong", False)}
    ),
    "nmap -n -Pn -p 22 --script ssh-hostkey,ssh-auth-methods 10.99.0.22": lambda d: (
        "ED25519" in d.stdout and "password" in d.stdout
    ),
    "smbclient -g -L files.corp.lab -U bob%letmein": lambda d: (
        "Disk|backup|Nightly backups" in d.stdout and logins(d) == {("smb", "bob", "letmein", True)}
    ),
    "smbclient -g -L files.corp.lab -U bob%wrongest": lambda d: (
        "LOGON_FAILURE" in d.stdout and logins(d) == {("smb", "bob", "(hidden)", False)}
    ),
    "smbclient -g -N -L files.corp.lab": lambda d: (
        "Disk|public|" in d.stdout and ("smb", "", "", True) in logins(d)
    ),
    "smbclient //files.corp.lab/backup -U bob%letmein -c ls": lambda d: "ACCESS_DENIED" in d.stdout,
    "smbclient //files.corp.lab/nowhere -U bob%letmein -c ls": lambda d: (
        "BAD_NETWORK_NAME" in d.stdout
    ),
    "hydra -I -l bob -p letmein smtp://mail.corp.lab": lambda d: (
        ("smtp", "bob", "letmein", True) in logins(d)
    ),
}


@pytest.mark.sandbox
@pytest.mark.parametrize("command", CASES)
def test_a_role_is_played(box: Sandbox, command: str) -> None:
    done = box.run(command)
    assert CASES[command](done), done
