"""The lab's SMB server, dialect 2.1: logins by NTLM, and the list of its shares ([MS-SMB2]).

As far as `smbclient -L` goes. The shares are there and nobody may open them.
"""

from __future__ import annotations

import hmac
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from . import ntlm, srvsvc
from .serve import Peer

(NEGOTIATE, SESSION_SETUP, LOGOFF, TREE_CONNECT, TREE_DISCONNECT, CREATE, CLOSE) = range(7)
READ, WRITE, IOCTL, ECHO = 8, 9, 11, 13
SUCCESS, MORE, DENIED = 0, 0xC0000016, 0xC0000022
LOGIN_FAILED, NO_SUCH_SHARE, NO_SUCH_FILE = 0xC000006D, 0xC00000CC, 0xC0000034
NOT_SUPPORTED, NO_SESSION = 0xC00000BB, 0xC0000203
TRANSCEIVE = 0x0011C017
DIALECT, ANY_DIALECT = 0x0210, 0x02FF
FROM_SERVER, SIGNED = 1, 8
NULL_SESSION = 2
LARGEST = 1 << 16
NTLM = bytes.fromhex("060a2b06010401823702020a")  # its object identifier, encoded
SPNEGO = bytes.fromhex("06062b0601050502")
FILE_ID = b"lab: the pipe :)"


def _der(tag: int, content: bytes) -> bytes:
    size = len(content)
    head = bytes([size]) if size < 0x80 else b"\x82" + size.to_bytes(2, "big")
    return bytes([tag]) + head + content


OFFER = _der(0x60, SPNEGO + _der(0xA0, _der(0x30, _der(0xA0, _der(0x30, NTLM)))))


def _token(state: int, message: bytes = b"") -> bytes:
    """SPNEGO's reply (RFC 4178): 0 is done, 1 goes on."""
    parts = _der(0xA0, bytes([0x0A, 1, state])) + (_der(0xA1, NTLM) if state else b"")
    parts += _der(0xA2, _der(0x04, message)) if message else b""
    return _der(0xA1, _der(0x30, parts))


