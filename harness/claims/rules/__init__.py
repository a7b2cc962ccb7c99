"""The rules, one idea each: a function from a claim to findings. Its name is the rule's name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from harness.claims.claim import Claim
from harness.claims.finding import Finding
from harness.claims.rules import (
    arithmetic,
    bounds,
    comparability,
    controls,
    counts,
    missing,
    resolution,
    tables,
    thresholds,
)

Rule = Callable[[Claim], Iterator[Finding]]

GROUPS: dict[str, tuple[Rule, ...]] = {
    "arithmetic": (
        arithmetic.change_fits_no_reading,
        arithmetic.percent_without_unit,
        arithmetic.mixed_units,
        arithmetic.one_quantity_two_values,
    ),
    "bounds": (
        bounds.level_out_of_bounds,
        bounds.change_beyond_the_room,
        bounds.change_outside_its_interval,
        bounds.not_a_share_of_that_many,
    ),
    "counts": (
        counts.product_differs,
        counts.sum_differs,
        counts.part_larger_than_whole,
        counts.rate_differs,
        counts.rates_differ_from_count,
    ),
    "tables": (
        tables.summary_differs,
        tables.ends_differ,
        tables.rows_do_not_join,
    ),
    "thresholds": (
        thresholds.good_rejected,
        thresholds.bad_accepted,
    ),
    "comparability": (
        comparability.difference_fits_no_reading,
        comparability.difference_of_changes,
        comparability.baselines_differ,
        comparability.no_room_for_the_difference,
        comparability.conditions_differ,
    ),
    "resolution": (
        resolution.change_below_detectable,
        resolution.interval_holds_zero,
        resolution.change_below_seed_noise,
        resolution.no_margin,
        resolution.margin_not_reached,
    ),
    "missing": (missing.design_not_stated,),
    "controls": (controls.control_not_run,),
}
RULES: dict[str, Rule] = {rule.__name__: rule for group in GROUPS.values() for rule in group}


def findings(claim: Claim) -> list[Finding]:
    """What every rule finds, in the order of the rules."""
    return [replace(f, rule=name) for name, rule in RULES.items() for f in rule(claim)]
