"""Two scorecards side by side, paired by task, and by seed where one of them was trained.

The seeds of untrained policies are but draws, and are pooled. Formulas and sources in
docs/measures.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.scorecard import Evaluated, Samples, Scorecard
from harness.statistics import (
    Estimate,
    Floats,
    Ints,
    estimate,
    holm,
    mcnemar_p,
    sign_flip_p,
    student_p,
    tost_p,
)
from tasks.errors import UserError

MARGIN = 0.02  # changes below it are called equivalent to none; fixed before any figure was seen


@dataclass(frozen=True)
class Pairs:
    """The common tasks of two scorecards; both grids are (seeds, tasks) shares correct."""

    tasks: tuple[str, ...]
    families: Ints
    before: Floats
    after: Floats
    trained: bool  # the rows are trainings, at least on one side
    samples: float  # judged samples a task and seed on the side that has fewer, the median

    @property
    def change(self) -> Floats:
        return self.after - self.before


def check_comparable(before: Scorecard, after: Scorecard, names: tuple[str, str]) -> None:
    """UserError, with all reasons, if the two were not measured alike."""
    then, now = before.conditions.model_dump(), after.conditions.model_dump()
    reasons = [
        f"{key.replace('_', ' ')} {then[key] or 'none, not executed'} and "
        f"{now[key] or 'none, not executed'}"
        for key in then
        if then[key] != now[key]
    ]
    if reasons:
        raise UserError(
            f"{names[0]} and {names[1]} cannot be compared, they differ in: {'; '.join(reasons)}. "
            "Evaluate both under the same conditions."
        )


def pair(before: Scorecard, after: Scorecard) -> Pairs:
    """Their common tasks and seeds; UserError if they have none in common."""
    tasks = tuple(sorted(before.tasks.keys() & after.tasks.keys()))
    if not tasks:
        raise UserError("The two have no evaluated task in common.")
    seeds = _common_seeds(before, after)
    names = [before.tasks[task].family for task in tasks]
    families = np.unique(names, return_inverse=True)[1].astype(np.int64)
    grids = [_grid(card, tasks, seeds) for card in (before, after)]
    (left, n_left), (right, n_right) = grids
    shape = np.broadcast_shapes(left.shape, right.shape)
    fewer = np.minimum(n_left, n_right)
    return Pairs(
        tasks,
        families,
        np.broadcast_to(left, shape),
        np.broadcast_to(right, shape),
        bool(seeds),
        float(np.median(fewer)),
    )


def _common_seeds(before: Scorecard, after: Scorecard) -> tuple[int, ...]:
    """The training seeds to pair by; none where neither was trained."""
    trained = [card.seeds for card in (before, after) if card.trained]
    common = sorted(set(trained[0]).intersection(*trained)) if trained else []
    if trained and not common:
        raise UserError(
            f"The two were trained with other seeds, {before.seeds} and {after.seeds}: nothing "
            "can be paired."
        )
    return tuple(common)


def _grid(card: Scorecard, tasks: Sequence[str], seeds: Sequence[int]) -> tuple[Floats, Floats]:
    """Shares correct, (seeds, tasks), and the judged samples behind them; a single row, all
    samples pooled, where there are no seeds to pair by."""
    correct = np.array([card.tasks[task].correct for task in tasks], np.float64).T
    judged = np.array([card.tasks[task].judged for task in tasks], np.float64).T
    if seeds and set(seeds) <= set(card.seeds):
        kept = [card.seeds.index(seed) for seed in seeds]
        correct, judged = correct[kept], judged[kept]
    else:
        correct, judged = correct.sum(0, keepdims=True), judged.sum(0, keepdims=True)
    shares = np.full(correct.shape, np.nan)
    np.divide(correct, judged, out=shares, where=judged > 0)
    return shares, judged


def draw_variance(card: Scorecard, tasks: Sequence[str]) -> Floats:
    """The variance p (1-p) of one sample of each task, without bias, from its samples within
    each seed; at its overall value where no seed has two samples of the task."""
    correct = np.array([card.tasks[task].correct for task in tasks], np.float64)
    judged = np.array([card.tasks[task].judged for task in tasks], np.float64)
    pairs = judged * (judged - 1)
    several = (pairs > 0).sum(axis=1)
    within = np.divide(
        correct * (judged - correct), pairs, out=np.zeros_like(pairs), where=pairs > 0
    )
    overall = correct.sum() / judged.sum()
    own = within.sum(axis=1) / np.maximum(several, 1)
    return np.asarray(np.where(several > 0, own, overall * (1 - overall)))


def change_of(pairs: Pairs) -> Estimate:
    """The mean paired change with its interval."""
    return estimate(pairs.change, pairs.families).within(-1, 1).with_samples(pairs.samples)


def compare(
    before: dict[str, Evaluated], after: dict[str, Evaluated], names: tuple[str, str]
) -> dict[str, Any]:
    """The rows of every arm that both have, or of the one arm that each has, and the tasks that
    flipped between them; UserError with the reason if they are not comparable."""
    rows = []
    for left, right in _matched(before, after, names):
        cards = left.scorecard(), right.scorecard()
        check_comparable(*cards, names)
        pairs = pair(*cards)
        rows.append(
            {
                "before_policy": cards[0].policy,
                "after_policy": cards[1].policy,
                **summary(pairs),
                "p_sign_flip": sign_flip_p(pairs.change, pairs.families),
                "p_mcnemar": _mcnemar(pairs),
                "flips": flips(pairs, left.samples, right.samples),
            }
        )
    named = {str(i): row["p"] for i, row in enumerate(rows) if row["p"] is not None}
    adjusted = holm(named)
    for i, row in enumerate(rows):
        row["p_holm"] = adjusted.get(str(i))
    return {"a": names[0], "b": names[1], "margin": MARGIN, "rows": rows}


def _matched(
    before: dict[str, Evaluated], after: dict[str, Evaluated], names: tuple[str, str]
) -> list[tuple[Evaluated, Evaluated]]:
    """Arms of the same name; where each side is one arm, these two."""
    if len(before) == len(after) == 1:
        return list(zip(before.values(), after.values(), strict=True))
    common = [arm for arm in before if arm in after]
    if not common:
        raise UserError(
            f"{names[0]} has {', '.join(before)} and {names[1]} has {', '.join(after)}: no arm in "
            "common. Name one on each side, as in RUN:ARM."
        )
    return [(before[arm], after[arm]) for arm in common]


def summary(pairs: Pairs) -> dict[str, Any]:
    """Levels, paired change, its p-values by Student's t, wins and losses."""
    change = change_of(pairs)
    missing = np.isnan(pairs.change)
    moved = by_task(pairs.change)
    return {
        "before": _level(pairs, np.where(missing, np.nan, pairs.before)),
        "after": _level(pairs, np.where(missing, np.nan, pairs.after)),
        "change": change.as_json(),
        "p": student_p(change),
        "p_equivalent": tost_p(change, MARGIN),
        "wins": int((moved > 0).sum()),
        "losses": int((moved < 0).sum()),
    }


