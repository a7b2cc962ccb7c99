"""Intervals, tests and power; formulas and sources in docs/measures.md.

Everything here works on a grid of per-task means, `values[seed, task]`, NaN where a cell has no
judged sample. The K samples of a task are averaged before they get here: the unit is the task.
"""

from harness.statistics.bands import sup_t
from harness.statistics.intervals import (
    NOTHING,
    Estimate,
    Floats,
    Ints,
    Levels,
    cluster_totals,
    cluster_weights,
    crossed,
    estimate,
    from_se,
    over_seeds,
    wilson,
)
from harness.statistics.power import detectable_change, power_to_find
from harness.statistics.ranks import within_task_auroc, within_task_spearman
from harness.statistics.significance import holm, mcnemar_p, sign_flip_p, student_p, tost_p

__all__ = [
    "NOTHING",
    "Estimate",
    "Floats",
    "Ints",
    "Levels",
    "cluster_totals",
    "cluster_weights",
    "crossed",
    "detectable_change",
    "estimate",
    "from_se",
    "holm",
    "mcnemar_p",
    "over_seeds",
    "power_to_find",
    "sign_flip_p",
    "student_p",
    "sup_t",
    "tost_p",
    "wilson",
    "within_task_auroc",
    "within_task_spearman",
]
