"""The page in a real browser: its numbers, its filters, its keys, and that it asks for nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from harness.analysis import analyse
from harness.study import Study
from harness.types import GradedSample, Outcome
from reports import content
from reports.html.page import page, side_by_side
from reports.html.samples import MOST, Record
from reports.verdict import headline
from tests.reports.conftest import record_of

from .conftest import Opened, show

Result = dict[str, Any]


def heldout(study: Study) -> list[GradedSample]:
    return [sample for sample in study.samples if sample.split == "heldout"]


def shown(estimate: Result, sign: str = "") -> str:
    """An estimate as the page has it, made here from result.json's numbers."""
    value, low, high = (f"{100 * estimate[key]:{sign}.1f}" for key in ("value", "low", "high"))
    return f"{value} [{low}, {high}]"


def test_it_says_nothing_and_asks_for_nothing(opened: Opened, file: Path) -> None:
    opened.tab.fill("#search", "nmap")
    assert opened.said == []
    assert opened.asked == [file.as_uri()]


def test_the_verdict_comes_first(opened: Opened, result: Result) -> None:
    assert opened.tab.inner_text("main h1") == headline(result)
    assert opened.tab.evaluate("document.querySelector('main > section').id") == "verdict"


def test_its_numbers_are_those_of_the_result(opened: Opened, result: Result) -> None:
    rows = opened.tab.locator("#correctness-before-and-after tbody tr").all()
    assert len(rows) == len(result["correctness"])
    for row, expected in zip(rows, result["correctness"], strict=True):
        cells = [" ".join(cell.split()) for cell in row.locator("th, td").all_inner_texts()]
        assert cells[0] == expected["arm"]
        assert cells[2] == shown(expected["all"]["before"])
        assert cells[3] == shown(expected["all"]["after"])
        assert cells[4] == shown(expected["all"]["change"], "+")


def test_every_table_is_there_with_every_cell(opened: Opened, result: Result) -> None:
    for table in content.all_tables(result):
        place = opened.tab.locator(
            "section.table", has=opened.tab.get_by_text(table.title, exact=True)
        )
        cells = [
            " ".join(text.split())
            for text in place.locator("tbody th, tbody td").all_text_contents()
        ]
        assert cells == [" ".join(cell.split()) for row in table.rows for cell in row], table.title


def test_the_charts_say_their_numbers(opened: Opened, result: Result) -> None:
    said = [
        each.get_attribute("aria-label") for each in opened.tab.locator(".strip[role=img]").all()
    ]
    changes = [shown(row["all"]["change"], "+") for row in result["correctness"]]
    assert [
        text for text, change in zip(said, changes, strict=True) if change not in (text or "")
    ] == []
    marks = opened.tab.locator(".panel .mark.dT").count()
    assert marks == sum(row["optimised"] for row in result["gap"]) + len(result["arms"])


