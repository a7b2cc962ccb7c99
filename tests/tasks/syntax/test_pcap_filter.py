"""Filter expressions, by example and against libpcap itself."""

from __future__ import annotations

import random

import pytest

import sandbox
from harness.asking import RAW
from tasks.syntax.pcap_filter import filter_text

SAME = [
    ("tcp port 80", " tcp   port http "),
    ("port 80 or 443", "port 443 || port 80"),
    ("port 80 or 443", "port (80 or 443)"),
    ("not port 22", "! port ssh"),
    ("not not tcp", "tcp"),
    ("host 10.0.0.1 and tcp port 80", "tcp port 80 && (host 10.0.0.1)"),
    ("src or dst host 10.0.0.1", "host 10.0.0.1"),
    ("src 10.0.0.1", "src host 10.0.0.1"),
    ("tcp[tcpflags] & tcp-syn != 0", "tcp[13]&0x02!=0"),
    ("net 10.0.0.0 mask 255.0.0.0", "net 10.0.0.0/8"),
    ("ether host 0:1:2:a:b:c", "ether host 00-01-02-0A-0B-0C"),
    ("host 2001:DB8:0::1", "host 2001:db8::1"),
    ("portrange 90-80", "portrange 80-90"),
    ("", "  "),
]


@pytest.mark.parametrize(("first", "second"), SAME)
def test_spellings_of_one_filter(first: str, second: str) -> None:
    assert filter_text(first) == filter_text(second)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("port 80", "tcp port 80"),
        ("src port 80", "dst port 80"),
        ("port 80 and host 10.0.0.1", "port 80 or host 10.0.0.1"),
        ("tcp and (port 80 or port 443)", "(tcp and port 80) or port 443"),
        ("vlan 1 and vlan 2", "vlan 2 and vlan 1"),  # outer and inner tag
        ("tcp[2:2] = 80", "tcp[2] = 80"),
    ],
)
def test_different_filters_differ(first: str, second: str) -> None:
    assert filter_text(first) != filter_text(second)


@pytest.mark.parametrize(
    "text",
    [
        "10.0.0.1",  # no qualifier to take
        "tcp and 80",
        "(port 80) or 443",
        "tcp host 10.0.0.1",
        "port 70000",
        "port htttp",
        "ip proto tcp",  # a keyword: \tcp
        "net 10.0.0.1/8",
        "host 10.0.0.0/8",
        "TCP",
        "tcp AND udp",
        "tcp port 80 host 10.0.0.1",
        "(tcp",
        "tcp[13:3] = 1",
        "tcp & udp",
        "udp port http",
        "ether 00:11:22:33:44:55",
        "vlan 5000",
        "tcp and udp",
        "ip host ::1",
        "port 80,443",
    ],
)
def test_what_libpcap_refuses(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        filter_text(text)


HOSTS = ["10.0.0.1", "localhost", "2001:db8::1"]
VALUES = {
    "host": HOSTS,
    "": HOSTS,
    "net": ["10.0.0.0/8", "192.168", "10.0.0.1/24", "2001:db8::/32"],
    "port": ["80", "443", "ssh", "70000", "domain", "nosuch"],
    "portrange": ["1-1024", "80", "ssh-http", "9-1"],
}


class Sentences:
    """Random filters, some of them broken by one word."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._pick = self._random.choice

    def filter(self) -> str:
        text = self._expression(0)
        if self._random.random() < 0.35:
            text = self._broken(text.split())
        return text

    def _expression(self, depth: int) -> str:
        parts = []
        for i in range(self._random.choice([1, 1, 2, 3])):
            part = self._primitive()
            if i and self._random.random() < 0.2:
                part = self._pick([*HOSTS, "443"])
            elif depth < 2 and self._random.random() < 0.2:
                part = f"({self._expression(depth + 1)})"
            parts.append(self._pick(["", "", "", "not ", "!"]) + part)
        return self._pick([" and ", " or ", " && ", "||"]).join(parts)

    def _primitive(self) -> str:
        kind = self._random.random()
        if kind < 0.6:
            protocol = self._pick(["", "", "tcp ", "udp ", "ip ", "ip6 ", "arp ", "icmp "])
            direction = self._pick(["", "src ", "dst ", "src or dst ", "dst and src "])
            aim = self._pick(list(VALUES))
            return f"{protocol}{direction}{aim} {self._value(aim)}"
        if kind < 0.8:
            header = self._pick(["tcp[13]", "ip[2:2]", "icmp[icmptype]", "ip6[6]", "len"])
            mask = self._pick(["", " & 2", "&0xf0 >> 2", " + 1"])
            return f"{header}{mask} {self._pick(['=', '!=', '>', '<=', '=='])} {self._pick('0258')}"
        return self._pick(
            [
                *("tcp", "icmp", "arp", "ether", "vlan 10", "vlan", "pppoes 7", "broadcast"),
                *("ip multicast", "ether host 0:1:2:3:4:5", "ip proto 6", "less 64"),
            ]
        )

    def _value(self, aim: str) -> str:
        one, two = self._pick(VALUES[aim]), self._pick(VALUES[aim])
        return self._pick([one, one, one, f"({one} or {two})", f"not {one}"])

    def _broken(self, words: list[str]) -> str:
        at = self._random.randrange(len(words))
        edit = self._random.randrange(4)
        if edit == 0:
            del words[at]
        elif edit == 1:
            words.insert(at, self._pick(["and", "not", "(", ")", "port", "80", "tcp", ",", "AND"]))
        elif edit == 2:
            words[at] += self._pick(["x", ")", "/24", "-", "s"])
        else:
            words.insert(at, words[at])
        return " ".join(words)


# What only the network, a table of the machine or the optimiser can say.
UNDECIDED = ("unknown host", "unknown ether host", "expression rejects all packets")
# One run of a shell for many filters: a filter a line comes back with what tcpdump said of it.
LOOP = r"""while IFS= read -r f; do e=$(tcpdump -d -- "$f" 2>&1 >/dev/null) && e=""; echo "$e" |
tail -n 1; done"""


@pytest.mark.sandbox
def test_it_agrees_with_libpcap() -> None:
    sentences = Sentences(20)
    filters = sorted({sentences.filter() for _ in range(400)} - {""})
    try:
        box = sandbox.open_sandbox(workers=1, raw=RAW)
    except sandbox.SandboxError as error:
        pytest.skip(str(error))
    said: list[str] = []
    with box:
        for start in range(0, len(filters), 50):
            lines = "\n".join(filters[start : start + 50])
            said += box.run(f"{LOOP} <<'END'\n{lines}\nEND").stdout.splitlines()
    assert len(said) == len(filters)
    wrong = [
        (text, answer)
        for text, answer in zip(filters, said, strict=True)
        if not any(reason in answer for reason in UNDECIDED) and _taken(text) != (answer == "")
    ]
    assert not wrong
    taken = said.count("")
    assert taken > len(filters) // 5
    assert len(filters) - taken > len(filters) // 5


def _taken(text: str) -> bool:
    try:
        filter_text(text)
    except ValueError:
        return False
    return True
