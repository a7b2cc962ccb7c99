"""The words of a pcap filter: keywords, numbers, addresses and names.

tokens("tcp[tcpflags] & 2 != 0") -> Token("tcp", "tcp"), Token("[", "["), Token("NUM", "13"), ...
Source: libpcap 1.10.3 scanner.l: the longest match counts, and of two the first rule.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv6Address


def words(text: str) -> frozenset[str]:
    """The words of a text as a set."""
    return frozenset(text.split())


LINK = words("link ether ppp slip fddi tr wlan")
PROTOCOLS = LINK | words(
    """
    ip arp rarp sctp tcp udp icmp igmp igrp pim vrrp carp radio ip6 icmp6 ah esp atalk aarp decnet
    lat sca moprc mopdl iso esis isis l1 l2 iih lsp snp csnp psnp clnp stp ipx netbeui
    """
)
_KEYWORDS = PROTOCOLS | words(
    """
    dst src host net mask port portrange proto protochain gateway type subtype dir addr1 addr2
    addr3 addr4 ra ta less greater byte broadcast multicast and or not len inbound outbound ifindex
    vlan mpls pppoed pppoes geneve lane llc metac bcc oam oamf4 oamf4ec oamf4sc sc ilmic vpi vci
    connectmsg metaconnect ifname rset rnr srnr reason action fisu lssu msu hfisu hlssu hmsu sio
    opc dpc sls hsio hopc hdpc hsls
    """
)
_SAME = {
    **dict.fromkeys(LINK, "ether"),
    "es-is": "esis",
    "is-is": "isis",
    "direction": "dir",
    **{f"address{i}": f"addr{i}" for i in range(1, 5)},
    "length": "len",
    "on": "ifname",
    "ruleset": "rset",
    "rulenum": "rnr",
    "subrulenum": "srnr",
    "lsu": "lssu",
    "&&": "and",
    "||": "or",
    "!": "not",
    "==": "=",
}
_ICMP = """
type 0 code 1 -echoreply 0 -unreach 3 -sourcequench 4 -redirect 5 -echo 8 -routeradvert 9
-routersolicit 10 -timxceed 11 -paramprob 12 -tstamp 13 -tstampreply 14 -ireq 15 -ireqreply 16
-maskreq 17 -maskreply 18
"""
_ICMP6 = """
type 0 code 1 -destinationunreach 1 -packettoobig 2 -timeexceeded 3 -parameterproblem 4 -echo 128
-echoreply 129 -multicastlistenerquery 130 -multicastlistenerreportv1 131
-multicastlistenerdone 132 -routersolicit 133 -routeradvert 134 -neighborsolicit 135
-neighboradvert 136 -redirect 137 -routerrenum 138 -nodeinformationquery 139
-nodeinformationresponse 140 -ineighbordiscoverysolicit 141 -ineighbordiscoveryadvert 142
-multicastlistenerreportv2 143 -homeagentdiscoveryrequest 144 -homeagentdiscoveryreply 145
-mobileprefixsolicit 146 -mobileprefixadvert 147 -certpathsolicit 148 -certpathadvert 149
-multicastrouteradvert 151 -multicastroutersolicit 152 -multicastrouterterm 153
"""
_TCP = "flags 13 -fin 1 -syn 2 -rst 4 -push 8 -ack 16 -urg 32 -ece 64 -cwr 128"


def _numbered(prefix: str, table: str) -> dict[str, str]:
    parts = table.split()
    return {prefix + name: number for name, number in zip(parts[::2], parts[1::2], strict=True)}


_NUMBERS = _numbered("icmp", _ICMP) | _numbered("icmp6", _ICMP6) | _numbered("tcp", _TCP)

_BYTE = "[0-9A-Fa-f]{1,2}"
_MAC = re.compile(
    "|".join(rf"{_BYTE}(?:{sep}{_BYTE}){{5}}" for sep in (":", "-", r"\."))
    + r"|[0-9A-Fa-f]{4}(?:\.[0-9A-Fa-f]{4}){2}|[0-9A-Fa-f]{12}"
)
_NUMBER = re.compile(r"0[xX][0-9A-Fa-f]+|[0-9]+")
_DOTTED = re.compile(r"[0-9]+(?:\.[0-9]+){1,3}")
_IPV6 = re.compile(r"[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,8}(?:(?:\.[0-9]+){3})?")
_BAD_MAC = re.compile(rf"{_BYTE}:+(?:{_BYTE}:+)+")
_NAME = re.compile(r"[A-Za-z0-9](?:[-_.A-Za-z0-9]*[.A-Za-z0-9])?")
_ESCAPED = re.compile(r"\\[^ !()\n\t]+")
_SIGN = re.compile(r">=|<=|!=|==|<<|>>|&&|\|\||[!<>()\[\]+\-*/%&|^=:]")
_PLAIN_WORD = re.compile(r"[a-z]+(?=[ \t()\[\]]|$)")
_BLANK = re.compile(r"[ \r\n\t]+")


@dataclass(frozen=True, slots=True)
class Token:
    """`kind` is the keyword or sign itself, or NUM, IP, IP6, MAC or NAME."""

    kind: str
    text: str


def tokens(text: str) -> list[Token]:
    """The tokens of a filter. Raises ValueError for a character or number that cannot be one."""
    found = []
    at = 0
    while at < len(text):
        blank = _BLANK.match(text, at)
        if blank:
            at = blank.end()
            continue
        token, at = _next(text, at)
        found.append(token)
    return found


def _next(text: str, at: int) -> tuple[Token, int]:
    plain = _PLAIN_WORD.match(text, at)
    if plain:  # most words are, and no other rule makes more of them
        return _token("NAME", plain[0]), plain.end()
    best, kind = "", ""
    for name, pattern in (
        ("MAC", _MAC),
        ("NUM", _NUMBER),
        ("IP", _DOTTED),
        ("NAME", _NAME),
        ("NAME", _ESCAPED),
        ("SIGN", _SIGN),
    ):
        match = pattern.match(text, at)
        if match and len(match[0]) > len(best):
            best, kind = match[0], name
    address = _ipv6(text, at)
    if len(address) > len(best):
        best, kind = address, "IP6"
    bogus = _BAD_MAC.match(text, at)
    if bogus and len(bogus[0]) > len(best):
        raise ValueError(f"{bogus[0]} is not an Ethernet address")
    if not best:
        raise ValueError(f"{text[at]!r} has no place in a filter")
    return _token(kind, best), at + len(best)


def _token(kind: str, text: str) -> Token:
    if kind == "SIGN":
        same = _SAME.get(text, text)
        return Token(same, same)
    if kind == "NUM":
        return Token("NUM", str(_number(text)))
    if kind != "NAME":
        return Token(kind, text.lower())
    if text[0] == "\\":
        return Token("NAME", text[1:])
    if text in _NUMBERS:
        return Token("NUM", _NUMBERS[text])
    same = _SAME.get(text, text)
    return Token(same, same) if same in _KEYWORDS else Token("NAME", text)


def _number(text: str) -> int:
    """A number in the notation of C: 0x10, 020 and 16 are the same."""
    if text[:2] in ("0x", "0X"):
        number = int(text, 16)
    elif text[0] == "0" and not set(text) <= set("01234567"):
        raise ValueError(f"{text} begins with 0 but is not octal")
    else:
        number = int(text, 8 if text[0] == "0" else 10)
    if number >= 1 << 32:
        raise ValueError(f"the number {text} does not fit in 32 bits")
    return number


def _ipv6(text: str, at: int) -> str:
    """The longest IPv6 address that the text begins with at that place; "" if there is none."""
    match = _IPV6.match(text, at)
    found = match[0] if match else ""
    while found.count(":") > 1:
        try:
            IPv6Address(found)
        except AddressValueError:
            found = found[:-1]
            continue
        return found
    return ""
