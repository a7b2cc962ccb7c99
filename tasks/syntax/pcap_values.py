"""The values of a pcap filter under their qualifiers: what libpcap 1.10.3 refuses of them, and
their canonical text. Source: gencode.c, gen_scode and the functions beside it.

of_number("80", Qualifier("tcp", "", "port")) -> "tcp port 80"
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network

from tasks.syntax.netdb import protocols, service_ports
from tasks.syntax.pcap_tokens import words

LAST_PORT = 65535

# Of these headers one can look at bytes.
INDEXED = words("""
    ether ip arp rarp sctp tcp udp icmp igmp igrp pim vrrp carp atalk decnet lat sca moprc mopdl
    ip6 icmp6 radio
    """)
_ETHER_NAMES = words("""
    aarp arp atalk decnet ip ip6 ipx iso lat loopback mopdl moprc netbeui rarp sca stp
    """)
_TRANSPORTS = ("tcp", "udp", "sctp")
_NETWORKS = {"loopback", "link-local"}  # of /etc/networks; a network of number 0 is none
_LLC = words("i s u rr rnr rej ui ua disc sabme test xid frmr dm")
_REASONS = words("""
    match bad-offset fragment short normalize memory bad-timestamp congestion ip-option
    proto-cksum state-mismatch state-insert state-limit src-limit synproxy
    """)
_ACTIONS = words("pass accept drop block rdr nat binat nordr scrub noscrub")
_WIRELESS_TYPES = {
    "mgt": "mgt",
    "management": "mgt",
    "ctl": "ctl",
    "control": "ctl",
    "data": "data",
}
_SUBTYPES = {
    "mgt": words("""
        assoc-req assocreq assoc-resp assocresp reassoc-req reassocreq reassoc-resp reassocresp
        probe-req probereq probe-resp proberesp beacon atim disassoc disassociation auth
        authentication deauth deauthentication
        """),
    "ctl": words("ps-poll rts cts ack cf-end cf-end-ack"),
    "data": words("""
        data data-cf-ack data-cf-poll data-cf-ack-poll null cf-ack cf-poll cf-ack-poll qos
        qos-data qos-data-cf-ack qos-data-cf-poll qos-data-cf-ack-poll qos-cf-poll qos-cf-ack-poll
        """),
}
_WAYS = words("nods tods fromds dstods")
# Packets of one of a set are of none of the others.
_EXCLUSIVE = (
    frozenset({"ip", "ip6", "arp", "rarp", "atalk", "decnet", "lat", "sca", "moprc", "mopdl"}),
    frozenset({"tcp", "udp", "sctp", "icmp", "igmp", "pim", "vrrp", "icmp6", "ah", "esp"}),
)


@dataclass(frozen=True, slots=True)
class Qualifier:
    """What says how a value is meant: "tcp", "src", "port"."""

    protocol: str = ""
    direction: str = ""
    kind: str = ""

    def of(self, value: str) -> str:
        """The primitive, written out."""
        return " ".join(filter(None, (self.protocol, self.direction, self.kind or "host", value)))


NOTHING = Qualifier(kind="nothing")  # after a term that has no qualifier to hand on


def of_number(text: str, by: Qualifier) -> str:
    """A number: a port, a protocol, a short address."""
    _check_qualified(by)
    if by.kind in ("port", "portrange"):
        _check_port(by, int(text))
    elif by.kind in ("proto", "protochain"):
        _check_protocol_of(by)
    elif by.kind == "gateway":
        raise ValueError("'gateway' is not supported")
    elif by.protocol != "decnet":
        _check_host(by, ("", "ip", "arp", "rarp"))
    return by.of(text)


def of_name(name: str, by: Qualifier) -> str:
    """A name: of a host, a service, a protocol."""
    _check_qualified(by)
    if by.kind == "port":
        return by.of(str(_service(name, by)))
    if by.kind == "portrange":
        return by.of(_range(name, by))
    if by.kind == "proto":
        _check_protocol_name(name, by)
    elif by.kind == "protochain":
        _check_protocol_of(by)
        if name not in protocols():
            raise ValueError(f"{name!r} is no IP protocol")
    elif by.kind == "gateway":
        raise ValueError("'gateway' is not supported")
    elif by.kind == "net":
        if name not in _NETWORKS:
            raise ValueError(f"the network {name!r} is unknown")
        _check_host(by, ("", "ip", "arp", "rarp"))
    else:
        _check_host(by, ("", "ip", "ip6", "arp", "rarp", "ether"))
        return by.of(name.lower())
    return by.of(name)


def of_mac(text: str, by: Qualifier) -> str:
    """An Ethernet address, however its bytes are divided."""
    if by.protocol != "ether" or by.kind not in ("", "host"):
        raise ValueError(f"the Ethernet address {text} stands only after ether host, src or dst")
    return by.of(_mac_text(text))


def _mac_text(text: str) -> str:
    for separator in ":-":
        if separator in text:
            return ":".join(f"{int(byte, 16):02x}" for byte in text.split(separator))
    if text.count(".") == 5:
        return ":".join(f"{int(byte, 16):02x}" for byte in text.split("."))
    digits = text.replace(".", "").lower()
    return ":".join(digits[i : i + 2] for i in range(0, 12, 2))


def of_ipv4(text: str, mask: str, by: Qualifier) -> str:
    """An IPv4 address of up to four numbers, or a network with its mask."""
    _check_qualified(by)
    parts = [int(part) for part in text.split(".")]
    if by.protocol == "decnet" and len(parts) == 2 and not mask:
        return by.of(text)
    if any(part > 255 for part in parts):
        raise ValueError(f"{text} is not an IPv4 address")
    if by.kind not in ("", "host", "net"):
        raise ValueError(f"{by.kind} does not take the address {text}")
    _check_host(by, ("", "ip", "arp", "rarp", "decnet"))
    if not mask:
        return by.of(text)
    if by.kind != "net":
        raise ValueError("a mask is for networks only")
    address = int.from_bytes(bytes([*parts, 0, 0, 0][:4]))
    if "." in mask:
        bits = int.from_bytes(bytes([*map(_octet, mask.split(".")), 0, 0, 0][:4]))
    else:
        if int(mask) > 32:
            raise ValueError(f"/{mask} is more than 32")
        bits = (0xFFFFFFFF << (32 - int(mask))) & 0xFFFFFFFF
    if address & ~bits & 0xFFFFFFFF:
        raise ValueError(f"{text} has bits outside the mask {mask}")
    shown = mask if "." not in mask else str(bits.bit_count())
    return by.of(f"{'.'.join(str(b) for b in address.to_bytes(4))}/{shown}")


def _octet(text: str) -> int:
    if int(text) > 255:
        raise ValueError(f"{text} is not an octet")
    return int(text)


def of_ipv6(text: str, mask: str, by: Qualifier) -> str:
    """An IPv6 address, or a network with its prefix length."""
    _check_qualified(by)
    if by.kind not in ("", "host", "net"):
        raise ValueError(f"{by.kind} does not take the address {text}")
    _check_host(by, ("", "ip6"))
    if not mask:
        return by.of(IPv6Address(text).compressed)
    if int(mask) > 128:
        raise ValueError(f"/{mask} is more than 128")
    if by.kind != "net":
        if mask != "128":
            raise ValueError("a mask is for networks only")
        return by.of(IPv6Address(text).compressed)
    return by.of(IPv6Network(f"{text}/{mask}").compressed)


def of_cast(protocol: str, kind: str) -> str:
    """`broadcast` and `multicast` of Ethernet or of IP."""
    if protocol not in ("", "ether", "ip", "ip6") or (protocol, kind) == ("ip6", "broadcast"):
        raise ValueError(f"{protocol} has no {kind}")
    return f"{protocol or 'ether'} {kind}"


def of_packet_filter(kind: str, name: str) -> str:
    """What BSD's packet filter logs."""
    known = {"reason": _REASONS, "action": _ACTIONS}.get(kind)
    if known and name not in known:
        raise ValueError(f"{name!r} is no {kind} of the packet filter")
    return f"{kind} {name}"


