"""Measure again: the claimed changes against a run of this harness, or against two files of
answers that the checker judges now."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import hypot
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.claims.claim import Cause, Claim, ClaimFile, Evidence, Metric, Predictions
from harness.claims.finding import Finding, Place, Severity
from harness.claims.numbers import Span, short, signed
from tasks.errors import UserError

if TYPE_CHECKING:
    from harness.columns import Columns
    from harness.statistics import Estimate, Floats
    from harness.types import GradedSample

TRUTH = ("correctness", "accuracy")  # names of metrics that are the share of right commands
ANSWERS = "answers"  # the one arm of two files of predictions
CONTROLS = {"selection": "random-accept", "training": "no-train"}
WHERE: Place = ("evidence",)


def check_evidence(file: ClaimFile) -> list[Finding]:
    """What measuring again says of every statement that the evidence covers; [] without any.

    Where the evidence is of another model than the claim, all of it is told as notes.
    """
    evidence = file.claim.evidence
    if evidence is None:
        return []
    measured = _open(evidence, file.path.parent)
    found = [
        replace(finding, rule="measured_again")
        for part in (_metrics, _equivalences, _comparisons, _causes)
        for finding in part(file.claim, measured)
    ]
    said = replace(Finding(Severity.NOTE, measured.about, WHERE), rule="evidence")
    model = file.claim.conditions.get("model")
    if model and measured.model and model != measured.model:
        found = [replace(finding, severity=Severity.NOTE) for finding in found]
        sentence = (
            f"The evidence is of the model {measured.model!r} and the claim of {model!r}: what it "
            "shows is told, and decides nothing."
        )
        return [said, Finding(Severity.NOTE, sentence, WHERE, rule="other_model"), *found]
    return [said, *found]


@dataclass(frozen=True)
class _Measured:
    """Judged samples by column, and what they are."""

    data: Columns
    about: str
    model: str | None
    default: str | None  # the arm of metrics that name none

    def arm(self, metric: Metric) -> str | None:
        """The arm of the evidence that a metric is of; None if it has no such arm."""
        arms = {arm for split, arm, cycle in self.data.groups if cycle > 0}
        if arms == {ANSWERS}:
            return ANSWERS if metric.arm in ("", self.default or metric.arm) else None
        name = metric.arm.lower() or self.default
        return name if name in arms else None

    def grids(self, arm: str, metric: Metric) -> tuple[Floats, Floats] | None:
        """(seed, task) means before and after, over the cells that both have; None if the
        evidence does not measure that metric."""
        import numpy as np

        from harness.gap import scored

        data, name = self.data, metric.measure or metric.name
        if not data.cycles(arm):
            return None
        rows = data.before(arm), data.after(arm, max(data.cycles(arm)))
        if name.lower() in TRUTH:
            grids = [data.truth(row) for row in rows]
        elif name in data.proxies:
            kept = [scored(data, name, row) for row in rows]
            grids = [data.grid(row, data.proxies[name][row]) for row in kept]
        else:
            return None
        gone = np.isnan(grids[0]) | np.isnan(grids[1])
        before, after = (np.where(gone, np.nan, grid) for grid in grids)
        return before, after

    def change(self, arm: str, metric: Metric) -> Floats | None:
        grids = self.grids(arm, metric)
        return None if grids is None else grids[1] - grids[0]

    def estimate(self, grid: Floats, scale: float) -> Estimate:
        """Mean and interval of a grid, in points (or own units)."""
        from harness.statistics import estimate

        return estimate(grid * scale, self.data.tasks.families)


def _open(evidence: Evidence, folder: Path) -> _Measured:
    if evidence.run is not None:
        return _of_run(folder / evidence.run, evidence.arm)
    assert evidence.predictions is not None
    return _of_predictions(evidence.predictions, folder, evidence.arm)


def _of_run(folder: Path, arm: str | None) -> _Measured:
    """The judged samples of a run; UserError if it is not finished."""
    from harness.columns import columns
    from harness.judge import graded
    from harness.record import Run
    from harness.refusals import Refusals

    run = Run.finished(folder)
    profile = run.manifest.profile
    executed = "executed" if run.result()["executed"] else "not executed"
    model = profile.model.name
    about = f"The evidence is the run {folder} of {model} on {profile.suite}, {executed}."
    return _Measured(columns(Refusals().apart(graded(run))), about, model, arm)


def _of_predictions(files: Predictions, folder: Path, arm: str | None) -> _Measured:
    """Two files of answers, judged now by the checker alone."""
    from harness.columns import columns
    from harness.study import BASE

    rows = [
        *_samples(folder / files.before, files.suite, BASE, 0),
        *_samples(folder / files.after, files.suite, ANSWERS, 1),
    ]
    about = (
        f"The evidence is {len(rows):,} answers to tasks of {files.suite}, judged by the checker "
        "and not executed."
    )
    return _Measured(columns(rows), about, None, arm)


def _samples(path: Path, suite: str, arm: str, cycle: int) -> Iterator[GradedSample]:
    """The answers of a file, judged. Answers to impossible tasks are left out."""
    from harness.judge import judge_one
    from harness.registry import open_suite
    from harness.types import GradedSample
    from tasks.checker import judge

    tasks = {task.id: task for task in open_suite(suite).tasks}
    for number, row in _rows(path):
        task = tasks.get(row["task"])
        if task is None:
            raise UserError(f"{path}, line {number}: suite {suite} has no task {row['task']!r}.")
        if not task.possible:
            continue
        verdict = judge(row["text"], task)
        outcome, fault, observed = judge_one(verdict, None, task)
        yield GradedSample(
            arm=arm,
            seed=int(row.get("seed", 0)),
            cycle=cycle,
            split="heldout",  # what is evaluated, whichever split of the suite it is from
            task=task.id,
            family=task.family,
            tool=task.tool,
            unseen=False,
            sample=int(row.get("sample", 0)),
            text=row["text"],
            proxies=row.get("proxies", {}),
            outcome=outcome,
            fault=fault.value if fault else None,
            static=verdict.status.value,
            observed=observed,
        )


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of a JSON Lines file with a task and a text each, and their line numbers."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text in UTF-8"
        raise UserError(f"The evidence {path} cannot be read: {reason}.") from None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise UserError(f"{path}, line {number}: not JSON: {error.msg}.") from None
        if not isinstance(row, dict) or not {"task", "text"} <= set(row):
            raise UserError(f'{path}, line {number}: an answer is {{"task": ID, "text": ANSWER}}.')
        yield number, row


def _bounds(found: Estimate) -> Span | None:
    """The 95% interval; None where too few tasks leave none."""
    if found.low is None or found.high is None:
        return None
    return Span(found.low, found.high)


def _with_interval(found: Estimate, bounds: Span) -> str:
    return f"{signed(found.value or 0.0)} [{signed(bounds.low)}, {signed(bounds.high)}]"


def _weigh(found: Estimate, claimed: Span, what: str, metric: Metric) -> tuple[Severity, str]:
    """A claimed difference against the measured one.

    Refuted where it lies outside the measured interval, widened by the claim's own if that is
    printed (root of the sum of squares), or where the measured sign is the other one. Supported
    where it does not and the measured interval leaves out 0.
    """
    bounds = _bounds(found)
    if bounds is None:
        return Severity.DOUBT, f"{what}: too few tasks for an interval."
    half, noise = (bounds.high - bounds.low) / 2, 0.0
    if metric.interval is not None:
        noise = abs(metric.interval[1].value - metric.interval[0].value) / 2
    reach = hypot(half, noise)
    basis = f"{found.tasks} tasks, {found.seeds} seed{'s' if found.seeds > 1 else ''}"
    said = f"{what}: measured {_with_interval(found, bounds)} {metric.word} ({basis}), "
    said += f"claimed {signed(claimed.middle)}"
    is_other_sign = bounds.low > 0 > claimed.high or bounds.high < 0 < claimed.low
    if is_other_sign or not claimed.meets(Span(bounds.middle - reach, bounds.middle + reach)):
        return Severity.REFUTATION, f"{said}, which does not fit."
    if bounds.low <= 0 <= bounds.high:
        return Severity.DOUBT, f"{said}, which fits, and so does no change at all."
    return Severity.SUPPORT, f"{said}, which fits."


def _metrics(claim: Claim, measured: _Measured) -> Iterator[Finding]:
    """The levels and the change of each metric that the evidence measures."""
    same = {said.metric for said in claim.equivalences}
    for i, metric in enumerate(claim.metrics):
        arm = measured.arm(metric)
        grids = measured.grids(arm, metric) if arm else None
        if grids is None:
            continue
        scale = 100.0 if metric.is_bounded else 1.0
        for moment, grid, level in zip(
            ("before", "after"), grids, (metric.start, metric.end), strict=True
        ):
            found = measured.estimate(grid, scale)
            bounds = _bounds(found.within(0, scale) if metric.is_bounded else found)
            if bounds is not None and not level.meets(bounds):
                yield Finding(
                    Severity.REFUTATION,
                    f"{metric.name} {moment}: measured {short(bounds.low)} to "
                    f"{short(bounds.high)}; the claimed {short(level.middle)} lies outside.",
                    ("metrics", i, moment),
                )
        if metric.id not in same:
            found = measured.estimate(grids[1] - grids[0], scale)
            what = f"The change of {metric.name}"
            yield Finding(*_weigh(found, metric.difference, what, metric), ("metrics", i))


def _equivalences(claim: Claim, measured: _Measured) -> Iterator[Finding]:
    """TOST with the claim's margin: the 90% interval within it, or wholly outside."""
    from scipy.stats import t

    for i, said in enumerate(claim.equivalences):
        place, metric = claim.metric(said.metric)
        arm = measured.arm(metric)
        change = measured.change(arm, metric) if arm else None
        if change is None or said.margin is None:
            continue
        found = measured.estimate(change, 100.0 if metric.is_bounded else 1.0)
        if found.value is None or found.se is None or found.df is None:
            continue
        half, margin = float(t.ppf(0.95, found.df)) * found.se, abs(said.margin.value)
        low, high = found.value - half, found.value + half
        interval = f"{signed(found.value)}, 90% interval {signed(low)} to {signed(high)}"
        if -margin < low and high < margin:
            severity, end = Severity.SUPPORT, "within"
        elif low > margin or high < -margin:
            severity, end = Severity.REFUTATION, "wholly beyond"
        else:
            severity, end = Severity.DOUBT, "not within"
        sentence = f"Measured {interval} {metric.word}: {end} the margin of {said.margin}."
        yield Finding(severity, sentence, ("equivalences", i), (place,))


