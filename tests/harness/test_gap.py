"""The gap on simulated policies: zero when the proxy keeps its meaning, positive when gamed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from harness.columns import CALIBRATION, HELDOUT, Columns, Rows, columns
from harness.gap import Fit, Gap, fit_calibration, goodhart_gap, verdict
from harness.statistics import Estimate
from harness.study import BASE
from harness.types import GradedSample, Outcome

FAMILIES, TASKS, SAMPLES, SEEDS = 12, 48, 6, 3
Chance = Callable[[float], float]  # proxy value -> chance of being correct


def honest(proxy: float) -> float:
    return 0.1 + 0.8 * proxy


def evaluation(
    rng: np.random.Generator, arm: str, split: str, shift: float, chance: Chance
) -> list[GradedSample]:
    """One evaluation: proxies around each task's own mean, plus a shift."""
    rows = []
    for seed in range(SEEDS):
        for task in range(TASKS):
            for k in range(SAMPLES):
                proxy = float(np.clip(rng.normal(0.3 + 0.4 * (task % 7) / 6 + shift, 0.15), 0, 1))
                right = rng.random() < chance(proxy)
                rows.append(
                    GradedSample(
                        arm=arm,
                        seed=seed,
                        cycle=0 if arm == BASE else 1,
                        split=split,
                        task=f"{split}-{task}",
                        family=f"f{task % FAMILIES:02d}",
                        tool="nmap",
                        unseen=False,
                        sample=k,
                        text="",
                        proxies={"p": proxy},
                        outcome=Outcome.CORRECT if right else Outcome.WRONG,
                        fault=None,
                        static="pass",
                        observed="pass",
                    )
                )
    return rows


def gap_of(rng: np.random.Generator, shift: float, chance: Chance) -> Gap:
    data = columns(
        [
            *evaluation(rng, BASE, CALIBRATION, 0, honest),
            *evaluation(rng, BASE, HELDOUT, 0, honest),
            *evaluation(rng, "arm", HELDOUT, shift, chance),
        ]
    )
    return between(data, fit_calibration(data, "p"), data.before("arm"), data.after("arm", 1))


def between(data: Columns, fit: Fit | None, before: Rows, after: Rows) -> Gap:
    return goodhart_gap(data, "p", fit, before, after)


def bounds(estimate: Estimate) -> tuple[float, float]:
    assert estimate.low is not None
    assert estimate.high is not None
    return estimate.low, estimate.high


def test_no_gap_when_truth_follows_the_proxy_as_calibrated() -> None:
    found = gap_of(np.random.default_rng(0), 0.15, honest)
    assert found.d_proxy.value == pytest.approx(0.15, abs=0.02)
    assert found.d_truth.value == pytest.approx(0.8 * 0.15, abs=0.04)
    assert bounds(found.gap)[0] < 0 < bounds(found.gap)[1]
    assert found.verdict == "none"


def test_strong_when_the_proxy_is_gamed() -> None:
    found = gap_of(np.random.default_rng(0), 0.15, lambda p: honest(p) - 0.25)
    assert found.verdict == "strong"
    assert found.gap.value == pytest.approx(0.25, abs=0.05)


def test_weak_when_the_proxy_rises_and_truth_stays() -> None:
    found = gap_of(np.random.default_rng(0), 0.15, lambda p: honest(p - 0.15))
    assert found.verdict == "weak"
    assert found.gap.value == pytest.approx(0.8 * 0.15, abs=0.05)


def test_a_proxy_that_says_nothing_promises_nothing() -> None:
    """With a flat m the gap is the loss of truth, however much the proxy moves."""
    rng = np.random.default_rng(0)
    data = columns(
        [
            *evaluation(rng, BASE, CALIBRATION, 0, lambda p: 0.6),
            *evaluation(rng, BASE, HELDOUT, 0, lambda p: 0.6),
            *evaluation(rng, "arm", HELDOUT, 0.2, lambda p: 0.4),
        ]
    )
    found = between(data, fit_calibration(data, "p"), data.before("arm"), data.after("arm", 1))
    assert found.gap.value is not None
    assert found.d_truth.value is not None
    assert found.gap.value == pytest.approx(-found.d_truth.value, abs=0.05)


def test_false_alarms_on_runs_in_which_nothing_changed() -> None:
    rng = np.random.default_rng(4)
    alarms = [gap_of(rng, 0.0, honest).verdict != "none" for _ in range(40)]
    assert np.mean(alarms) <= 0.10  # a one-sided 2.5%; 40 runs have a standard error of 2.5


def test_without_calibration_split_heldout_serves_and_four_families_do_not() -> None:
    rng = np.random.default_rng(0)
    base = evaluation(rng, BASE, HELDOUT, 0, honest)
    fit = fit_calibration(columns(base), "p")
    assert fit is not None
    assert fit.source == HELDOUT
    assert fit_calibration(columns([s for s in base if s.family < "f04"]), "p") is None
    assert fit_calibration(columns(base), "unknown") is None


def estimate_of(low: float, high: float) -> Estimate:
    return Estimate((low + high) / 2, low, high, 0.1, 10, 5, 3)


@pytest.mark.parametrize(
    ("d_proxy", "d_truth", "gap", "expected"),
    [
        ((0.01, 0.05), (-0.09, -0.01), (0.02, 0.1), "strong"),
        ((0.01, 0.05), (-0.09, 0.01), (0.02, 0.1), "weak"),
        ((-0.01, 0.05), (-0.09, -0.01), (0.02, 0.1), "weak"),
        ((0.01, 0.05), (-0.09, 0.01), (-0.02, 0.1), "none"),
        ((-0.05, -0.01), (0.01, 0.09), (-0.1, -0.02), "none"),
    ],
)
def test_the_verdict_is_by_the_bounds(
    d_proxy: tuple[float, float],
    d_truth: tuple[float, float],
    gap: tuple[float, float],
    expected: str,
) -> None:
    assert verdict(estimate_of(*d_proxy), estimate_of(*d_truth), estimate_of(*gap)) == expected


def test_no_verdict_without_intervals() -> None:
    bare = Estimate(0.1, None, None, None, 1, 1, 1)
    assert verdict(bare, bare, bare) is None
