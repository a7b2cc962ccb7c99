"""The lab's SSH server as far as the login: key exchange, and passwords that are written down.

RFC 4253 (transport) and 4252 (login) with one algorithm of each kind, which every client has; the
numbers that would be random are not. After a login every channel is refused.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
from dataclasses import dataclass, field
from functools import cache

from .libcrypto import Aes128Ctr, SigningKey
from .serve import Peer

BANNER = "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3"
DISCONNECT, IGNORE, UNIMPLEMENTED, DEBUG, SERVICE_REQUEST, SERVICE_ACCEPT = 1, 2, 3, 4, 5, 6
KEXINIT, NEWKEYS, DH_INIT, DH_REPLY = 20, 21, 30, 31
LOGIN, REFUSED, WELCOME, GLOBAL, GLOBAL_REFUSED, OPEN, OPEN_REFUSED = 50, 51, 52, 80, 82, 90, 92
MOST_LOGINS = 6  # of one connection, as OpenSSH has it
LONGEST_PACKET = 35_000
# RFC 3526, 3: the 2048-bit group
PRIME = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"
    "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F"
    "83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B"
    "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510"
    "15728E5A8AACAA68FFFFFFFFFFFFFFFF",
    16,
)
EXCHANGES = {
    b"diffie-hellman-group14-sha256": hashlib.sha256,
    b"diffie-hellman-group14-sha1": hashlib.sha1,
}
# Key exchange, host key, cipher, MAC and compression of both directions, language (RFC 4253, 7.1)
HOST_KEY = b"ssh-ed25519"
PROPOSED = (b",".join(EXCHANGES), HOST_KEY, b"aes128-ctr", b"aes128-ctr", b"hmac-sha2-256",
            b"hmac-sha2-256", b"none", b"none", b"", b"")  # fmt: skip
SECRET = int.from_bytes(hashlib.sha512(b"lab: key exchange").digest(), "big")


@cache
def _host_key() -> SigningKey:
    return SigningKey(hashlib.sha256(b"lab: host key").digest())


def _string(data: bytes) -> bytes:
    return struct.pack("!I", len(data)) + data


def _integer(number: int) -> bytes:
    return _string(number.to_bytes(number.bit_length() // 8 + 1, "big") if number else b"")


def _take(data: bytes) -> tuple[bytes, bytes]:
    """The string in front, and the rest. ValueError if it is cut short."""
    size = int.from_bytes(data[:4], "big")
    if len(data) < 4 + size:
        raise ValueError("the packet is cut short")
    return data[4 : 4 + size], data[4 + size :]


def _proposal() -> bytes:
    return bytes([KEXINIT]) + bytes(16) + b"".join(map(_string, PROPOSED)) + bytes(5)


def _agreed(theirs: bytes) -> bytes:
    """The key exchange that both sides have. ValueError without one, or without a host key in
    common; where the rest differs a client that only came for the host key has it by then."""
    exchanges, rest = _take(theirs[17:])
    found = next((name for name in exchanges.split(b",") if name in EXCHANGES), None)
    if theirs[0] != KEXINIT or found is None or HOST_KEY not in _take(rest)[0].split(b","):
        raise ValueError("nothing in common")
    return found


@dataclass
class _Direction:
    """Cipher, MAC key and packet count of one direction."""

    cipher: Aes128Ctr | None = None
    key: bytes = b""
    count: int = 0

    def mac(self, packet: bytes) -> bytes:
        """Of the packet whose turn it is, in clear; counts it."""
        made = hmac.digest(self.key, struct.pack("!I", self.count) + packet, "sha256")
        self.count = (self.count + 1) & 0xFFFFFFFF
        return made if self.cipher else b""


@dataclass
class Session:
    """One connection's transport layer."""

    peer: Peer
    coming: _Direction = field(default_factory=_Direction)
    going: _Direction = field(default_factory=_Direction)

    async def read(self) -> bytes:
        """The payload of the next packet that is no filler. ValueError if it was tampered with."""
        payload = bytes([IGNORE])
        while payload[0] in (IGNORE, UNIMPLEMENTED, DEBUG):
            payload = await self._packet()
        return payload

    async def _packet(self) -> bytes:
        block = 16 if self.coming.cipher else 8
        head = self._clear(await self.peer.reader.readexactly(block))
        size = int.from_bytes(head[:4], "big")
        if not block - 4 <= size <= LONGEST_PACKET or (size + 4) % block:
            raise ValueError("not a packet of SSH's")
        packet = head + self._clear(await self.peer.reader.readexactly(size + 4 - block))
        mac = self.coming.mac(packet)
        if mac != await self.peer.reader.readexactly(len(mac)):
            raise ValueError("a packet was tampered with")
        payload = packet[5 : 4 + size - packet[4]]
        if not payload:
            raise ValueError("an empty packet")
        return payload

    def _clear(self, data: bytes) -> bytes:
        return self.coming.cipher(data) if self.coming.cipher and data else data

    async def send(self, payload: bytes) -> None:
        block = 16 if self.going.cipher else 8
        padding = block - (len(payload) + 5) % block
        padding += block if padding < 4 else 0
        packet = struct.pack("!IB", len(payload) + 1 + padding, padding) + payload + bytes(padding)
        mac = self.going.mac(packet)
        await self.peer.say((self.going.cipher(packet) if self.going.cipher else packet) + mac)

    async def exchange_keys(self, their_banner: bytes) -> None:
        """From both proposals to encrypted packets."""
        ours = _proposal()
        await self.send(ours)
        theirs = await self.read()
        digest = EXCHANGES[_agreed(theirs)]
        start = await self.read()
        if start[0] != DH_INIT:
            raise ValueError("no key exchange")
        public = int.from_bytes(_take(start[1:])[0], "big")
        if not 1 < public < PRIME - 1:
            raise ValueError("not a public value")
        mine, shared = pow(2, SECRET, PRIME), _integer(pow(public, SECRET, PRIME))
        key = _string(HOST_KEY) + _string(_host_key().public)
        facts = (their_banner, BANNER.encode(), theirs, ours, key)
        numbers = _integer(public) + _integer(mine) + shared
        session = digest(b"".join(map(_string, facts)) + numbers).digest()
        signature = _string(HOST_KEY) + _string(_host_key().sign(session))
        await self.send(bytes([DH_REPLY]) + _string(key) + _integer(mine) + _string(signature))
        await self.send(bytes([NEWKEYS]))
        if (await self.read())[0] != NEWKEYS:
            raise ValueError("no new keys")

        def derived(letter: bytes, size: int) -> bytes:
            made = digest(shared + session + letter + session).digest()
            while len(made) < size:
                made += digest(shared + session + made).digest()
            return made[:size]

        self.coming.cipher = Aes128Ctr(derived(b"C", 16), derived(b"A", 16))
        self.going.cipher = Aes128Ctr(derived(b"D", 16), derived(b"B", 16))
        self.coming.key, self.going.key = derived(b"E", 32), derived(b"F", 32)

    async def reply(self, message: bytes) -> bool:
        """Answer one message; whether it was a login that failed."""
        kind, rest = message[0], message[1:]
        if kind == SERVICE_REQUEST:
            await self.send(bytes([SERVICE_ACCEPT]) + _string(_take(rest)[0]))
        elif kind == LOGIN:
            user, rest = _take(rest)
            _, rest = _take(rest)
            method, rest = _take(rest)
            if method == b"password" and self._login(user, _take(rest[1:])[0]):
                await self.send(bytes([WELCOME]))
            else:
                await self.send(bytes([REFUSED]) + _string(b"password") + b"\0")
                return method == b"password"
        elif kind == GLOBAL and _take(rest)[1][:1] == b"\1":
            await self.send(bytes([GLOBAL_REFUSED]))
        elif kind == OPEN:
            number = _take(rest)[1][:4]
            refusal = number + struct.pack("!I", 1) + _string(b"not in the lab") + _string(b"")
            await self.send(bytes([OPEN_REFUSED]) + refusal)
        elif kind != GLOBAL:
            await self.send(bytes([UNIMPLEMENTED]) + struct.pack("!I", self.coming.count - 1))
        return False

    def _login(self, user: bytes, password: bytes) -> bool:
        words = (word.decode("utf-8", "replace") for word in (user, password))
        return self.peer.login("ssh", *words)

    def close(self) -> None:
        for direction in (self.coming, self.going):
            if direction.cipher:
                direction.cipher.close()


async def ssh(peer: Peer) -> None:
    await peer.say(f"{BANNER}\r\n")
    banner = (await peer.line()).encode()
    if not banner.startswith((b"SSH-2.0-", b"SSH-1.99-")):
        await peer.say("Invalid SSH identification string.\r\n")
        return
    session = Session(peer)
    try:
        await session.exchange_keys(banner)
        failed = 0
        while failed < MOST_LOGINS and (message := await session.read())[0] != DISCONNECT:
            failed += await session.reply(message)
    finally:
        session.close()
