"""The pipe that lists shares: DCE/RPC with one call of the server service ([MS-SRVS] 3.1.4.8)."""

from __future__ import annotations

import struct

SHARES = (
    ("public", 0, "Files for everybody"),
    ("backup", 0, "Nightly backups"),
    ("IPC$", 0x80000003, "IPC Service"),
)
REQUEST, RESPONSE, FAULT, BIND, BIND_ACK = 0, 2, 3, 11, 12
SHARE_ENUM = 15
NDR = bytes.fromhex("045d888aeb1cc9119fe808002b10486002000000")  # the transfer syntax, version 2
NO_SUCH_CALL = 0x1C010002


def answer(packet: bytes) -> bytes:
    """The reply to one packet. ValueError if it is none that the pipe knows."""
    if len(packet) < 24 or packet[0] != 5:
        raise ValueError("not a packet of DCE/RPC's")
    kind, call = packet[2], packet[12:16]
    if kind == BIND:
        return _packet(BIND_ACK, call, _accepted(packet))
    if kind != REQUEST:
        raise ValueError("not a call")
    context = packet[20:22]
    if int.from_bytes(packet[22:24], "little") != SHARE_ENUM:
        return _packet(
            FAULT, call, bytes(4) + context + bytes(2) + struct.pack("<II", NO_SUCH_CALL, 0)
        )
    made = _shares()
    return _packet(RESPONSE, call, struct.pack("<I", len(made)) + context + bytes(2) + made)


def _packet(kind: int, call: bytes, body: bytes) -> bytes:
    head = struct.pack("<BBBBIHH", 5, 0, kind, 3, 0x10, 16 + len(body), 0)
    return head + call + body


def _accepted(packet: bytes) -> bytes:
    """Each proposed context: accepted if its transfer syntax is NDR."""
    body = struct.pack("<HHI", 4280, 4280, 1) + struct.pack("<H", 13) + b"\\PIPE\\srvsvc\0"
    body += bytes(-(len(body)) % 4)
    results, at = b"", 28
    for _ in range(packet[24] if len(packet) > 24 else 0):
        syntaxes = packet[at + 2] if len(packet) > at + 2 else 0
        offered = [packet[at + 24 + 20 * n : at + 44 + 20 * n] for n in range(syntaxes)]
        right = NDR in offered
        results += struct.pack("<HH", 0 if right else 2, 0 if right else 2)
        results += NDR if right else bytes(20)
        at += 24 + 20 * syntaxes
    return body + struct.pack("<BBH", len(results) // 24, 0, 0) + results


def _shares() -> bytes:
    """NetrShareEnum's reply at level 1, in NDR: level, array, its strings, total and status."""
    count = len(SHARES)
    made = struct.pack("<IIIIII", 1, 1, 0x20000, count, 0x20004, count)
    for number, (_, kind, _) in enumerate(SHARES):
        made += struct.pack("<III", 0x20008 + 8 * number, kind, 0x2000C + 8 * number)
    for name, _, comment in SHARES:
        made += _text(name) + _text(comment)
    return made + struct.pack("<III", count, 0, 0)


def _text(text: str) -> bytes:
    data = (text + "\0").encode("utf-16-le")
    count = len(text) + 1
    return struct.pack("<III", count, 0, count) + data + bytes(-len(data) % 4)