FILTERS: dict[str, tuple[dict[str, str], Callable[[GradedSample], bool]]] = {
    "arm": ({"arm": "oracle"}, lambda s: s.arm == "oracle"),
    "before training": ({"arm": "before training"}, lambda s: s.arm == "base"),
    "cycle": ({"cycle": "1"}, lambda s: s.cycle == 1),
    "tool": ({"tool": "hydra"}, lambda s: s.tool == "hydra"),
    "outcome": ({"outcome": "wrong"}, lambda s: s.outcome is Outcome.WRONG),
    "mistake": ({"fault": "wrong value"}, lambda s: s.fault == "wrong value"),
    "together": (
        {"arm": "v1", "cycle": "2", "tool": "dig", "outcome": "correct"},
        lambda s: (s.arm, s.cycle, s.tool, s.correct) == ("v1", 2, "dig", True),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FILTERS)
def test_filters_let_through_what_they_say(opened: Opened, study: Study, name: str) -> None:
    chosen, passes = FILTERS[name]
    for select, label in chosen.items():
        opened.tab.select_option(f"select[name={select}]", label=label)
    expected = sum(map(passes, heldout(study)))
    assert opened.count() == expected > 0
    opened.tab.click("button[type=reset]")
    expect(opened.tab.locator("#count")).to_have_text(re.compile(f"^{len(heldout(study)):,} "))


def test_the_search_wants_every_word(opened: Opened, study: Study) -> None:
    opened.tab.fill("#search", "  NOPE-1   thing 7 ")
    expected = [
        s for s in heldout(study)
        if "--nope-1" in s.text and "7" in f"{s.text} {s.task} {s.family} {s.fault}"
    ]  # fmt: skip
    assert opened.count() == len(expected) > 0
    opened.tab.fill("#search", "no such words")
    assert opened.count() == 0
    assert "No sample passes" in opened.tab.inner_text("#detail")


def tally(samples: Iterable[GradedSample]) -> dict[tuple[Any, ...], list[bool]]:
    found: dict[tuple[Any, ...], list[bool]] = {}
    for s in samples:
        found.setdefault((s.task, s.seed, s.arm, s.cycle), []).append(s.correct)
    return found


def test_tasks_that_got_worse_can_be_found(opened: Opened, study: Study) -> None:
    tallies = tally(heldout(study))
    worse = sum(
        sum(tallies[s.task, s.seed, s.arm, s.cycle]) < sum(tallies[s.task, s.seed, "base", 0])
        for s in heldout(study)
        if s.arm == "v1" and s.cycle == 2
    )
    opened.tab.select_option("select[name=arm]", label="v1")
    opened.tab.select_option("select[name=cycle]", label="2")
    opened.tab.select_option("select[name=moved]", label="worse")
    assert opened.count() == worse > 0


def test_a_sample_shows_task_levels_lab_and_before_and_after(opened: Opened, study: Study) -> None:
    opened.tab.select_option("select[name=arm]", label="v1")
    opened.tab.select_option("select[name=cycle]", label="2")
    opened.tab.select_option("select[name=outcome]", label="wrong")
    first = next(s for s in heldout(study) if (s.arm, s.cycle, s.correct) == ("v1", 2, False))
    detail = opened.tab.locator("#detail")
    number = int(first.task.split("-")[1])
    assert detail.locator("blockquote").inner_text() == f"do thing {number} for heldout"
    assert detail.locator("pre").inner_text() == first.text
    assert detail.locator(".levels .failed").inner_text().split()[0] == "flags"
    assert detail.locator(".levels .passed").count() == 3
    assert f"no <b>option</b>: {first.fault}" in detail.inner_text()
    assert "tcp: 10.7.0.1:80 (web.lab)" in detail.inner_text()
    tallies = tally(heldout(study))
    before, after = (
        tallies[first.task, first.seed, arm, cycle] for arm, cycle in (("base", 0), ("v1", 2))
    )
    row = detail.locator("tbody tr", has=opened.tab.get_by_role("rowheader", name="v1"))
    cells = row.locator("td").all_inner_texts()
    assert cells[0] == f"{sum(before)}/{len(before)}"
    assert cells[2] == f"{sum(after)}/{len(after)}"


def test_a_timeout_is_nobodys_failed_level(
    browser: Browser, result: Result, record: Record, tmp_path: Path
) -> None:
    row = next(row for row in record.samples if row["split"] == "heldout")
    answer = {key: row[key] for key in ("split", "task", "text")}
    verdict = answer | {"command": row["text"], "level": "intent", "reason": "as asked"}
    file = tmp_path / "report.html"
    late = row | {"outcome": "timeout", "fault": None}
    file.write_text(page(result, Record([late], verdicts=[verdict])))
    opened = show(browser, file)
    assert opened.tab.locator("#detail h3").inner_text().split()[-1] == "timeout"
    assert opened.tab.locator(".levels .passed").count() == 6
    assert opened.tab.locator(".levels .failed").count() == 0
    opened.tab.context.close()


def test_what_a_model_said_is_never_markup(opened: Opened) -> None:
    opened.tab.select_option("select[name=outcome]", label="wrong")
    assert "</script><i>" in opened.tab.inner_text("#detail pre")
    assert opened.tab.locator("#samples i, #samples img, #samples b").count() == 0


def test_everything_can_be_reached_by_keyboard(opened: Opened) -> None:
    tab, focused = opened.tab, "document.activeElement.id || document.activeElement.className"
    tab.keyboard.press("Tab")
    assert tab.evaluate(focused) == "skip"
    tab.keyboard.press("Enter")
    assert tab.evaluate("location.hash") == "#verdict"
    tab.keyboard.press("/")
    assert tab.evaluate(focused) == "search"
    tab.keyboard.type("nmap")
    for _ in range(8):
        tab.keyboard.press("Tab")
    assert tab.evaluate(focused) == "list"
    tab.keyboard.press("ArrowDown")
    assert tab.locator("[aria-selected=true]").get_attribute("aria-posinset") == "2"
    tab.keyboard.press("End")
    last = tab.locator("[aria-selected=true]")
    assert last.get_attribute("aria-posinset") == str(opened.count())
    assert tab.get_attribute("#list", "aria-activedescendant") == last.get_attribute("id")
    tab.keyboard.press("Enter")
    assert tab.evaluate(focused) == "detail"
    tab.keyboard.press("Escape")
    assert tab.evaluate(focused) == "list"


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_it_fits_screens_of_every_width(browser: Browser, file: Path, width: int) -> None:
    opened = show(browser, file, viewport={"width": width, "height": 800})
    assert opened.tab.evaluate("document.documentElement.scrollWidth") <= width
    opened.tab.context.close()


def test_it_is_dark_where_that_is_wanted_and_light_on_paper(browser: Browser, file: Path) -> None:
    opened = show(browser, file, color_scheme="dark")
    lightness = "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)[0]"
    assert opened.tab.evaluate(lightness) < 60
    opened.tab.set_viewport_size({"width": 690, "height": 1000})  # A4 less its margins
    opened.tab.emulate_media(media="print", color_scheme="dark")
    assert opened.tab.evaluate("document.documentElement.scrollWidth") <= 690
    assert opened.tab.evaluate(lightness) == 255
    assert not opened.tab.is_visible("#samples")
    assert opened.tab.is_visible("#the-goodhart-gap table")
    opened.tab.context.close()


@pytest.mark.slow
def test_a_hundred_thousand_samples_are_all_there(
    browser: Browser, result: Result, record: Record, tmp_path: Path
) -> None:
    some = [row for row in record.samples if row["split"] == "heldout"]
    many = [some[i % len(some)] for i in range(MOST)]
    file = tmp_path / "report.html"
    large = result | {"design": result["design"] | {"samples": MOST}}
    file.write_text(page(large, Record(many, record.tasks, record.verdicts, record.executions)))
    opened = show(browser, file)
    assert opened.count() == MOST
    opened.tab.focus("#list")
    opened.tab.keyboard.press("End")
    last = opened.tab.locator("[aria-selected=true]")
    assert last.get_attribute("aria-posinset") == str(MOST)
    assert last.is_visible()
    assert opened.tab.locator("[role=option]").count() < 60
    opened.tab.fill("#search", "nope-3")
    assert opened.count() == sum("--nope-3" in row["text"] for row in many)
    assert opened.said == []
    opened.tab.context.close()


def test_a_larger_run_shows_whole_tasks_and_says_how_many(
    browser: Browser, result: Result, record: Record, tmp_path: Path
) -> None:
    large = result | {"design": result["design"] | {"samples": 2 * MOST}}
    file = tmp_path / "report.html"
    file.write_text(page(large, record))
    opened = show(browser, file)
    words = opened.tab.inner_text("#count").split()
    kept = int(words[4])
    assert words[3:] == f"{words[3]} {kept} of 64 tasks, drawn by lot, are in this page.".split()
    assert 0 < kept < 64
    samples = [row for row in record.samples if row["split"] == "heldout"]
    assert opened.count() < len(samples)
    opened.tab.context.close()


def test_without_a_record_there_is_no_browser_of_samples(result: Result) -> None:
    text = page(result)
    assert 'id="samples"' not in text
    assert "<script" not in text


def test_runs_side_by_side(browser: Browser, result: Result, tmp_path: Path) -> None:
    fewer = result | {"correctness": result["correctness"][:3], "executed": False}
    file = tmp_path / "report.html"
    file.write_text(side_by_side({"first": result, "second & <last>": fewer}))
    opened = show(browser, file)
    assert opened.said == []
    assert opened.texts("article h2") == ["first", "second & <last>"]
    row = opened.tab.locator("#change-of-correctness tbody tr").nth(0)
    cells = [" ".join(cell.split()) for cell in row.locator("th, td").all_inner_texts()]
    change = shown(result["correctness"][0]["all"]["change"], "+")
    assert cells == ["v1", change, change]
    assert opened.tab.locator("#change-of-correctness tbody tr").count() == 5
    assert opened.tab.locator(".strip[role=img]").count() == 8
    opened.tab.context.close()


def test_a_model_that_was_not_trained(browser: Browser, study: Study, tmp_path: Path) -> None:
    before = [sample for sample in study.samples if sample.arm == "base"]
    alone = replace(study, arms=(), cycles=(), trained=(), samples=before)
    result = analyse(alone)
    path = tmp_path / "untrained.html"
    path.write_text(page(result, record_of(alone)), encoding="utf-8")
    opened = show(browser, path)
    assert opened.said == []
    assert opened.texts("nav a")[1] == "How often it is right"
    assert "Nothing to show" not in opened.tab.inner_text("main")
    said = [
        each.get_attribute("aria-label") for each in opened.tab.locator(".strip[role=img]").all()
    ]
    assert said == [
        f"{name}: {shown(found)} % correct"
        for name, found in (
            ("all tools", result["untrained"]["families"]["all"]),
            *((row["tool"], row["correct"]) for row in result["untrained"]["tools"]),
        )
    ]
    assert opened.tab.locator("select[name=arm]").count() == 0
    opened.tab.select_option("select[name=tool]", label="curl")
    assert opened.count() == sum(s.tool == "curl" for s in heldout(alone))
    assert opened.said == []
    opened.tab.context.close()
