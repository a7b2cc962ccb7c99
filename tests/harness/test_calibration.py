"""m: isotonic as the textbook has it, and no steeper than what it was not fitted on confirms."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.isotonic import IsotonicRegression

from harness.calibration import FOLDS, Calibrator, calibrator, isotonic, slope

FAMILIES, EACH = 40, 30


def fits(chance_by_proxy: float, seed: int) -> tuple[Calibrator, np.ndarray]:
    """A calibrator of samples whose chance rises so much over the range of the proxy, and m."""
    rng = np.random.default_rng(seed)
    families = np.arange(FAMILIES).repeat(EACH)
    proxy = rng.random(len(families))
    right = rng.random(len(families)) < 0.5 + chance_by_proxy * (proxy - 0.5)
    made = calibrator(proxy, right, families, FAMILIES)
    return made, made.fit(np.ones((1, FAMILIES)))[0]


def test_the_isotonic_fit_is_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    counts = rng.integers(1, 30, (20, 12)).astype(float)
    hits = rng.binomial(counts.astype(int), 0.5).astype(float)
    for row, n, right in zip(isotonic(counts, hits), counts, hits, strict=True):
        expected = IsotonicRegression().fit_transform(np.arange(12), right / n, sample_weight=n)
        assert row == pytest.approx(expected)


def test_what_is_confirmed_is_kept_and_what_is_chance_is_not() -> None:
    """The rise of m from its first bin to its last, mean of 20 samples of 1,200."""
    steep = [np.ptp(fits(0.8, seed)[1], axis=1).mean() for seed in range(20)]
    assert np.mean(steep) == pytest.approx(0.8, abs=0.08)
    flat = [np.ptp(fits(0.0, seed)[1], axis=1).mean() for seed in range(20)]
    plain = [np.ptp(unshrunk(fits(0.0, seed)[0]), axis=1).mean() for seed in range(20)]
    assert np.mean(flat) < np.mean(plain) / 3


def unshrunk(made: Calibrator) -> np.ndarray:
    """The isotonic fits as they are."""
    folds = np.arange(FAMILIES) % FOLDS
    kept = np.stack([(folds != fold).astype(float) for fold in range(FOLDS)])
    return isotonic(kept @ made.counts, kept @ made.hits)


def test_m_never_falls_and_keeps_the_level() -> None:
    for chance in (0.0, 0.3, -0.5):
        made, m = fits(chance, 1)
        assert (np.diff(m, axis=1) >= -1e-12).all()
        level = np.average(m.mean(axis=0), weights=made.counts.sum(axis=0))
        assert level == pytest.approx(made.hits.sum() / made.counts.sum(), abs=0.01)


def test_the_slope_is_a_share() -> None:
    confirmed, spread = np.array([-1.0, 0.5, 3.0, 0.0]), np.array([1.0, 1.0, 1.0, 0.0])
    assert slope(confirmed, spread).tolist() == [0.0, 0.5, 1.0, 1.0]
