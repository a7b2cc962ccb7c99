"""Means with their intervals; formulas and sources in docs/measures.md."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.statistics.power import CONFIDENCE, detectable_change

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

REPLICATES = 1000
MOST_DEGREES = 1e6  # beyond it Student's t is the normal distribution


@dataclass(frozen=True, slots=True)
class Estimate:
    """One number with what a reader needs to weigh it.

    `value` is a mean of task means, as a share or a difference of shares (1.0 is 100 points).
    `low`, `high` bound it with 95% confidence and `detectable` is the smallest change that this
    design finds in 80% of cases; they are None where fewer than two tasks leave no way to tell.
    """

    value: float | None
    low: float | None
    high: float | None
    detectable: float | None
    tasks: int
    families: int
    seeds: int
    se: float | None = None
    df: float | None = None
    samples_per_task: float | None = None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def with_samples(self, samples_per_task: float | None) -> Estimate:
        return replace(self, samples_per_task=samples_per_task)

    def within(self, floor: float, ceiling: float) -> Estimate:
        """The same with its bounds cut to what is possible, such as [0, 1] for a share."""
        if self.low is None or self.high is None:
            return self
        return replace(self, low=max(floor, self.low), high=min(ceiling, self.high))


NOTHING = Estimate(None, None, None, None, 0, 0, 0)


@lru_cache(maxsize=32)
def cluster_weights(clusters: int, seed: int = 0, replicates: int = REPLICATES) -> Floats:
    """Bootstrap weights, (replicates, clusters), each row a draw with sum 1.

    A Bayesian bootstrap (Rubin 1981): Dirichlet weights, with the concentration (F-2)/F at which
    the variance of a weighted mean over replicates is s^2/F without bias, s^2 having divisor F-1.
    Drawing clusters with replacement falls short by (F-1)/F, which with six families matters.
    """
    rng = np.random.default_rng([seed, clusters])
    concentration = max(clusters - 2, 0.01) / clusters
    weights = rng.dirichlet(np.full(clusters, concentration), size=replicates)
    weights.setflags(write=False)
    return weights


def cluster_totals(values: Floats, clusters: Ints, count: int) -> tuple[Floats, Floats]:
    """Sum and number of the valid cells of each (seed, cluster): two (seeds, count) arrays."""
    valid = ~np.isnan(values)
    member = np.zeros((values.shape[1], count))
    member[np.arange(values.shape[1]), clusters] = 1.0
    return np.where(valid, values, 0.0) @ member, valid @ member


def estimate(values: Floats, families: Ints, replicates: Floats | None = None) -> Estimate:
    """Mean of `values`, (seeds, tasks), over tasks and seeds, with its interval.

    `families`, (tasks,), holds the family code of each task. Families are drawn whole, with
    their tasks and samples: drawing these again inside them would count their noise again. With
    one family only, tasks are drawn. Seeds are a level crossed with families; see `crossed`.
    `replicates` takes the place of the family bootstrap where the statistic is more than a mean
    (the calibrated gap).
    """
    seeds_kept, tasks_kept = (~np.isnan(values)).any(axis=1), (~np.isnan(values)).any(axis=0)
    values, families = values[np.ix_(seeds_kept, tasks_kept)], families[tasks_kept]
    n_seeds, n_tasks = values.shape
    if not n_tasks:
        return NOTHING
    names, clusters = np.unique(families, return_inverse=True)
    n_families = len(names)
    if n_families < 2:
        clusters = np.arange(n_tasks)
    mean = float(np.nanmean(values))
    bare = Estimate(mean, None, None, None, n_tasks, n_families, n_seeds)
    count = int(clusters.max()) + 1
    if count < 2:
        return bare
    sums, sizes = cluster_totals(values, clusters, count)
    if replicates is None:
        weights = cluster_weights(count)
        replicates = (weights @ sums.sum(axis=0)) / (weights @ sizes.sum(axis=0))
    of_families = float(np.var(replicates))
    of_seed_means, noise = seed_variance(sums - mean * sizes, sizes)
    levels = Levels(of_families, count, of_seed_means, noise, n_seeds)
    return from_se(bare, *crossed(levels))


@dataclass(frozen=True, slots=True)
class Levels:
    """Variances of a mean over families and seeds: as families show it (seed noise averaged), as
    seed means show it, and how much of the latter is the noise of the tasks."""

    of_families: float
    families: int
    of_seed_means: float
    noise: float
    seeds: int


def crossed(levels: Levels) -> tuple[float, float]:
    """Standard error of a mean over crossed families and seeds, and the degrees of freedom at which
    Student's t has the quantile of Cochran and Cox (1957), each level's weighted by its variance:

        t' = [t_(F-1) V_families + max(0, t_(S-1) V_seed_means - t_(F-1) V_noise)] / V

    Satterthwaite's degrees of freedom take the estimated variances for the true ones. With two or
    three seeds they are so often far too small that 95% intervals held the truth in 88% of cases.
    """
    variance = levels.of_families + max(0.0, levels.of_seed_means - levels.noise)
    if levels.seeds < 2 or not variance:
        return variance**0.5, levels.families - 1
    of_families, of_seeds = _quantile(levels.families - 1), _quantile(levels.seeds - 1)
    beyond = max(0.0, of_seeds * levels.of_seed_means - of_families * levels.noise)
    quantile = (of_families * levels.of_families + beyond) / variance
    if quantile >= _quantile(1):
        return variance**0.5 * quantile / _quantile(1), 1.0
    return variance**0.5, _degrees(quantile)


def _quantile(df: float) -> float:
    """Student's t at the upper end of a 95% interval."""
    from scipy.special import stdtrit

    return float(stdtrit(df, (1 + CONFIDENCE) / 2))


