"""Who moved, equal KL, proxy audit and probes: on evaluations small enough to compute by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import spearmanr

from harness.audit import of_rows
from harness.columns import CALIBRATION, HELDOUT
from harness.equal_kl import Step, divergence, place_at
from harness.gap import Movement, fit_calibration
from harness.habits import habits
from harness.statistics import within_task_spearman
from harness.study import BASE, Arm, Divergence, Rescored
from harness.who_moved import who_moved

from .made_columns import Made, made_columns

SEEDS, TASKS, SAMPLES = 2, 12, 2
SHAPE = (SEEDS, TASKS, SAMPLES)
FAMILIES = list(range(TASKS))
ARM = Arm("v1", "fidelity")


def scores(value: float) -> Made:
    return Made(np.ones(SHAPE), {"fidelity": np.full(SHAPE, value)})


def rescored(scorer: int, writer: int, value: float) -> list[Rescored]:
    return [
        Rescored("v1", seed, 3, scorer, writer, f"t{task:04d}", {"fidelity": value})
        for seed in range(SEEDS)
        for task in range(TASKS // 2)  # the light tasks
        for _ in range(SAMPLES)
    ]


@pytest.mark.parametrize(
    ("matrix", "scorer", "policy"),
    [
        ((0.5, 0.5, 0.8, 0.8), 0.3, 0.0),
        ((0.5, 0.8, 0.5, 0.8), 0.0, 0.3),
        ((0.5, 0.6, 0.9, 0.9), 0.3, 0.1),
    ],
    ids=["only the scorer", "only the policy", "both"],
)
def test_who_moved(matrix: tuple[float, ...], scorer: float, policy: float) -> None:
    p_00, p_0t, p_t0, p_tt = matrix
    data = made_columns(
        FAMILIES, {(HELDOUT, BASE, 0): scores(p_00), (HELDOUT, "v1", 3): scores(p_tt)}
    )
    (row,) = who_moved(data, [ARM], [*rescored(0, 3, p_0t), *rescored(3, 0, p_t0)])
    assert (row["arm"], row["cycle"], row["proxy"], row["optimised"]) == ("v1", 3, "fidelity", True)
    assert row["scorer"]["value"] == pytest.approx(scorer)
    assert row["policy"]["value"] == pytest.approx(policy)
    assert row["scorer_on_first"]["value"] == pytest.approx(p_t0 - p_00)
    assert row["P_TT"]["value"] == pytest.approx(p_tt)
    assert (row["scorer"]["tasks"], row["scorer"]["seeds"]) == (TASKS // 2, SEEDS)


def test_nobody_is_said_to_have_moved_where_nothing_was_rescored() -> None:
    data = made_columns(FAMILIES, {(HELDOUT, BASE, 0): scores(0.5)})
    assert who_moved(data, [ARM], []) == []


def moved(change: float) -> Movement:
    grid = np.full((SEEDS, TASKS), change)
    return Movement("fidelity", grid, grid / 2, None, None, SAMPLES)


def kl(arm: str, by_cycle: dict[int, float]) -> list[Divergence]:
    return [
        Divergence(arm, seed, cycle, f"t{task:04d}", value)
        for cycle, value in by_cycle.items()
        for seed in range(SEEDS)
        for task in range(TASKS)
    ]


def test_arms_are_compared_at_the_kl_that_all_who_moved_have_reached() -> None:
    """sqrt(KL): fast 1, 3; slow 1, 2; idle 0. At 2 fast is half way between its cycles."""
    data = made_columns(FAMILIES, {(HELDOUT, BASE, 0): scores(0.5)})
    changes = {
        "fast": {1: moved(-0.1), 2: moved(-0.3)},
        "slow": {1: moved(-0.1), 2: moved(-0.4)},
        "no-train": {1: moved(0.0), 2: moved(0.0)},
    }
    rows = [*kl("fast", {1: 1, 2: 9}), *kl("slow", {1: 1, 2: 4}), *kl("no-train", {1: 0, 2: 0})]
    found = divergence(data, rows, changes)
    assert [(r["arm"], r["cycle"], r["root"]) for r in found["cycles"]][:3] == [
        ("fast", 1, 1.0),
        ("fast", 2, 3.0),
        ("slow", 1, 1.0),
    ]
    assert found["cycles"][1]["kl"]["value"] == pytest.approx(9)
    equal = found["equal"]
    assert equal["root"] == 2.0
    arms = {row["arm"]: row for row in equal["arms"]}
    assert arms["fast"]["dT"]["value"] == pytest.approx(-0.2)
    assert arms["fast"]["dP"]["value"] == pytest.approx(-0.1)
    assert arms["slow"]["dT"]["value"] == pytest.approx(-0.4)
    assert arms["no-train"]["dT"] is None
    assert arms["no-train"]["reached"] == 0


def test_an_uncertain_kl_widens_what_is_read_at_it() -> None:
    """dT falls by 1 a unit of sqrt(KL); its own noise is nil, so all of the interval is KL's."""
    rng = np.random.default_rng(1)
    data = made_columns(FAMILIES, {(HELDOUT, BASE, 0): scores(0.5)})
    exact = kl("slow", {1: 1.0})
    noisy = [
        Divergence("fast", row.seed, 1, row.task, float(4 + rng.normal(0, 0.5))) for row in exact
    ]
    found = divergence(data, [*noisy, *exact], {"fast": {1: moved(-2.0)}, "slow": {1: moved(-1.0)}})
    fast, slow = found["equal"]["arms"]
    of_kl = found["cycles"][0]["kl"]
    at_one = of_kl["se"] / (2 * of_kl["value"] ** 0.5) / of_kl["value"] ** 0.5
    slope = 2.0 / of_kl["value"] ** 0.5
    assert fast["dT"]["se"] == pytest.approx(slope * at_one, rel=1e-6)
    assert slow["dT"]["se"] == pytest.approx(0.0)


