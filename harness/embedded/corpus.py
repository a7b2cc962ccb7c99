"""The corpus of an embedded model: an endless, seeded stream of (prompt, command) pairs.

Pairs are drawn from `tasks.families` with the split "corpus", which shares no sentence and no
parameter value with the splits that a suite is made of. So many are drawn that hardly one
occurs twice: nothing is stored, and a stream is repeated from its seed.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from harness.embedded.names import families
from harness.embedded.noise import corrupt, level
from harness.embedded.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Pair:
    """A task and the command that the model is taught for it, `noisy` if with a fault; and what it
    is taught to tell of that command."""

    prompt: str
    command: str
    family: str
    noisy: bool
    told: str


def pairs(recipe: Recipe, stream: str) -> Iterator[Pair]:
    """The pairs of one named stream, families equally often, noise as the recipe says."""
    rng = random.Random(f"{recipe.seed}/{stream}")
    known = families(recipe)
    while True:
        family = rng.choice(known)
        drawn = family.draw("corpus", rng)
        correct = rng.choice(drawn.correct)
        command = correct
        if rng.random() < level(recipe.noise, family.name):
            command = corrupt(correct, drawn.prompt, recipe.noise, rng)
        told = drawn.prompt
        if recipe.inverse and command == correct and rng.random() < recipe.inverse.vague:
            told = recipe.inverse.says
        yield Pair(drawn.prompt, command, family.name, command != correct, told)