def of_llc(name: str) -> str:
    """A type of LLC frame."""
    if name not in _LLC:
        raise ValueError(f"{name!r} is no LLC type")
    return f"llc {name}"


def of_wireless(kind: str, value: str) -> str:
    """A type, a lone subtype or the direction of an 802.11 frame."""
    if kind == "type":
        if value.isdecimal():
            if int(value) not in (0, 4, 8):
                raise ValueError(f"{value} is no 802.11 type")
            value = {"0": "mgt", "4": "ctl", "8": "data"}[value]
        if value not in _WIRELESS_TYPES:
            raise ValueError(f"{value!r} is no 802.11 type")
        return f"type {_WIRELESS_TYPES[value]}"
    known = _WAYS if kind == "dir" else frozenset().union(*_SUBTYPES.values())
    if value not in known and not value.isdecimal():
        raise ValueError(f"{value!r} is no 802.11 {kind}")
    return f"{kind} {value}"


def of_subtype(main: str, value: str) -> str:
    """The subtype of a frame of that type."""
    if not value.isdecimal() and value not in _SUBTYPES[main]:
        raise ValueError(f"{value!r} is no 802.11 subtype of {main}")
    return value


def check_together(operator: str, parts: Sequence[str]) -> None:
    """ValueError for protocols that no packet has at the same time: libpcap sees that as well."""
    if operator == "and":
        for rivals in _EXCLUSIVE:
            found = sorted(rivals.intersection(parts))
            if len(found) > 1:
                raise ValueError(f"no packet is {' and '.join(found)}")


