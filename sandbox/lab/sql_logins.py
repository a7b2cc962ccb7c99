"""The lab's databases as far as the login: MySQL and PostgreSQL.

MySQL's clients never send a password, only a hash of it; see `hidden.revealed`.
"""

from __future__ import annotations

import hashlib
import struct

from .hidden import revealed
from .serve import Peer

LONGEST_PACKET = 1 << 16
SALT = b"labsaltlabsaltlabsal"  # of twenty bytes; the same for all, so that nothing is random
MYSQL_VERSION = b"5.5.5-10.11.6-MariaDB-0+deb12u1\0"  # as Debian's greets: medusa wants a 5
MYSQL_FLAGS = 0x000AA20D  # long password and flags, connect with database, protocol 4.1, plugins
SSL_REQUEST, GSS_REQUEST, PROTOCOL_3 = 80877103, 80877104, 196608


async def mysql(peer: Peer) -> None:
    """Protocol 10 with mysql_native_password; after a login every statement is refused."""
    flags = struct.pack("<H", MYSQL_FLAGS & 0xFFFF)
    greeting = b"\x0a" + MYSQL_VERSION + struct.pack("<I", 1) + SALT[:8] + b"\0" + flags
    greeting += struct.pack("<BHHB", 45, 2, MYSQL_FLAGS >> 16, 21) + bytes(10) + SALT[8:] + b"\0"
    await peer.say(_mysql_packet(0, greeting + b"mysql_native_password\0"))
    number, login = await _mysql_read(peer)
    if len(login) <= 32:  # not a login: hydra first looks who is there
        return
    user_, _, rest = login[32:].partition(b"\0")
    user, response = user_.decode("utf-8", "replace"), rest[1 : 1 + rest[0]] if rest else b""
    password = revealed(user, lambda word: _mysql_response(word) == response)
    if not peer.login("mysql", user, password):
        await peer.say(_mysql_error(number + 1, 1045, b"28000", f"Access denied for user '{user}'"))
        return
    await peer.say(_mysql_packet(number + 1, b"\0\0\0\x02\0\0\0"))
    while (command := await _mysql_read(peer))[1][:1] not in (b"", b"\x01"):  # 1: quit
        await peer.say(_mysql_error(command[0] + 1, 1227, b"42000", "Access denied"))


def _mysql_packet(number: int, content: bytes) -> bytes:
    return len(content).to_bytes(3, "little") + bytes([number & 0xFF]) + content


def _mysql_error(number: int, code: int, state: bytes, text: str) -> bytes:
    content = b"\xff" + struct.pack("<H", code) + b"#" + state + text.encode()
    return _mysql_packet(number, content)


async def _mysql_read(peer: Peer) -> tuple[int, bytes]:
    head = await peer.reader.readexactly(4)
    size = int.from_bytes(head[:3], "little")
    if size > LONGEST_PACKET:
        raise ValueError("not a packet of MySQL's")
    return head[3], await peer.reader.readexactly(size)


def _mysql_response(password: str) -> bytes:
    """SHA1(password) xor SHA1(salt + SHA1(SHA1(password))); an empty password has none."""
    if not password:
        return b""
    once = hashlib.sha1(password.encode()).digest()
    mask = hashlib.sha1(SALT + hashlib.sha1(once).digest()).digest()
    return bytes(a ^ b for a, b in zip(once, mask, strict=True))


async def postgresql(peer: Peer) -> None:
    """Protocol 3 with a password in clear text; after a login every statement is refused."""
    code, content = await _postgres_start(peer)
    while code in (SSL_REQUEST, GSS_REQUEST):
        await peer.say(b"N")
        code, content = await _postgres_start(peer)
    if code != PROTOCOL_3:
        await peer.say(_postgres_error("0A000", "unsupported frontend protocol"))
        return
    words = content.decode("utf-8", "replace").split("\0")
    user = dict(zip(words[::2], words[1::2], strict=False)).get("user", "")
    await peer.say(_postgres_message(b"R", struct.pack("!I", 3)))
    kind, secret = await _postgres_read(peer)
    if kind != b"p":
        return
    if not peer.login("postgresql", user, secret.rstrip(b"\0").decode("utf-8", "replace")):
        text = f'password authentication failed for user "{user}"'
        await peer.say(_postgres_error("28P01", text))
        return
    settings = (b"server_version\x0015.13\0", b"client_encoding\0UTF8\0")
    await peer.say(_postgres_message(b"R", bytes(4)))
    await peer.say(b"".join(_postgres_message(b"S", setting) for setting in settings))
    ready = _postgres_message(b"Z", b"I")
    await peer.say(ready)
    while (await _postgres_read(peer))[0] != b"X":
        await peer.say(_postgres_error("42501", "permission denied", fatal=False) + ready)


def _postgres_message(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack("!I", len(content) + 4) + content


def _postgres_error(code: str, text: str, *, fatal: bool = True) -> bytes:
    fields = ("S" + ("FATAL" if fatal else "ERROR"), f"C{code}", f"M{text}", "")
    return _postgres_message(b"E", "".join(f"{field}\0" for field in fields).encode())


async def _postgres_start(peer: Peer) -> tuple[int, bytes]:
    """The first message, which has a length and a code and no letter."""
    content = await _sized(peer)
    return int.from_bytes(content[:4], "big"), content[4:]


async def _postgres_read(peer: Peer) -> tuple[bytes, bytes]:
    return await peer.reader.readexactly(1), await _sized(peer)


async def _sized(peer: Peer) -> bytes:
    size = int.from_bytes(await peer.reader.readexactly(4), "big") - 4
    if not 0 <= size <= LONGEST_PACKET:
        raise ValueError("not a message of PostgreSQL's")
    return await peer.reader.readexactly(size)
