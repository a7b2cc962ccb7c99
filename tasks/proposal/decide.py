"""Put proposed options to the binary: which it knows, and whether they take a value."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from enum import StrEnum

from tasks.interview import Asked, Interview, samples
from tasks.proposal.text import Candidate
from tasks.spec import Arity

# What a placeholder says of the value, as a type of tasks/values.py.
_TYPES = (
    (r"(?i)file|path|dir|wordlist", "path"),
    (r"(?i)^url|_url", "url"),
    (r"(?i)ports", "ports"),
    (r"(?i)port", "port"),
    (
        r"(?i)^(?:num|n|int|uint|count|threads|number|tasks|retries|bytes|len|length|size|ttl)\b",
        "uint",
    ),
    (r"(?i)^(?:float|ratio)\b", "float"),
    (r"(?i)^duration", "go_duration"),
)
_OTHER_SAMPLES = ("5", "/dev/null", "127.0.0.1")


class Standing(StrEnum):
    """What the binary says of a name."""

    TAKEN = "taken"
    REJECTED = "rejected"
    SHORTENED = "an abbreviation"
    UNDECIDED = "not decidable"


@dataclass(frozen=True, slots=True)
class Judged:
    """One name, all that is said of it, and the binary's word."""

    name: str
    standing: Standing
    arity: Arity
    probe: str
    said: str
    informs: bool = False
    sources: tuple[str, ...] = ()
    documented: bool = False  # described or named as an option, not only a word in the program
    described: bool = False  # some source has an entry for it
    value: str = ""
    beside: tuple[str, ...] = ()
    about: str = ""

    @property
    def type(self) -> str:
        """A type for the value, guessed from what the documents call it."""
        word = self.value.strip("=[]<> ")
        return next((name for pattern, name in _TYPES if re.search(pattern, word)), "string")


def decide(interview: Interview, candidates: Iterable[Candidate], workers: int = 1) -> list[Judged]:
    """Each name once, in the order of first mention, judged by the binary."""
    by_name: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        by_name.setdefault(candidate.name, []).append(candidate)
    with ThreadPoolExecutor(workers) as pool:
        judged = pool.map(lambda said: _judge(interview, said), by_name.values())
        has_words = re.match(r"-\w{2}", interview.words.sentinel)  # after one dash
        return list(judged) if has_words else _without_clusters(list(judged))


def _judge(interview: Interview, said: list[Candidate]) -> Judged:
    best = max(said, key=lambda c: (c.entry, bool(c.value)))
    judged = ask_about(interview, best.name, best.value)
    return replace(
        judged,
        sources=tuple(dict.fromkeys(c.source for c in said)),
        documented=any(c.source != "binary" for c in said),
        described=any(c.entry for c in said),
        value=best.value,
        beside=tuple(dict.fromkeys(name for c in said for name in c.beside)),
        about=max((c.about for c in said), key=len),
    )


def ask_about(interview: Interview, name: str, value: str = "") -> Judged:
    """What the binary says of one name; `value` is how documents show the value, a hint."""
    bare = interview.ask(name)
    missing, unknown, longer = bare.missing(name), bare.unknown(name), bare.of_longer(name)
    if missing and not unknown:
        judged = _judged(name, Standing.TAKEN, "one", bare, missing)
    elif longer:
        judged = _judged(name, Standing.SHORTENED, "one", bare, longer)
    elif unknown and not missing:
        judged = _judged(name, Standing.REJECTED, "none", bare, unknown)
    else:
        judged = _in_company(interview, name, value, bare)
    return judged


def _in_company(interview: Interview, name: str, value: str, bare: Asked) -> Judged:
    """A name that alone is not told: before the sentinel, then with a value before it."""
    sentinel = interview.words.sentinel
    after = interview.ask(name, sentinel)
    if not bare.missing(name):
        if after.unknown(name):
            return _judged(name, Standing.REJECTED, "none", after, after.unknown(name))
        if after.read_on:
            return _with_or_without(interview, name, value, after)
    for sample in _samples(name, value):
        given = interview.ask(f"{name}{'=' if name[0] == '+' else ' '}{sample}", sentinel)
        if given.read_on and not given.unknown(name):
            return _judged(name, Standing.TAKEN, "one", given, given.read_on)
    refused = bare.unknown(name) or bare.unknown_any
    if refused:
        return _judged(name, Standing.REJECTED, "none", bare, refused)
    said = bare.answer.text.strip()
    has_told = bool(said) and bare.answer.exit_code == 0
    informs = has_told or bool(re.search(r"(?i)usage|version|options", said))
    standing = Standing.TAKEN if informs else Standing.UNDECIDED
    first = said.partition("\n")[0]
    return replace(_judged(name, standing, "none", bare, first), informs=informs)


def _with_or_without(interview: Interview, name: str, value: str, after: Asked) -> Judged:
    """A name that reads no word after it: a switch, or an option with a value glued to it."""
    is_letter = re.fullmatch(r"-[^-]", name)
    glued = interview.ask(f"{name}{'' if is_letter else '='}zzq", interview.words.sentinel)
    refused = glued.unwanted(name)
    if refused:
        return _judged(name, Standing.TAKEN, "none", glued, refused)
    if glued.of_longer(name):
        return _judged(name, Standing.SHORTENED, "none", glued, glued.of_longer(name))
    promised = value.startswith(("[", "=", "<"))
    if glued.read_on and not glued.unknown("-z") and promised:
        return _judged(name, Standing.TAKEN, "optional", glued, glued.read_on)
    return _judged(name, Standing.TAKEN, "none", after, after.read_on)


def _judged(name: str, standing: Standing, arity: Arity, asked: Asked, said: str) -> Judged:
    return Judged(name, standing, arity, asked.command, said)


def _samples(name: str, value: str) -> list[str]:
    """Values that the option may take: of the type that documents hint at, then of others."""
    guess = Judged(name, Standing.UNDECIDED, "one", "", "", value=value).type
    first = re.match(r"[\[<= ]*([\w-]+)[|,]", value)
    shown = [first[1]] if first else []
    return [shlex.quote(v) for v in dict.fromkeys([*shown, samples()[guess], *_OTHER_SAMPLES])]


def _without_clusters(judged: list[Judged]) -> list[Judged]:
    """Without "-vv" and "-ab", which are letters that stand alone too."""
    taken = [j for j in judged if j.standing is Standing.TAKEN and j.arity == "none"]
    switches = {j.name[1] for j in taken if re.fullmatch(r"-[^-]", j.name)}
    return [
        j
        for j in judged
        if not re.fullmatch(r"-[^-]{2,}", j.name)
        or not (set(j.name[1:]) <= switches and j.arity == "none")
        or j.standing is not Standing.TAKEN
    ]
