"""Raw sockets: the one capability of a command, if it has any, and the word that makes nmap use it.

A scan from a raw socket is a different scan. nmap decides by the user's number, and refuses some
options to all but root; other tools just try. So nmap is told that it is privileged where it would
refuse otherwise, and nowhere else: as root it would not even send a ping to an address that is
local, as every address of the lab is, and the lab would see nothing of `nmap -sn`.
"""

from __future__ import annotations

import re

CAPABILITY = "NET_RAW"
NUMBER = 13  # linux/capability.h
# What nmap 7.93 says it refuses without root, each option asked of the binary.
_REFUSED = re.compile(
    r"(?<![\w./-])(?:/usr/bin/)?nmap\b[^|;&\n]*?\s"
    r"(?:-s[A-Za-z]*[SAWMUNFXOYZI]|-O\b|-f+\b|--?mtu\b|--?traceroute\b|-P[OUY])"
)


def mask(*, raw: bool) -> str:
    """A command's set of capabilities, as in /proc/self/status."""
    return f"{raw << NUMBER:016x}"


def shell_line(command: str, *, raw: bool) -> str:
    """The command line as it is given to the shell of a sandbox with raw sockets or without."""
    is_refused = raw and _REFUSED.search(command)
    return f"export NMAP_PRIVILEGED=1; {command}" if is_refused else command
