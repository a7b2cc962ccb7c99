"""What Go's url.Parse refuses.

    problem("127.0.0.1:8080") -> "the first path segment has a colon"

Source: go 1.19 src/net/url/url.go (parse, getScheme, parseAuthority, parseHost, unescape).
"""

from __future__ import annotations

import re

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_HOST = re.compile(
    r"(?:%25|%[89A-Fa-f][0-9A-Fa-f]|[A-Za-z0-9._~!$&'()*+,;=:\[\]<>\"-]|[^\x00-\x7f])*"
)
_USER = re.compile(r"(?:%[0-9A-Fa-f]{2}|[A-Za-z0-9._:~!$&'()*+,;=@-])*")
_PORT = re.compile(r"(?::\d*)?")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


def problem(text: str) -> str | None:
    """Why url.Parse returns an error; None if it does not."""
    if re.search(r"[\x00-\x1f\x7f]", text):
        return "it has a control character"
    rest, _, fragment = text.partition("#")
    if _BAD_ESCAPE.search(fragment):
        return "it has a bad % escape"
    if rest.startswith(":"):
        return "its scheme is missing"
    match = _SCHEME.match(rest)
    rest = rest[match.end() if match else 0 :].partition("?")[0]
    if not rest.startswith("/"):
        return None if match else _of_path(rest, rest.partition("/")[0])
    if rest.startswith("//") and (match or not rest.startswith("///")):
        authority, slash, path = rest[2:].partition("/")
        return _of_authority(authority) or _of_path(slash + path, "")
    return _of_path(rest, "")


def _of_path(path: str, first: str) -> str | None:
    if ":" in first:
        return "the first path segment has a colon"
    return "it has a bad % escape" if _BAD_ESCAPE.search(path) else None


def _of_authority(authority: str) -> str | None:
    user, at, host = authority.rpartition("@")
    if at and not _USER.fullmatch(user):
        return "its user has a character that must be escaped"
    if host.startswith("["):
        end = host.rfind("]")
        port = host[end + 1 :]
        if end < 0:
            return "its bracket is not closed"
    else:
        port = host[host.rfind(":") :] if ":" in host else ""
    if not _PORT.fullmatch(port):
        return f"{port!r} is not a port"
    if not _HOST.fullmatch(host if not host.startswith("[") else host.partition("%25")[0]):
        return f"{host!r} is not the name of a host"
    return None
