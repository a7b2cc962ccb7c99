"""Known values, and coverage on simulated benchmarks whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import roc_auc_score

from harness.calibration import calibrator, fold_of, isotonic
from harness.statistics import (
    Floats,
    cluster_weights,
    detectable_change,
    estimate,
    holm,
    over_seeds,
    sign_flip_p,
    wilson,
    within_task_auroc,
)


def test_wilson_is_the_published_interval() -> None:
    # Newcombe (1998), example 1: 81 of 263.
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert wilson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("sd", "n", "expected"), [(1, 20, 0.660), (1, 500, 0.126), (3, 3, 9.3), (3, 5, 5.0), (3, 10, 3)]
)
def test_the_smallest_detectable_change(sd: float, n: int, expected: float) -> None:
    assert detectable_change(sd / n**0.5, n - 1) == pytest.approx(expected, rel=0.01)


def test_bootstrap_weights_give_the_unbiased_variance_of_a_mean() -> None:
    values = np.array([0.1, 0.5, 0.2, 0.9, 0.4, 0.3])
    draws = cluster_weights(6, replicates=200_000) @ values
    assert draws.var() == pytest.approx(values.var(ddof=1) / 6, rel=0.02)


def test_an_estimate_counts_what_it_used() -> None:
    values = np.array([[0.0, 1.0, np.nan, 1.0], [np.nan, 0.0, np.nan, 1.0]])
    found = estimate(values, np.array([0, 0, 1, 2]))
    assert (found.value, found.tasks, found.families, found.seeds) == (0.6, 3, 2, 2)


def test_one_family_draws_tasks_and_one_task_has_no_interval() -> None:
    one_family = estimate(np.array([[0.0, 1.0, 1.0, 0.0]]), np.zeros(4, np.int64))
    assert one_family.low is not None
    assert one_family.value is not None
    assert one_family.low < one_family.value
    one_task = estimate(np.array([[0.5]]), np.zeros(1, np.int64))
    assert (one_task.value, one_task.low, one_task.detectable) == (0.5, None, None)
    assert estimate(np.full((2, 3), np.nan), np.arange(3)).value is None


def simulate(rng: np.random.Generator, seeds: int, seed_sd: float, family_sd: float) -> Floats:
    """Paired changes of 24 families x 8 tasks with mean 0 and the noise of 8 samples a task."""
    by_family = rng.normal(0, family_sd, 24).repeat(8)
    by_seed = rng.normal(0, seed_sd, (seeds, 1))
    return by_family + by_seed + rng.normal(0, 0.22, (seeds, 24 * 8))


@pytest.mark.parametrize("seeds", [1, 3, 8])
@pytest.mark.parametrize(("seed_sd", "family_sd"), [(0, 0), (0, 0.1), (0.03, 0.05)])
def test_intervals_cover(seeds: int, seed_sd: float, family_sd: float) -> None:
    """Nominal 95%; 400 simulations have a standard error of 1.1 points."""
    rng = np.random.default_rng(1)
    families = np.arange(24).repeat(8)
    spread = seed_sd if seeds > 1 else 0.0  # one seed cannot show how much seeds differ
    covered = 0
    for _ in range(400):
        found = estimate(simulate(rng, seeds, spread, family_sd), families)
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= 0 <= found.high
    assert 0.915 <= covered / 400 <= 0.985


def test_sign_flips_reject_at_the_nominal_rate_without_a_change() -> None:
    rng = np.random.default_rng(2)
    families = np.arange(10).repeat(5)
    p = [sign_flip_p(rng.normal(0, 1, (2, 50)), families) for _ in range(400)]
    assert 0.02 <= np.mean(np.array(p, float) < 0.05) <= 0.08


def test_sign_flips_are_exact_for_few_families() -> None:
    families = np.arange(6)
    assert sign_flip_p(np.ones((1, 6)), families) == pytest.approx(2 / 64)
    assert sign_flip_p(np.ones((1, 5)), families[:5]) == pytest.approx(2 / 32)
    assert sign_flip_p(np.zeros((1, 6)), families) == 1.0
    assert sign_flip_p(np.full((1, 6), np.nan), families) is None
    assert sign_flip_p(np.ones((1, 30)), np.arange(30)) == pytest.approx(1 / 20_001)


def test_holm_multiplies_the_smallest_by_their_number() -> None:
    assert holm({"a": 0.01, "b": 0.04, "c": 0.03}) == pytest.approx(
        {"a": 0.03, "b": 0.06, "c": 0.06}
    )
    assert holm({}) == {}


def test_seeds_alone_use_students_t() -> None:
    found = over_seeds([1.0, 2.0, 3.0])
    assert found.value == 2.0
    assert found.low == pytest.approx(2 - 4.3027 / 3**0.5, abs=1e-3)
    assert over_seeds([1.0]).low is None
    assert over_seeds([]).value is None


samples = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from([0.0, 0.25, 0.5, 1.0]), st.booleans()),
    min_size=1,
    max_size=60,
)


@given(samples)
def test_auroc_agrees_with_sklearn_inside_each_task(rows: list[tuple[int, float, bool]]) -> None:
    task, score, right = (np.array(column) for column in zip(*rows, strict=True))
    found = within_task_auroc(score, right, task, 4)
    for each in range(4):
        labels = right[task == each]
        if labels.any() and not labels.all():
            assert found[each] == pytest.approx(roc_auc_score(labels, score[task == each]))
        else:
            assert np.isnan(found[each])


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 9)), min_size=1, max_size=30))
def test_the_isotonic_fit_agrees_with_sklearn(rows: list[tuple[int, int]]) -> None:
    counts = np.array([float(n) for n, _ in rows])
    hits = np.array([float(min(n, k)) for n, k in rows])
    expected = IsotonicRegression().fit(np.arange(len(rows)), hits / counts, counts)
    assert isotonic(counts, hits) == pytest.approx(expected.predict(np.arange(len(rows))))


def test_a_bin_without_samples_takes_its_neighbours_value() -> None:
    assert isotonic(np.array([4.0, 0, 4]), np.array([1.0, 0, 3])) == pytest.approx(
        [0.25, 0.5, 0.75]
    )
    assert np.isnan(isotonic(np.zeros(2), np.zeros(2))).all()


def test_a_fold_is_fitted_without_its_own_families() -> None:
    rng = np.random.default_rng(3)
    families = rng.integers(0, 10, 4000)
    proxy = rng.random(4000)
    correct = np.where(fold_of(families) == 2, proxy < 0.5, rng.random(4000) < proxy)
    m = calibrator(proxy, correct, families, 10).fit(np.ones((1, 10)))[0]
    assert m[2, -1] > 0.9  # never saw the families in which a high score means wrong
    assert m[0, -1] < m[2, -1]
    assert (np.diff(m, axis=1) >= -1e-12).all()
