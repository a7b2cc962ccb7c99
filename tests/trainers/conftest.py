"""A policy with a script, so that what a trainer accepts can be told in advance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from itertools import cycle, islice

import pytest

from harness.types import CycleContext, Generation, Sampling, Training
from tasks.types import Prompt

PROMPTS = [Prompt("t1", "scan the host"), Prompt("t2", "list the mail servers")]


class Scripted:
    """Says its lines in order, reconstructs every command as `inverse` has it, and remembers what
    it was trained on. A generation has as many tokens as words."""

    def __init__(self, lines: Sequence[str], inverse: dict[str, str]) -> None:
        self.lines = lines
        self.inverse = inverse
        self.trained: list[tuple[str, str]] = []
        self.inverted: list[str] = []

    def generate(
        self, prompts: Sequence[str], n: int, sampling: Sampling
    ) -> list[list[Generation]]:
        lines = cycle(self.lines)
        return [[Generation(t, len(t.split())) for t in islice(lines, n)] for _ in prompts]

    def invert(self, commands: Sequence[str], sampling: Sampling) -> list[Generation]:
        self.inverted += commands
        return [Generation(self.inverse.get(c, ""), 1) for c in commands]

    def train(self, pairs: Sequence[tuple[str, str]], training: Training) -> float:
        self.trained += pairs
        return 1.0

    def frozen(self) -> AbstractContextManager[None]:
        return nullcontext()


def shared_words(left: Sequence[str], right: Sequence[str]) -> list[float]:
    """Jaccard index of the words of each pair: a similarity that can be worked out by hand."""
    words = [(set(a.split()), set(b.split())) for a, b in zip(left, right, strict=True)]
    return [len(a & b) / len(a | b) if a | b else 1.0 for a, b in words]


@pytest.fixture
def make_context() -> Callable[..., CycleContext]:
    def make(policy: object, **signals: object) -> CycleContext:
        return CycleContext(
            policy=policy,  # type: ignore[arg-type]
            similarity=shared_words,
            sampling=Sampling(max_new_tokens=12, seed=1),
            training=Training(seed=1),
            candidates=3,
            cycle=1,
            seed=7,
            signals={name.replace("_", "-"): value for name, value in signals.items()},
        )

    return make
