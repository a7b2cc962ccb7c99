"""What each training cycle did: acceptance, mean scores, loss and tokens, over seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.statistics import over_seeds, wilson
from harness.study import Arm, CycleRow


def by_cycle(cycles: Sequence[CycleRow], arms: Sequence[Arm]) -> list[dict[str, Any]]:
    """One row per arm and cycle, from the rows of its seeds.

    Acceptance pools the seeds' candidates and has Wilson's interval, which takes candidates as
    independent; scores, loss and tokens are means over seeds with Student's t interval.
    """
    rows = []
    for arm in arms:
        own = [row for row in cycles if row.arm == arm.name]
        for cycle in sorted({row.cycle for row in own}):
            seeds = [row for row in own if row.cycle == cycle]
            rows.append({"arm": arm.name, "cycle": cycle, **_one_cycle(seeds)})
    return rows


def _one_cycle(seeds: Sequence[CycleRow]) -> dict[str, Any]:
    candidates, accepted = sum(r.candidates for r in seeds), sum(r.accepted for r in seeds)
    low, high = wilson(accepted, candidates)
    proxies = sorted({name for row in seeds for name in row.scores})
    return {
        "seeds": len(seeds),
        "candidates": candidates,
        "accepted": accepted,
        "acceptance": {
            "value": accepted / candidates if candidates else None,
            "low": low,
            "high": high,
        },
        "scores": {
            name: over_seeds([r.scores[name] for r in seeds if name in r.scores]).as_json()
            for name in proxies
        },
        "loss": over_seeds([r.loss for r in seeds if r.loss is not None]).as_json(),
        "tokens": over_seeds([float(r.generated_tokens) for r in seeds]).as_json(),
    }


Counts = Mapping[tuple[int, int], int]  # (seed, cycle) -> tokens


def tokens(cycles: Sequence[CycleRow], arms: Sequence[Arm]) -> dict[str, Any]:
    """Tokens generated per cycle by each arm, and the ratio to the first arm that generates any.

    The ratio is taken within each seed, over the cycles that both arms finished.
    """
    by_arm = {
        arm.name: {(r.seed, r.cycle): r.generated_tokens for r in cycles if r.arm == arm.name}
        for arm in arms
    }
    reference = next((name for name, counts in by_arm.items() if any(counts.values())), None)
    return {
        "relative_to": reference,
        "arms": {
            name: {
                "per_cycle": over_seeds(_mean_by_seed(counts)).as_json(),
                "ratio": over_seeds(_ratios(counts, by_arm[reference])).as_json()
                if reference
                else None,
            }
            for name, counts in by_arm.items()
        },
    }


def _mean_by_seed(counts: Counts) -> list[float]:
    by_seed: dict[int, list[int]] = {}
    for (seed, _), count in sorted(counts.items()):
        by_seed.setdefault(seed, []).append(count)
    return [sum(values) / len(values) for values in by_seed.values()]


def _ratios(counts: Counts, reference: Counts) -> list[float]:
    shared = sorted(counts.keys() & reference.keys())
    ratios = []
    for seed in sorted({seed for seed, _ in shared}):
        ours = sum(counts[key] for key in shared if key[0] == seed)
        theirs = sum(reference[key] for key in shared if key[0] == seed)
        if theirs:
            ratios.append(ours / theirs)
    return ratios
