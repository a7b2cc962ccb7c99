"""A claim whose numbers were computed and then rounded never contradicts itself."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from harness.claims.claim import Claim
from harness.claims.finding import Severity
from harness.claims.rules import findings


@st.composite
def levels(draw: st.DrawFn) -> tuple[float, float]:
    return draw(st.floats(0.05, 0.95)), draw(st.floats(0.05, 0.95))


@st.composite
def consistent(draw: st.DrawFn) -> dict[str, Any]:
    """A claim whose printed numbers are roundings of true ones."""
    places = draw(st.integers(1, 3))
    is_percent = draw(st.booleans())

    def printed(level: float) -> str:
        return f"{level * 100:.{places}f}%" if is_percent else f"{level:.{places + 1}f}"

    before, after = draw(levels())
    change = {
        "points": f"{(after - before) * 100:+.{places}f} points",
        "relative": f"{(after / before - 1) * 100:+.{places}f}%",
        "ambiguous": f"{(after - before) * 100:+.{places}f}%",
    }[draw(st.sampled_from(["points", "relative", "ambiguous"]))]
    other_before, other_after = draw(levels())
    advantage = (after - before) - (other_after - other_before)
    path = [before, *draw(st.lists(st.floats(0.05, 0.95), min_size=1, max_size=6)), after]
    shown = [printed(level) for level in path]
    rises = sum(float(b.strip("%")) > float(a.strip("%")) for a, b in pairwise(shown))
    cycles, tasks = draw(st.integers(1, 12)), draw(st.integers(1, 80))
    kept = [draw(st.integers(0, tasks)) for _ in range(cycles)]
    rates = [f"{100 * k / tasks:.1f}%" for k in kept]
    metric = {"name": "m", "before": printed(before), "after": printed(after), "change": change}
    return {
        "title": "t",
        "metrics": [
            {"id": "a", "arm": "A", "series": "path", "columns": ["x", "x"], **metric},
            {
                "id": "b",
                "arm": "B",
                "name": "m",
                "before": printed(other_before),
                "after": printed(other_after),
            },
        ],
        "series": [
            {"id": "path", "columns": {"x": shown}},
            {"id": "rates", "columns": {"r": rates}},
        ],
        "summaries": [
            {"text": "r", "series": "path", "kind": "increases", "columns": ["x"], "value": rises},
            {"text": "l", "series": "path", "kind": "last", "columns": ["x"], "value": shown[-1]},
        ],
        "counts": {
            "cycles": cycles,
            "tasks": tasks,
            "all": {"value": f"{cycles * tasks:,}", "product_of": ["cycles", "tasks"]},
            "kept": {
                "value": sum(kept),
                "part_of": "all",
                "rate": f"{100 * sum(kept) / (cycles * tasks):.{places}f}%",
                "rates": {"series": "rates", "column": "r", "of": ["tasks"]},
            },
        },
        "comparisons": [
            {
                "text": "c",
                "metric": "a",
                "than": "b",
                "difference": f"{advantage * 100:+.{places}f} points",
            }
        ],
    }


@settings(max_examples=150)
@given(consistent())
def test_rounding_alone_is_never_a_contradiction(given_claim: dict[str, Any]) -> None:
    found = findings(Claim.model_validate(given_claim))
    assert [f for f in found if f.severity is Severity.CONTRADICTION] == []


@settings(max_examples=100)
@given(consistent(), st.integers(1, 50))
def test_a_count_that_is_off_is_always_found(given_claim: dict[str, Any], by: int) -> None:
    whole = given_claim["counts"]["all"]
    whole["value"] = str(int(whole["value"].replace(",", "")) + by)
    rules = {f.rule for f in findings(Claim.model_validate(given_claim))}
    assert "product_differs" in rules