def test_nothing_is_extrapolated() -> None:
    curve = [Step(0.0, 0.0, None), Step(1.0, 0.0, moved(-0.1)), Step(0.8, 0.0, moved(-0.2))]
    place = place_at(curve, 0.9)
    assert place is not None
    assert (place.low.root, place.high.root, place.share) == (0.0, 1.0, pytest.approx(0.9))
    assert place_at(curve, 1.01) is None
    empty = made_columns(FAMILIES, {(HELDOUT, BASE, 0): scores(0.5)})
    assert divergence(empty, [], {"v1": {1: moved(0)}}) == {
        "cycles": [],
        "equal": {"root": None, "arms": []},
    }


def test_the_audit_sees_a_proxy_lose_touch() -> None:
    """Before, right samples score .8 and wrong ones .2; after it is the other way round."""
    rng = np.random.default_rng(3)
    shape = (2, 60, 4)
    families = np.arange(60) % 15

    def made(high: float) -> Made:
        right = rng.random(shape) < 0.5
        return Made(right, {"p": np.where(right, high, 1 - high) + rng.normal(0, 0.01, shape)})

    data = made_columns(
        families,
        {
            (CALIBRATION, BASE, 0): made(0.8),
            (HELDOUT, BASE, 0): made(0.8),
            (HELDOUT, "v1", 1): made(0.2),
        },
    )
    fit = fit_calibration(data, "p")
    before = of_rows(data, "p", fit, data.before("v1"))
    after = of_rows(data, "p", fit, data.after("v1", 1))
    assert (before["auroc"]["value"], after["auroc"]["value"]) == (1.0, 0.0)
    assert before["spearman"]["value"] > 0.8
    assert after["spearman"]["value"] < -0.8
    assert before["promised"]["value"] == pytest.approx(0, abs=0.02)
    assert (before["auroc"]["tasks"], before["tasks"]) == (60, 60)


def test_spearman_agrees_with_scipy_inside_each_task() -> None:
    rng = np.random.default_rng(4)
    tasks = rng.integers(0, 30, 400)
    values = rng.choice([0.1, 0.2, 0.3, 0.4], 400)
    right = rng.random(400) < 0.5
    found = within_task_spearman(values, right, tasks, 31)
    for task in range(31):
        own = tasks == task
        if right[own].any() and not right[own].all() and len(set(values[own])) > 1:
            assert found[task] == pytest.approx(spearmanr(values[own], right[own]).statistic)
        else:
            assert np.isnan(found[task])


def test_habits_are_compared_before_and_after() -> None:
    first = Made(np.ones(SHAPE), {}, {"length": np.full(SHAPE, 30.0)}, np.zeros(SHAPE, int))
    other = np.broadcast_to(np.arange(SAMPLES), SHAPE).copy()
    other[0, 0] = 7  # one task of one seed has one form only
    last = Made(np.ones(SHAPE), {}, {"length": np.full(SHAPE, 45.0)}, other)
    data = made_columns(FAMILIES, {(HELDOUT, BASE, 0): first, (HELDOUT, "v1", 1): last})
    found: dict[str, Any] = habits(data, data.before("v1"), data.after("v1", 1))
    assert list(found) == ["length", "distinct forms"]
    assert found["length"]["change"]["value"] == 15
    assert found["distinct forms"]["before"]["value"] == 0.5
    assert found["distinct forms"]["after"]["value"] == pytest.approx((23 * 1 + 0.5) / 24)
    assert found["distinct forms"]["change"]["low"] < found["distinct forms"]["change"]["value"]
