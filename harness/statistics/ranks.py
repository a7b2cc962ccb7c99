"""How well a score ranks right above wrong, inside each task or any other group of samples."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from harness.statistics.intervals import Floats, Ints


def within_task_auroc(scores: Floats, correct: NDArray[np.bool_], tasks: Ints, n: int) -> Floats:
    """AUROC of `scores` for `correct` inside each task, (n,); NaN where a task lacks a class.

    The chance that a correct sample of a task scores above a wrong sample of the same task, ties
    counting half (Mann-Whitney U over n1 n0). All three inputs have one entry per sample.
    """
    order = np.lexsort((scores, tasks))
    ranks = np.empty(len(order))
    ranks[order] = _midranks(scores[order], tasks[order])
    right = np.bincount(tasks, weights=correct, minlength=n)
    wrong = np.bincount(tasks, weights=~correct, minlength=n)
    rank_sum = np.bincount(tasks, weights=ranks * correct, minlength=n)
    pairs = right * wrong
    u = rank_sum - right * (right + 1) / 2
    auroc = np.full(n, np.nan)
    np.divide(u, pairs, out=auroc, where=pairs > 0)
    return auroc


def within_task_spearman(scores: Floats, correct: NDArray[np.bool_], tasks: Ints, n: int) -> Floats:
    """Spearman's rank correlation of `scores` and `correct` inside each task, (n,); NaN where a
    task lacks a class or all its scores are equal. Inputs as above; ties share their mean rank.
    """
    order = np.lexsort((scores, tasks))
    ranks = np.empty(len(order))
    ranks[order] = _midranks(scores[order], tasks[order])
    sizes = np.bincount(tasks, minlength=n)
    right = np.bincount(tasks, weights=correct, minlength=n)
    middle = (sizes + 1) / 2  # the mean rank, with or without ties
    off = ranks - middle[tasks]
    together = np.bincount(tasks, weights=off * correct, minlength=n)
    of_ranks = np.bincount(tasks, weights=off**2, minlength=n)
    of_truth = right - np.divide(right**2, sizes, out=np.zeros(n), where=sizes > 0)
    spread = np.sqrt(of_ranks * of_truth)
    found = np.full(n, np.nan)
    np.divide(together, spread, out=found, where=spread > 1e-12)
    return found


def _midranks(scores: Floats, tasks: Ints) -> Floats:
    """Ranks from 1 within each run of equal `tasks`, ties averaged; inputs sorted by both."""
    if not len(scores):
        return np.empty(0)
    new_task = np.r_[True, tasks[1:] != tasks[:-1]]
    new_value = new_task | np.r_[True, scores[1:] != scores[:-1]]
    starts = np.flatnonzero(new_value)
    ends = np.r_[starts[1:], len(scores)]
    task_start = np.flatnonzero(new_task)[np.cumsum(new_task) - 1]
    middle = (starts + ends + 1) / 2
    ranks: Floats = np.repeat(middle, ends - starts) - task_start
    return ranks
