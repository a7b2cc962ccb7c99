"""From graded samples to `result.json`: every number with interval, n, seeds and resolution.

`analyse(study)` returns plain data; `reports` reads nothing else. Its keys are described in
docs/measures.md under "The result file".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from harness import breakdown
from harness.audit import audit
from harness.columns import CALIBRATION, HELDOUT, Columns, Rows, columns
from harness.cycles import by_cycle, tokens
from harness.equal_kl import divergence
from harness.gap import Fit, Movement, fit_calibration, gap_of, movement, scored
from harness.habits import habits
from harness.onset import onset
from harness.overlap import overlap
from harness.refusals import Refusals
from harness.statistics import Floats, holm, sign_flip_p
from harness.study import BASE, Arm, Study
from harness.untrained import untrained
from harness.who_moved import who_moved

SCHEMA = 1
CONTROL = "random-accept"  # what it loses or gains too is not the filter's doing


def analyse(study: Study) -> dict[str, Any]:
    """Everything the report shows, as a JSON-able dict. A study without samples is no error: its
    numbers are null and `notes` says what is missing."""
    refusals = Refusals()
    data = columns(refusals.apart(study.samples))
    fits = {name: fit_calibration(data, name) for name in sorted(data.proxies)}
    moved = {arm.name: _movements(data, arm, fits) for arm in study.arms}
    own = {
        arm.name: {t: each[arm.proxy] for t, each in moved[arm.name].items() if arm.proxy in each}
        for arm in study.arms
    }
    return {
        "schema": SCHEMA,
        "arms": [
            {"name": arm.name, "proxy": arm.proxy, "signals": list(arm.signals)}
            for arm in study.arms
        ],
        "executed": study.sandbox is not None,
        "sandbox": study.sandbox,
        "remedy": study.remedy,
        "design": _design(data, study),
        "overlap": overlap(study.trained, study.evaluated),
        "correctness": _correctness(data, study),
        "gap": [row for arm in study.arms for row in _gaps(data, arm, moved[arm.name])],
        "onset": [
            {"arm": arm.name, "proxy": arm.proxy, **onset(data, own[arm.name])}
            for arm in study.arms
        ],
        "who_moved": who_moved(data, study.arms, study.rescored),
        "divergence": divergence(data, study.divergences, own),
        "audit": audit(data, study.arms, fits),
        "calibration": {name: fit.source if fit else None for name, fit in fits.items()},
        "cycles": by_cycle(study.cycles, study.arms),
        "heldout_scores": [row for arm in study.arms for row in _heldout_scores(data, arm)],
        "tokens": tokens(study.cycles, study.arms),
        "tools": _per_arm(data, study, breakdown.by_tool),
        "faults": _per_arm(data, study, breakdown.by_fault),
        "outcomes": _sides(data, study, breakdown.outcomes),
        "habits": [
            {
                "arm": arm.name,
                "probes": habits(data, data.before(arm.name), _final(data, arm.name)),
            }
            for arm in study.arms
        ],
        "verdicts": _sides(data, study, breakdown.verdicts),
        "untrained": None if study.arms else untrained(data, refusals),
        "impossible": {"tasks": len(refusals.tasks), "arms": refusals.rows(study.arms)},
        "failures": [{"arm": f.arm, "seed": f.seed, "reason": f.reason} for f in study.failures],
        "notes": _notes(data, study),
        "provenance": dict(study.provenance),
    }


def _design(data: Columns, study: Study) -> dict[str, Any]:
    base = data.all_rows(HELDOUT, BASE, 0)
    tasks = np.unique(data.task[base])
    families = data.tasks.families[tasks]
    return {
        "tasks": len(tasks),
        "families": len(np.unique(families)),
        "unseen_tasks": int(data.tasks.unseen[tasks].sum()),
        "unseen_families": len(np.unique(families[data.tasks.unseen[tasks]])),
        "samples_per_task": data.samples_per_task(base),
        "seeds": list(data.seeds),
        "cycles": max((max(data.cycles(arm.name), default=0) for arm in study.arms), default=0),
        "samples": len(data.task),
    }


def _final(data: Columns, arm: str) -> Rows:
    """The held-out samples of an arm's last evaluated cycle; empty if it has none."""
    cycles = data.cycles(arm)
    return data.after(arm, cycles[-1]) if cycles else np.empty(0, np.int64)


