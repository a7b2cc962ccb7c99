"""Reading claim files: numbers as printed, lines, and what a user is told of a bad one."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.claims.claim import load_claim
from harness.claims.numbers import parse, relative
from tasks.errors import UserError


@pytest.mark.parametrize(
    ("text", "value", "half", "unit", "or_more"),
    [
        (".620", 0.62, 0.0005, "", False),
        ("+18.1%", 18.1, 0.05, "%", False),
        ("\N{MINUS SIGN}11 points", -11, 0.5, "points", False),
        ("10.8 pp", 10.8, 0.05, "points", False),
        ("3,000", 3000, 0.5, "", False),
        (".451+", 0.451, 0.0005, "", True),
        ("2e-4", 2e-4, 0.5e-4, "", False),
        ("1.5x", 1.5, 0.05, "x", False),
    ],
)
def test_numbers_keep_what_was_printed(
    text: str, value: float, half: float, unit: str, or_more: bool
) -> None:
    number = parse(text)
    assert number.value == pytest.approx(value)
    assert number.half == pytest.approx(half)
    assert (number.unit, number.or_more) == (unit, or_more)


@pytest.mark.parametrize("text", ["", "%", "many", "12 apples", "1,00", True, None, [1]])
def test_what_is_no_number_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="as printed"):
        parse(text)


@given(st.decimals(-1000, 1000, places=3, allow_nan=False))
def test_a_printed_number_is_within_its_own_span(number: object) -> None:
    parsed = parse(str(number))
    assert parsed.span.low < float(str(number)) < parsed.span.high


def test_a_relative_change_needs_a_start_above_zero() -> None:
    assert relative(parse("0").span, parse("5").span) is None
    span = relative(parse(".53").span, parse(".66").span)
    assert span is not None
    assert span.low < (0.66 / 0.53 - 1) * 100 < span.high


def written(tmp_path: Path, text: str) -> str:
    path = tmp_path / "claim.yaml"
    path.write_text(text)
    return str(path)


def test_the_last_zero_and_the_line_are_kept(tmp_path: Path) -> None:
    text = "title: t\nmetrics:\n  - id: m\n    name: n\n    before: .620\n    after: .7\n"
    file = load_claim(written(tmp_path, text))
    assert file.claim.metrics[0].before.text == ".620"
    assert file.line(("metrics", 0, "before")) == 5
    assert file.line(("metrics", 0, "change")) == 3  # not there: the line of what it belongs to


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("title: [", "is not YAML"),
        ("", "title"),
        ("title: t\nmetrics:\n  - {id: m, name: n, before: a, after: 2}\n", "line 3: .*before"),
        ("title: t\ncolour: red\n", "line 2: colour"),
        ("title: t\ncounts:\n  a: {value: 3, part_of: b}\n", "line 1: there is no count 'b'"),
        ("title: t\ncauses:\n  - {text: x, effect: y}\n", "no metric 'y' .*there are: none"),
        ("title: t\nseries:\n  - {id: s, columns: {a: [1], b: [1, 2]}}\n", "differ in length"),
        (
            "title: t\nseries: [{id: s, columns: {a: [1]}}]\nsummaries:\n"
            "  - {text: x, series: s, kind: last, columns: [b], value: 1}\n",
            "no column 'b'; it has a",
        ),
        (
            "title: t\nmetrics:\n  - {id: m, name: n, before: 1, after: 2}\n"
            "  - {id: m, name: n, before: 1, after: 2}\n",
            "two metrics have the id 'm'",
        ),
        ("title: t\nevidence: {arm: v1}\n", "run or predictions"),
    ],
)
def test_a_bad_file_is_told_in_one_sentence(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(UserError, match=told) as error:
        load_claim(written(tmp_path, text))
    assert "claim.yaml" in str(error.value)


def test_an_unknown_claim_names_those_that_are_known() -> None:
    with pytest.raises(UserError, match="known: v1, v2"):
        load_claim("v3")
