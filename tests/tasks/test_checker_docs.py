"""Every example of docs/checker.md is what the checker says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tasks.checker import canonical_text, check
from tasks.wrappers import WRAPPERS

PAGE = (Path(__file__).parents[2] / "docs" / "checker.md").read_text(encoding="utf-8")


def rows(header: str) -> list[list[str]]:
    """The cells of every table with that header; `\\|` is a bar within a cell."""
    found = []
    for table in re.findall(rf"^\| {re.escape(header)} \|\n\|[-|]+\|\n((?:\|.*\n)+)", PAGE, re.M):
        for line in table.splitlines():
            cells = re.split(r"(?<!\\)\|", line.strip().strip("|"))
            found.append([cell.strip().replace("\\|", "|").strip("`") for cell in cells])
    return found


VERDICTS = rows("written | verdict | because")
FORMS = rows("written | canonical form")


def test_the_tables_are_found() -> None:
    assert len(VERDICTS) > 20
    assert len(FORMS) > 4


@pytest.mark.parametrize("row", VERDICTS, ids=lambda row: row[0])
def test_verdicts(row: list[str]) -> None:
    verdict = check(row[0])
    assert (verdict.fault or verdict.status) == row[1], verdict.last


@pytest.mark.parametrize("row", FORMS, ids=lambda row: row[0])
def test_canonical_forms(row: list[str]) -> None:
    assert canonical_text(row[0]) == row[1]


def test_every_wrapper_is_named() -> None:
    for name in WRAPPERS:
        assert re.search(rf"`{name}( -c)?`", PAGE), name


def test_the_example_at_the_top() -> None:
    verdict = check("sudo nmap -p443,80 -Pn 10.0.0.1 | grep open")
    for level in verdict.levels:
        assert f"{level.level:<10} {level.status:<12} {level.reason}\n" in PAGE
    assert f"{'canonical':<23} {verdict.canonical}\n" in PAGE
