"""Proxies: metrics a trainer may optimise, computed without truth.

A proxy is a function from `Draws`, n commands for each of some prompts, to one value a command; NaN
where it has none. Those below, with what they cost beside the draws:

fidelity                  cosine(prompt, the prompt as the policy itself reconstructs it from the
                          command); an inversion of each distinct command
reproducibility           mean cosine(command, the other draws for the same prompt); all come
                          independently from one policy, so each is as good a regeneration as a
                          fresh one would be
fidelity+reproducibility  their mean
fidelity-base             as fidelity, reconstructed by the frozen base; another inversion
fidelity-canonical        as fidelity, from the canonical form; another inversion
reproducibility-base      against draws of the frozen base; another n draws
likelihood                log p(command | prompt) of the policy, in nats; nothing
self-certainty            KL(uniform || p), mean of the command's tokens, in nats; nothing
vote-share                share of the draws that have the same canonical form; nothing
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
    # Draws of `policy` for the same prompts, where the commands are those of another policy.
    others: Sequence[Sequence[Generation]] | None = None

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
    def forms(self) -> list[list[str]]:
        """The canonical form of each command; its text where no tool would take it."""
        from tasks.checker import canonical_text

        known = {text: canonical_text(text) or text for row in self.commands for text in row}
        return [[known[text] for text in row] for row in self.commands]

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
    if draws.others is not None:
        return _likeness(draws, draws.others)
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


def _likeness(draws: Draws, others: Sequence[Sequence[Generation]]) -> list[list[float]]:
    """Mean similarity of each command to all of another policy's draws for its prompt."""
    pairs = [
        (command, other.text)
        for row, drawn in zip(draws.commands, others, strict=True)
        for command in row
        for other in drawn
    ]
    left, right = zip(*pairs, strict=True) if pairs else ((), ())
    values = iter(draws.similarity(left, right))
    return [
        [sum(next(values) for _ in drawn) / len(drawn) for _ in row]
        for row, drawn in zip(draws.commands, others, strict=True)
    ]


def fidelity_by_base(draws: Draws) -> list[list[float]]:
    """Fidelity with the frozen base as the reader: it cannot have drifted with the writer."""
    sampling = replace(draws.sampling, seed=derive(draws.sampling.seed, "base"))
    with draws.policy.frozen():
        return fidelity(replace(draws, sampling=sampling))


def fidelity_of_form(draws: Draws) -> list[list[float]]:
    """Fidelity of the canonical form: what the spelling of a command tells the reader is lost."""
    sampling = replace(draws.sampling, seed=derive(draws.sampling.seed, "canonical"))
    forms = [[Generation(form, 0) for form in row] for row in draws.forms]
    return fidelity(replace(draws, sampling=sampling, generations=forms))


def reproducibility_by_base(draws: Draws) -> list[list[float]]:
    """Mean similarity of each command to as many draws of the frozen base."""
    sampling = replace(draws.sampling, seed=derive(draws.sampling.seed, "regenerate"))
    n = len(draws.generations[0]) if draws.generations else 0
    with draws.policy.frozen():
        others = draws.policy.generate(draws.prompts, n, sampling)
    return reproducibility(replace(draws, others=others))


def likelihood(draws: Draws) -> list[list[float]]:
    """Log-likelihood of the command, in nats: the sum over its tokens, so long ones score low."""
    return [[g.log_likelihood for g in row] for row in draws.generations]


def self_certainty(draws: Draws) -> list[list[float]]:
    """How far the policy's distributions were from uniform, in nats a token."""
    return [[g.self_certainty for g in row] for row in draws.generations]


def vote_share(draws: Draws) -> list[list[float]]:
    """The share of a prompt's draws, its own among them, with the command's canonical form."""
    return [[row.count(form) / len(row) for form in row] for row in draws.forms]
