"""Task families: from one YAML description to any number of tasks, in disjoint splits.

`tasks/families/TOOL.yaml` describes the families of a tool. An example::

    tool: nmap
    families:
      - name: nmap.version-scan
        unseen: false                     # true: never in the train split of a suite
        params: {host: host, ports: port_list}    # slot -> pool of pools.yaml (see tasks/pools.py)
        choices:                          # optional: closed choices; one row is drawn, no params
          - {pace: slowly, template: "2"}
          - {pace: fast, template: "4"}
        phrasing:
          templates:                      # {slot} is filled with a value, [name] with a fragment
            - "[verb] [what] on ports {ports} of {host}, {pace}"
            - "{host}: [what], ports {ports} only[please] ({pace})"
          verb: [find, show me, i need]   # fragments may hold [fragments] and {slots}, or be empty
          what: [service versions, which software versions answer]
          please: ["", ", please", ", thanks"]
        correct:                          # two or more
          - nmap -sV -T{template} -p {ports} {host}
          - nmap -T {template} -p {ports} -sV {host}
        intent:                           # tasks.types.Intent without `tool`
          require: [{name: -sV}, {name: -p, ports: "{ports}"}, {name: target, hosts: "{host}"}]
        observe:                          # tasks.types.Expectation
          - {connection: {host: "{host}", port: "{ports}", protocol: tcp}}
        wrong:                            # three or more, exactly one fault each
          - {command: "nmap -sV {host}", fault: missing option}
          - {command: "nmap -sV -p {other.ports} {host}", fault: wrong value}
          - {command: "nmap --version-scan -p {ports} {host}", fault: unknown flag}

A family of impossible tasks says `possible: false`, and names its own tool where the file is for
several. It asks the tool for what it cannot do, so it needs no intent; `correct` may be empty or
hold refusals, and its wrong commands are what a guesser would try, with the fault `not possible`.

A *sentence* is a template with its fragments chosen and its slots open; runs of spaces become
one, the tool is named where it is not evident (tasks/naming.py), and a share is put as people type
(tasks/registers.py). The hash of its text says which split
it belongs to, as for the values of pools, so splits share neither sentences nor values.
`{other.ports}` is a second draw of the slot's pool (no port in common with `{ports}`), or for a
choice the value in another row. A brace after "%" is left alone, so that curl's `%{http_code}`
can be written as it is.
"""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import Annotated, Any, Self

import yaml
from pydantic import Field, ValidationError, model_validator

from tasks.errors import UserError
from tasks.naming import named
from tasks.pools import POOLS, Draws, DrawSplit, Pool, Shares, load_pools, split_of
from tasks.registers import typed
from tasks.types import Expectation, Intent, Record, WrongCommand

FAMILIES = Path(__file__).parent / "families"
POOLS_FILE = POOLS.name

# Percent. Most sentences go to the corpus: a small model fails on phrasings too unlike its own.
SENTENCE_SHARES: Shares = {"corpus": 60, "train": 15, "calibration": 5, "heldout": 20}

_SLOT = re.compile(r"(?<!%)\{([a-z0-9_.]+)\}")
_FRAGMENT = re.compile(r"\[([a-z0-9_]+)\]")


class FamilyRecord(Record):
    """One family as it is written; the head of this file shows every key."""

    name: str
    tool: str | None = None  # that of the file
    unseen: bool = False
    possible: bool = True
    params: dict[str, str]
    choices: tuple[dict[str, str], ...] = ()
    phrasing: dict[str, tuple[str, ...]]
    correct: tuple[str, ...] = ()
    intent: dict[str, Any] = Field(default_factory=dict)
    observe: tuple[dict[str, Any], ...] = ()
    wrong: Annotated[tuple[dict[str, str], ...], Field(min_length=3)]

    @model_validator(mode="after")
    def _possible_has_answers(self) -> Self:
        if self.possible and (len(self.correct) < 2 or not self.intent):
            raise ValueError(f"{self.name}: give two `correct` commands or more, and an `intent`")
        return self


class FamilyFile(Record):
    tool: str | None = None
    families: tuple[FamilyRecord, ...]

    @model_validator(mode="after")
    def _tools_are_named(self) -> Self:
        for record in self.families:
            if not (record.tool or self.tool):
                raise ValueError(f"{record.name}: neither the family nor the file names its tool")
        return self


class Drawn:
    """One drawn task. Everything but the sentence and values is filled in when it is asked for,
    because a corpus of 300,000 draws needs no intents."""

    def __init__(self, family: Family, sentence: str, params: dict[str, str], values: Values):
        self.family = family
        self.sentence = sentence  # slots open
        self.params = params
        self._values = values

    @property
    def prompt(self) -> str:
        return fill(self.sentence, self._values)

    @property
    def correct(self) -> tuple[str, ...]:
        return tuple(fill(text, self._values) for text in self.family.record.correct)

    @property
    def wrong(self) -> tuple[WrongCommand, ...]:
        return tuple(
            WrongCommand.model_validate(_fill_all(item, self._values))
            for item in self.family.record.wrong
        )

    @property
    def intent(self) -> Intent:
        filled = _fill_all(self.family.record.intent, self._values)
        return Intent.model_validate({"tool": self.family.tool, **filled})

    @property
    def observe(self) -> tuple[Expectation, ...]:
        return tuple(
            Expectation.model_validate(_fill_all(item, self._values))
            for item in self.family.record.observe
        )


Values = Mapping[str, str]