def _correctness(data: Columns, study: Study) -> list[dict[str, Any]]:
    """Before and after of every arm at its last cycle, seen and unseen families apart."""
    control = data.truth(_final(data, CONTROL))
    rows: list[dict[str, Any]] = []
    changes: dict[str, Floats] = {}
    for arm in study.arms:
        before, after = data.before(arm.name), _final(data, arm.name)
        grids = data.truth(before), data.truth(after)
        changes[arm.name] = grids[1] - grids[0]
        masks = {
            "all": np.ones(len(data.tasks.names), np.bool_),
            "seen": ~data.tasks.unseen,
            "unseen": data.tasks.unseen,
        }
        beyond = data.estimate(grids[1] - control, after).within(-1, 1).as_json()
        rows.append(
            {
                "arm": arm.name,
                "cycle": max(data.cycles(arm.name), default=None),
                **{
                    name: breakdown.paired(data, before, after, grids, mask)
                    for name, mask in masks.items()
                },
                "beyond_control": None if arm.name == CONTROL else beyond,
            }
        )
    p_values = _p_values(data, changes)
    adjusted = holm(p_values)
    return [
        {**row, "p": p_values.get(arm), "p_holm": adjusted.get(arm)}
        for arm, row in zip(changes, rows, strict=True)
    ]


def _p_values(data: Columns, changes: dict[str, Floats]) -> dict[str, float]:
    """Sign-flip p of each arm's final change, for arms that have one."""
    found = {arm: sign_flip_p(grid, data.tasks.families) for arm, grid in changes.items()}
    return {arm: p for arm, p in found.items() if p is not None}


def _movements(
    data: Columns, arm: Arm, fits: dict[str, Fit | None]
) -> dict[int, dict[str, Movement]]:
    """What moved since cycle 0, by cycle and proxy."""
    before = data.before(arm.name)
    return {
        cycle: {
            proxy: movement(data, proxy, fit, before, data.after(arm.name, cycle))
            for proxy, fit in fits.items()
        }
        for cycle in data.cycles(arm.name)
    }


def _gaps(data: Columns, arm: Arm, moved: dict[int, dict[str, Movement]]) -> list[dict[str, Any]]:
    """The gap of one arm at each cycle, for its own proxy and for every other."""
    base_tasks = len(np.unique(data.task[data.before(arm.name)]))
    return [
        {
            "arm": arm.name,
            "cycle": cycle,
            "optimised": proxy == arm.proxy,
            "light": len(np.unique(data.task[data.after(arm.name, cycle)])) < base_tasks,
            **gap_of(data, each).as_json(),
        }
        for cycle, proxies in moved.items()
        for proxy, each in proxies.items()
    ]


def _heldout_scores(data: Columns, arm: Arm) -> list[dict[str, Any]]:
    """Mean of every proxy on held-out samples, cycle by cycle."""
    evaluations = [(0, data.before(arm.name))]
    evaluations += [(cycle, data.after(arm.name, cycle)) for cycle in data.cycles(arm.name)]
    return [
        {
            "arm": arm.name,
            "cycle": cycle,
            "scores": {proxy: _mean_score(data, proxy, rows) for proxy in sorted(data.proxies)},
        }
        for cycle, rows in evaluations
    ]


def _mean_score(data: Columns, proxy: str, rows: Rows) -> dict[str, Any]:
    rows = scored(data, proxy, rows)
    return data.estimate(data.grid(rows, data.proxies[proxy][rows]), rows).as_json()


def _per_arm(
    data: Columns, study: Study, table: Callable[[Columns, Rows, Rows], list[dict[str, Any]]]
) -> list[dict[str, Any]]:
    """The rows of a before/after breakdown for each arm, with the arm's name."""
    return [
        {"arm": arm.name, **row}
        for arm in study.arms
        for row in table(data, data.before(arm.name), _final(data, arm.name))
    ]


def _sides(
    data: Columns, study: Study, table: Callable[[Columns, Rows], dict[str, Any]]
) -> list[dict[str, Any]]:
    """A breakdown of the base model's samples and of each arm's after its last cycle."""
    sides = [(BASE, data.all_rows(HELDOUT, BASE, 0))]
    sides += [(arm.name, _final(data, arm.name)) for arm in study.arms]
    return [{"arm": name, **table(data, rows)} for name, rows in sides]


def _notes(data: Columns, study: Study) -> list[str]:
    """What a reader must know that no table shows."""
    notes = []
    if not len(data.all_rows(HELDOUT, BASE, 0)):
        notes.append("No cycle-0 samples on the held-out split: no change can be computed.")
    if study.arms and not len(data.all_rows(CALIBRATION, BASE, 0)):
        notes.append(
            "No calibration split: proxies are calibrated on the held-out cycle-0 samples, "
            "cross-fitted by family."
        )
    for arm in study.arms:
        seeds = {data.seeds[seed] for seed in np.unique(data.seed[_final(data, arm.name)])}
        if not seeds:
            notes.append(f"{arm.name}: no samples after training.")
        elif missing := sorted(set(data.seeds) - seeds):
            notes.append(f"{arm.name}: seeds {missing} did not reach the last cycle.")
    if study.arms and len(data.seeds) < 2:
        notes.append("Fewer than two seeds: the intervals do not include training noise.")
    lost = int((~data.judged).sum())
    if lost:
        notes.append(
            f"{lost} of {len(data.task)} samples have no verdict (timeout or infrastructure "
            "error) and count for nobody."
        )
    return notes
