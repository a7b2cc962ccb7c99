"""The lab's FTP server: logins, and a data connection (passive mode) for listings and files."""

from __future__ import annotations

import asyncio

from .serve import Peer

FILES = {
    "README.txt": "Files of the lab. Nothing here is secret.\r\n",
    "backup.tar": "an empty archive\r\n",
    "users.csv": "id,login\r\n1,admin\r\n2,guest\r\n",
}
PATIENCE_S = 5.0  # for the client to open its data connection


class Session:
    """One control connection."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.user = ""
        self.inside = False
        self._data: _DataPort | None = None

    async def reply(self, verb: str, rest: str) -> None:
        match verb:
            case "USER":
                self.user = rest
                await self.peer.say("331 Please specify the password.\r\n")
            case "PASS":
                self.inside = self.peer.login("ftp", self.user, rest)
                said = "230 Login successful." if self.inside else "530 Login incorrect."
                await self.peer.say(f"{said}\r\n")
            case "SYST":
                await self.peer.say("215 UNIX Type: L8\r\n")
            case "FEAT":
                await self.peer.say("211-Features:\r\n EPSV\r\n PASV\r\n SIZE\r\n211 End\r\n")
            case "PASV" | "EPSV" | "LIST" | "NLST" | "RETR" | "SIZE" | "PWD" | "CWD" | "TYPE" if (
                not self.inside
            ):
                await self.peer.say("530 Please login with USER and PASS.\r\n")
            case "PWD":
                await self.peer.say('257 "/" is the current directory\r\n')
            case "CWD" | "TYPE":
                await self.peer.say("250 Done.\r\n" if verb == "CWD" else "200 Done.\r\n")
            case "PASV" | "EPSV":
                await self._open(verb)
            case "LIST" | "NLST":
                await self._send("".join(map(_row if verb == "LIST" else "{}\r\n".format, FILES)))
            case "RETR" | "SIZE":
                await self._file(verb, rest.rpartition("/")[2])
            case _:
                await self.peer.say("500 Unknown command.\r\n")

    async def _open(self, verb: str) -> None:
        self.close()
        self._data = await _DataPort.open(self.peer.address)
        port = self._data.port
        if verb == "EPSV":
            await self.peer.say(f"229 Entering Extended Passive Mode (|||{port}|)\r\n")
        else:
            numbers = f"{self.peer.address.replace('.', ',')},{port >> 8},{port & 0xFF}"
            await self.peer.say(f"227 Entering Passive Mode ({numbers}).\r\n")

    async def _file(self, verb: str, name: str) -> None:
        if name not in FILES:
            await self.peer.say("550 Failed to open file.\r\n")
        elif verb == "SIZE":
            await self.peer.say(f"213 {len(FILES[name])}\r\n")
        else:
            await self._send(FILES[name])

    async def _send(self, text: str) -> None:
        if self._data is None:
            await self.peer.say("425 Use PORT or PASV first.\r\n")
            return
        await self.peer.say("150 Here it comes.\r\n")
        sent = await self._data.send(text.encode())
        self.close()
        await self.peer.say("226 Transfer complete.\r\n" if sent else "425 No connection.\r\n")

    def close(self) -> None:
        if self._data:
            self._data.close()
        self._data = None


class _DataPort:
    """A port that waits for one connection, to send one thing over it."""

    def __init__(self) -> None:
        self._came: asyncio.Future[asyncio.StreamWriter] = (
            asyncio.get_running_loop().create_future()
        )
        self._server: asyncio.Server

    @classmethod
    async def open(cls, address: str) -> _DataPort:
        found = cls()
        found._server = await asyncio.start_server(found._accept, address, 0)
        return found

    @property
    def port(self) -> int:
        return int(self._server.sockets[0].getsockname()[1])

    async def _accept(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._came.done():
            writer.close()
        else:
            self._came.set_result(writer)

    async def send(self, data: bytes) -> bool:
        try:
            writer = await asyncio.wait_for(asyncio.shield(self._came), PATIENCE_S)
        except TimeoutError:
            return False
        writer.write(data)
        await writer.drain()
        return True

    def close(self) -> None:
        self._server.close()
        if self._came.done():
            self._came.result().close()


def _row(name: str) -> str:
    return f"-rw-r--r--    1 0        0        {len(FILES[name]):8} Jan 01  2026 {name}\r\n"


async def ftp(peer: Peer) -> None:
    session = Session(peer)
    await peer.say("220 (vsFTPd 3.0.3)\r\n")
    try:
        while True:
            verb, _, rest = (await peer.line()).partition(" ")
            if verb.upper() == "QUIT":
                await peer.say("221 Goodbye.\r\n")
                return
            await session.reply(verb.upper(), rest)
    finally:
        session.close()
