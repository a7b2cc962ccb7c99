"""NTLM version 2 as a server sees it ([MS-NLMP]): a challenge, and the password that answered."""

from __future__ import annotations

import hmac
import struct
from dataclasses import dataclass

from .hidden import HIDDEN, revealed

SIGNATURE = b"NTLMSSP\0"
NEGOTIATE, CHALLENGE, AUTHENTICATE = 1, 2, 3
SERVER_CHALLENGE = b"labsalt!"
# Unicode, target, sign, NTLM, always sign, server, extended security, target info, 128 and 56 bits
FLAGS = 0xA08A8215
DOMAIN, COMPUTER = "CORP", "FILES"
MASK = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Answer:
    """What a client answered: its user, the password behind it, and the session's key (empty for
    nobody)."""

    user: str
    password: str
    key: bytes


def message_in(blob: bytes) -> bytes:
    """The NTLM message in a SPNEGO token; nothing if it holds another mechanism's."""
    at = blob.find(SIGNATURE)
    return blob[at:] if at >= 0 else b""


def challenge() -> bytes:
    """The second message."""
    name = DOMAIN.encode("utf-16-le")
    pairs = ((2, DOMAIN), (1, COMPUTER), (4, "corp.lab"), (3, "files.corp.lab"))
    info = b"".join(
        struct.pack("<HH", kind, 2 * len(text)) + text.encode("utf-16-le") for kind, text in pairs
    ) + bytes(4)
    head = SIGNATURE + struct.pack("<I", CHALLENGE) + _field(name, 48)
    head += struct.pack("<I", FLAGS) + SERVER_CHALLENGE + bytes(8) + _field(info, 48 + len(name))
    return head + name + info


def answer(message: bytes) -> Answer:
    """The third message, read. ValueError if it is cut short."""
    if len(message) < 64:
        raise ValueError("not an answer to a challenge")
    response, domain, user = (_content(message, at) for at in (20, 28, 36))
    name = user.decode("utf-16-le", "replace")
    if len(response) < 16:
        return Answer(name, "", b"")
    proof, rest = response[:16], response[16:]
    identity = (name.upper() + domain.decode("utf-16-le", "replace")).encode("utf-16-le")

    def key_of(password: str) -> bytes:
        return hmac.digest(md4(password.encode("utf-16-le")), identity, "md5")

    password = revealed(
        name, lambda word: hmac.digest(key_of(word), SERVER_CHALLENGE + rest, "md5") == proof
    )
    key = b"" if password == HIDDEN else hmac.digest(key_of(password), proof, "md5")
    return Answer(name, password, key)


def _field(content: bytes, offset: int) -> bytes:
    return struct.pack("<HHI", len(content), len(content), offset)


def _content(message: bytes, at: int) -> bytes:
    size, _, offset = struct.unpack_from("<HHI", message, at)
    return message[offset : offset + size]


def md4(data: bytes) -> bytes:
    """RFC 1320, which OpenSSL no longer offers and NTLM is made of."""
    padded = data + b"\x80" + bytes((55 - len(data)) % 64) + struct.pack("<Q", 8 * len(data))
    state = [0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476]
    for start in range(0, len(padded), 64):
        words = struct.unpack_from("<16I", padded, start)
        state = [(x + y) & MASK for x, y in zip(state, _rounds(state, words), strict=True)]
    return struct.pack("<4I", *state)


def _rounds(state: list[int], words: tuple[int, ...]) -> list[int]:
    a, b, c, d = state
    for step in range(48):
        number, place = divmod(step, 16)
        if number == 0:
            mixed, added, index, turn = b & c | ~b & d, 0, place, (3, 7, 11, 19)
        elif number == 1:
            index, turn = place % 4 * 4 + place // 4, (3, 5, 9, 13)
            mixed, added = b & c | b & d | c & d, 0x5A827999
        else:
            index, turn = int(f"{place:04b}"[::-1], 2), (3, 9, 11, 15)
            mixed, added = b ^ c ^ d, 0x6ED9EBA1
        total = (a + (mixed & MASK) + words[index] + added) & MASK
        by = turn[step % 4]
        a, b, c, d = d, (total << by | total >> 32 - by) & MASK, b, c
    return [a, b, c, d]
