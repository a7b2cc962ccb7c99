"""The lab's web server: HTTP/1.1 on many ports, a few known paths, an area that asks for a login,
a login form, and pages whose parameters are vulnerable."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from .database import Database
from .dns import HOSTS
from .record import MAX_BODY
from .serve import Peer

PAGES = json.loads((Path(__file__).parent / "site.json").read_text())
PRIVATE = "/private"
METHODS = "GET, HEAD, POST, OPTIONS"
LARGEST_BODY = 1 << 20  # bytes
MOST_HEADERS = 100
USER_FIELDS = {"user", "username", "login", "email", "log", "uname"}
PASSWORD_FIELDS = {"pass", "password", "pwd", "passwd"}
REASONS = {
    200: "OK", 301: "Moved Permanently", 302: "Found", 400: "Bad Request", 401: "Unauthorized",
    403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 500: "Internal Server Error",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    query: str
    version: str
    headers: dict[str, str]
    body: str


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    body: str = ""
    headers: tuple[tuple[str, str], ...] = ()


class Site:
    """`serve` is the service; one object for all ports. Each answer comes `delay_s` after its
    request; pages below `private` ask for basic authentication."""

    def __init__(self, private: str = PRIVATE, delay_s: float = 0.0) -> None:
        self._database = Database()
        self._private, self._delay_s = private, delay_s

    async def serve(self, peer: Peer) -> None:
        open_ = True
        while open_:
            request = await _read(peer)
            if request is None:
                await peer.say(_packed(Response(400), keep=False))
                return
            _note(request, peer)
            header = request.headers.get("connection", "").lower()
            open_ = request.version == "HTTP/1.1" and header != "close"
            open_ &= "transfer-encoding" not in request.headers
            response = self._respond(request, peer)
            if self._delay_s:
                await asyncio.sleep(self._delay_s)
            await peer.say(_packed(response, keep=open_, head=request.method == "HEAD"))

    def _respond(self, request: Request, peer: Peer) -> Response:
        allowed = _basic_login(request, peer)
        if request.path.startswith(self._private) and not allowed:
            return Response(401, "Login needed.", (("WWW-Authenticate", 'Basic realm="lab"'),))
        if request.method in ("OPTIONS", "TRACE", "CONNECT"):
            status = 200 if request.method == "OPTIONS" else 405
            return Response(status, "", (("Allow", METHODS),))
        fields = parse_qsl(request.query) + _form(request)
        if _is_login(dict(fields)):
            return _form_login(dict(fields), peer)
        if fields:
            parts = [self._database.page(value) for _, value in fields]
            return Response(max(status for status, _ in parts), "".join(text for _, text in parts))
        return _page(request.path, _without_port(request.headers.get("host", "")))


def _page(path: str, host: str) -> Response:
    """A known path, or one whose last part is known: /shop/admin is as good as /admin. A known
    virtual host has a home page of its own."""
    if path == "/" and host.split(".", maxsplit=1)[0] in HOSTS:
        return Response(200, f"<title>{host}</title><h1>This is {host}</h1>")
    page = PAGES.get(path) or PAGES.get("/" + path.rstrip("/").rsplit("/", 1)[-1])
    if page is None or path.startswith("//"):
        return Response(404, "<h1>Not found</h1>")
    headers = (("Location", page["location"]),) if "location" in page else ()
    return Response(page["status"], page.get("body", ""), headers)


async def _read(peer: Peer) -> Request | None:
    """The next request; None if what came is not HTTP. EOFError when the peer has gone."""
    # What is not HTTP is refused at the first byte or line: scanners wait for seconds otherwise.
    start = await peer.reader.readexactly(1)
    if not start.isalpha():
        return None
    parts = (start + await peer.reader.readuntil(b"\n")).decode("latin-1").split()
    if len(parts) != 3 or not parts[2].startswith("HTTP/"):
        return None
    lines = []
    while line := (await peer.reader.readuntil(b"\n")).decode("latin-1").strip():
        lines.append(line)
        if len(lines) > MOST_HEADERS:
            return None
    pairs = (line.split(":", 1) for line in lines if ":" in line)
    headers = {name.strip().lower(): value.strip() for name, value in pairs}
    length = headers.get("content-length", "0")
    size = min(int(length), LARGEST_BODY) if length.isdigit() else 0
    if size and headers.get("expect", "").lower() == "100-continue":
        await peer.say("HTTP/1.1 100 Continue\r\n\r\n")
    body = (await peer.reader.readexactly(size)).decode("utf-8", "replace")
    target = urlsplit(parts[1]) if "://" in parts[1] else None
    path, _, query = parts[1].partition("?")
    if target:  # the absolute form, as sent to a proxy
        path, query = target.path or "/", target.query
    return Request(parts[0], path, query, parts[2], headers, body)


def _packed(response: Response, *, keep: bool, head: bool = False) -> bytes:
    body = response.body.encode()
    headers = (
        ("Server", "nginx/1.22.1"),
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Length", str(len(body))),
        ("Connection", "keep-alive" if keep else "close"),
        *response.headers,
    )
    lines = [f"HTTP/1.1 {response.status} {REASONS[response.status]}"]
    lines += [f"{name}: {value}" for name, value in headers]
    return "\r\n".join([*lines, "", ""]).encode() + (b"" if head else body)


def _note(request: Request, peer: Peer) -> None:
    peer.record.http(
        address=peer.address,
        port=peer.port,
        host=_without_port(request.headers.get("host", "")),
        method=request.method,
        path=request.path,
        query=request.query,
        headers=request.headers,
        body=request.body[:MAX_BODY],
        tls=peer.tls,
    )


def _without_port(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdigit() else host).lower()


def _basic_login(request: Request, peer: Peer) -> bool | None:
    """None if the request carries no credentials."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, _, password = base64.b64decode(encoded).decode("utf-8", "replace").partition(":")
    except binascii.Error:
        return False
    return peer.login("http", user, password)


def _form(request: Request) -> list[tuple[str, str]]:
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return parse_qsl(request.body)
    return []


def _is_login(fields: dict[str, str]) -> bool:
    return bool(fields.keys() & USER_FIELDS and fields.keys() & PASSWORD_FIELDS)


def _form_login(fields: dict[str, str], peer: Peer) -> Response:
    user = next(value for name, value in fields.items() if name in USER_FIELDS)
    password = next(value for name, value in fields.items() if name in PASSWORD_FIELDS)
    if peer.login("http", user, password):
        return Response(302, "", (("Location", "/dashboard"),))
    return Response(200, "<p>Login failed: user or password incorrect.</p>")