def _degrees(quantile: float) -> float:
    """The degrees of freedom, 1 to MOST_DEGREES, of the t distribution with this quantile."""
    from scipy.optimize import brentq

    if quantile <= _quantile(MOST_DEGREES):
        return MOST_DEGREES
    return float(brentq(lambda df: _quantile(df) - quantile, 1, MOST_DEGREES))


def seed_variance(residuals: Floats, sizes: Floats) -> tuple[float, float]:
    """Variance of the grand mean as seed means show it, and how much of that is task noise.

    `residuals` are the summed deviations from the grand mean by (seed, cluster), `sizes` the
    number of cells in each. Two-way analysis of variance: seed means differ by the sampling
    noise of the tasks too, which the family level has counted already. (0, 0) for one seed.
    """
    n_seeds, count = residuals.shape
    if n_seeds < 2:
        return 0.0, 0.0
    per_cluster = residuals * count / np.maximum(sizes.sum(axis=1, keepdims=True), 1)
    seed_means = per_cluster.mean(axis=1, keepdims=True)
    interaction = per_cluster - seed_means - per_cluster.mean(axis=0)
    interaction -= interaction.mean()
    noise = float(np.sum(interaction**2)) / ((n_seeds - 1) * (count - 1))
    return float(np.var(seed_means, ddof=1)) / n_seeds, noise / (n_seeds * count)


def from_se(bare: Estimate, se: float, df: float) -> Estimate:
    """`bare` with the interval and the smallest detectable change that `se` and `df` give."""
    from scipy.stats import t

    assert bare.value is not None
    half = float(t.ppf((1 + CONFIDENCE) / 2, df)) * se
    return replace(
        bare,
        low=bare.value - half,
        high=bare.value + half,
        detectable=detectable_change(se, df),
        se=se,
        df=df,
    )


def over_seeds(values: Sequence[float]) -> Estimate:
    """Mean of one number per seed with Student's t interval; for what has no tasks to pair."""
    if not values:
        return NOTHING
    bare = Estimate(float(np.mean(values)), None, None, None, 0, 0, len(values))
    if len(values) < 2:
        return bare
    return from_se(bare, float(np.std(values, ddof=1)) / len(values) ** 0.5, len(values) - 1)


def wilson(successes: int, n: int) -> tuple[float, float]:
    """Wilson's 95% interval for one rate of independent trials; (0, 1) when there were none."""
    from statsmodels.stats.proportion import proportion_confint

    if n == 0:
        return 0.0, 1.0
    low, high = proportion_confint(successes, n, alpha=1 - CONFIDENCE, method="wilson")
    return float(low), float(high)
