"""What --script of nmap 7.93 takes: scripts, categories, patterns and expressions of them.

    problem("default,http-*")        -> None
    problem("not intrusive and zzz") -> "'not intrusive and zzz' chooses no script"

`nmap_scripts.txt` has each script of the release with its categories. What looks like a path is
not judged.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

_TOKEN = re.compile(r"\s*(?:([()])|([^\s()]+))")


@cache
def _scripts() -> tuple[frozenset[str], ...]:
    """For each script the words that choose it: its name and its categories."""
    text = (Path(__file__).parent / "nmap_scripts.txt").read_text(encoding="utf-8")
    return tuple(frozenset((*line.split(), "all")) for line in text.splitlines())


@cache
def problem(text: str) -> str | None:
    """Why nmap does not take a list of scripts; None if it does."""
    for part in filter(None, (part.strip() for part in text.split(","))):
        rule = part.removeprefix("+")
        if "/" not in rule and not _chooses(rule.lower()):
            return f"{part!r} chooses no script of nmap"
    return None


def _chooses(rule: str) -> bool:
    tokens = [bracket or word for bracket, word in _TOKEN.findall(rule)]
    chosen = False
    try:
        for words in _scripts():
            chosen = chosen or _matches(tokens, words)
    except (ValueError, RecursionError):
        return False
    return chosen


def _matches(tokens: list[str], words: frozenset[str]) -> bool:
    """Whether an expression chooses a script. ValueError if it is not well formed."""
    left = iter([*tokens, "", ""])
    value, following = _either(left, next(left), words)
    if following:
        raise ValueError(following)
    return value


def _either(left: Iterator[str], token: str, words: frozenset[str]) -> tuple[bool, str]:
    value, token = _both(left, token, words)
    while token == "or":
        other, token = _both(left, next(left), words)
        value = value or other
    return value, token


def _both(left: Iterator[str], token: str, words: frozenset[str]) -> tuple[bool, str]:
    value, token = _one(left, token, words)
    while token == "and":
        other, token = _one(left, next(left), words)
        value = value and other
    return value, token


def _one(left: Iterator[str], token: str, words: frozenset[str]) -> tuple[bool, str]:
    if token == "not":
        value, token = _one(left, next(left), words)
        return not value, token
    if token == "(":
        value, token = _either(left, next(left), words)
        if token != ")":
            raise ValueError(token)
        return value, next(left)
    if token in ("", ")", "and", "or"):
        raise ValueError(token)
    name = token.removesuffix(".nse")
    return any(fnmatchcase(word, name) for word in words), next(left)
