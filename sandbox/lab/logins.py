"""The lab's services that ask for a user and a password line by line.

Their banners are those of well-known programs, so that `nmap -sV` knows them at once.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
import shlex

from .serve import Peer


async def pop3(peer: Peer) -> None:
    user = ""
    await peer.say("+OK Dovecot (Debian) ready.\r\n")
    while True:
        verb, _, rest = (await peer.line()).partition(" ")
        match verb.upper():
            case "CAPA":
                await peer.say("+OK\r\nUSER\r\n.\r\n")
            case "USER":
                user = rest
                await peer.say("+OK\r\n")
            case "PASS" if peer.login("pop3", user, rest):
                await peer.say("+OK Logged in.\r\n")
            case "PASS":
                await peer.say("-ERR [AUTH] Authentication failed.\r\n")
            case "QUIT":
                await peer.say("+OK Logging out.\r\n")
                return
            case _:
                await peer.say("-ERR Unknown command.\r\n")


async def imap(peer: Peer) -> None:
    await peer.say("* OK [CAPABILITY IMAP4rev1 ID ENABLE] Dovecot ready.\r\n")
    while True:
        tag, verb, *rest = [*shlex.split(await peer.line()), "", ""]
        match verb.upper():
            case "CAPABILITY":
                await peer.say(f"* CAPABILITY IMAP4rev1\r\n{tag} OK done.\r\n")
            case "LOGIN" if peer.login("imap", rest[0], rest[1]):
                await peer.say(f"{tag} OK Logged in.\r\n")
            case "LOGIN":
                await peer.say(f"{tag} NO [AUTHENTICATIONFAILED] Authentication failed.\r\n")
            case "LOGOUT":
                await peer.say(f"* BYE Logging out\r\n{tag} OK done.\r\n")
                return
            case _:
                await peer.say(f"{tag or '*'} BAD Unknown command.\r\n")


async def smtp(peer: Peer) -> None:
    await peer.say("220 mail.lab.test ESMTP Postfix (Debian/GNU)\r\n")
    while True:
        verb, _, rest = (await peer.line()).partition(" ")
        match verb.upper():
            case "EHLO":
                await peer.say("250-mail.lab.test\r\n250 AUTH LOGIN PLAIN\r\n")
            case "AUTH":
                user, password = await _smtp_credentials(peer, rest)
                if peer.login("smtp", user, password):
                    await peer.say("235 2.7.0 Authentication successful\r\n")
                else:
                    await peer.say("535 5.7.8 Error: authentication failed\r\n")
            case "DATA":
                await peer.say("354 End data with <CR><LF>.<CR><LF>\r\n")
                while await peer.line() != ".":
                    pass
                await peer.say("250 2.0.0 Ok: queued as 4F1A2B3C\r\n")
            case "HELO" | "MAIL" | "RCPT" | "RSET" | "NOOP":
                await peer.say("250 2.0.0 Ok\r\n")
            case "VRFY":
                await peer.say(f"252 2.0.0 {rest}\r\n")
            case "QUIT":
                await peer.say("221 2.0.0 Bye\r\n")
                return
            case _:
                await peer.say("502 5.5.2 Error: command not recognized\r\n")


async def _smtp_credentials(peer: Peer, method: str) -> tuple[str, str]:
    """User and password by AUTH PLAIN or AUTH LOGIN (RFC 4954)."""
    name, _, initial = method.partition(" ")
    if name.upper() == "PLAIN":
        if not initial:
            await peer.say("334 \r\n")
            initial = await peer.line()
        _, user, password = (_decoded(initial) + "\0\0").split("\0")[:3]
        return user, password
    answers = []
    for prompt in ("334 VXNlcm5hbWU6\r\n", "334 UGFzc3dvcmQ6\r\n"):
        await peer.say(prompt)
        answers.append(_decoded(await peer.line()))
    return answers[0], answers[1]


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text).decode("utf-8", "replace")
    except binascii.Error:
        return ""


async def telnet(peer: Peer) -> None:
    await peer.say(b"\xff\xfd\x18\xff\xfd\x20\xff\xfd\x23\xff\xfd\x27")  # as Linux telnetd asks
    await asyncio.sleep(0.2)  # it, too, then waits for the answers
    for _ in range(3):
        await peer.say("login: ")
        user = await _telnet_line(peer)
        await peer.say("Password: ")
        if peer.login("telnet", user, await _telnet_line(peer)):
            await peer.say("\r\nLast login: Thu Jan  1 00:00:00\r\n$ ")
            await _telnet_line(peer)
            return
        await peer.say("\r\nLogin incorrect\r\n")


async def _telnet_line(peer: Peer) -> str:
    """A line up to its end, which is CR LF or CR NUL, without option negotiation (RFC 854)."""
    line = await peer.reader.readuntil(b"\r")
    await peer.reader.readexactly(1)
    return re.sub(rb"\xff[\xfb-\xfe].", b"", line[:-1], flags=re.S).decode("utf-8", "replace")


async def redis(peer: Peer) -> None:
    """The protocol's replies (RESP2) to a login, and to what a look around asks for after one."""
    allowed = False
    while True:
        verb, *rest = [*await _redis_command(peer), ""]
        match verb.upper():
            case "AUTH" if len(rest) > 1:
                allowed = peer.login("redis", rest[0] if len(rest) > 2 else "", rest[-2])
                right = "+OK\r\n"
                await peer.say(
                    right if allowed else "-WRONGPASS invalid username-password pair\r\n"
                )
            case "QUIT":
                await peer.say("+OK\r\n")
                return
            case _ if not allowed:
                await peer.say("-NOAUTH Authentication required.\r\n")
            case "PING":
                await peer.say("+PONG\r\n")
            case "INFO":
                text = "# Server\r\nredis_version:7.0.15\r\nos:Linux\r\n"
                await peer.say(f"${len(text)}\r\n{text}\r\n")
            case "SELECT":
                await peer.say("+OK\r\n")
            case "DBSIZE":
                await peer.say(":0\r\n")
            case "KEYS":
                await peer.say("*0\r\n")
            case _:
                await peer.say(f"-ERR unknown command '{verb}'\r\n")


async def _redis_command(peer: Peer) -> list[str]:
    """The next command: plain words, or an array of strings such as *2 $4 AUTH $6 secret."""
    words = (await peer.line()).split()
    if words and words[0].startswith("*"):
        return [(await peer.line(), await peer.line())[1] for _ in range(int(words[0][1:]))]
    return words