def _comparisons(claim: Claim, measured: _Measured) -> Iterator[Finding]:
    """The difference of two arms' changes, paired by task and seed."""
    for i, said in enumerate(claim.comparisons):
        metrics = claim.metric(said.metric)[1], claim.metric(said.than)[1]
        arms = [measured.arm(metric) for metric in metrics]
        if arms[0] is None or arms[1] is None or arms[0] == arms[1]:
            continue
        one, other = (measured.change(str(a), m) for a, m in zip(arms, metrics, strict=True))
        if one is None or other is None:
            continue
        found = measured.estimate(one - other, 100.0 if metrics[0].is_bounded else 1.0)
        claimed = metrics[0].difference.minus(metrics[1].difference)
        what = f"The change of {arms[0]} beyond that of {arms[1]}"
        yield Finding(*_weigh(found, claimed, what, metrics[0]), ("comparisons", i))


def _causes(claim: Claim, measured: _Measured) -> Iterator[Finding]:
    """The change beyond that of the control, paired by task and seed: is its sign the claim's?"""
    for i, cause in enumerate(claim.causes):
        _, metric = claim.metric(cause.effect)
        arm, control = measured.arm(metric), CONTROLS[cause.by]
        change = measured.change(arm, metric) if arm else None
        without = measured.change(control, metric)
        if change is None or without is None:
            continue
        found = measured.estimate(change - without, 100.0 if metric.is_bounded else 1.0)
        yield _of_sign(found, cause, metric, control, ("causes", i))


def _of_sign(found: Estimate, cause: Cause, metric: Metric, control: str, where: Place) -> Finding:
    bounds = _bounds(found)
    if bounds is None:
        return Finding(Severity.DOUBT, f"Too few tasks to compare with {control}.", where)
    said = f"Beyond {control}: {_with_interval(found, bounds)} {metric.word}"
    if bounds.low <= 0 <= bounds.high:
        return Finding(Severity.DOUBT, f"{said}: no effect of the {cause.by} is shown.", where)
    is_same = (bounds.low > 0) == (metric.difference.middle > 0)
    severity = Severity.SUPPORT if is_same else Severity.REFUTATION
    end = "as is claimed" if is_same else "the opposite of what is claimed"
    return Finding(severity, f"{said}: {end}.", where)
