"""Proxies against values worked out by hand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from harness.plan import plan_arms, plan_proxies
from harness.profile import Profile
from harness.proxies import (
    Draws,
    fidelity,
    fidelity_and_reproducibility,
    fidelity_by_base,
    fidelity_of_form,
    likelihood,
    reproducibility,
    reproducibility_by_base,
    self_certainty,
    vote_share,
)
from harness.registry import PROXIES
from harness.types import Generation, Sampling
from tasks.errors import UserError
from tasks.types import Prompt


class Echo:
    """A policy that reconstructs every command as itself, and its base as "base"; the base says
    nothing but "a"."""

    calls = 0
    is_base = False

    def generate(
        self, prompts: Sequence[str], n: int, sampling: Sampling
    ) -> list[list[Generation]]:
        assert self.is_base
        return [[Generation("a", 1)] * n for _ in prompts]

    def invert(self, commands: Sequence[str], sampling: Sampling) -> list[Generation]:
        self.calls += 1
        return [Generation("base" if self.is_base else c, 1) for c in commands]

    @contextmanager
    def frozen(self) -> Iterator[None]:
        self.is_base = True
        yield
        self.is_base = False


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


def test_the_frozen_base_reads_and_regenerates() -> None:
    rows = draws("aab", "bbb")
    assert fidelity_by_base(rows) == [[0, 0, 0], [0, 0, 0]]
    assert fidelity(rows) == [[1, 1, 0], [1, 1, 1]]  # and the policy is itself again
    assert reproducibility_by_base(rows) == [[1, 1, 0], [0, 0, 0]]


def test_commands_of_one_policy_are_held_against_the_draws_of_another() -> None:
    theirs = replace(draws("ab"), others=draws("aab").generations)
    assert reproducibility(theirs) == [[pytest.approx(2 / 3), pytest.approx(1 / 3)]]


def commands(*texts: str) -> Draws:
    policy: Any = Echo()
    row = [Generation(text, 1, -2.5, 3.0, 0.5) for text in texts]
    return Draws(policy, equal, Sampling(), ["p"], [row])


def test_spellings_of_one_command_vote_together() -> None:
    rows = commands("nmap -p 22,80 10.0.0.1", "nmap 10.0.0.1 -p80,22", "nmap -p 22 10.0.0.1", "no")
    assert vote_share(rows) == [[0.5, 0.5, 0.25, 0.25]]


def test_the_canonical_form_is_what_is_reconstructed() -> None:
    rows = commands("nmap 10.0.0.1 -p80,22")
    form = rows.forms[0][0]
    assert form != "nmap 10.0.0.1 -p80,22"
    assert fidelity_of_form(replace(rows, prompts=[form])) == [[1]]
    assert fidelity(replace(rows, prompts=[form])) == [[0]]


def test_what_the_policy_says_of_its_own_words() -> None:
    assert likelihood(commands("a", "b")) == [[-2.5, -2.5]]
    assert self_certainty(commands("a")) == [[3.0]]


def test_a_proxy_without_a_value_leaves_no_score() -> None:
    from harness.evaluate import samples

    rows = list(
        samples([Prompt("t", "a")], draws("aa"), ["vote-share", "likelihood"], 1, "heldout")
    )
    assert [row.proxies for row in rows] == [{"vote-share": 1.0}] * 2
    assert rows[0].entropy is None


def test_every_registered_proxy_is_audited_but_for_the_costly(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    places = PROXIES.places() | {"mine": "package:mine"}
    monkeypatch.setattr(PROXIES, "places", lambda: places)
    arms = plan_arms(["v1"])
    by_default = plan_proxies(Profile(description="d"), arms)
    assert {"fidelity", "vote-share", "likelihood", "self-certainty", "mine"} < set(by_default)
    assert "fidelity-base" not in by_default
    named = plan_proxies(Profile(description="d", proxies=("fidelity-base",)), arms)
    assert named == (*by_default, "fidelity-base")
    with pytest.raises(UserError, match="proxies: There is no proxy 'fidelty'; did you mean"):
        plan_proxies(Profile(description="d", proxies=("fidelty",)), arms)
    assert plan_proxies(Profile(description="d", trainers=()), ()) == ()


def test_other_draws_serve_as_well_as_fresh_regenerations() -> None:
    """The reason V2 may share them: over many tasks both estimate the same mean similarity."""
    from random import Random

    rng = Random(0)
    rows = ["".join(rng.choices("ab", [0.7, 0.3], k=4)) for _ in range(4000)]
    shared = [value for row in reproducibility(draws(*rows)) for value in row[:3]]
    assert sum(shared) / len(shared) == pytest.approx(0.7**2 + 0.3**2, abs=0.01)
