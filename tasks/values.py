"""Value types by name: what a binary accepts as the value of an option, and its canonical form.

Each type is one function from text to canonical text that raises ValueError with a reason.

    validate("ports", "80,abc")  -> "'abc' is not a port, a port range or a known service"
    normalise("ports", "443,80") -> "80,443"
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from functools import partial
from ipaddress import ip_address
from math import isfinite
from socket import inet_aton
from types import MappingProxyType

from tasks.addresses import LAST_PORT, host_text, port_text
from tasks.syntax import go_regex, go_url, masscan_values, openssl_values
from tasks.syntax.display_filter import display_text
from tasks.syntax.ip_ranges import ip_ranges_text
from tasks.syntax.netdb import service_ports
from tasks.syntax.nmap_ports import nmap_port_text
from tasks.syntax.pcap_filter import filter_text
from tasks.syntax.smb_conf import smb_option_text
from tasks.syntax.socat_address import address_text
from tasks.syntax.tshark_values import decode_as, field_name, preference
from tasks.syntax.wfuzz_filter import filter_expression
from tasks.urls import url_text

_GO_DURATION = re.compile(r"(?:(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h))+")
_DOUBLE = r"(?:0[xX][\da-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"  # less its sign, as strtod's
STRTOD = re.compile(rf"\s*[+-]?{_DOUBLE}")
_NMAP_DURATION = re.compile(rf"\s*[+-]?({_DOUBLE})((?i:ms|s|m|h)?)")
_SECONDS = {
    "ns": Decimal("1e-9"),
    "us": Decimal("1e-6"),
    "µs": Decimal("1e-6"),
    "ms": Decimal("0.001"),
    "": Decimal(1),
    "s": Decimal(1),
    "m": Decimal(60),
    "h": Decimal(3600),
}
_HEADER = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*([:;])\s*(.*)", re.DOTALL)
_SIZE = re.compile(r"(\d+)\s*([kKmMgGtTpP]?)[bB]?")
_NUMBER_RANGE = re.compile(r"(\d+)(?:-(\d+))?|all")
_DNS_TYPE = re.compile(r"[A-Za-z][A-Za-z0-9-]*|[Ii][Xx][Ff][Rr]=\d+")


_MOST_DIGITS = 400


def plain(number: Decimal) -> str:
    """A number without exponent or trailing zeros: Decimal("1E+1") is "10". One that no double can
    hold stays as it is: it may have more digits than there is memory for."""
    if number.is_finite() and abs(number.adjusted()) > _MOST_DIGITS:
        return str(number)
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _string(text: str) -> str:
    return text


def _int(text: str) -> str:
    if not re.fullmatch(r"[+-]?\d+", text):
        raise ValueError(f"{text!r} is not a whole number")
    return str(int(text))


def _uint(text: str) -> str:
    if not re.fullmatch(r"\d+", text):
        raise ValueError(f"{text!r} is not a whole number of 0 or more")
    return str(int(text))


def _float(text: str) -> str:
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{text!r} is not a number") from None
    if not number.is_finite():
        raise ValueError(f"{text!r} is not a number")
    return plain(number)


def _port(text: str) -> str:
    if not text.isdecimal() or not 0 < int(text) <= LAST_PORT:
        raise ValueError(f"{text!r} is not a port from 1 to {LAST_PORT}")
    return str(int(text))


def _host(text: str) -> str:
    if not text or " " in text:
        raise ValueError(f"{text!r} is not one host")
    return host_text(text)


def _domain(text: str) -> str:
    """A DNS name, of whatever characters: resolvers do not mind."""
    if not text or text != text.strip():
        raise ValueError(f"{text!r} is not a domain name")
    return text.lower().rstrip(".") or "."


def _host_or_url(text: str) -> str:
    return url_text(text) if "://" in text else _host(text)


def _absolute_url(text: str) -> str:
    if "://" not in text:
        raise ValueError(f"{text!r} has no scheme such as http://")
    return url_text(text)


def _path(text: str) -> str:
    if not text:
        raise ValueError("an empty path names no file")
    return text if text == "-" else posixpath.normpath(text)


def seconds(text: str) -> Decimal:
    """A duration in seconds, as nmap's tval2secs reads it: what strtod reads, then perhaps a unit;
    without one it is in seconds. Raises ValueError."""
    match = _NMAP_DURATION.fullmatch(text)
    if not match or text.lstrip().startswith("-"):
        raise ValueError(f"{text!r} is not a duration such as 10, 10s, 500ms or 2m")
    number, unit = match.groups()
    found = Decimal(_c_float(number))
    if not found.is_finite():
        raise ValueError(f"{text!r} is more than a number can be")
    return found * _SECONDS[unit.lower()]


def _duration(text: str) -> str:
    return plain(seconds(text)) + "s"


def _go_duration(text: str) -> str:
    bare = text[1:] if text[:1] in ("+", "-") else text
    if bare != "0" and not _GO_DURATION.fullmatch(bare):
        raise ValueError(f"{text!r} is not a duration with a unit, such as 10s or 500ms")
    parts = re.findall(r"([\d.]+)(ns|us|µs|ms|s|m|h)?", bare)
    total = sum((Decimal(number) * _SECONDS[unit] for number, unit in parts), Decimal(0))
    return "-" * (text[:1] == "-") + plain(total) + "s"


def header_text(text: str) -> str:
    """ "NAME:  value" as "name: value". Raises ValueError."""
    match = _HEADER.fullmatch(text.strip())
    if not match:
        raise ValueError(f"{text!r} is not a header of the form 'Name: value'")
    name, colon, value = match.groups()
    return f"{name.lower()}{colon} {value.strip()}".rstrip()


def item_text(text: str) -> str:
    """A comma-separated list as a sorted set: "b, a,a" is "a,b". Raises ValueError if empty."""
    items = {part.strip() for part in text.split(",")} - {""}
    if not items:
        raise ValueError("an empty list")
    return ",".join(sorted(items))


def _numbers(text: str) -> str:
    numbers = item_text(text)
    for part in numbers.split(","):
        if not _NUMBER_RANGE.fullmatch(part):
            raise ValueError(f"{part!r} is not a number or a range such as 200-299")
    return numbers


def _regex(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"{text!r} is not a regular expression: {error}") from None
    return text


def _bool(text: str) -> str:
    # The spellings of Go's strconv.ParseBool.
    if text in ("1", "t", "T", "TRUE", "true", "True"):
        return "true"
    if text in ("0", "f", "F", "FALSE", "false", "False"):
        return "false"
    raise ValueError(f"{text!r} is not true or false")


def _size(text: str) -> str:
    match = _SIZE.fullmatch(text)
    if not match:
        raise ValueError(f"{text!r} is not a size such as 100, 10k or 2M")
    return str(int(match[1]) << 10 * " kmgtp".index(match[2].lower() or " "))


def _level(text: str) -> str:
    """nmap's -v and -d: "2" is as good as "vv" after the first letter."""
    if text[:1].isdecimal():
        return _atoi(text)
    if text.strip(text[:1]):
        raise ValueError(f"{text!r} is neither a number nor one letter repeated")
    return str(len(text) + 1)