def _check_qualified(by: Qualifier) -> None:
    if by == NOTHING:
        raise ValueError("a bare value has no qualifier such as host or port before it")


def _check_host(by: Qualifier, allowed: Sequence[str]) -> None:
    if by.protocol not in allowed:
        raise ValueError(f"{by.protocol} is no qualifier of {by.kind or 'host'}")
    if by.direction not in ("", "src", "dst", "src and dst"):
        raise ValueError(f"{by.direction} is a qualifier of 802.11 addresses only")


def _check_port(by: Qualifier, port: int) -> None:
    if by.protocol not in ("", *_TRANSPORTS):
        raise ValueError(f"{by.protocol} is no qualifier of {by.kind}")
    if by.direction not in ("", "src", "dst", "src and dst"):
        raise ValueError(f"{by.direction} is a qualifier of 802.11 addresses only")
    if port > LAST_PORT:
        raise ValueError(f"port {port} is above {LAST_PORT}")


def _service(name: str, by: Qualifier) -> int:
    ports = service_ports(name)
    _check_port(by, 0)
    if not ports:
        raise ValueError(f"the port {name!r} is unknown")
    if by.protocol and by.protocol not in ports:
        raise ValueError(f"the port {name!r} is of {next(iter(ports))}")
    return next(iter(ports.values()))


def _range(text: str, by: Qualifier) -> str:
    """Two ends, each a number or a name; two names of one other transport are refused."""
    ends = text.split("-")
    if len(ends) != 2:
        raise ValueError(f"{text!r} is no range of two ports")
    tables = [{"": int(end)} if end.isdecimal() else service_ports(end) for end in ends]
    if not all(tables):
        raise ValueError(f"{text!r} has a port of unknown name")
    transports = {*tables[0], *tables[1]}
    if by.protocol and len(transports) == 1 and not transports & {"", by.protocol}:
        raise ValueError(f"the ports {text!r} are of {transports.pop()}")
    ports = sorted(next(iter(table.values())) for table in tables)
    _check_port(by, ports[1])
    return "-".join(map(str, ports))


def _check_protocol_of(by: Qualifier) -> None:
    allowed: tuple[str, ...] = ("", "ip", "ip6")
    if by.kind == "proto":
        allowed += ("ether", "iso", "isis")
    if by.protocol not in allowed:
        raise ValueError(f"{by.protocol} is no qualifier of {by.kind}")


def _check_protocol_name(name: str, by: Qualifier) -> None:
    known = {
        "ether": _ETHER_NAMES,
        "iso": frozenset({"esis", "isis", "clnp"}),
    }.get(by.protocol, protocols())
    _check_protocol_of(by)
    if by.protocol == "isis" or name not in known:
        raise ValueError(f"{name!r} is no {by.protocol or 'ip'} protocol")
