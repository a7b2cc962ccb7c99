"""Is a line English, or a command?

    is_prose("I cannot help with that.")         -> True
    is_prose("scan 10.0.0.0/24 for open ports")  -> False: it might be meant as a command
    speaks_of(["nmap", "cannot do that."])       -> True

A refusal is the right answer to what a tool cannot do, so it must not be taken for a call of some
program named "I". The test is strict: what is not clearly a sentence stays a command.
"""

from __future__ import annotations

import re
from collections.abc import Sequence


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_FUNCTION_WORDS = _words(
    """
    a an and any are as at be because been but by can can't cannot could couldn't did do does
    doesn't don't for from had has have he how i i'm if impossible in instead into is isn't it its
    me my no none nor not of on only or our please she should so sorry than that the their them
    then there these they this those to unable unfortunately unsupported was we were what when
    where which while who why will with without won't would you your
    """
)
_REFUSALS = _words(
    """
    can't cannot impossible n/a no none not nothing sorry unable unavailable unfortunately
    unsupported
    """
)
# What follows the name of a tool in a sentence about it.
_VERBS = _words(
    """
    alone can can't cannot could couldn't did didn't does doesn't has hasn't is isn't itself lacks
    needs offers only supports was will won't would wouldn't
    """
)
# Programs whose arguments may be a sentence, and words with which a shell program begins.
_SAYERS = _words("case declare do echo export for function if printf select until while")
_WORD = re.compile(r"[A-Za-z][A-Za-z'’/]*")
_SHELL = re.compile(r"[|&;<>$`={}\\]|(?:^|\s)-{1,2}[A-Za-z]")
_SPEAKERS = ("i", "i'm", "sorry", "the", "there", "this", "that", "it", "you", "unfortunately")


def is_prose(line: str) -> bool:
    """Whether a line is a sentence, or the beginning or the end of one."""
    words = [word.replace("’", "'").strip("'") for word in _WORD.findall(line.lower())]
    if not words or words[0] in _SAYERS or not line[0].isalpha():
        return False
    if words[0] not in _SPEAKERS and _SHELL.search(line):
        return False
    if words[0] in _REFUSALS and len(line.split()) <= 3:
        return True
    known = sum(word in _FUNCTION_WORDS for word in words)
    if known < 2 or known * 4 < len(words):
        return False
    return line[0].isupper() or words[0] in _FUNCTION_WORDS or line.rstrip()[-1] in ".!?"


def speaks_of(words: Sequence[str]) -> bool:
    """Whether what begins with a program's name is a sentence about it: the name, and the rest."""
    rest = words[1].split() if len(words) > 1 else []
    if len(rest) < 2 or _SHELL.search(words[1].replace("; ", ", ")):
        return False
    if rest[0].lower().replace("’", "'").strip(".,") in _VERBS:
        return True
    known = sum(word.lower().strip(".,;") in _FUNCTION_WORDS for word in rest)
    return rest[0].isalpha() and rest[-1].endswith((".", "!")) and known >= 2
