"""Every rule on small invented claims: one on which it speaks and one on which it must not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.claims.claim import Claim
from harness.claims.finding import Finding, Severity
from harness.claims.rules import RULES

DOCS = (Path(__file__).parents[3] / "docs" / "claims.md").read_text()
FULL = {"tasks": 400, "samples_per_task": 4, "seeds": 5, "interval": ["+2.0", "+8.0"]}


def metric(id: str = "m", **keys: Any) -> dict[str, Any]:
    return {"id": id, "name": "accuracy", "before": "60.0%", "after": "65.0%", **keys}


def metrics(*given: dict[str, Any], **keys: Any) -> dict[str, Any]:
    return {"title": "t", "metrics": list(given), **keys}


def counts(**given: Any) -> dict[str, Any]:
    return {"title": "t", "counts": given}


def table(**columns: list[str]) -> dict[str, Any]:
    return {"title": "t", "series": [{"id": "s", "columns": columns}]}


def summary(kind: str, columns: list[str], value: str, **keys: Any) -> dict[str, Any]:
    said = {"text": "t", "series": "s", "kind": kind, "columns": columns, "value": value, **keys}
    return table(a=["1.0", "2.0", "1.5"], b=["1.2", "1.9", "1.6"]) | {"summaries": [said]}


def rated(value: int, *rates: str) -> dict[str, Any]:
    drawn = {"value": value, "rates": {"series": "s", "column": "r", "of": ["each"]}}
    return table(r=list(rates)) | {"counts": {"each": 50, "kept": drawn}}


def ends(before: str, after: str, **columns: list[str]) -> dict[str, Any]:
    first, last = min(columns), max(columns)
    joined = metric(before=before, after=after, series="s", columns=[first, last])
    return table(**columns) | {"metrics": [joined]}


def threshold(value: str, good: str, bad: str, accept: str = "above") -> dict[str, Any]:
    seen = [
        {"label": "right", "value": good, "good": True},
        {"label": "wrong", "value": bad, "good": False},
    ]
    rule = {"score": "score", "accept": accept, "value": value, "observed": seen}
    return {"title": "t", "thresholds": [rule]}


def compared(a: tuple[str, str], b: tuple[str, str], difference: str, **keys: Any) -> Any:
    one = metric("a", arm="A", before=a[0], after=a[1])
    other = metric("b", arm="B", before=b[0], after=b[1]) | keys
    said = {"text": "A beats B", "metric": "a", "than": "b", "difference": difference}
    return metrics(one, other, comparisons=[said])


def same(margin: str | None = None, **keys: Any) -> dict[str, Any]:
    said = {"text": "no loss", "metric": "m", "margin": margin}
    return metrics(metric(after="60.1%", **keys), equivalences=[said])


def caused(by: str, *controls: str) -> dict[str, Any]:
    said = {"text": "it helps", "effect": "m", "by": by, "controls": list(controls)}
    return metrics(metric(), causes=[said])


BOTH = metric("a", change="+8.3%"), metric("b", name="recall", change="+5.0%")
NEITHER = metric("a", change="+8.3%"), metric("b", name="recall", change="+5.0 points")

# rule, a claim on which it speaks, a piece of its sentence, a claim on which it is silent
CASES: list[tuple[str, dict[str, Any], str, dict[str, Any]]] = [
    (
        "change_fits_no_reading",
        metrics(metric(change="+7%")),
        "+5.0 points and +8.33% relative",
        metrics(metric(change="+8%"), metric("b", change="+5.0 points")),
    ),
    (
        "change_fits_no_reading",
        metrics(metric(change="+5.0%", unit="relative")),
        "+5.0% (relative) does not fit",
        metrics(metric(change="+5.0%", unit="points")),
    ),
    (
        "change_fits_no_reading",
        metrics(metric(before=".60", after=".65", change="-.05")),
        "-.05 does not fit",
        metrics(metric(before=".60", after=".65", change=".05")),
    ),
    (
        "change_fits_no_reading",
        metrics(metric(before="2.0", after="4.0", change="3x")),
        "3x does not fit",
        metrics(metric(before="2.0", after="4.0", change="2x")),
    ),
    (
        "percent_without_unit",
        metrics(metric(change="+5.0%")),
        "a change in points, printed as percent",
        metrics(metric(change="+8.3%", unit="relative"), metric("b", change="+5 points")),
    ),
    (
        "percent_without_unit",
        metrics(metric(change="+8.3%")),
        "a relative change: fine if it is labelled so",
        metrics(metric(before="5.0", after="6.0", scale="own", change="+20%")),
    ),
    ("mixed_units", metrics(*BOTH), "+8.3% (accuracy) relative", metrics(*NEITHER)),
    (
        "one_quantity_two_values",
        metrics(metric("a", after="65.0%"), metric("b", after="66%")),
        "1.0 points apart",
        metrics(
            metric("a", after="65.4%"), metric("b", after="65%"), metric("c", on="x", after="9%")
        ),
    ),
    (
        "level_out_of_bounds",
        metrics(metric(after="101%")),
        "no share is outside",
        metrics(metric(before="5.7", after="101", scale="own")),
    ),
    (
        "change_beyond_the_room",
        metrics(metric(before="95%", after="99%", change="+12 points")),
        "room for 5.5 points",
        metrics(metric(before="95%", after="99%", change="+4 points")),
    ),
    (
        "change_outside_its_interval",
        metrics(metric(interval=["-1.0", "+3.0"])),
        "outside its own interval",
        metrics(metric(interval=["+1.0", "+9.0"])),
    ),
    (
        "not_a_share_of_that_many",
        metrics(metric(after="65.3%", counted=True, tasks=20, samples_per_task=1)),
        "the nearest are 65.0% and 70.0%",
        metrics(
            metric(counted=True, tasks=20, samples_per_task=1),
            metric("b", after="65.3%", tasks=20, samples_per_task=1),
        ),
    ),
    (
        "product_differs",
        counts(a=4, b=5, all={"value": 30, "product_of": ["a", "b"]}),
        "4 a x 5 b is 20, not 30 all",
        counts(a=4, b=5, all={"value": 20, "product_of": ["a", "b"]}),
    ),
    (
        "sum_differs",
        counts(a=4, b=5, all={"value": 10, "sum_of": ["a", "b"]}),
        "4 a + 5 b is 9, not 10 all",
        counts(a=4, b=5, all={"value": 9, "sum_of": ["a", "b"]}),
    ),
    (
        "part_larger_than_whole",
        counts(all=10, kept={"value": 11, "part_of": "all"}),
        "as printed: 10",
        counts(all=10, kept={"value": 10, "part_of": "all"}),
    ),
    (
        "part_larger_than_whole",
        counts(
            a=4,
            b=5,
            all={"value": 30, "product_of": ["a", "b"]},
            kept={"value": 25, "part_of": "all"},
        ),
        "by 4 a x 5 b: 20",
        counts(
            a=4,
            b=5,
            all={"value": 30, "product_of": ["a", "b"]},
            kept={"value": 15, "part_of": "all"},
        ),
    ),
    (
        "rate_differs",
        counts(all=300, kept={"value": 210, "part_of": "all", "rate": "72%"}),
        "210 of 300 is 70.0%, not 72%",
        counts(all=300, kept={"value": 210, "part_of": "all", "rate": ".70"}),
    ),
    (
        "rates_differ_from_count",
        rated(90, "60%", "80%"),
        "add up to 70, not 90 kept",
        rated(70, "60%", "80%"),
    ),
    (
        "summary_differs",
        summary("increases", ["a", "b"], "1", of=3),
        "positive in 2 of 3, not in 1 of 3",
        summary("increases", ["a", "b"], "2", of=3),
    ),
    (
        "summary_differs",
        summary("decreases", ["a"], "2", of=2),
        "between rows of a are negative in 1 of 2",
        summary("increases", ["a"], "1"),
    ),
    (
        "summary_differs",
        summary("first", ["a"], "1.1"),
        "The first value of a in the table is 1.0, not 1.1",
        summary("last", ["a"], "1.5"),
    ),
    (
        "summary_differs",
        summary("mean", ["a"], "1.8"),
        "The mean value of a in the table is 1.5",
        summary("mean", ["a"], "1.5"),
    ),
    (
        "summary_differs",
        summary("max", ["a"], "1.9"),
        "The largest value of a in the table is 2.0",
        summary("max", ["a"], "2.0"),
    ),
    (
        "ends_differ",
        ends("60%", "65%", a=["61%", "63%", "65%"]),
        "before is printed as 60%, but the first value of the table is 61%",
        ends("60%", "65%", a=["60.2%", "63%", "65%"]),
    ),
    (
        "rows_do_not_join",
        ends("60%", "65%", a=["60%", "58%"], b=["62%", "65%"]),
        "In 1 of 1 rows a is not the b of the row above (62%, then 58%)",
        ends("60%", "65%", a=["60%", "62%"], b=["62%", "65%"]),
    ),
    (
        "good_rejected",
        threshold(".5", ".42+", ".3"),
        "right between .42 and .5 is rejected",
        threshold(".5", ".52+", ".3"),
    ),
    (
        "good_rejected",
        threshold(".5", ".6", ".9", accept="below"),
        "right at .6 is rejected",
        threshold(".5", ".4", ".9", accept="below"),
    ),
    (
        "bad_accepted",
        threshold(".5", ".9", ".6"),
        "and so is wrong at .6",
        threshold(".5", ".9", ".4"),
    ),
    (
        "difference_fits_no_reading",
        compared(("60.0%", "70.0%"), ("60.0%", "66.0%"), "9 points"),
        "the changes by +4.0; printed: 9 points",
        compared(("60.0%", "70.0%"), ("60.0%", "66.0%"), "4 points"),
    ),
    (
        "difference_of_changes",
        compared(("60.0%", "70.0%"), ("50.0%", "56.0%"), "4 points"),
        "the results differ by +14.0 points",
        compared(("60.0%", "70.0%"), ("50.0%", "56.0%"), "14 points"),
    ),
    (
        "baselines_differ",
        compared(("60.0%", "70.0%"), ("50.0%", "56.0%"), "4 points"),
        "differ by 10.0 points",
        compared(("60.0%", "70.0%"), ("60.0%", "66.0%"), "4 points"),
    ),
    (
        "no_room_for_the_difference",
        compared(("96.0%", "97.0%"), ("70.0%", "61.0%"), "10.0 points"),
        "could gain at most 4.0 points",
        compared(("60.0%", "70.0%"), ("60.0%", "66.0%"), "4 points"),
    ),
    (
        "conditions_differ",
        compared(("60%", "70%"), ("60%", "66%"), "4 points", tasks=9) | {"tasks": 20},
        "evaluated tasks 20 and 9",
        compared(("60%", "70%"), ("60%", "66%"), "4 points", conditions={"cycles": "3"}),
    ),
    (
        "change_below_detectable",
        metrics(metric(tasks=20)),
        "on 20 tasks is not resolvable: with an assumed sd of 15 points",
        metrics(metric(tasks=20, sd=5), metric("b", tasks=500)),
    ),
    (
        "interval_holds_zero",
        metrics(metric(interval=["-1.0", "+11.0"])),
        "-1.0 to +11.0, holds 0",
        metrics(metric(interval=["+1.0", "+9.0"])),
    ),
    (
        "change_below_seed_noise",
        metrics(metric(seeds=3)),
        "below what 3 seeds show if runs differ by an assumed sd of 3 points: 9.29",
        metrics(metric(seeds=10)),
    ),
    (
        "change_below_seed_noise",
        metrics(metric(seeds=1)),
        "is one training run",
        metrics(metric(before="5.7", after="4.7", seeds=1)),
    ),
    (
        "no_margin",
        same(tasks=20),
        "±7.02 points",
        same("2", tasks=20),
    ),
    (
        "margin_not_reached",
        same("2", tasks=20),
        "beyond the margin of 2",
        same("2", tasks=500),
    ),
    (
        "design_not_stated",
        metrics(metric(tasks=20, interval=["+1.0", "+9.0"])),
        "samples per task and seeds. To see a change of 5.0 takes 5 seeds (sd 3)",
        metrics(metric(**FULL)),
    ),
    (
        "control_not_run",
        caused("selection", "no-train"),
        'No random-accept control for "it helps"',
        caused("selection", "no-train", "random-accept"),
    ),
    (
        "control_not_run",
        caused("training"),
        "No no-train control",
        caused("training", "no-train"),
    ),
]


def found(rule: str, claim: dict[str, Any]) -> list[Finding]:
    return list(RULES[rule](Claim.model_validate(claim)))


@pytest.mark.parametrize(("rule", "claim", "piece", "_quiet"), CASES)
def test_a_rule_speaks(rule: str, claim: dict[str, Any], piece: str, _quiet: Any) -> None:
    sentences = [finding.sentence for finding in found(rule, claim)]
    assert any(piece in sentence for sentence in sentences), sentences


@pytest.mark.parametrize(("rule", "_claim", "_piece", "quiet"), CASES)
def test_a_rule_is_silent(rule: str, _claim: Any, _piece: str, quiet: dict[str, Any]) -> None:
    assert found(rule, quiet) == []


def test_every_rule_has_its_examples() -> None:
    assert {case[0] for case in CASES} == set(RULES)


def test_every_rule_is_described() -> None:
    assert all(rule.__doc__ for rule in RULES.values())
    assert [name for name in RULES if f"`{name}`" not in DOCS] == []


def test_the_example_in_the_documentation_is_a_claim() -> None:
    example = DOCS.split("```yaml\n")[1].split("```")[0]
    claim = Claim.model_validate(yaml.safe_load(example))
    found = [f for name in RULES for f in RULES[name](claim)]
    assert [f.sentence for f in found if f.severity is Severity.CONTRADICTION] == []


@pytest.mark.parametrize(
    ("n", "sd", "least"), [(20, 1.0, 0.660), (500, 1.0, 0.126), (3, 3.0, 9.3), (10, 3.0, 3.0)]
)
def test_detectable_changes_are_those_of_the_measures(n: int, sd: float, least: float) -> None:
    from harness.claims.rules.resolution import detectable

    value = detectable(sd, n)
    assert value is not None
    assert value == pytest.approx(least, abs=0.05 if sd > 1 else 0.0006)


@pytest.mark.parametrize("change", [0.5, 2.0, 11.0])
def test_needed_is_the_least_that_suffices(change: float) -> None:
    from harness.claims.rules.resolution import detectable, needed

    n = needed(15, change)
    assert (detectable(15, n) or 0) <= change < (detectable(15, n - 1) or float("inf"))