def _dns_type(text: str) -> str:
    if not _DNS_TYPE.fullmatch(text):
        raise ValueError(f"{text!r} is not a DNS record type")
    return text.upper()


_C_INT = re.compile(r"\s*[+-]?\d+")


def _c_int(text: str) -> str:
    """What strtol takes whole: blanks and a sign may come first."""
    if not _C_INT.fullmatch(text):
        raise ValueError(f"{text!r} is not a whole number")
    return str(int(text))


def _c_float(text: str) -> str:
    """What strtod takes whole: a hexadecimal number too."""
    if not STRTOD.fullmatch(text):
        raise ValueError(f"{text!r} is not a number")
    return str(int(text, 16)) if "x" in text.lower() else plain(_double(text))


def _double(text: str) -> Decimal:
    """A number as C's double holds it: infinity, or 0, beyond its range."""
    held = float(text)
    return Decimal(text.strip()) if isfinite(held) and held else Decimal(held)


_ATOI = re.compile(r"\s*([+-]?\d+)")
_C_NUMBER = re.compile(r"\s*([+-]?)(0[xX][\da-fA-F]+|0[0-7]*|[1-9]\d*)")


def _atoi(text: str) -> str:
    """What C's atoi makes of it: "5x" is 5, "x" is 0, and 32 bits wrap round."""
    found = _ATOI.match(text)
    return str(_as_int(int(found[1]) if found else 0))


def _as_int(number: int) -> int:
    """What is left of a number that strtol read, once it is in 32 bits."""
    clamped = min(max(number, -(1 << 63)), (1 << 63) - 1)
    return (clamped + (1 << 31)) % (1 << 32) - (1 << 31)


def _c_number(text: str) -> str:
    """What strtol takes whole with base 0: "0x10", "020" and "16" are the same."""
    found = _C_NUMBER.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is not a whole number")
    sign, digits = found.groups()
    octal = digits[0] == "0" and digits[1:].isdecimal()
    return str(int(sign + digits, 8 if octal else 0))


def _c_number32(text: str) -> str:
    """The same, of which a tool keeps 32 bits."""
    return str(_as_int(int(_c_number(text))))


