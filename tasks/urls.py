"""Equality of URLs: RFC 3986 section 6.2, syntax, case and scheme based normalisation."""

from __future__ import annotations

import re
from functools import lru_cache

_URL = re.compile(
    r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://)?"
    r"(?:(?P<user>[^/?#@]*)@)?"
    r"(?P<host>\[[0-9A-Fa-f:.%]+\]|[^/?#:@]*)"
    r"(?::(?P<port>[^/?#]*))?"
    r"(?P<path>/[^?#]*)?(?P<query>\?[^#]*)?(?P<fragment>#.*)?",
    re.DOTALL,
)
_DEFAULT_PORTS = {"http": 80, "https": 443, "ftp": 21, "ftps": 990, "dict": 2628, "telnet": 23}
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


@lru_cache(maxsize=65536)
def url_text(text: str) -> str:
    """The normal form of a URL without its fragment, which no client sends. Raises ValueError.

    Without a scheme it is http, as curl, gobuster and sqlmap take it.
    """
    match = _URL.fullmatch(text)
    if not match or not match["host"] or re.search(r"\s", text):
        raise ValueError(f"{text!r} is not a URL")
    scheme = (match["scheme"] or "http").lower()
    port = match["port"] or ""
    # A port may also be a fuzzing keyword, which is left as it is.
    if port.isdigit():
        if int(port) > 65535:
            raise ValueError(f"port {port} is above 65535")
        port = "" if int(port) == _DEFAULT_PORTS.get(scheme) else str(int(port))
    elif port and not port.isalpha():
        raise ValueError(f"{port!r} is not a port")
    host = _host(match["host"])
    user = f"{match['user']}@" if match["user"] is not None else ""
    authority = user + host + (f":{port}" if port else "")
    path = _escapes(_without_dots(match["path"] or "/"))
    return f"{scheme}://{authority}{path}{_escapes(match['query'] or '')}"


def _host(host: str) -> str:
    """Lower case, but for the fuzzing keyword FUZZ, which is case-sensitive."""
    return "FUZZ".join(part.lower() for part in host.split("FUZZ"))


def _escapes(text: str) -> str:
    """Escapes in upper case; unreserved characters unescaped (RFC 3986 6.2.2.1 and 6.2.2.2)."""

    def replace(match: re.Match[str]) -> str:
        char = chr(int(match[1], 16))
        return char if char in _UNRESERVED else match[0].upper()

    return _ESCAPE.sub(replace, text)


def _without_dots(path: str) -> str:
    """RFC 3986 5.2.4 for an absolute path."""
    kept: list[str] = []
    parts = path.split("/")[1:]
    for index, part in enumerate(parts):
        last = index == len(parts) - 1
        if part == "..":
            kept = kept[:-1]
        elif part != ".":
            kept.append(part)
        if last and part in (".", ".."):
            kept.append("")
    return "/" + "/".join(kept)
