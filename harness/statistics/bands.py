"""Simultaneous bounds of several estimates that share their families and seeds.

The sup-t band of Montiel Olea and Plagborg-Moller (Journal of Applied Econometrics 34, 2019): one
critical value, the quantile of the largest absolute deviation among all estimates in joint draws.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from harness.statistics.intervals import Estimate, Floats
from harness.statistics.power import CONFIDENCE


def sup_t(
    estimates: Sequence[Estimate], draws: Floats, by_seed: Floats
) -> list[tuple[float, float]]:
    """The bounds of each of T estimates that hold together with 95% confidence.

    `draws`, (B, T), are joint draws of the estimates by families; `by_seed`, (S, T), the seeds' own
    means, from which what an estimate's standard error has beyond its draws takes its correlation.
    The critical value is found for normal deviations, and its level put to each estimate's
    Student's t. Raises ValueError for an estimate without an interval.
    """
    from scipy.special import ndtr, stdtrit

    se = np.array([_known(e.se) for e in estimates])
    off = draws - draws.mean(axis=0) + _of_seeds(se, draws, by_seed)
    spread = off.std(axis=0)
    scaled = np.divide(off, spread, out=np.zeros_like(off), where=spread > 0)
    level = ndtr(np.quantile(np.abs(scaled).max(axis=1), CONFIDENCE))
    level = max(float(level), (1 + CONFIDENCE) / 2)  # no narrower than each interval by itself
    halves = [float(stdtrit(_known(e.df), level)) * _known(e.se) for e in estimates]
    return [
        (_known(e.value) - half, _known(e.value) + half)
        for e, half in zip(estimates, halves, strict=True)
    ]


def _of_seeds(se: Floats, draws: Floats, by_seed: Floats) -> Floats:
    """Normal draws, (B, T), with the correlation of the seed means and the variance that the
    standard errors have beyond the family draws."""
    off = by_seed - by_seed.mean(axis=0)
    spread = np.sqrt(np.sum(off**2, axis=0))
    beyond = np.sqrt(np.maximum(se**2 - draws.var(axis=0), 0.0))
    scale = np.divide(beyond, spread, out=np.zeros_like(spread), where=spread > 0)
    normal = np.random.default_rng(0).standard_normal((len(draws), len(by_seed)))
    return np.asarray(normal @ off * scale)


def _known(value: float | None) -> float:
    if value is None:
        raise ValueError("an estimate without an interval has no simultaneous bounds")
    return value