def _uint32(text: str) -> str:
    """Digits, of whose number a tool keeps 32 bits."""
    return str(int(_uint(text)) % (1 << 32))


def _py_int(text: str) -> str:
    """What Python's int takes: blanks around it, and underscores between digits."""
    return str(int(text))


def _py_float(text: str) -> str:
    """What Python's float takes: "1e3" and "inf" too."""
    number = float(text)
    return plain(Decimal(str(number))) if isfinite(number) else str(number)


def _optparse_int(text: str) -> str:
    """What optparse takes as an int: 0x10, 0b1 and 010 too, with blanks around it."""
    prefixes = {"0x": 16, "0b": 2}
    base = prefixes.get(text[:2].lower(), 8 if text[:1] == "0" else 10)
    try:
        return str(int(text[2:] or "0" if base == 2 else text, base))
    except ValueError:
        raise ValueError(f"{text!r} is not a whole number") from None


def _go_int(text: str) -> str:
    """What Go's ParseInt takes with base 0: 0x10, 0b1 and 010 too."""
    try:
        number = int(re.sub(r"^([+-]?)0(?=\d)", r"\g<1>0o", text), 0)
    except ValueError:
        raise ValueError(f"{text!r} is not a whole number") from None
    if text != text.strip() or not -(1 << 63) <= number < 1 << 63:
        raise ValueError(f"{text!r} is not a whole number of 64 bits")
    return str(number)


def _go_url(text: str) -> str:
    problem = go_url.problem(text)
    if problem:
        raise ValueError(f"{text!r} is not a URL: {problem}")
    return _FREE_URL(text)


def _go_regex(text: str) -> str:
    problem = go_regex.problem(text)
    if problem:
        raise ValueError(f"{text!r} is not a regular expression: {problem}")
    return text


_SCANNED_INT = re.compile(r"\s*([+-]?(?:0[xX][\da-fA-F]+|\d+))")
_SCANNED_UINT = re.compile(r"\s*([+-]?\d+)")
_SCANNED_FLOAT = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)")


def _scanned(pattern: re.Pattern[str], text: str) -> str:
    """What C's sscanf finds at the beginning of the text. Of a blank one it reports its end, which
    callers that only ask whether it is 0 take for success: "" is what they had before."""
    if not text.strip():
        return ""
    found = pattern.match(text)
    if not found:
        raise ValueError(f"{text!r} does not begin with a number")
    return found[1]


def _scanned_int(text: str) -> str:
    return (found := _scanned(_SCANNED_INT, text)) and _c_number(found)


def _scanned_uint(text: str) -> str:
    return (found := _scanned(_SCANNED_UINT, text)) and str(int(found) % (1 << 32))


def _scanned_float(text: str) -> str:
    found = _scanned(_SCANNED_FLOAT, text)
    if not found:  # the tool goes on with a variable that was never set: it takes it or not
        raise ValueError("an empty text is not a number")
    return plain(_double(found))


def _scanned_base(text: str) -> str:
    """What strtol with base 0 finds at the beginning, as an int: "0x10k" is 16, "x" is 0."""
    found = _C_NUMBER.match(text)
    return str(_as_int(int(_c_number(found[0])))) if found else "0"


def _hping_interval(text: str) -> str:
    """Seconds, or with a u before them microseconds."""
    number = text.removeprefix("u")
    if int(_scanned_base(number)) < 0:
        raise ValueError(f"{text!r} is less than 0")
    return text[: len(text) - len(number)] + _scanned_base(number)


def _hping_count(text: str) -> str:
    """How many packets; -1 is without end."""
    count = int(_scanned_base(text))
    if count == 0 or count < -1:
        raise ValueError(f"{text!r} is not above 0")
    return str(count)


_MOST_DATA = 65495


def _hping_size(text: str) -> str:
    """The size of hping3's data, of which 16 bits count."""
    size = int(_scanned_base(text)) % (1 << 16)
    if size > _MOST_DATA:
        raise ValueError(f"{text} is more than {_MOST_DATA}")
    return str(size)


def _hping_route(text: str) -> str:
    """hping3's source route: `[number:]address[/address ...]`."""
    addresses = text.rpartition(":")[2].removesuffix("/")
    for address in addresses.split("/") if addresses or "/" in text else ():
        try:
            inet_aton(address)  # 10.1 is 10.0.0.1
        except OSError:
            raise ValueError(f"{address!r} is not an IP address") from None
    return text


def _ip_address(text: str) -> str:
    try:
        return ip_address(text).compressed
    except ValueError:
        raise ValueError(f"{text!r} is not an IP address") from None


