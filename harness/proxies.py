"""Proxies: metrics a trainer may optimise, computed without truth.

A proxy is a function from `Draws`, n commands for each of some prompts, to one value a command.

fidelity: cosine(prompt, the prompt as the policy itself reconstructs it from the command).
reproducibility: mean cosine(command, the other draws for the same prompt). All draws come
independently from one policy, so each is as good a regeneration as a fresh one would be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

from harness.answers import command_of
from harness.seeds import derive
from harness.types import Generation, Policy, Sampling, Similarity


@dataclass(frozen=True)
class Draws:
    """The same number of commands for each prompt, and what it takes to score them."""

    policy: Policy
    similarity: Similarity
    sampling: Sampling
    prompts: Sequence[str]
    generations: Sequence[Sequence[Generation]]  # [prompt][draw]

    @classmethod
    def sample(
        cls,
        policy: Policy,
        similarity: Similarity,
        sampling: Sampling,
        prompts: Sequence[str],
        n: int,
    ) -> Self:
        """Draw `n` independent commands for each prompt."""
        return cls(policy, similarity, sampling, prompts, policy.generate(prompts, n, sampling))

    @property
    def commands(self) -> list[list[str]]:
        """What is compared and trained on: the command of each answer."""
        return [[command_of(generation.text) for generation in row] for row in self.generations]

    @cached_property
    def reconstructions(self) -> list[dict[str, Generation]]:
        """For each prompt, what is reconstructed from each of its commands; sampled when first
        asked. A command that was drawn twice is inverted once: a quarter of an evaluation's."""
        distinct = [list(dict.fromkeys(row)) for row in self.commands]
        sampling = replace(self.sampling, seed=derive(self.sampling.seed, "invert"))
        flat = [command for row in distinct for command in row]
        rebuilt = iter(self.policy.invert(flat, sampling))
        return [{command: next(rebuilt) for command in row} for row in distinct]


Proxy = Callable[[Draws], list[list[float]]]


def tokens(generations: Iterable[Iterable[Generation]]) -> int:
    """Tokens generated in all."""
    return sum(generation.tokens for row in generations for generation in row)


def inversion_tokens(draws: Draws) -> int:
    """Tokens generated for the reconstructions."""
    return tokens(row.values() for row in draws.reconstructions)


def fidelity(draws: Draws) -> list[list[float]]:
    """Similarity of each prompt to its reconstruction from the command."""
    asked = [p for p, row in zip(draws.prompts, draws.generations, strict=True) for _ in row]
    rebuilt = [
        known[command].text
        for row, known in zip(draws.commands, draws.reconstructions, strict=True)
        for command in row
    ]
    values = iter(draws.similarity(asked, rebuilt))
    return [[next(values) for _ in row] for row in draws.generations]


def reproducibility(draws: Draws) -> list[list[float]]:
    """Mean similarity of each command to the other draws for its prompt; needs two or more."""
    left: list[str] = []
    right: list[str] = []
    for row in draws.commands:
        for i, command in enumerate(row):
            others = [*row[:i], *row[i + 1 :]]
            left += [command] * len(others)
            right += others
    values = iter(draws.similarity(left, right))
    return [
        [sum(next(values) for _ in row[1:]) / (len(row) - 1) for _ in row]
        for row in draws.generations
    ]


def fidelity_and_reproducibility(draws: Draws) -> list[list[float]]:
    """The mean of the two, what V2 asks for."""
    return [
        [(f + r) / 2 for f, r in zip(fs, rs, strict=True)]
        for fs, rs in zip(fidelity(draws), reproducibility(draws), strict=True)
    ]
