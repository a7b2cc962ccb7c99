"""Evaluate a policy: sample commands for prompts and score them with proxies. Truth comes later,
when the samples are judged; a policy that is evaluated is never told."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, zip_longest
from math import isnan
from typing import TYPE_CHECKING, Any

from harness.proxies import Draws
from harness.registry import PROXIES

if TYPE_CHECKING:
    from tasks.types import Prompt, Task


@dataclass(frozen=True, slots=True)
class Sample:
    """One sampled command, not judged yet: a row of a cell's `samples.jsonl`."""

    cycle: int
    split: str
    task: str
    sample: int
    text: str
    tokens: int
    proxies: dict[str, float]
    entropy: float | None = None  # of the policy's distributions, nats a token

    def as_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


def score(draws: Draws, proxies: Sequence[str]) -> dict[str, list[list[float]]]:
    """Each named proxy on the draws: name -> [prompt][draw]."""
    return {name: PROXIES.load(name)(draws) for name in proxies}


def samples(
    prompts: Sequence[Prompt], draws: Draws, proxies: Sequence[str], cycle: int, split: str
) -> Iterator[Sample]:
    """The draws for these prompts as rows, with every proxy that has a value for them."""
    scores = score(draws, proxies)
    for i, prompt in enumerate(prompts):
        for j, generation in enumerate(draws.generations[i]):
            values = {name: rounded(rows[i][j]) for name, rows in scores.items()}
            yield Sample(
                cycle=cycle,
                split=split,
                task=prompt.id,
                sample=j,
                text=generation.text,
                tokens=generation.tokens,
                proxies={name: value for name, value in values.items() if value is not None},
                entropy=rounded(generation.entropy),
            )


def rounded(value: float) -> float | None:
    """To a millionth; None for NaN."""
    return None if isnan(value) else round(value, 6)


def even_subset(tasks: Sequence[Task], n: int) -> tuple[str, ...]:
    """Ids of `n` tasks (or all, if fewer), as evenly over the families as can be.

    The choice depends on the ids only, so that every run on a suite looks at the same tasks, and
    a smaller subset is part of every larger one.
    """
    families: dict[str, list[str]] = defaultdict(list)
    for task in sorted(tasks, key=lambda task: hashlib.sha256(task.id.encode()).digest()):
        families[task.family].append(task.id)
    rounds = zip_longest(*(families[name] for name in sorted(families)))
    return tuple(islice((id for row in rounds for id in row if id is not None), n))
