"""What a proxy's value is worth: m(p) = E[truth | proxy = p], isotonic, cross-fitted by family.

Fitted on cycle-0 samples, so that the gap compares later cycles with what the proxy meant before
anything was trained. A task's m comes from a fit that left its family out, and rises no more than
the families that were left out confirm.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.statistics import Floats, Ints

FOLDS = 5
# Quantile bins of the proxy; m is a step function on them. More of them let the end bins run to 0
# and 1 by chance, which favours a gap: +1.5 points with 128 bins and 860 samples, none with 20.
BINS = 20
LEAST = 1e-12  # weight below which a bin is empty


@dataclass(frozen=True)
class Calibrator:
    """Cycle-0 samples counted by (family, bin); `fit` weighs families and returns m.

    `edges`, (bins - 1,), are the bins' inner edges; `counts` and `hits`, (families, bins), the
    number of samples and of correct ones.
    """

    edges: Floats
    counts: Floats
    hits: Floats

    def bins(self, proxy: Floats) -> Ints:
        """The bin of each value; values outside the fitted range go to the end bins."""
        return np.searchsorted(self.edges, proxy, side="right")

    def fit(self, weights: Floats) -> Floats:
        """m by fold and bin, (draws, FOLDS, bins), for family weights (draws, families).

        Families are dealt to folds by code; m of a fold is fitted on the other folds, and drawn
        towards their rate by what all folds confirm of the fits that left them out: see `slope`.
        """
        folds = fold_of(np.arange(len(self.counts)))
        rises = np.empty((len(weights), FOLDS, self.counts.shape[1]))
        rates = np.empty((len(weights), FOLDS, 1))
        confirmed, spread = np.zeros(len(weights)), np.zeros(len(weights))
        for fold in range(FOLDS):
            others, own = weights * (folds != fold), weights * (folds == fold)
            counts, hits = others @ self.counts, others @ self.hits
            rates[:, fold, 0] = hits.sum(axis=1) / np.maximum(counts.sum(axis=1), LEAST)
            rises[:, fold] = isotonic(counts, hits) - rates[:, fold]
            parts = comovement(rises[:, fold], own @ self.counts, own @ self.hits)
            confirmed += parts[0]
            spread += parts[1]
        return np.asarray(rates + slope(confirmed, spread)[:, None, None] * rises)


def slope(confirmed: Floats, spread: Floats) -> Floats:
    """The share, 0 to 1, of what fits say that the samples which they left out confirm; of a flat
    fit, 1.

    An isotonic fit cannot fall, so by chance it rises with a proxy that knows nothing, and promises
    truth for nothing. The slope of truth on the fit, measured where it was not fitted, shrinks it
    as van Houwelingen and Le Cessie (1990) shrink a regression: by about as much as it is chance.
    """
    found = np.divide(confirmed, spread, out=np.ones_like(spread), where=spread > LEAST)
    return np.clip(found, 0.0, 1.0)


def comovement(m: Floats, counts: Floats, hits: Floats) -> tuple[Floats, Floats]:
    """Sums over samples of (m - its mean) x truth and of (m - its mean)^2, each (draws,), for fits
    and numbers of samples by bin, (draws, bins). Within one fold: fits of several folds differ in
    level, and a fold that does better than the others was predicted by what does worse."""
    mean = np.sum(counts * m, axis=1) / np.maximum(counts.sum(axis=1), LEAST)
    off = m - mean[:, None]
    return np.sum(off * hits, axis=1), np.sum(counts * off**2, axis=1)


def fold_of(families: Ints) -> Ints:
    """The cross-fitting fold of each family code."""
    return families % FOLDS


def calibrator(
    proxy: Floats, correct: NDArray[np.bool_], families: Ints, n_families: int
) -> Calibrator:
    """Count cycle-0 samples (one entry each, no NaN) into quantile bins of the proxy."""
    quantiles = np.quantile(proxy, np.linspace(0, 1, BINS + 1)[1:-1], method="lower")
    edges = np.unique(quantiles[quantiles > proxy.min()])
    bins = len(edges) + 1
    cells = families * bins + np.searchsorted(edges, proxy, side="right")
    counts = np.bincount(cells, minlength=n_families * bins).astype(np.float64)
    hits = np.bincount(cells, correct, minlength=n_families * bins).astype(np.float64)
    return Calibrator(edges, counts.reshape(-1, bins), hits.reshape(-1, bins))


def isotonic(counts: Floats, hits: Floats) -> Floats:
    """Non-decreasing weighted least-squares fits of hits/counts, (draws, bins).

    By the max-min formula (Barlow et al. 1972): m_j = max over i <= j of min over k >= j of the
    rate of bins i to k together. With 20 bins, all draws at once, it is faster than pooling.
    Bins without weight take their neighbours' value by linear interpolation; without any weight at
    all nothing is known, and m is NaN.
    """
    whole = (counts > LEAST).all(axis=1)
    fitted = np.empty(counts.shape)
    fitted[whole] = _max_min(counts[whole], hits[whole])
    for draw in np.flatnonzero(~whole):
        fitted[draw] = _interpolated(counts[draw], hits[draw])
    return fitted


def _max_min(counts: Floats, hits: Floats) -> Floats:
    n, bins = counts.shape
    total, right = np.zeros((n, bins + 1)), np.zeros((n, bins + 1))
    np.cumsum(counts, axis=1, out=total[:, 1:])
    np.cumsum(hits, axis=1, out=right[:, 1:])
    first, last = np.triu_indices(bins)
    rates = np.full((n, bins, bins), np.inf)  # [i, k]: of bins i to k
    pooled = (right[:, last + 1] - right[:, first]) / (total[:, last + 1] - total[:, first])
    rates[:, first, last] = pooled
    least = np.minimum.accumulate(rates[:, :, ::-1], axis=2)[:, :, ::-1]
    least[:, ~np.triu(np.ones((bins, bins), np.bool_))] = -np.inf
    return np.asarray(least.max(axis=1))


def _interpolated(counts: Floats, hits: Floats) -> Floats:
    supported = np.flatnonzero(counts > LEAST)
    if not len(supported):
        return np.full(len(counts), np.nan)
    fitted = _max_min(counts[None, supported], hits[None, supported])[0]
    return np.asarray(np.interp(np.arange(len(counts)), supported, fitted))
