"""Prompts that say which tool is meant, where several tools could do it.

    named("is {port} of {host} open?", "nmap")  -> "with nmap, is {port} of {host} open?"

Only one tool's command is right for a task, which is unfair unless the prompt names it or nothing
else will do. Templates need not name the tool: a sentence without it gets it here, in one of the
ways in which people put it, chosen by the sentence's text.
"""

from __future__ import annotations

import re
from hashlib import blake2b

# What a prompt about them asks for gives these away.
EVIDENT = frozenset({"curl", "dig", "sqlmap"})
SPOKEN = {"nc": ("nc", "netcat"), "hping3": ("hping3", "hping"), "john": ("john", "jtr")}
_WAYS = (
    "{tool}: {text}",
    "use {tool}: {text}",
    "with {tool}, {text}",
    "{text} ({tool})",
    "{text}{stop} use {tool}",
    "{text}{stop} take {tool} for it",
    "please use {tool}. {text}",
)


def named(sentence: str, tool: str) -> str:
    """The sentence, which names the tool afterwards if it must."""
    names = SPOKEN.get(tool, (tool,))
    if tool in EVIDENT or re.search(rf"\b({'|'.join(names)})\b", sentence, re.IGNORECASE):
        return sentence
    digest = blake2b(f"{tool}/{sentence}".encode(), digest_size=2).digest()
    point = int.from_bytes(digest)
    stop = "" if sentence.endswith((".", "?", "!")) else "."
    name = names[point // len(_WAYS) % len(names)]
    way = _WAYS[point % len(_WAYS)]
    return way.replace("{tool}", name).replace("{stop}", stop).replace("{text}", sentence)
