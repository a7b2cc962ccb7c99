"""The URLs that curl takes, and the patterns of many URLs in one (globs).

    problem("http://10.0.0.[1-9]/{a,b}", globs=True) -> None
    problem("http://10.0.0.1/{a,b", globs=True)      -> "unmatched brace"

Source: curl 7.88.1 lib/urlapi.c (parseurl, hostname_check) and src/tool_urlglob.c.
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import unquote

_SCHEME_NAMES = """
dict file ftp ftps gopher gophers http https imap imaps ldap ldaps mqtt pop3 pop3s rtmp
rtmpe rtmps rtmpt rtmpte rtmpts rtsp scp sftp smb smbs smtp smtps telnet tftp
"""
_SCHEMES = frozenset(_SCHEME_NAMES.split())
# Without a slash after the colon it is no scheme but a host and a port.
_SCHEME = re.compile(r"(?P<scheme>[A-Za-z0-9][A-Za-z0-9+.-]*):(?=/)(?P<slashes>/*)")
_JUNK = re.compile(r"[\x00-\x20\x7f]")
_NOT_IN_HOSTS = re.compile(r"[\x00-\x20!\"$&'()*+,;<=>@\[\\\]^`{}]")
_AUTHORITY = re.compile(
    r"(?:[^@]*@)?(?:\[(?P<v6>[^\]]*)\]|(?P<host>[^:]*))(?::(?P<port>.*))?", re.DOTALL
)
_LETTERS = re.compile(r"\[([A-Za-z])-([A-Za-z])(?::(\d+))?\]")
_NUMBERS = re.compile(r"\[(\d+)-\s*(\d+)(?::(\d+))?\]")
_SET = re.compile(r"\{(?:\\.|[^{}\[\]\\])+\}")
_V6 = re.compile(r"\[([0-9a-fA-F:.]+(?:%[^\]]*)?)\]")


def problem(text: str, *, globs: bool) -> str | None:
    """Why curl does not take a URL; None if it does. `globs`: [1-3] and {a,b} are patterns."""
    if globs:
        try:
            text = first_of(text)
        except ValueError as error:
            return str(error)
    return _of_one(text)


def first_of(text: str) -> str:
    """The first of the URLs of a pattern. ValueError if the pattern is not well formed."""
    parts: list[str] = []
    position = 0
    while position < len(text):
        char = text[position]
        if char == "\\" and text[position + 1 : position + 2] in tuple("{[}]"):
            taken, written = text[position + 1], 2
        elif char in "}]":
            raise ValueError(f"{text!r} has an unmatched {char}")
        elif char == "{":
            taken, written = _first_of_set(text, position)
        elif char == "[":
            taken, written = _first_of_range(text, position)
        else:
            taken, written = char, 1
        parts.append(taken)
        position += written
    return "".join(parts)


def _first_of_set(text: str, position: int) -> tuple[str, int]:
    match = _SET.match(text, position)
    if not match:
        raise ValueError(f"{text!r} has a brace that holds no set such as {{a,b}}")
    return match[0][1:-1].split(",")[0], len(match[0])


def _first_of_range(text: str, position: int) -> tuple[str, int]:
    """Also "[]", which stands for itself, and an IPv6 address, wherever it is."""
    if text.startswith("[]", position):
        return "[]", 2
    address = _V6.match(text, position)
    if address and _is_v6(address[1]):
        return address[0], len(address[0])
    match = _LETTERS.match(text, position) or _NUMBERS.match(text, position)
    if not match:
        raise ValueError(f"{text!r} has a bracket that holds no range such as [1-3]")
    first, last, step = match.groups()
    distance = ord(last) - ord(first) if first.isalpha() else int(last) - int(first)
    if (
        distance < 0
        or (first.isalpha() and distance > 25)
        or not 1 <= int(step or 1) <= max(distance, 1)
    ):
        raise ValueError(f"{text!r} has the bad range {match[0]}")
    return first, len(match[0])


def _of_one(text: str) -> str | None:
    if _JUNK.search(text):
        return f"{text!r} is not a URL: it has a blank or a control character"
    match = _SCHEME.match(text)
    if not match:
        return _of_authority(text, text)
    scheme, slashes = match["scheme"].lower(), match["slashes"]
    if scheme == "file":
        return None if _is_file(text[match.start("slashes") :]) else f"{text!r} names no file"
    if len(slashes) > 3:
        return f"{text!r} has too many slashes"
    return _of_authority(text[match.end() :], text) or (
        None if scheme in _SCHEMES else f"curl does not know the protocol {scheme!r}"
    )


def _is_file(rest: str) -> bool:
    if not rest.startswith("//"):
        return True
    host, slash, _ = rest[2:].partition("/")
    return bool(slash) and host.lower() in ("", "localhost", "127.0.0.1")


def _of_authority(rest: str, text: str) -> str | None:
    match = _AUTHORITY.fullmatch(re.split(r"[/?#]", rest, maxsplit=1)[0])
    if not match:
        return f"{text!r} is not a URL"
    v6, host, port = match["v6"], match["host"], match["port"]
    if v6 is not None and not _is_v6(v6):
        return f"{v6!r} is not an IPv6 address"
    if v6 is None and (not host or _NOT_IN_HOSTS.search(unquote(host))):
        return f"{host!r} is not the name of a host"
    if port and not (port.isascii() and port.isdigit() and int(port) <= 65535):
        return f"{port!r} is not a port"
    return None


def _is_v6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text.partition("%")[0])
    except ValueError:
        return False
    return True