def _mcnemar(pairs: Pairs) -> float | None:
    """McNemar's p where each side has one answer a task; None beside averages."""
    if pairs.samples != 1 or len(pairs.change) != 1:
        return None
    moved = by_task(pairs.change)
    return mcnemar_p(int((moved > 0).sum()), int((moved < 0).sum()))


def _level(pairs: Pairs, grid: Floats) -> dict[str, Any]:
    return estimate(grid, pairs.families).within(0, 1).with_samples(pairs.samples).as_json()


def by_task(grid: Floats) -> Floats:
    """The mean over seeds, 0 where a task has no pair."""
    valid = ~np.isnan(grid)
    sums = np.where(valid, grid, 0.0).sum(axis=0)
    return np.asarray(sums / np.maximum(valid.sum(axis=0), 1))


def flips(pairs: Pairs, before: Samples, after: Samples) -> list[dict[str, Any]]:
    """Tasks that went from mostly right to not, or back, the largest change first; with what
    each side said most often when it was right, or when it was wrong."""
    shares = by_task(pairs.before), by_task(pairs.after)
    flipped = np.flatnonzero((shares[0] > 0.5) != (shares[1] > 0.5))
    order = sorted(flipped, key=lambda i: (-abs(shares[1][i] - shares[0][i]), pairs.tasks[i]))
    wanted = {pairs.tasks[i] for i in flipped}
    said = [_said(samples, wanted) for samples in (before, after)]
    return [
        {
            "task": pairs.tasks[i],
            "before": float(shares[0][i]),
            "after": float(shares[1][i]),
            "command_before": said[0][pairs.tasks[i], bool(shares[0][i] > 0.5)],
            "command_after": said[1][pairs.tasks[i], bool(shares[1][i] > 0.5)],
        }
        for i in order
    ]


def _said(samples: Samples, tasks: Iterable[str]) -> dict[tuple[str, bool], str]:
    """(task, right) -> the most frequent answer of that kind among the judged samples."""
    from harness.columns import JUDGED

    counts: dict[tuple[str, bool], Counter[str]] = {}
    wanted = set(tasks)
    for sample in samples:
        if sample.task in wanted and sample.outcome in JUDGED:
            counts.setdefault((sample.task, sample.correct), Counter())[sample.text] += 1
    return {key: texts.most_common(1)[0][0] for key, texts in counts.items()}