@dataclass
class Session:
    """One connection."""

    peer: Peer
    key: bytes = b""
    inside: bool = False
    output: bytes = b""  # what the pipe has to say

    def reply(self, packet: bytes) -> bytes:
        """The answer to one request. ValueError if it is none."""
        if packet[:4] == b"\xffSMB" and b"SMB 2." in packet:  # an old client that may speak SMB 2
            body = self._negotiated(ANY_DIALECT if b"SMB 2.???" in packet else 0x0202)
            return self._packed(NEGOTIATE, SUCCESS, body, bytes(64))
        if packet[:4] != b"\xfeSMB" or len(packet) < 68:
            raise ValueError("not a request of SMB 2")
        command = int.from_bytes(packet[12:14], "little")
        handle = HANDLERS.get(command)
        if handle is None:
            status, body = NOT_SUPPORTED, b""
        elif not self.inside and command > SESSION_SETUP:
            status, body = NO_SESSION, b""
        else:
            status, body = handle(self, packet)
        return self._packed(command, status, body or struct.pack("<HHIB", 9, 0, 0, 0), packet)

    def _packed(self, command: int, status: int, body: bytes, request: bytes) -> bytes:
        session = 1 if command else 0
        flags = FROM_SERVER | (SIGNED if self.key else 0)
        head = b"\xfeSMB" + struct.pack("<HHIHHII", 64, 0, status, command, 32, flags, 0)
        head += request[24:32] + request[32:36] + struct.pack("<IQ", 1, session)
        message = head + bytes(16) + body
        if self.key:
            message = head + hmac.digest(self.key, message, "sha256")[:16] + body
        return message

    def _negotiated(self, dialect: int) -> bytes:
        sizes = struct.pack("<III", LARGEST, LARGEST, LARGEST)
        body = struct.pack("<HHHH", 65, 1, dialect, 0) + bytes(16) + bytes(4) + sizes + bytes(16)
        return body + struct.pack("<HHI", 128, len(OFFER), 0) + OFFER

    def negotiate(self, packet: bytes) -> tuple[int, bytes]:
        count = int.from_bytes(packet[66:68], "little")
        offered = struct.unpack_from(f"<{min(count, 8)}H", packet, 100)
        known = [dialect for dialect in offered if dialect <= DIALECT]
        return (SUCCESS, self._negotiated(max(known))) if known else (NOT_SUPPORTED, b"")

    def set_up(self, packet: bytes) -> tuple[int, bytes]:
        """Two rounds: a challenge, and its answer."""
        at, size = struct.unpack_from("<HH", packet, 76)
        message = ntlm.message_in(packet[at : at + size])
        if message[8:9] != bytes([ntlm.AUTHENTICATE]):
            return MORE, self._session(_token(1, ntlm.challenge() if message else b""))
        found = ntlm.answer(message)
        nobody = not found.user
        if nobody:
            self.inside = self.peer.record.login(
                "smb", self.peer.address, self.peer.port, ("", ""), accepted=""
            )
        else:
            self.inside = self.peer.login("smb", found.user, found.password)
        if not self.inside:
            return LOGIN_FAILED, b""
        self.key = found.key
        return SUCCESS, self._session(_token(0), NULL_SESSION if nobody else 0)

    def _session(self, token: bytes, flags: int = 0) -> bytes:
        return struct.pack("<HHHH", 9, flags, 72, len(token)) + token

    def connect(self, packet: bytes) -> tuple[int, bytes]:
        at, size = struct.unpack_from("<HH", packet, 68)
        share = packet[at : at + size].decode("utf-16-le", "replace").rpartition("\\")[2].upper()
        if share == "IPC$":
            return SUCCESS, struct.pack("<HBBIII", 16, 2, 0, 0, 0, 0x1F01FF)
        known = {name.upper() for name, _, _ in srvsvc.SHARES}
        return (DENIED if share in known else NO_SUCH_SHARE), b""

    def create(self, packet: bytes) -> tuple[int, bytes]:
        at, size = struct.unpack_from("<HH", packet, 108)
        if packet[at : at + size].decode("utf-16-le", "replace").lower() != "srvsvc":
            return NO_SUCH_FILE, b""
        self.output = b""
        return SUCCESS, struct.pack("<HBBI", 89, 0, 0, 1) + bytes(48) + struct.pack(
            "<II", 0x80, 0
        ) + FILE_ID + bytes(8)

    def write(self, packet: bytes) -> tuple[int, bytes]:
        at, size = struct.unpack_from("<HI", packet, 66)
        self.output = srvsvc.answer(packet[at : at + size])
        return SUCCESS, struct.pack("<HHIIHHB", 17, 0, size, 0, 0, 0, 0)

    def read(self, _: bytes) -> tuple[int, bytes]:
        said, self.output = self.output, b""
        return SUCCESS, struct.pack("<HBBIII", 17, 80, 0, len(said), 0, 0) + said

    def control(self, packet: bytes) -> tuple[int, bytes]:
        code, at, size = struct.unpack_from("<I16xII", packet, 68)
        if code != TRANSCEIVE:
            return NOT_SUPPORTED, b""
        said = srvsvc.answer(packet[at : at + size])
        body = struct.pack("<HHI", 49, 0, code) + FILE_ID
        return SUCCESS, body + struct.pack("<IIIIII", 112, 0, 112, len(said), 0, 0) + said

    def close(self, _: bytes) -> tuple[int, bytes]:
        return SUCCESS, struct.pack("<H", 60) + bytes(58)

    def done(self, _: bytes) -> tuple[int, bytes]:
        return SUCCESS, struct.pack("<HH", 4, 0)


HANDLERS: Mapping[int, Callable[[Session, bytes], tuple[int, bytes]]] = {
    NEGOTIATE: Session.negotiate,
    SESSION_SETUP: Session.set_up,
    LOGOFF: Session.done,
    TREE_CONNECT: Session.connect,
    TREE_DISCONNECT: Session.done,
    CREATE: Session.create,
    CLOSE: Session.close,
    READ: Session.read,
    WRITE: Session.write,
    IOCTL: Session.control,
    ECHO: Session.done,
}


async def smb(peer: Peer) -> None:
    session = Session(peer)
    while head := await peer.reader.readexactly(4):
        size = int.from_bytes(head[1:], "big")
        if head[0] or not 32 <= size <= LARGEST:
            return
        try:
            answer = session.reply(await peer.reader.readexactly(size))
        except struct.error:
            return
        await peer.say(len(answer).to_bytes(4, "big") + answer)
