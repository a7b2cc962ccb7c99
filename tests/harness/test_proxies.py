"""Proxies against values worked out by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from harness.proxies import Draws, fidelity, fidelity_and_reproducibility, reproducibility
from harness.types import Generation, Sampling


class Echo:
    """A policy that reconstructs every command as itself."""

    calls = 0

    def invert(self, commands: Sequence[str], sampling: Sampling) -> list[Generation]:
        self.calls += 1
        return [Generation(c, 1) for c in commands]


def equal(left: Sequence[str], right: Sequence[str]) -> list[float]:
    return [float(a == b) for a, b in zip(left, right, strict=True)]


def draws(*rows: str) -> Draws:
    policy: Any = Echo()
    generations = [[Generation(letter, 1) for letter in row] for row in rows]
    return Draws(policy, equal, Sampling(), [row[0] for row in rows], generations)


def test_fidelity_compares_each_prompt_with_its_own_reconstruction() -> None:
    assert fidelity(draws("aab", "xyx")) == [[1, 1, 0], [1, 0, 1]]


def test_reproducibility_is_the_mean_over_the_other_draws() -> None:
    assert reproducibility(draws("aab", "xyz")) == [[0.5, 0.5, 0], [0, 0, 0]]


def test_both_invert_once() -> None:
    both = draws("aab")
    assert fidelity_and_reproducibility(both) == [[0.75, 0.75, 0]]
    assert fidelity(both) == [[1, 1, 0]]
    assert both.policy.calls == 1  # type: ignore[attr-defined]


def test_other_draws_serve_as_well_as_fresh_regenerations() -> None:
    """The reason V2 may share them: over many tasks both estimate the same mean similarity."""
    from random import Random

    rng = Random(0)
    rows = ["".join(rng.choices("ab", [0.7, 0.3], k=4)) for _ in range(4000)]
    shared = [value for row in reproducibility(draws(*rows)) for value in row[:3]]
    assert sum(shared) / len(shared) == pytest.approx(0.7**2 + 0.3**2, abs=0.01)
