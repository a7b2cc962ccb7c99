"""Intervals, tests and power; formulas and sources in docs/measures.md.

Everything here works on a grid of per-task means, `values[seed, task]`, NaN where a cell has no
judged sample. The K samples of a task are averaged before they get here: the unit is the task.
"""

from harness.statistics.intervals import (
    NOTHING,
    Estimate,
    Floats,
    Ints,
    cluster_totals,
    cluster_weights,
    estimate,
    over_seeds,
    wilson,
)
from harness.statistics.power import detectable_change, power_to_find
from harness.statistics.ranks import within_task_auroc
from harness.statistics.significance import holm, mcnemar_p, sign_flip_p, student_p, tost_p

__all__ = [
    "NOTHING",
    "Estimate",
    "Floats",
    "Ints",
    "cluster_totals",
    "cluster_weights",
    "detectable_change",
    "estimate",
    "holm",
    "mcnemar_p",
    "over_seeds",
    "power_to_find",
    "sign_flip_p",
    "student_p",
    "tost_p",
    "wilson",
    "within_task_auroc",
]
