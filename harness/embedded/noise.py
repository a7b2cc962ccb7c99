"""Declared noise: one realistic fault put into a correct command.

With the task "probe ports 22,80 of 10.0.0.5, do not ping it"::

    correct  nmap -Pn -p 22,80 10.0.0.5
    invent   nmap -Pn --probe 22,80 10.0.0.5
    drop     nmap -p 22,80 10.0.0.5
    foreign  nmap --no-tls-validation -p 22,80 10.0.0.5
    value    nmap -Pn -p 22,30 10.0.0.5
    echo     nmap -Pn -p 22,80 10.0.0.5 --probe-ports-ping
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from functools import cache
from hashlib import blake2b

from harness.embedded.recipe import Kind, NoiseRecipe
from tasks.spec import load_specs

_WORD = re.compile(r"""(?:'[^']*'|"[^"]*"|\S)+""")  # quotes stay on, so that words join again
_TASK_WORD = re.compile(r"(?<![\w./-])[A-Za-z]{4,12}(?![\w./-])")
ECHOED = 3  # words of the task
_OPTION_STARTS = ("-", "+", "@")  # dig writes options with "+" and its server with "@"


def level(noise: NoiseRecipe, family: str) -> float:
    """The share of the family's commands that get a fault, now and on every machine."""
    point = int.from_bytes(blake2b(family.encode(), digest_size=4).digest())
    return noise.levels[point % len(noise.levels)]


def corrupt(command: str, prompt: str, noise: NoiseRecipe, rng: random.Random) -> str:
    """`command` with one fault of a kind drawn by weight, or unchanged if no kind applies."""
    words = _WORD.findall(command)
    kinds = sorted(noise.kinds, key=lambda kind: -(rng.random() ** (1 / noise.kinds[kind])))
    for kind in kinds:
        changed = _apply(kind, words, prompt, rng)
        if changed is not None and changed != words:
            return " ".join(changed)
    return command


def _apply(kind: Kind, words: Sequence[str], prompt: str, rng: random.Random) -> list[str] | None:
    """The words with that fault; None if there is nothing that it applies to."""
    if kind == "value":
        return _change_digit(words, rng)
    if kind == "echo":
        said = _TASK_WORD.findall(prompt)[:ECHOED]
        return [*words, "--" + "-".join(said).lower()] if said else None
    groups = _option_groups(words)
    if not groups:
        return None
    start, end = rng.choice(groups)
    if kind == "drop":
        return [*words[:start], *words[end:]]
    has_value = end - start == 2
    name = _invented(prompt, rng) if kind == "invent" else _foreign(words[0], has_value, rng)
    return [*words[:start], name, *words[start + 1 :]] if name else None


def _change_digit(words: Sequence[str], rng: random.Random) -> list[str] | None:
    places = [
        (i, k)
        for i, word in enumerate(words[1:], 1)
        for k, c in enumerate(word)
        if c in "0123456789"
    ]
    if not places:
        return None
    i, k = rng.choice(places)
    digit = str((int(words[i][k]) + rng.randint(1, 9)) % 10)
    return [*words[:i], words[i][:k] + digit + words[i][k + 1 :], *words[i + 1 :]]


def _option_groups(words: Sequence[str]) -> list[tuple[int, int]]:
    """(start, end) of every option with its value, if that is a word of its own."""
    arity = _arities()[words[0]]
    groups = []
    i = 1
    while i < len(words):
        length = 1
        if words[i].startswith(_OPTION_STARTS):
            length = 2 if arity.get(words[i]) == "one" and i + 1 < len(words) else 1
            groups.append((i, i + length))
        i += length
    return groups


def _invented(prompt: str, rng: random.Random) -> str | None:
    """A plausible option that the tool does not have: one or two words of the task."""
    found = [word.lower() for word in _TASK_WORD.findall(prompt)]
    if not found:
        return None
    at = rng.randrange(len(found))
    return "--" + "-".join(found[at : at + rng.randint(1, 2)])


def _foreign(tool: str, has_value: bool, rng: random.Random) -> str:
    """An option of another tool that takes a value, or that takes none."""
    wanted = "one" if has_value else "none"
    own = _arities()[tool]
    return rng.choice(
        [
            name
            for other, names in _arities().items()
            if other != tool
            for name, arity in names.items()
            if arity == wanted and name not in own
        ]
    )


@cache
def _arities() -> Mapping[str, Mapping[str, str]]:
    """tool -> option spelling -> arity, subcommands' options included."""
    return {
        tool: {
            spelling: option.arity
            for _, options, _ in spec.scopes()
            for option in options
            for spelling in option.spellings
        }
        for tool, spec in load_specs().items()
    }
