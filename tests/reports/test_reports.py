"""Reports are made from the result alone, show every arm, and survive what is missing."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.study import FailedCell
from harness.types import GradedSample
from reports import content, distance, figure, format, markdown, tables, verdict
from reports.save import NAMES, save
from reports.table import Table

from .conftest import simulate

Result = dict[str, Any]
Changed = Callable[..., Result]
ARMS = ["v1", "v2", "random-accept", "no-train", "oracle"]


def arm_cells(table: Table) -> list[str]:
    return list(dict.fromkeys(row[0] for row in table.rows))


def test_every_arm_is_in_the_tables(result: Result) -> None:
    main = content.main_tables(result)
    assert [table.title for table in main] == ["Correctness before and after", "The Goodhart gap"]
    assert [arm_cells(table) for table in main] == [ARMS, ARMS]
    for table in content.detail_tables(result):
        assert table.rows, table.title
        assert all(len(row) == len(table.header) for row in table.rows), table.title


def test_the_numbers_are_those_of_the_result(result: Result) -> None:
    row = dict(
        zip(content.correctness(result).header, content.correctness(result).rows[0], strict=True)
    )
    change = result["correctness"][0]["all"]["change"]
    assert row["change, points"].startswith(f"{100 * change['value']:+.1f} [")
    assert row["n"] == "64 x 4 x 3"
    light, full = content.gap(result).rows[:2]
    assert (light[2], light[-1]) == ("1*", "32 x 4 x 3")
    assert (full[2], full[-1]) == ("2", "64 x 4 x 3")


def test_signals_used_are_shown(result: Result) -> None:
    signals = {row[0]: row[1] for row in content.correctness(result).rows}
    assert signals["oracle"] == "truth"
    assert signals["v1"] == "none"


def test_the_verdict_comes_first_and_names_every_arm(result: Result) -> None:
    lines = markdown.report(result).splitlines()
    assert lines[2] == f"**{verdict.headline(result)}**"
    assert all(arm in lines[2] for arm in ARMS)
    assert "v1 (strong)" in lines[2]


def test_the_report_is_complete(result: Result) -> None:
    text = markdown.report(result, {"figure.png": "Change of proxy and truth"})
    for title in (
        table.title for table in (*content.main_tables(result), *content.detail_tables(result))
    ):
        assert f"## {title}\n" in text
    assert text.index("## Overlap") < text.index("## Correctness before and after")
    assert "![Change of proxy and truth](figure.png)" in text
    assert "sha256:abc" in text
    assert "not executed" not in text.lower()


def test_static_results_are_marked_on_every_table(changed: Changed) -> None:
    static = changed(sandbox=None, remedy="Install bubblewrap.")
    for table in (*content.main_tables(static), *content.detail_tables(static)):
        assert table.title.endswith("(not executed)")
    for text in (markdown.report(static), tables.terminal(static)):
        assert "not executed" in text
        assert "Install bubblewrap." in text


@pytest.mark.parametrize("details", [False, True])
def test_the_terminal_shows_overlap_tables_and_verdict(result: Result, details: bool) -> None:
    text = tables.terminal(result, details)
    assert text.index("Overlap") < text.index("Correctness before") < text.index("The Goodhart gap")
    assert text.endswith(verdict.headline(result))
    assert ("Mistakes by kind" in text) == details


def test_nothing_but_failures_is_still_a_report(changed: Changed, tmp_path: Path) -> None:
    empty = changed(samples=[], cycles=[], failures=[FailedCell("v1", 0, "out of | memory")])
    save(empty, tmp_path)
    report = (tmp_path / "report.md").read_text()
    assert "No verdict" in report
    assert "v1, seed 0 failed: out of | memory" in report
    assert "v1: no samples after training." in report
    assert tables.terminal(empty, details=True)


def test_no_arms_at_all(changed: Changed, tmp_path: Path) -> None:
    assert save(changed(arms=[], samples=[]), tmp_path).exists()


def test_a_result_read_back_from_its_file_gives_the_same_report(
    result: Result, tmp_path: Path
) -> None:
    save(json.loads(json.dumps(result)), tmp_path)
    figures = {"figure.png": figure.caption(result), "distance.png": distance.CAPTION}
    assert (tmp_path / "report.md").read_text() == markdown.report(result, figures)
    assert (tmp_path / "figure.png").read_bytes().startswith(b"\x89PNG")


def test_the_same_result_gives_the_same_files(result: Result, tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("one", "other")]
    for folder in folders:
        folder.mkdir()
        save(result, folder)
    one, other = ({f.name: f.read_bytes() for f in folder.iterdir()} for folder in folders)
    assert one == other
    assert set(one) == set(NAMES)


def test_the_figure_can_be_svg_with_every_arm(result: Result, tmp_path: Path) -> None:
    text = figure.draw(result, tmp_path / "figure.svg").read_text()
    assert all(f"<!-- {arm}: " in text for arm in ARMS)


def test_the_curves_against_the_distance_have_every_arm_that_moved(
    result: Result, tmp_path: Path
) -> None:
    text = (distance.draw(result, tmp_path / "distance.svg") or tmp_path).read_text()
    shown = {arm for arm in ARMS if f"<!-- {arm} -->" in text}
    assert shown == {"v1", "v2", "random-accept", "oracle"}  # no-train stayed where it was
    for arm in shown:
        assert text.count(f"stroke: {distance.looks(result)[arm].color}") >= len("PTG")


def test_without_a_known_distance_there_is_no_such_figure(result: Result, tmp_path: Path) -> None:
    still = result | {"divergence": {"cycles": [], "equal": {"root": None, "arms": []}}}
    assert distance.draw(still, tmp_path / "distance.png") is None
    save(still, tmp_path)
    assert not (tmp_path / "distance.svg").exists()
    assert "distance.png" not in (tmp_path / "report.md").read_text()


def test_prompts_cannot_break_a_table(changed: Changed) -> None:
    result = changed()
    result["overlap"]["prompts"]["examples"] = ["a | b\n<script>", "`x`"]
    text = markdown.report(result)
    assert "a \\| b \\<script>" in text
    assert "\\`x\\`" in text


@pytest.mark.parametrize(
    ("estimate", "expected"),
    [
        ({"value": -0.0512, "low": -0.08, "high": -0.021}, "-5.1 [-8.0, -2.1]"),
        ({"value": 0.05, "low": None, "high": None}, "+5.0"),
        ({"value": None, "low": None, "high": None}, "–"),
        (None, "–"),
    ],
)
def test_points(estimate: Result | None, expected: str) -> None:
    assert format.points(estimate) == expected


def test_lists_of_words() -> None:
    assert format.sentence_list([]) == ""
    assert format.sentence_list(["a"]) == "a"
    assert format.sentence_list(["a", "b", "c"]) == "a, b and c"


def test_reports_load_neither_torch_nor_the_referee() -> None:
    code = (
        "import sys, reports.save, reports.tables;"
        "print([m for m in sys.modules if m.split('.')[0] in ('torch', 'harness', 'tasks')])"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert loaded.stdout.strip() == "[]"


def test_disagreements_of_the_verdicts_are_shown_with_their_counts(result: dict[str, Any]) -> None:
    title = "Where the verdicts disagree"
    (table,) = (t for t in content.detail_tables(result) if t.title == title)
    assert [row[0] for row in table.rows] == ["before training", *ARMS]
    assert re.search(r"\(\d+ of \d+\)", table.rows[0][4])
    old = {key: value for key, value in result.items() if key != "verdicts"}
    assert title not in {t.title for t in content.detail_tables(old)}


def test_refusals_are_shown_where_there_were_impossible_tasks(result: dict[str, Any]) -> None:
    title = "Impossible tasks refused"
    assert title not in [table.title for table in content.detail_tables(result)]
    arms = [{"arm": "v1", "before": {"refused": 3, "samples": 9},
             "after": {"refused": 0, "samples": 0}}]  # fmt: skip
    asked = {**result, "impossible": {"tasks": 3, "arms": arms}}
    table = next(table for table in content.detail_tables(asked) if table.title == title)
    assert table.rows[0][:2] == ("v1", "3 of 9")
    assert "3 held-out tasks" in table.note


def untrained(changed: Changed) -> Result:
    """What an evaluation of the model as it is would have given."""
    return changed(arms=[], cycles=[], trained=[], samples=before_training())


def before_training() -> list[GradedSample]:
    return [sample for sample in simulate().samples if sample.arm == "base"]


def test_a_model_that_was_not_trained_has_no_empty_tables(changed: Changed, tmp_path: Path) -> None:
    result = untrained(changed)
    report = markdown.report(result)
    assert "Nothing to show" not in report
    assert all(table.rows for table in content.all_tables(result))
    for word in ("Goodhart", "random-accept", "Overlap", "before and after"):
        assert word not in report, word
    save(result, tmp_path)
    assert (tmp_path / "figure.svg").read_text().count("hydra") == 1


def test_the_shares_of_a_model_that_was_not_trained_are_counted(changed: Changed) -> None:
    found = untrained(changed)
    samples = [s for s in before_training() if s.split == "heldout"]
    right = [s.correct for s in samples]
    assert found["untrained"]["families"]["all"]["value"] == pytest.approx(sum(right) / len(right))
    for row in found["untrained"]["tools"]:
        own = [s.correct for s in samples if s.tool == row["tool"]]
        assert row["correct"]["value"] == pytest.approx(sum(own) / len(own))
    shares = {row["fault"]: row["share"]["value"] for row in found["untrained"]["faults"]}
    wrong = Counter(s.fault for s in samples if s.fault)
    assert shares == {name: pytest.approx(n / len(samples)) for name, n in wrong.items()}
    assert tables.terminal(found).index("Correctness") < tables.terminal(found).index("Outcomes")


def test_a_trained_run_has_no_part_for_untrained_ones(result: Result) -> None:
    assert result["untrained"] is None