def _service_or_number(text: str) -> str:
    """What glibc's getaddrinfo takes as a port: what strtoul reads to its end, if that is not
    below 0 in 32 bits, or a service by name."""
    if not text or _C_INT.fullmatch(text):
        number = _as_int(int(text or "0"))
        if number >= 0:
            return str(number)
    ports = service_ports(text)
    if not ports:
        raise ValueError(f"{text!r} is neither a number nor a known service")
    return str(next(iter(ports.values())))


def _port_or_range(text: str) -> str:
    """nc's port, service or range, the ends of it in order; other text stands for itself."""
    if text.isdecimal() or service_ports(text):
        return _service_or_number(text)
    ends = text.split("-")
    if len(ends) == 2 and all(end.isdecimal() for end in ends):
        return "-".join(map(str, sorted(map(int, ends))))
    return text


def _free(strict: Callable[[str], str]) -> Callable[[str], str]:
    """A type that a tool does not check: what is of no meaning stands for itself."""

    def free(text: str) -> str:
        try:
            return strict(text)
        except ValueError:
            return text

    return free


_FREE_URL = _free(url_text)

VALUE_TYPES: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {
        "string": _string,
        "int": _int,
        "uint": _uint,
        "uint32": _uint32,
        "float": _float,
        "port": _port,
        "ports": port_text,
        "host": _host,
        "hosts": host_text,
        "domain": _domain,
        "url": url_text,
        "absolute_url": _absolute_url,
        "host_or_url": _host_or_url,
        "path": _path,
        "duration": _duration,  # nmap: a bare number is seconds
        "go_duration": _go_duration,  # a unit is required
        "header": header_text,
        "items": item_text,
        "numbers": _numbers,  # "200,301-302", "all"
        "regex": _regex,
        "bool": _bool,
        "size": _size,
        "level": _level,
        "dns_type": _dns_type,
        "c_int": _c_int,
        "optparse_int": _optparse_int,
        "py_int": _py_int,
        "py_float": _py_float,
        "ip_ranges": ip_ranges_text,
        "wfuzz_filter": filter_expression,
        "smb_option": smb_option_text,
        "c_float": _c_float,
        "atoi": _atoi,
        "c_number": _c_number,
        "c_number32": _c_number32,
        "masscan_ports": masscan_values.ports,
        "masscan_range": masscan_values.addresses,
        "masscan_source": masscan_values.addresses,
        "masscan_source_port": masscan_values.source_port,
        "masscan_mac": masscan_values.mac,
        "masscan_rate": masscan_values.rate,
        "masscan_count": masscan_values.count,
        "masscan_long_count": partial(masscan_values.count, bits=64),
        "masscan_shard": masscan_values.shard,
        "masscan_time": masscan_values.time,
        "masscan_size": masscan_values.size,
        "hping_interval": _hping_interval,
        "hping_count": _hping_count,
        "hping_size": _hping_size,
        "hping_route": _hping_route,
        "scanned_int": _scanned_int,
        "scanned_uint": _scanned_uint,
        "scanned_float": _scanned_float,
        "ip_address": _ip_address,
        "service_or_number": _service_or_number,
        "port_or_range": _port_or_range,
        "pcap_filter": filter_text,
        "display_filter": display_text,
        "tshark_field": field_name,
        "tshark_preference": preference,
        "decode_as": decode_as,
        # The same, of tools that look at the value only when they use it, if at all.
        "free_path": _free(_path),
        "free_header": _free(header_text),
        "free_items": _free(item_text),
        "free_numbers": _free(_numbers),
        "free_int": _free(_int),
        "free_url": _FREE_URL,
        "nmap_ports": nmap_port_text,
        "go_int": _go_int,
        "go_url": _go_url,
        "go_regex": _go_regex,
        "free_host": _free(_host),
        "free_hosts": _free(host_text),
        "free_host_or_url": _free(_host_or_url),
        "free_domain": _free(_domain),
        "socat_address": partial(address_text, any_option=True),
        **{f"openssl_{name}": text for name, text in openssl_values.TYPES.items()},
    }
)
TARGET_TYPES = frozenset(
    {"host", "hosts", "domain", "url", "absolute_url", "host_or_url"}
    | {
        "free_url",
        "free_host",
        "free_hosts",
        "free_host_or_url",
        "free_domain",
        "go_url",
        "masscan_range",
    }
)


def normalise(type_name: str, text: str) -> str:
    """The canonical form of a value. Raises ValueError with the reason if it is not accepted."""
    return VALUE_TYPES[type_name](text)


def validate(type_name: str, text: str) -> str | None:
    """Why a tool refuses the value; None if it takes it."""
    try:
        normalise(type_name, text)
    except ValueError as error:
        return str(error)
    return None
