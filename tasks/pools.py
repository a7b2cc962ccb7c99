"""Pools: where the parameter values of tasks come from, disjoint between splits.

`tasks/families/pools.yaml` holds words and patterns::

    words: {tld: [example, lab, test]}
    pools:
      ip: ["10.<0-255>.<0-255>.<1-254>"]         # <a-b>: a number; <01-20> keeps the zero
      domain: ["<site>.<tld>"]                   # <word>: one of a list of `words`
      tens: ["<d:1-6>0-<d>9"]                    # <d:...> names a choice, <d> repeats it
      port_list: ["{port},{port}", "{port},{port},{port}"]    # {pool}: a value of that pool

The patterns of one pool are equally likely; a pool stands after those that it draws from. A
pattern without {pool} makes *leaf* values, and the hash of its text says which split a leaf
belongs to, whatever pool it came from. Composed values take all their parts from the same split,
so they are disjoint as well.

A suite with families of its own may have a `pools.yaml` beside them: its words and pools are added
to these, and take the place of those with the same name.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Literal

import yaml
from pydantic import Field, ValidationError

from tasks.errors import UserError
from tasks.types import Record

POOLS = Path(__file__).parent / "families" / "pools.yaml"

DrawSplit = Literal["corpus", "train", "calibration", "heldout"]
Shares = Mapping[DrawSplit, int]

VALUE_SHARES: Shares = {"corpus": 50, "train": 20, "calibration": 10, "heldout": 20}  # percent
MAX_TRIES = 5_000  # draws of a value before its pool is called too small for a split

_TOKEN = re.compile(r"<(?:([a-z0-9_]+):)?([a-z0-9_-]+)>|\{([a-z0-9_]+)\}")
_RANGE = re.compile(r"(\d+)-(\d+)")


def split_of(text: str, shares: Shares) -> DrawSplit:
    """The split that a sentence or a leaf value belongs to, now and on every machine."""
    point = int.from_bytes(blake2b(text.encode(), digest_size=4).digest()) % 100
    for split, share in shares.items():
        point -= share
        if point < 0:
            return split
    raise ValueError(f"shares sum to less than 100: {shares}")


class PoolFile(Record):
    """The content of `pools.yaml`; `exclude` lists, by pool, values that are never drawn
    (a tool's default, say, with which an option can be left out)."""

    words: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    pools: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    exclude: dict[str, tuple[str, ...]] = Field(default_factory=dict)


class Draws:
    """The values of one task: all of one split, and no leaf value twice."""

    def __init__(self, split: DrawSplit, rng: random.Random) -> None:
        self.split = split
        self.rng = rng
        self.used: set[str] = set()
        self.named: dict[str, str] = {}


Part = Callable[[Draws], str]


class Pool:
    """Patterns, compiled. `parts` of a pattern are functions that each draw a piece of text."""

    def __init__(self, name: str, file: PoolFile, pools: Mapping[str, Pool]) -> None:
        self.name = name
        self.excluded = frozenset(file.exclude.get(name, ()))
        self.patterns = [
            ("{" in pattern, _compile(pattern, file.words, pools)) for pattern in file.pools[name]
        ]

    def draw(self, draws: Draws) -> str:
        """A value of the split. UserError when the pool is too small to have another."""
        for _ in range(MAX_TRIES):
            composed, parts = self.patterns[int(draws.rng.random() * len(self.patterns))]
            text = "".join([part(draws) for part in parts])
            if composed:
                return text
            if (
                text not in draws.used
                and text not in self.excluded
                and split_of(text, VALUE_SHARES) == draws.split
            ):
                draws.used.add(text)
                return text
        raise UserError(
            f"pool {self.name!r} has too few values for the {draws.split} split; add patterns or "
            "words to it"
        )


def _compile(
    pattern: str, words: Mapping[str, Sequence[str]], pools: Mapping[str, Pool]
) -> list[Part]:
    parts: list[Part] = []
    end = 0
    named: set[str] = set()
    for token in _TOKEN.finditer(pattern):
        if token.start() > end:
            parts.append(_literal(pattern[end : token.start()]))
        end = token.end()
        label, source, pool = token.groups()
        if pool:
            parts.append(_from_pool(pool, pools))
        elif source in named:
            parts.append(_repeat(source))
        else:
            parts.append(_choice(source, words, label))
            if label:
                named.add(label)
    if end < len(pattern):
        parts.append(_literal(pattern[end:]))
    return parts


def _literal(text: str) -> Part:
    return lambda draws: text


def _repeat(name: str) -> Part:
    return lambda draws: draws.named[name]


def _from_pool(name: str, pools: Mapping[str, Pool]) -> Part:
    return pools[name].draw


def _choice(source: str, words: Mapping[str, Sequence[str]], label: str | None) -> Part:
    numbers = _RANGE.fullmatch(source)
    if numbers:
        low, high = numbers.groups()
        width = len(low) if low.startswith("0") and low != "0" else 1
        first, count = int(low), int(high) - int(low) + 1

        def draw(draws: Draws) -> str:
            return f"{first + int(draws.rng.random() * count):0{width}d}"
    else:
        values = words[source]

        def draw(draws: Draws) -> str:
            return values[int(draws.rng.random() * len(values))]

    if label is None:
        return draw

    def remember(draws: Draws) -> str:
        draws.named[label] = value = draw(draws)
        return value

    return remember


@cache
def load_pools(path: Path = POOLS) -> Mapping[str, Pool]:
    """Pool by name: those of the file, and the shipped ones whose names it does not take. Raises
    UserError naming the file and key of what cannot be read."""
    file = _read(POOLS)
    if path != POOLS:
        own = _read(path)
        file = PoolFile(
            words=dict(file.words) | own.words,
            pools=dict(file.pools) | own.pools,
            exclude=dict(file.exclude) | own.exclude,
        )
    pools: dict[str, Pool] = {}
    try:
        for name in file.pools:
            pools[name] = Pool(name, file, pools)
    except KeyError as error:
        raise UserError(f"{path}: no word list or earlier pool is named {error}; add it") from None
    return pools


def _read(path: Path) -> PoolFile:
    try:
        return PoolFile.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except yaml.YAMLError as error:
        raise UserError(f"{path} is not YAML: {' '.join(str(error).split())}") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise UserError(f"{path}: {where}: {first['msg']}") from None
