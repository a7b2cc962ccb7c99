"""p-values: does a change differ from nothing, and is it small enough to call it nothing?

Formulas and sources in docs/measures.md.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from harness.statistics.intervals import Estimate, Floats, Ints

FLIPS = 20_000  # sign flips drawn when there are too many families to try them all
ENUMERABLE = 14  # families up to which all 2^F sign flips are tried


def student_p(change: Estimate) -> float | None:
    """Two-sided p of "no change" by the interval's own Student's t; None where it has none.

    It is below .05 exactly where the 95% interval excludes zero. A change that every family
    shows alike has no standard error: p is then 1 for no change at all, else 0.
    """
    from scipy.stats import t

    if change.value is None or change.se is None or change.df is None:
        return None
    if not change.se:
        return float(change.value == 0)
    return float(2 * t.sf(abs(change.value) / change.se, change.df))


def tost_p(change: Estimate, margin: float) -> float | None:
    """p of "the change is `margin` or more, up or down": two one-sided t tests, the larger p.

    Below .05 the 90% interval lies within +-margin and the two are called equivalent.
    """
    from scipy.stats import t

    if change.value is None or change.se is None or change.df is None:
        return None
    room = margin - abs(change.value)
    if not change.se:
        return float(room <= 0)
    return float(t.sf(room / change.se, change.df))


def mcnemar_p(wins: int, losses: int) -> float:
    """Exact two-sided McNemar p for paired right-or-wrong answers, one a task.

    `wins` are tasks that only the second got right, `losses` those that only the first did.
    """
    from statsmodels.stats.contingency_tables import mcnemar

    return float(mcnemar([[0, losses], [wins, 0]], exact=True).pvalue)


def sign_flip_p(values: Floats, families: Ints, seed: int = 0) -> float | None:
    """Two-sided p of "no change": signs of whole families are flipped, seeds averaged first.

    Exact up to 14 families (2^F flips), else from 20,000 seeded flips. None without data. With
    fewer than six families p cannot fall below .05.
    """
    kept = (~np.isnan(values)).any(axis=0)
    if not kept.any():
        return None
    by_task = np.nanmean(values[:, kept], axis=0)
    _, clusters = np.unique(families[kept], return_inverse=True)
    totals = np.bincount(clusters, weights=by_task)
    count = len(totals)
    if count <= ENUMERABLE:
        signs = 1.0 - 2.0 * ((np.arange(2**count)[:, None] >> np.arange(count)) & 1)
        extra = 0
    else:
        signs = np.random.default_rng(seed).choice([-1.0, 1.0], size=(FLIPS, count))
        extra = 1  # the observed signs are one of the flips (Phipson and Smyth 2010)
    reached = np.abs(signs @ totals) >= abs(totals.sum()) - 1e-12
    return float((reached.sum() + extra) / (len(signs) + extra))


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Holm's adjusted p-values, by name."""
    from statsmodels.stats.multitest import multipletests

    if not p_values:
        return {}
    adjusted = multipletests(list(p_values.values()), method="holm")[1]
    return {name: float(p) for name, p in zip(p_values, adjusted, strict=True)}
