"""Made-up names for the corpus, so that the model learns to copy and not to recall.

A first model that saw only the real words of the pools copied every name that it knew and put a
known one in the place of any other: half of its errors were word lists and headers it had never
seen. So each list of words gets many more, spliced from its own ("sensi" + "nts"). A value made
of them is still drawn only if its hash names the corpus, so no suite's value can occur.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import cache

import yaml

from harness.embedded.recipe import Recipe
from tasks.families import Family, load_families
from tasks.pools import POOLS, Pool, PoolFile

FEWEST = 10  # a shorter list is a closed choice: top-level domains


@cache
def families(recipe: Recipe) -> tuple[Family, ...]:
    """The possible families, with pools that hold made-up words besides the real ones."""
    file = PoolFile.model_validate(yaml.safe_load(POOLS.read_text(encoding="utf-8")))
    words = {
        name: (*real, *made_up(real, recipe.made_up * len(real), f"{recipe.seed}/{name}"))
        for name, real in file.words.items()
    }
    extended = file.model_copy(update={"words": words})
    pools: dict[str, Pool] = {}
    for name in file.pools:
        pools[name] = Pool(name, extended, pools)
    return tuple(
        Family(family.tool, family.record, pools) for family in load_families() if family.possible
    )


def made_up(real: Sequence[str], count: int, seed: str) -> list[str]:
    """`count` splices of the head of one word and the tail of another; none of numbers."""
    if len(real) < FEWEST or any(word.isdigit() for word in real):
        return []
    rng = random.Random(seed)
    return [_splice(real, rng) for _ in range(count)]


def _splice(real: Sequence[str], rng: random.Random) -> str:
    """At least half of one word, and at most half of another."""
    head, tail = rng.sample(real, 2)
    head_length = rng.randint((len(head) + 1) // 2, len(head))
    tail_start = rng.randint((len(tail) + 1) // 2, len(tail))
    return head[:head_length] + tail[tail_start:]
