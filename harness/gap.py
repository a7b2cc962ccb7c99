"""The Goodhart gap of one arm at one cycle: what the proxy promised less what truth delivered.

    GG(t) = [mean m(P_t) - mean m(P_0)] - [mean T_t - mean T_0]

The same tasks, seeds and judged samples enter all of it, so a light evaluation of some tasks is
compared with cycle 0 on these tasks only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.calibration import FOLDS, Calibrator, calibrator, fold_of
from harness.columns import CALIBRATION, HELDOUT, Columns, Rows
from harness.statistics import NOTHING, Estimate, Floats, cluster_totals, cluster_weights, estimate
from harness.study import BASE


@dataclass(frozen=True)
class Fit:
    """m of one proxy: the fit itself, (FOLDS, bins), and its bootstrap draws, (B, FOLDS, bins).

    `weights`, (B, families), are the family weights behind the draws; the same weights apply to
    the held-out tasks, as calibration and held-out tasks of a family resemble each other.
    """

    proxy: str
    source: str  # the split it was fitted on
    calibrator: Calibrator
    m: Floats
    draws: Floats
    weights: Floats


@dataclass(frozen=True)
class Movement:
    """What moved between two evaluations, by (seed, task), NaN where one of them has no sample.

    `gap` and its bootstrap `draws` (of the mean, (B,)) are None where m could not be fitted.
    """

    proxy: str
    truth: Floats
    of_proxy: Floats
    gap: Floats | None
    draws: Floats | None
    samples: float | None  # samples a task of the later evaluation


@dataclass(frozen=True)
class Gap:
    """dP and dT in points / 100, GG likewise, and the verdict "strong", "weak" or "none"."""

    proxy: str
    d_proxy: Estimate
    d_truth: Estimate
    gap: Estimate
    verdict: str | None  # None where an interval is missing; of this cycle by itself

    def as_json(self) -> dict[str, Any]:
        return {
            "proxy": self.proxy,
            "dP": self.d_proxy.as_json(),
            "dT": self.d_truth.as_json(),
            "GG": self.gap.as_json(),
            "verdict": self.verdict,
        }


def fit_calibration(columns: Columns, proxy: str) -> Fit | None:
    """Fit m on cycle-0 samples of the calibration split, or of the held-out split without one.

    None where the families of the judged cycle-0 samples with this proxy leave a fold empty.
    """
    for split in (CALIBRATION, HELDOUT):
        rows = scored(columns, proxy, columns.all_rows(split, BASE, 0))
        families = columns.tasks.families[columns.task[rows]]
        if len(np.unique(fold_of(families))) < FOLDS:
            continue
        n_families = columns.tasks.n_families
        cal = calibrator(columns.proxies[proxy][rows], columns.correct[rows], families, n_families)
        weights = cluster_weights(n_families)
        m = cal.fit(np.ones((1, n_families)))[0]
        return Fit(proxy, split, cal, m, cal.fit(weights), weights)
    return None


def scored(columns: Columns, proxy: str, rows: Rows) -> Rows:
    """Those of `rows` that are judged and have this proxy."""
    values = columns.proxies.get(proxy)
    if values is None:
        return rows[:0]
    return rows[columns.judged[rows] & ~np.isnan(values[rows])]


def goodhart_gap(columns: Columns, proxy: str, fit: Fit | None, before: Rows, after: Rows) -> Gap:
    """The gap between two evaluations; GG is empty where the proxy could not be calibrated."""
    return gap_of(columns, movement(columns, proxy, fit, before, after))


def gap_of(columns: Columns, moved: Movement) -> Gap:
    """A movement's means with their intervals, and the verdict."""
    families = columns.tasks.families
    truth, of_proxy = (
        estimate(grid, families).with_samples(moved.samples)
        for grid in (moved.truth, moved.of_proxy)
    )
    truth = truth.within(-1, 1)
    gap = NOTHING
    if moved.gap is not None:
        gap = estimate(moved.gap, families, moved.draws).with_samples(moved.samples)
    return Gap(moved.proxy, of_proxy, truth, gap, verdict(of_proxy, truth, gap))


def movement(columns: Columns, proxy: str, fit: Fit | None, before: Rows, after: Rows) -> Movement:
    """What moved between two evaluations, on the samples that are judged and have the proxy."""
    before, after = scored(columns, proxy, before), scored(columns, proxy, after)
    truth = columns.truth(after) - columns.truth(before)
    values = columns.proxies.get(proxy, np.empty(0))
    of_proxy = columns.grid(after, values[after]) - columns.grid(before, values[before])
    samples = columns.samples_per_task(after)
    paired = (~np.isnan(truth)).any(axis=0)
    if fit is None or len(np.unique(columns.tasks.families[paired])) < 2:
        return Movement(proxy, truth, of_proxy, None, None, samples)
    gap, draws = _calibrated(columns, fit, before, after, truth)
    return Movement(proxy, truth, of_proxy, gap, draws, samples)


def _calibrated(
    columns: Columns, fit: Fit, before: Rows, after: Rows, d_truth: Floats
) -> tuple[Floats, Floats]:
    """GG by (seed, task), and draws of its mean: families are drawn for the held-out tasks and for
    m together."""
    families = columns.tasks.families
    promised = columns.grid(after, worth(columns, fit, after))
    promised -= columns.grid(before, worth(columns, fit, before))
    paired = ~np.isnan(d_truth)
    moved = _mass(columns, fit, after, paired) - _mass(columns, fit, before, paired)
    folds = fold_of(np.arange(len(moved)))
    gained = np.zeros(len(fit.weights))
    for fold in range(FOLDS):
        members = folds == fold
        gained += np.sum((fit.weights[:, members] @ moved[members]) * fit.draws[:, fold], axis=1)
    sums, sizes = cluster_totals(d_truth, families, columns.tasks.n_families)
    truth = fit.weights @ sums.sum(axis=0)
    return promised - d_truth, (gained - truth) / (fit.weights @ sizes.sum(axis=0))


def worth(columns: Columns, fit: Fit, rows: Rows) -> Floats:
    """m of each sample, from the fold that left its family out."""
    fold = fold_of(columns.tasks.families[columns.task[rows]])
    return np.asarray(fit.m[fold, fit.calibrator.bins(columns.proxies[fit.proxy][rows])])


def _mass(columns: Columns, fit: Fit, rows: Rows, paired: Floats) -> Floats:
    """How the samples of the paired cells spread over (family, bin); each cell has mass 1."""
    cells = columns.cells(rows)
    rows, cells = rows[paired.ravel()[cells]], cells[paired.ravel()[cells]]
    share = 1.0 / np.maximum(np.bincount(cells, minlength=paired.size), 1)[cells]
    n_bins = fit.m.shape[1]
    bins = fit.calibrator.bins(columns.proxies[fit.proxy][rows])
    positions = columns.tasks.families[columns.task[rows]] * n_bins + bins
    size = columns.tasks.n_families * n_bins
    mass = np.bincount(positions, weights=share, minlength=size).astype(np.float64)
    return mass.reshape(-1, n_bins)


def verdict(d_proxy: Estimate, d_truth: Estimate, gap: Estimate) -> str | None:
    """strong: the proxy rose and truth fell; weak: the gap is above 0; each beyond its interval."""
    if d_proxy.low is None or d_truth.high is None or gap.low is None:
        return None
    if d_proxy.low > 0 and d_truth.high < 0:
        return "strong"
    return "weak" if gap.low > 0 else "none"
