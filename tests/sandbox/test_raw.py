"""Raw sockets: the tools that need them work against the lab, give a command no more, and are
absent where a sandbox is opened without."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from sandbox import isolation, open_sandbox
from sandbox.raw import mask, shell_line
from sandbox.types import Connection, Ending, Limits, Sandbox, SandboxError

REFUSED = (
    "nmap -sS 10.1.2.3",
    "nmap -n -p 80 -sU 10.1.2.3",
    "nmap -sSV 10.1.2.3",
    "/usr/bin/nmap -O 10.1.2.3",
    "timeout 9 nmap -p 1 -ff 10.1.2.3",
    "true && nmap --traceroute 10.1.2.3",
    "nmap -PU53 10.1.2.3",
)
TAKEN = (
    "nmap -sT 10.1.2.3",
    "nmap -sV -sn 10.1.2.3",
    "nmap 10.1.2.3; echo -sS",
    "nmap -oN out-sS 10.1.2.3",
    "curl -f http://10.1.2.3/nmap",
    "echo x-nmap -sS",
)


@pytest.mark.parametrize("command", REFUSED)
def test_nmap_is_privileged_where_it_would_refuse(command: str) -> None:
    assert shell_line(command, raw=True) == f"export NMAP_PRIVILEGED=1; {command}"
    assert shell_line(command, raw=False) == command


@pytest.mark.parametrize("command", TAKEN)
def test_and_nowhere_else(command: str) -> None:
    assert shell_line(command, raw=True) == command


@pytest.mark.sandbox
@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("nmap -n -sS -p 22,9999 10.4.7.9", "22/tcp   open   ssh\n9999/tcp closed abyss"),
        ("nmap -n -sU -p 53,9 10.4.7.9", "53/udp open   domain"),
        ("nmap -n -sA -p 80 10.4.7.9", "80/tcp unfiltered http"),
        ("nmap -n -sO -p 1,6 10.4.7.9", "6        open  tcp"),
        ("nmap -n --traceroute -p 80 10.4.7.9", "80/tcp open  http"),
        ("hping3 -S -p 80 -c 1 10.4.7.9", "flags=SA"),
        ("hping3 --icmp -c 1 10.4.7.9", "1 packets received"),
        ("fping -c 1 10.4.7.9", "0% loss"),
        ("masscan -p22 10.4.7.9 --rate 1000", "open port 22/tcp on 10.4.7.9"),
        ("tcpdump -n -c 1 icmp & sleep 0.5; fping -q -c 3 10.4.7.9; wait", "ICMP echo request"),
    ],
)
def test_raw_tools_work_against_the_lab(box: Sandbox, command: str, said: str) -> None:
    done = box.run(command)
    assert done.exit_code == 0
    assert said in done.stdout + done.stderr


@pytest.mark.sandbox
@pytest.mark.slow
def test_nmap_fingerprints_the_lab(box: Sandbox) -> None:
    assert "OS detection performed" in box.run("nmap -n -O --max-os-tries 1 10.4.7.9").stdout


@pytest.mark.sandbox
def test_a_raw_scan_is_seen_as_any_other(box: Sandbox) -> None:
    done = box.run("nmap -n -sS -p 22,9999 10.4.7.9; hping3 -2 -c 1 -s 4000 -p 161 10.4.7.9")
    seen = set(done.observation.connections)
    assert {Connection("tcp", "10.4.7.9", 22), Connection("tcp", "10.4.7.9", 9999)} <= seen
    assert Connection("udp", "10.4.7.9", 161) in seen


@pytest.mark.sandbox
@pytest.mark.parametrize(
    ("command", "seen"),
    [
        ("fping -c 2 10.4.7.9", {("icmp", "10.4.7.9", 0)}),
        ("fping -q -g 10.4.7.0/30", {("icmp", f"10.4.7.{n}", 0) for n in (1, 2)}),
        ("hping3 --icmp --icmptype 13 -c 1 10.4.7.9", {("icmp", "10.4.7.9", 0)}),
        ("nmap -n -sF -p 80,9999 10.4.7.9", {("tcp", "10.4.7.9", 80), ("tcp", "10.4.7.9", 9999)}),
        ("nmap -n -sN -p 80 10.4.7.9", {("tcp", "10.4.7.9", 80)}),
        ("nmap -n -sX -p 80 10.99.0.11", {("tcp", "10.99.0.11", 80)}),
        ("nmap -n -sS -f -p 80 10.4.7.9", {("tcp", "10.4.7.9", 80)}),
        ("nmap -n -sO -p 132 10.4.7.9", {("ip", "10.4.7.9", 132)}),
        ("hping3 -2 -c 1 -s 4000 -p 9 -d 3000 10.4.7.9", {("udp", "10.4.7.9", 9)}),
        ("masscan -p80,9999 10.4.7.9", {("tcp", "10.4.7.9", 80), ("tcp", "10.4.7.9", 9999)}),
        ("masscan -p80 8.8.8.8", {("tcp", "8.8.8.8", 80)}),  # it goes no further than the lab
    ],
)
def test_a_probe_is_seen_and_no_answer_is(
    box: Sandbox, command: str, seen: set[tuple[str, str, int]]
) -> None:
    rows = box.run(command).observation.connections
    found = {(row.protocol, row.address, row.port) for row in rows}
    assert {row for row in found if row[1] != "127.0.0.1"} == seen  # hping3 asks for a name


@pytest.mark.sandbox
def test_it_is_that_capability_alone(box: Sandbox) -> None:
    assert set(box.run("grep Cap /proc/self/status | cut -f2").stdout.split()) == {mask(raw=True)}


@pytest.fixture(scope="module", params=["bubblewrap", "docker"])
def plain(request: pytest.FixtureRequest, start: Callable[[str], Sandbox]) -> Iterator[Sandbox]:
    """A sandbox without raw sockets."""
    start(request.param)  # skips where it cannot be used
    with open_sandbox(request.param, workers=1, raw=False) as box:
        yield box


@pytest.mark.sandbox
@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("nmap -n -sS -p 80 10.4.7.9", "requires root privileges"),
        ("nmap --privileged -n -p 80 10.4.7.9", "Couldn't open a raw socket"),
        ("hping3 -S -p 80 -c 1 10.4.7.9", "can't open raw socket"),
        ("fping -c 1 10.4.7.9", "can't create socket"),
        ("tcpdump -c 1", "You don't have permission"),
    ],
)
def test_without_them_the_tools_say_so(plain: Sandbox, command: str, said: str) -> None:
    done = plain.run(command)
    assert done.ending is Ending.EXITED
    assert done.exit_code != 0
    assert said in done.stdout + done.stderr


@pytest.mark.sandbox
def test_without_them_there_is_no_capability(plain: Sandbox) -> None:
    assert not plain.raw
    assert set(plain.run("grep Cap /proc/self/status | cut -f2").stdout.split()) == {"0" * 16}


@pytest.mark.sandbox
@pytest.mark.parametrize("raw", [True, False])
def test_a_sandbox_that_has_the_other_capabilities_is_refused(
    box: Sandbox, monkeypatch: pytest.MonkeyPatch, raw: bool
) -> None:
    monkeypatch.setattr(isolation, "mask", lambda *, raw: mask(raw=not raw))
    with pytest.raises(SandboxError, match=r"not isolated as it must be .CapInh is"):
        open_sandbox(box.name, workers=1, raw=raw)


@pytest.mark.sandbox
def test_the_route_that_masscan_finds_leads_nowhere(box: Sandbox) -> None:
    done = box.run("curl -sS -m 5 http://8.8.8.8/; curl -sS -m 5 http://192.0.2.1/")
    assert done.stderr.count("Couldn't connect to server") == 2
    assert not done.observation.connections


@pytest.mark.sandbox
def test_the_router_is_silent_once_the_command_is_over(box: Sandbox) -> None:
    box.run("masscan -p80 10.4.7.9")
    heard = box.run("timeout 4 tcpdump -n -c 1 arp", Limits(wall_s=10))
    assert "0 packets captured" in heard.stderr
