"""Known values, and coverage on simulated benchmarks whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import stdtrit
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import roc_auc_score

from harness.calibration import FOLDS, calibrator, fold_of, isotonic
from harness.statistics import (
    NOTHING,
    Estimate,
    Floats,
    Ints,
    Levels,
    cluster_weights,
    crossed,
    detectable_change,
    estimate,
    holm,
    mcnemar_p,
    over_seeds,
    power_to_find,
    sign_flip_p,
    student_p,
    tost_p,
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


@pytest.mark.parametrize("seeds", [1, 2, 3, 8])
@pytest.mark.parametrize(("seed_sd", "family_sd"), [(0, 0), (0, 0.1), (0.03, 0.05)])
def test_intervals_cover(seeds: int, seed_sd: float, family_sd: float) -> None:
    """Nominal 95%; 400 simulations have a standard error of 1.1 points. Two or three seeds that do
    not differ at all cannot be told from seeds that do: these intervals are too wide."""
    rng = np.random.default_rng(1)
    families = np.arange(24).repeat(8)
    spread = seed_sd if seeds > 1 else 0.0  # one seed cannot show how much seeds differ
    covered = 0
    for _ in range(400):
        found = estimate(simulate(rng, seeds, spread, family_sd), families)
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= 0 <= found.high
    wide = seeds in (2, 3) and not spread
    assert 0.915 <= covered / 400 <= (1.0 if wide else 0.985)


def benchmark(rng: np.random.Generator, seeds: int, change: float, seed_sd: float) -> Floats:
    """The change that a benchmark of the size of `recon` measures: 139 families of 4 tasks, 3
    samples, by right-or-wrong draws; families differ in their change by 5 points."""
    chance = 0.3 + 0.4 * rng.beta(0.8, 0.5, RECON.size)  # room for the change on both sides
    moved = change + rng.normal(0, 0.05, 139).repeat(4) + rng.normal(0, seed_sd, (seeds, 1))
    before = rng.binomial(3, chance, (seeds, RECON.size))
    after = rng.binomial(3, np.clip(chance + moved, 0, 1))
    return np.asarray((after - before) / 3)


RECON: Ints = np.arange(139).repeat(4)


@pytest.mark.parametrize(("seeds", "seed_sd"), [(1, 0.0), (2, 0.03), (3, 0.03), (8, 0.03)])
def test_95_of_100_intervals_hold_the_true_change(seeds: int, seed_sd: float) -> None:
    rng = np.random.default_rng(5)
    found = [estimate(benchmark(rng, seeds, -0.02, seed_sd), RECON) for _ in range(1000)]
    covered = np.mean([e.low <= -0.02 <= e.high for e in found if e.low and e.high])
    assert 0.93 <= covered <= 0.97


@pytest.mark.parametrize("seed_sd", [0.0, 0.01, 0.03, 0.1])
@pytest.mark.parametrize("seeds", [2, 3, 5])
def test_no_seed_sd_makes_few_seeds_cover_too_little(seeds: int, seed_sd: float) -> None:
    """However much trainings differ; 10,000 draws of the variances that `crossed` is given."""
    rng = np.random.default_rng(9)
    families, of_families, noise = 139, 1e-4, 7e-5
    of_seeds = seed_sd**2 / seeds
    covered = 0
    for _ in range(10_000):
        shown = of_families * rng.chisquare(families - 1) / (families - 1)
        residual = (families - 1) * (seeds - 1)
        means = (of_seeds + noise) * rng.chisquare(seeds - 1) / (seeds - 1)
        own = noise * rng.chisquare(residual) / residual
        se, df = crossed(Levels(shown, families, means, own, seeds))
        off = rng.normal(0, (of_families + of_seeds) ** 0.5)
        covered += abs(off) <= stdtrit(df, 0.975) * se
    assert covered / 10_000 >= (0.925 if seeds == 2 else 0.94)


def test_each_level_has_its_own_t() -> None:
    """Families alone: t with F-1. A seed variance far above all else: t with S-1."""
    alone = crossed(Levels(0.04, 10, 0.01, 0.01, 1))
    assert alone == (pytest.approx(0.2), 9)
    se, df = crossed(Levels(1e-9, 50, 0.04, 0.0, 3))
    assert (se, df) == (pytest.approx(0.2, rel=1e-3), pytest.approx(2, rel=1e-3))
    se, df = crossed(Levels(0.04, 50, 0.01, 0.0, 2))
    assert stdtrit(df, 0.975) == pytest.approx((2.0096 * 0.04 + 12.7062 * 0.01) / 0.05, rel=1e-4)
    assert crossed(Levels(0.0, 50, 0.0, 0.0, 3)) == (0.0, 49)


def test_without_a_change_students_t_raises_the_alarms_it_promises() -> None:
    """5% nominal; 1,000 benchmarks have a standard error of .7 points."""
    rng = np.random.default_rng(6)
    changes = [benchmark(rng, 1, 0.0, 0.0) for _ in range(1000)]
    p = [student_p(estimate(change, RECON)) for change in changes]
    assert 0.035 <= np.mean(np.array(p, float) < 0.05) <= 0.065


def test_a_change_is_found_as_often_as_power_says() -> None:
    rng = np.random.default_rng(7)
    found = [estimate(benchmark(rng, 1, -0.04, 0.0), RECON) for _ in range(500)]
    hits = np.mean([e.high < 0 for e in found if e.high is not None])
    promised = np.mean([power_to_find(0.04, e.se, e.df) for e in found if e.se and e.df])
    assert 0.5 < promised < 0.99
    assert hits == pytest.approx(promised, abs=0.05)
    assert power_to_find(0.04, 0.0, 5) == 1.0
    assert power_to_find(detectable_change(1, 50), 1, 50) == pytest.approx(0.8, abs=0.01)


def test_equivalence_is_claimed_falsely_at_most_at_its_level() -> None:
    """At a true change of exactly the margin; and often where nothing changed."""
    rng = np.random.default_rng(8)
    for change, low, high in ((0.06, 0.02, 0.075), (0.0, 0.9, 1.0)):
        p = [tost_p(estimate(benchmark(rng, 1, change, 0.0), RECON), 0.06) for _ in range(400)]
        assert low <= np.mean(np.array(p, float) < 0.05) <= high


def test_tests_of_a_change_without_noise_or_without_tasks() -> None:
    same, moved = (Estimate(v, v, v, 0.0, 9, 9, 1, se=0.0, df=8) for v in (0.0, 0.03))
    assert (student_p(same), student_p(moved), student_p(NOTHING)) == (1.0, 0.0, None)
    assert (tost_p(same, 0.02), tost_p(moved, 0.02), tost_p(NOTHING, 0.02)) == (0.0, 1.0, None)


def test_students_p_and_the_interval_agree() -> None:
    edge = Estimate(2.0, 0.0, 4.0, None, 9, 9, 1, se=2 / 2.306004, df=8)
    assert student_p(edge) == pytest.approx(0.05, abs=1e-5)


def test_mcnemar_is_the_exact_binomial() -> None:
    # 1 win and 9 losses: 2 (1 + 10) / 2^10.
    assert mcnemar_p(1, 9) == pytest.approx(22 / 1024)
    assert mcnemar_p(9, 1) == pytest.approx(22 / 1024)
    assert mcnemar_p(0, 0) == 1.0
    assert mcnemar_p(5, 5) == 1.0


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
    fitted = isotonic(counts[None], hits[None])[0]
    assert fitted == pytest.approx(expected.predict(np.arange(len(rows))))


def test_a_bin_without_samples_takes_its_neighbours_value() -> None:
    both = isotonic(np.array([[4.0, 0, 4], [4, 4, 8]]), np.array([[1.0, 0, 3], [2, 1, 8]]))
    assert both == pytest.approx(np.array([[0.25, 0.5, 0.75], [0.375, 0.375, 1]]))
    assert np.isnan(isotonic(np.zeros((1, 2)), np.zeros((1, 2)))).all()


def test_a_fold_is_fitted_without_its_own_families() -> None:
    rng = np.random.default_rng(3)
    families = rng.integers(0, 10, 4000)
    proxy = rng.random(4000)
    correct = np.where(fold_of(families) == 2, proxy < 0.5, rng.random(4000) < proxy)
    m = calibrator(proxy, correct, families, 10).fit(np.ones((1, 10)))[0]
    others = [m[fold, -1] for fold in range(FOLDS) if fold != 2]
    assert m[2, -1] > max(others) + 0.02  # never saw the families where a high score means wrong
    assert m[0, -1] < m[2, -1]
    assert (np.diff(m, axis=1) >= -1e-12).all()
