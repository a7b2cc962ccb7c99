"""Passwords that a protocol sends as a hash: found out by trying what anybody would try."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from .record import WEAK_PASSWORD

HIDDEN = "(hidden)"
WORDS = Path("/usr/share/wordlists/.passwords")


def revealed(user: str, matches: Callable[[str], bool]) -> str:
    """The password behind a hash if it is nothing, the user's name, or a word of the image's
    password list; else HIDDEN."""
    return next((word for word in _likely(user) if matches(word)), HIDDEN)


def _likely(user: str) -> Iterator[str]:
    yield from ("", user, user[::-1], WEAK_PASSWORD)
    yield from _words()


@cache
def _words() -> tuple[str, ...]:
    return tuple(WORDS.read_text().split()) if WORDS.exists() else ()