class Family:
    """A family ready to draw from: `draw("corpus", random.Random(0)).prompt`."""

    def __init__(self, tool: str, record: FamilyRecord, pools: Mapping[str, Pool]) -> None:
        self.tool = tool
        self.record = record
        self.name = record.name
        self.unseen = record.unseen
        self.possible = record.possible
        self._pools = {slot: pools[pool] for slot, pool in record.params.items()}

    @cached_property
    def sentences(self) -> Mapping[DrawSplit, tuple[str, ...]]:
        """Every sentence of the family by split, sorted."""
        phrasing = self.record.phrasing
        texts = {
            typed(named(" ".join(text.split()), self.tool))
            for template in phrasing["templates"]
            for text in _expand(template, phrasing)
        }
        by_split: dict[DrawSplit, list[str]] = {split: [] for split in SENTENCE_SHARES}
        for text in sorted(texts):
            by_split[split_of(f"{self.name}: {text}", SENTENCE_SHARES)].append(text)
        return {split: tuple(found) for split, found in by_split.items()}

    def draw(self, split: DrawSplit, rng: random.Random) -> Drawn:
        """A task with a sentence and parameter values of that split."""
        return self.draw_with(rng.choice(self.sentences[split]), split, rng)

    def draw_with(self, sentence: str, split: DrawSplit, rng: random.Random) -> Drawn:
        """A task with that sentence and with parameter values of that split."""
        draws = Draws(split, rng)
        params = {slot: pool.draw(draws) for slot, pool in self._pools.items()}
        values = params | {f"other.{slot}": pool.draw(draws) for slot, pool in self._pools.items()}
        if self.record.choices:
            row, other = rng.sample(self.record.choices, 2)
            values |= row
            values |= {f"other.{key}": _differing(key, row, other, self.record) for key in row}
        return Drawn(self, sentence, params, values)


def _differing(key: str, row: Values, other: Values, record: FamilyRecord) -> str:
    """The value of `key` in `other`, or in the first row where it differs from `row`'s."""
    return next(
        (r[key] for r in (other, *record.choices) if r[key] != row[key]),
        row[key],
    )


def fill(text: str, values: Values) -> str:
    """`text` with every {slot} replaced. KeyError for a slot without a value."""
    return _SLOT.sub(lambda slot: values[slot[1]], text)


def _fill_all(data: Any, values: Values) -> Any:
    if isinstance(data, str):
        return fill(data, values)
    if isinstance(data, Mapping):
        return {fill(key, values): _fill_all(item, values) for key, item in data.items()}
    if isinstance(data, Sequence):
        return [_fill_all(item, values) for item in data]
    return data


def _expand(text: str, phrasing: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Every way to replace the [fragments] of `text`."""
    pieces = _FRAGMENT.split(text)  # literal, name, literal, name, ..., literal
    options = [
        [piece]
        if index % 2 == 0
        else [text for choice in phrasing[piece] for text in _expand(choice, phrasing)]
        for index, piece in enumerate(pieces)
    ]
    return ("".join(parts) for parts in itertools.product(*options))


def _texts(data: Any) -> Iterator[str]:
    if isinstance(data, str):
        yield data
    elif isinstance(data, Mapping):
        for item in data.values():
            yield from _texts(item)
    elif isinstance(data, Sequence):
        for item in data:
            yield from _texts(item)


def _check(record: FamilyRecord, pools: Mapping[str, Pool]) -> str | None:
    """What is wrong with the references of a family, or None."""
    unknown = sorted(set(record.params.values()) - set(pools))
    if unknown:
        return f"params: no pool is named {unknown[0]!r}; add it to {POOLS_FILE} beside this file"
    if "templates" not in record.phrasing:
        return "phrasing: the key `templates` is missing"
    if len(record.choices) == 1 or len({frozenset(row) for row in record.choices}) > 1:
        return "choices: give two rows or more, all with the same keys"
    slots = set(record.params) | {key for row in record.choices for key in row}
    known = slots | {f"other.{slot}" for slot in slots}
    for text in _texts(
        [record.phrasing, record.correct, record.intent, record.observe, record.wrong]
    ):
        for slot in _SLOT.findall(text):
            if slot not in known:
                return f"{text!r}: no parameter or choice is named {slot!r}"
    for text in _texts(record.phrasing):
        for name in _FRAGMENT.findall(text):
            if name not in record.phrasing:
                return f"phrasing: {text!r}: no fragment is named {name!r}"
    return None


def read_families(path: Path) -> tuple[Family, ...]:
    """The families of one file, with the pools beside it. Raises UserError naming file, family
    and key."""
    try:
        file = FamilyFile.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except yaml.YAMLError as error:
        raise UserError(f"{path} is not YAML: {' '.join(str(error).split())}") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        said = first["msg"].removeprefix("Value error, ")
        raise UserError(f"{path}: {where}: {said}") from None
    own = path.with_name(POOLS_FILE)
    pools = load_pools(own if own.exists() else POOLS)
    for record in file.families:
        problem = _check(record, pools)
        if problem:
            raise UserError(f"{path}: {record.name}: {problem}")
    return tuple(Family(record.tool or file.tool or "", record, pools) for record in file.families)


@cache
def load_families(folder: Path = FAMILIES) -> tuple[Family, ...]:
    """The families of every file in a folder, in order of file and place."""
    files = sorted(path for path in folder.glob("*.yaml") if path.name != POOLS_FILE)
    return tuple(family for path in files for family in read_families(path))
