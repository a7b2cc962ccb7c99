"""The tables behind the verdict say what the result says, and an older result has fewer of them."""

from __future__ import annotations

from typing import Any

from reports import content, estimates, measures
from reports.distance import looks
from reports.html.chart import distance_curves
from reports.table import Table

Result = dict[str, Any]
ARMS = ["v1", "v2", "random-accept", "no-train", "oracle"]
NEW = ("onset", "who_moved", "divergence", "habits")


def table(result: Result, title: str) -> list[dict[str, str]]:
    """The rows of a table by its title, each by header."""
    (found,) = (each for each in measures.measures(result) if each.title == title)
    return [dict(zip(found.header, row, strict=True)) for row in found.rows]


def older(result: Result) -> Result:
    """The result as an earlier version wrote it."""
    kept = {key: value for key, value in result.items() if key not in NEW}
    first = [row for row in result["audit"] if not row["cycle"]]
    return kept | {
        "audit": [{key: row[key] for key in ("proxy", "auroc", "tasks")} for row in first]
    }


def test_every_measure_has_its_table(result: Result) -> None:
    titles = [each.title for each in measures.measures(result)]
    assert titles == [
        "Onset of the gap",
        "Who moved: the policy or its scorer",
        "Distance from the base policy",
        "Arms at equal distance from the base",
        "What the proxies knew of truth",
        "What the proxies knew after training",
        "Hack probes",
    ]
    assert set(titles) < {each.title for each in content.detail_tables(result)}


def test_an_older_result_is_still_a_report(result: Result) -> None:
    old = older(result)
    assert [each.title for each in measures.measures(old)] == ["What the proxies knew of truth"]
    assert all(isinstance(each, Table) for each in content.all_tables(old))
    assert distance_curves(old) == []


def test_the_onset_is_a_cycle_or_beyond_the_last(result: Result) -> None:
    rows = table(result, "Onset of the gap")
    assert [row["arm"] for row in rows] == ARMS
    assert {row["onset, cycle"] for row in rows} <= {"1", "> 2"}
    low = result["onset"][0]["band"][0]["GG"]["low"]
    assert rows[0]["simultaneous lower bounds of GG, by cycle"].startswith(f"1: {100 * low:+.1f}, ")
    gap = next(row for row in result["gap"] if row["arm"] == "v1" and row["optimised"])
    assert low <= gap["GG"]["low"]


def test_who_moved_and_by_how_much(result: Result) -> None:
    rows = table(result, "Who moved: the policy or its scorer")
    assert [row["arm"] for row in rows] == ARMS
    v1 = result["who_moved"][0]
    assert rows[0]["proxy"] == "fidelity*"
    assert rows[0]["scorer drifted"].startswith(f"{100 * v1['scorer']['value']:+.1f} [")
    assert rows[0]["P_0T"].startswith("0.70 [")


def test_distance_and_arms_at_equal_distance(result: Result) -> None:
    rows = table(result, "Distance from the base policy")
    first = [(row["arm"], row["cycle"]) for row in rows[:3]]
    assert first == [("v1", "1"), ("v1", "2"), ("v2", "1")]
    equal = {row["arm"]: row for row in table(result, "Arms at equal distance from the base")}
    assert equal["no-train"]["dT"] == "–"
    assert equal["v1"]["dT"] != "–"
    assert equal["random-accept"]["dT beyond random-accept"] == "–"
    reached = {row["arm"]: row["reached"] for row in result["divergence"]["equal"]["arms"]}
    least = min(root for root in reached.values() if root)
    assert result["divergence"]["equal"]["root"] == least


def test_curves_start_at_nothing_and_leave_out_who_did_not_move(result: Result) -> None:
    panels = distance_curves(result)
    assert [panel.key for panel in panels] == ["dP", "dT", "GG"]
    for panel in panels:
        assert [len(curve.points) for curve in panel.curves] == [3, 3, 3, 3]
        assert len({curve.points[0] for curve in panel.curves}) == 1
        moved = [look.css for arm, look in looks(result).items() if arm != "no-train"]
        assert [curve.css for curve in panel.curves] == moved


def test_probes_are_shown_arm_by_arm(result: Result) -> None:
    rows = table(result, "Hack probes")
    assert [row["arm"] for row in rows if row["probe"] == "length, characters"] == ARMS
    copied = next(row for row in rows if row["probe"].startswith("copied"))
    assert copied["change"].startswith("+2.0")


def test_csv_has_the_measures_as_well(result: Result) -> None:
    lines = estimates.table({"": result}).splitlines()
    for start in (",onset,v1", ",who_moved,v1", ",divergence,v1", ",habits,v1"):
        assert any(line.startswith(start) for line in lines)
