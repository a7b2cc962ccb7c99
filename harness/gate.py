"""The gate: is a policy worse than its baseline, by how much, and could the gate have seen it?

It fails on a drop, and on a jump that nobody explained (a leak or a broken checker looks like
one), that is both significant and large enough. It passes only what it had the power to fail:
otherwise there is not enough evidence. Formulas in docs/measures.md, use in docs/gate.md.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from harness.compare import (
    MARGIN,
    Pairs,
    by_task,
    change_of,
    check_comparable,
    draw_variance,
    pair,
    summary,
)
from harness.record import write_whole
from harness.scorecard import Scorecard
from harness.statistics import (
    Estimate,
    Levels,
    crossed,
    detectable_change,
    power_to_find,
    student_p,
)
from harness.statistics.intervals import cluster_totals, seed_variance
from tasks.errors import UserError

# The share of families that is taken to bear the drop when power is stated. One that is spread
# over all of them is easier to find.
BEARING = 0.25
LISTED = 10  # tasks that changed most, in the report


class Verdict(Enum):
    """What the gate says, and its exit code."""

    PASS = "pass", 0
    REGRESSION = "regression", 1
    JUMP = "unexplained jump", 1
    NO_EVIDENCE = "not enough evidence", 3

    @property
    def code(self) -> int:
        return self.value[1]


@dataclass(frozen=True, slots=True)
class Rule:
    """When the gate fails. Changes are shares (.05 is 5 points)."""

    drop: float = 0.05  # the true drop that it is to catch
    least: float = MARGIN  # no smaller change fails, however significant
    alpha: float = 0.01  # false alarms of the two-sided test
    power: float = 0.90  # with which it must be able to catch the drop
    no_verdict: float = 0.02  # share of samples and tasks that may be without a verdict


def read_baseline(path: Path) -> Scorecard:
    """The scorecard that `write_baseline` kept; UserError if there is none that can be read."""
    try:
        return Scorecard.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise UserError(
            f"There is no baseline {path}; write it with: "
            f"goodhart-bench gate RUN --baseline {path} --update"
        ) from None
    except ValidationError as error:
        key = ".".join(str(part) for part in error.errors()[0]["loc"]) or "it is no JSON object"
        raise UserError(f"{path} is no baseline of this version: {key}.") from error


def write_baseline(path: Path, card: Scorecard) -> None:
    """Keep a scorecard, one task a line, so that its history can be read in a diff."""
    head = card.model_dump(mode="json", exclude={"tasks"})
    tasks = [
        f"  {json.dumps(name)}: {json.dumps(score.model_dump(mode='json'))}"
        for name, score in card.tasks.items()
    ]
    opened = json.dumps(head, indent=1).removesuffix("\n}")
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, f'{opened},\n "tasks": {{\n' + ",\n".join(tasks) + "\n }\n}\n")


def expected_noise(cards: Sequence[Scorecard], pairs: Pairs) -> Estimate:
    """Standard error and degrees of freedom that the change of these two has when nothing
    changed: sampling noise of every task, and how much trainings differ."""
    n_tasks, n_families = len(pairs.tasks), len(np.unique(pairs.families))
    sampling = sum(_of_the_sum(card, pairs.tasks) for card in cards) / n_tasks**2
    of_seed_means = of_noise = 0.0
    for grid, card in zip((pairs.before, pairs.after), cards, strict=True):
        if card.trained and len(grid) > 1:
            residuals = np.where(np.isnan(grid), np.nan, grid - np.nanmean(grid))
            sums, sizes = cluster_totals(residuals, pairs.families, n_families)
            means, noise = seed_variance(sums, sizes)
            of_seed_means, of_noise = of_seed_means + means, of_noise + noise
    seeds = len(pairs.change)
    se, df = crossed(Levels(sampling, max(n_families, 2), of_seed_means, of_noise, seeds))
    return replace(Estimate(0.0, None, None, None, n_tasks, n_families, seeds), se=se, df=df)


def _of_the_sum(card: Scorecard, tasks: Sequence[str]) -> float:
    """The sampling variance of the sum over tasks of the share correct."""
    judged = np.array([sum(card.tasks[task].judged) for task in tasks], np.float64)
    return float(np.sum(draw_variance(card, tasks) / judged))


def power_of(rule: Rule, noise: Estimate) -> float:
    """The chance that the rule's drop, borne by a quarter of the families, is found in this
    noise: that its estimate is significant, and is large enough."""
    from scipy.stats import t

    assert noise.se is not None
    assert noise.df is not None
    uneven = rule.drop**2 * (1 - BEARING) / BEARING / noise.families
    se = (noise.se**2 + uneven) ** 0.5
    large_enough = float(t.cdf((rule.drop - rule.least) / se, noise.df))
    return min(power_to_find(rule.drop, se, noise.df, rule.alpha), large_enough)


def check(baseline: Scorecard, now: Scorecard, rule: Rule, explained: str = "") -> dict[str, Any]:
    """What the gate says of `now`, as plain data for the reports; UserError if the two are not
    comparable. `explained` is the reason for a jump up, if somebody gave one."""
    check_comparable(baseline, now, ("The baseline", "the run"))
    pairs = pair(baseline, now)
    change = change_of(pairs)
    noise = _larger(expected_noise((baseline, now), pairs), change)
    void = _void(baseline, now, pairs, rule)
    verdict, reason = _verdict(change, void, _weak(pairs, noise, rule), rule, explained)
    return {
        "verdict": verdict.value[0],
        "exit_code": verdict.code,
        "reason": reason,
        "baseline": baseline.policy,
        "policy": now.policy,
        "same_model": baseline.model == now.model,
        **summary(pairs),
        "covered": len(pairs.tasks) / len(baseline.tasks),
        "no_verdict": now.no_verdict / now.samples if now.samples else 0.0,
        "power": power_of(rule, noise),
        "detectable": _detectable(noise, rule),
        "rule": {name: getattr(rule, name) for name in Rule.__slots__},
        "moved": _moved(pairs),
        "conditions": now.conditions.model_dump(),
    }


def check_new_baseline(card: Scorecard, rule: Rule) -> str:
    """Why a scorecard cannot be a baseline: what its gate could not see. "" if it can."""
    if not card.tasks:
        return "no sample has a verdict"
    pairs = pair(card, card)
    noise = expected_noise((card, card), pairs)
    return _void(card, card, pairs, rule) or _weak(pairs, noise, rule)


def _larger(expected: Estimate, change: Estimate) -> Estimate:
    """The larger noise of the two: one policy sampled twice with the same seeds changes nothing,
    which says nothing of how sure the gate would be of another policy."""
    if change.se is None or expected.se is None or change.se <= expected.se:
        return expected
    return change


def _void(baseline: Scorecard, now: Scorecard, pairs: Pairs, rule: Rule) -> str:
    """Why nothing can be said at all: too much is missing. "" if it is not."""
    lost = now.no_verdict / now.samples
    missing = 1 - len(pairs.tasks) / len(baseline.tasks)
    if lost > rule.no_verdict:
        return (
            f"{now.no_verdict} of {now.samples} samples ({lost:.1%}) have no verdict "
            f"(infrastructure error or timeout); {rule.no_verdict:.1%} are allowed"
        )
    if missing > rule.no_verdict:
        return f"{missing:.1%} of the baseline's tasks are not in the run"
    return ""


def _weak(pairs: Pairs, noise: Estimate, rule: Rule) -> str:
    """Why the drop that is to be caught could have been missed. "" if it could not."""
    if noise.families < 2:
        return "the tasks are of one family, and nothing tells how much families differ"
    if pairs.trained and len(pairs.change) < 2:
        return "one training seed does not tell how much trainings differ"
    power = power_of(rule, noise)
    if power < rule.power:
        return (
            f"a true drop of {100 * rule.drop:g} points would be found with a power of "
            f"{power:.0%}, and {rule.power:.0%} is asked for: take more tasks, samples or seeds "
            "(goodhart-bench plan tells how many), or ask for less"
        )
    return ""


def _verdict(
    change: Estimate, void: str, weak: str, rule: Rule, explained: str
) -> tuple[Verdict, str]:
    """The first that applies. A change that was found needs no power to find it."""
    p, value = student_p(change), change.value or 0.0
    found = p is not None and p < rule.alpha and abs(value) >= rule.least
    if void:
        return Verdict.NO_EVIDENCE, void
    if found and value < 0:
        return Verdict.REGRESSION, "the drop is significant and large enough"
    if found and not explained:
        return Verdict.JUMP, (
            "the jump up is significant and large enough, and nobody explained it: look for a "
            "leak or a changed checker, then give --explained REASON or write a new baseline"
        )
    if weak:
        return Verdict.NO_EVIDENCE, weak
    if found:
        return Verdict.PASS, f"the jump up was explained: {explained}"
    return Verdict.PASS, "no change that is both significant and large enough"


def _detectable(noise: Estimate, rule: Rule) -> float:
    assert noise.se is not None
    assert noise.df is not None
    return detectable_change(noise.se, noise.df, rule.alpha, rule.power)


def _moved(pairs: Pairs) -> list[dict[str, Any]]:
    """The tasks that changed most, down before up."""
    change = by_task(pairs.change)
    shares = by_task(pairs.before), by_task(pairs.after)
    order = sorted(np.flatnonzero(change), key=lambda i: (change[i], pairs.tasks[i]))
    return [
        {"task": pairs.tasks[i], "before": float(shares[0][i]), "after": float(shares[1][i])}
        for i in order[:LISTED]
    ]
