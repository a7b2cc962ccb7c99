"""How people really type: a share of all sentences in small letters, shortened, or with a slip.

    typed("Scan ports {ports} of {host}, please")  -> "Scan ports {ports} of {host}, pls"

A template is written as its author would write it. Which register a sentence gets, and where the
slip is, depends on its text alone, so a family's sentences stay the same ones. Slots and the
names of tools are never touched: a prompt must still say what is wanted.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from hashlib import blake2b
from types import MappingProxyType

# A word that carries no value: letters only, but for punctuation around it.
_WORD = re.compile(r"(?<!\S)[(\"']?([A-Za-z]+)(?=[)\"'.,;:?!]*(?:\s|$))")
_SHORT = MappingProxyType(
    {
        "and": "&",
        "because": "bc",
        "directories": "dirs",
        "directory": "dir",
        "information": "info",
        "maximum": "max",
        "milliseconds": "ms",
        "minimum": "min",
        "password": "pw",
        "passwords": "pws",
        "please": "pls",
        "seconds": "secs",
        "thanks": "thx",
        "with": "w/",
        "without": "w/o",
        "you": "u",
    }
)
# Names of tools, and what is a matter of the tool and not of English.
_KEPT = frozenset(
    {"dnsrecon", "fping", "gobuster", "hashcat", "hping", "hydra", "masscan", "medusa", "nikto",
     "openssl", "smbclient", "socat", "sqlmap", "sslscan", "tcpdump", "tshark", "wfuzz", "whatweb"}
)  # fmt: skip


def typed(sentence: str) -> str:
    """The sentence, with open slots, in the register that its text names."""
    seed = blake2b(sentence.encode(), digest_size=8).digest()
    rng = random.Random(int.from_bytes(seed))
    point = rng.random()
    for change, share in REGISTERS.items():
        point -= share
        if point < 0:
            return change(sentence, rng)
    return sentence


def _each_word(sentence: str, change: Callable[[str], str]) -> str:
    """The sentence with every word changed; what is no plain word may be a value, and stays."""
    return _WORD.sub(lambda m: m[0][: len(m[0]) - len(m[1])] + change(m[1]), sentence)


def small(sentence: str, rng: random.Random) -> str:
    """No capital letters, no full stop or question mark at the end."""
    return _each_word(sentence, str.lower).rstrip(".?! ")


def capital(sentence: str, rng: random.Random) -> str:
    """One word, or all of them, in capital letters."""
    words = list(_WORD.finditer(sentence))
    if not words or rng.random() < 0.3:
        return _each_word(sentence, str.upper)
    start, end = rng.choice(words).span(1)
    return sentence[:start] + sentence[start:end].upper() + sentence[end:]


def shortened(sentence: str, rng: random.Random) -> str:
    """The usual abbreviations: pls, thx, dirs."""
    return _each_word(sentence, lambda word: _SHORT.get(word, word))


def slip(sentence: str, rng: random.Random) -> str:
    """Two letters inside one longer word change places."""
    words = [m for m in _WORD.finditer(sentence) if m[1].islower() and len(m[1]) > 4]
    words = [word for word in words if word[1] not in _KEPT]
    if not words:
        return sentence
    at = rng.choice(words).start(1) + rng.randint(1, 2)
    return sentence[:at] + sentence[at + 1] + sentence[at] + sentence[at + 2 :]


REGISTERS: Mapping[Callable[[str, random.Random], str], float] = MappingProxyType(
    {small: 0.10, capital: 0.04, shortened: 0.10, slip: 0.08}
)
