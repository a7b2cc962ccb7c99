"""What each trainer accepts, trains on and spends."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harness.policy import CausalPolicy
from harness.types import CycleContext, Trainer
from trainers.no_train import NoTrain
from trainers.oracle import Oracle
from trainers.random_accept import RandomAccept
from trainers.v1 import V1
from trainers.v2 import V2

from .conftest import PROMPTS, Scripted

MakeContext = Callable[..., CycleContext]

# "a b" is read back as the first prompt, nothing else as anything
LINES = ["a b", "a c", "x y"]
INVERSE = {"a b": "scan the host", "a c": "scan the"}


def test_v1_trains_on_what_is_read_back_as_the_prompt(make_context: MakeContext) -> None:
    policy = Scripted(LINES, INVERSE)
    report = V1().cycle(PROMPTS, make_context(policy))
    first = report.candidates[:3]
    assert [c.command for c in first] == LINES
    assert [c.scores["fidelity"] for c in first] == [1, pytest.approx(2 / 3), 0]
    assert policy.trained == [("scan the host", "a b"), ("scan the host", "a c")]
    assert report.acceptance == 2 / 6
    assert report.generated_tokens == 12 + 6  # two words a command, one a reconstruction
    assert report.loss == 1.0


def test_a_fidelity_of_exactly_one_half_is_rejected(make_context: MakeContext) -> None:
    policy = Scripted(["a b"], {"a b": "scan the host and three"})
    report = V1().cycle([PROMPTS[0]], make_context(policy))
    assert {c.scores["fidelity"] for c in report.candidates} == {3 / 5}
    policy = Scripted(["a b"], {"a b": "scan the host and then some"})
    report = V1().cycle([PROMPTS[0]], make_context(policy))
    assert {c.scores["fidelity"] for c in report.candidates} == {0.5}
    assert report.acceptance == 0
    assert report.loss is None
    assert policy.trained == []


def test_v2_also_asks_for_agreement_with_the_three_other_draws(make_context: MakeContext) -> None:
    policy = Scripted(["a b", "a b", "x y", "a b"], dict.fromkeys(["a b", "x y"], "scan the host"))
    report = V2().cycle([PROMPTS[0]], make_context(policy))
    assert [c.command for c in report.candidates] == ["a b", "a b", "x y"]
    assert [c.scores["fidelity"] for c in report.candidates] == [1, 1, 1]
    similarities = [c.scores["reproducibility"] for c in report.candidates]
    assert similarities == [pytest.approx(2 / 3), pytest.approx(2 / 3), 0]
    assert [c.accepted for c in report.candidates] == [True, True, False]
    assert policy.inverted == ["a b", "x y"]  # each once, and the extra draw not at all
    assert report.generated_tokens == 8 + 2


@pytest.mark.parametrize(("rate", "accepted"), [(0.0, 0), (0.5, 3), (0.9, 5), (1.0, 6)])
def test_random_accept_takes_v1s_share(
    make_context: MakeContext, rate: float, accepted: int
) -> None:
    policy = Scripted(LINES, INVERSE)
    report = RandomAccept().cycle(PROMPTS, make_context(policy, v1_acceptance=rate))
    assert sum(c.accepted for c in report.candidates) == accepted == len(policy.trained)
    again = RandomAccept().cycle(PROMPTS, make_context(policy, v1_acceptance=rate))
    assert again.candidates == report.candidates


def test_oracle_trains_on_what_is_true(make_context: MakeContext) -> None:
    policy = Scripted(LINES, INVERSE)
    context = make_context(policy, truth=lambda task, command: (task, command) == ("t2", "x y"))
    Oracle().cycle(PROMPTS, context)
    assert policy.trained == [("list the mail servers", "x y")]


def test_no_train_draws_and_trains_on_nothing(make_context: MakeContext) -> None:
    policy = Scripted(LINES, INVERSE)
    report = NoTrain().cycle(PROMPTS, make_context(policy))
    assert len(report.candidates) == 6
    assert report.loss is None
    assert policy.trained == []


@pytest.mark.parametrize("trainer", [V1(), V2()])
def test_no_prompts_is_no_error(make_context: MakeContext, trainer: Trainer) -> None:
    report = trainer.cycle([], make_context(Scripted(LINES, INVERSE)))
    assert (report.acceptance, report.loss) == (0.0, None)


def test_v2_spends_at_most_half_more_than_v1(make_context: MakeContext, tiny_model: Path) -> None:
    """Measured on a real policy; by count it is 4/3 at most, for any lengths."""
    spent = {}
    for trainer in (V1(), V2()):
        policy = CausalPolicy.load(str(tiny_model))
        spent[trainer.name] = trainer.cycle(PROMPTS * 4, make_context(policy)).generated_tokens
    assert spent["v1"] < spent["v2"] <= 1.5 * spent["v1"]
