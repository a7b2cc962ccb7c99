"""The published claims: everything that is known to be wrong with them is found."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest
from typer.testing import CliRunner

from harness import cli
from harness.claims.claim import load_claim, published
from harness.claims.finding import Verdict
from harness.claims.judge import Judgement, judge
from harness.claims.show import as_json, as_text
from tasks.errors import UserError

# claim, rule, pieces of one sentence of it
KNOWN = [
    ("v1", "percent_without_unit", ("+18.1%", "relative", "+9.6 points", "fine if")),
    ("v1", "change_fits_no_reading", ("+18%", "+24.53% relative", "+13.0 points")),
    ("v1", "one_quantity_two_values", (".66", ".627")),
    ("v1", "percent_without_unit", ("-11%", "-11.0 points", "-14.81% relative")),
    ("v1", "mixed_units", ("+18.1%", "-11%")),
    ("v1", "product_differs", ("1,500", "3,000")),
    ("v1", "part_larger_than_whole", ("2,392", "1,500")),
    ("v1", "rates_differ_from_count", ("1,218", "2,392")),
    ("v1", "summary_differs", ("10 of 10", "9 of 10")),
    ("v1", "summary_differs", ("67.3%", "60.7%")),
    ("v1", "control_not_run", ("random-accept",)),
    ("v1", "design_not_stated", ("correctness", "tasks", "samples per task", "seeds", "interval")),
    ("v2", "good_rejected", ("between .451 and .5",)),
    ("v2", "baselines_differ", ("92.54%", "74.25%", "18.29 points")),
    ("v2", "no_room_for_the_difference", ("7.46 points", "10.8")),
    ("v2", "no_margin", ("20 tasks", "sd of 15 points", "-0.17", "±7.02")),
    ("v2", "control_not_run", ("random-accept",)),
    ("v2", "design_not_stated", ("correctness of V2", "samples per task", "seeds", "interval")),
]
# claim, place of a statement, verdict
VERDICTS = [
    ("v1", "metrics.1", Verdict.INCONSISTENT),
    ("v1", "metrics.3", Verdict.NOT_RESOLVABLE),
    ("v1", "counts.accepted", Verdict.INCONSISTENT),
    ("v1", "summaries.0", Verdict.INCONSISTENT),
    ("v1", "causes.0", Verdict.NOT_RESOLVABLE),
    ("v2", "counts.examples", Verdict.NOT_RESOLVABLE),
    ("v2", "thresholds.0", Verdict.INCONSISTENT),
    ("v2", "equivalences.0", Verdict.NOT_RESOLVABLE),
    ("v2", "comparisons.0", Verdict.NOT_RESOLVABLE),
]


@cache
def judged(name: str) -> Judgement:
    return judge(load_claim(name))


@pytest.mark.parametrize(("name", "rule", "pieces"), KNOWN)
def test_a_known_fault_is_found(name: str, rule: str, pieces: tuple[str, ...]) -> None:
    sentences = [f.sentence for f in judged(name).findings if f.rule == rule]
    assert any(all(piece in sentence for piece in pieces) for sentence in sentences), sentences


@pytest.mark.parametrize(("name", "place", "verdict"), VERDICTS)
def test_a_statement_has_its_verdict(name: str, place: str, verdict: Verdict) -> None:
    given = {s["where"]: s["verdict"] for s in as_json(judged(name))["statements"]}
    assert given[place] == verdict


def test_the_lines_that_hold_are_not_accused() -> None:
    """.531 to .627 is +18.1%, and 92 examples are what the rates add up to."""
    accused = {
        (finding.rule, place)
        for name in ("v1", "v2")
        for finding in judged(name).findings
        for place in finding.statements
    }
    assert ("change_fits_no_reading", ("metrics", 0)) not in accused
    assert ("ends_differ", ("metrics", 0)) not in accused
    assert not {rule for rule, place in accused if place == ("counts", "examples")}


@pytest.mark.parametrize("name", published())
def test_a_published_claim_is_inconsistent_and_readable(name: str) -> None:
    assert judged(name).verdict is Verdict.INCONSISTENT
    shown = as_text(judged(name)).split("Lines are those of")[0]
    assert max(map(len, shown.splitlines())) <= 100
    assert json.dumps(as_json(judged(name)))


def run(*arguments: str) -> tuple[int, str]:
    answer = CliRunner().invoke(cli.app, ["claim", *arguments])
    if isinstance(answer.exception, UserError):
        raise answer.exception
    return answer.exit_code, answer.output


def test_the_command_judges_by_name_and_as_json() -> None:
    code, shown = run("v1")
    assert code == 0
    assert shown.startswith("V1: fidelity only: inconsistent\n")
    data = json.loads(run("v1", "--json")[1])
    assert data["verdict"] == "inconsistent"
    finding = next(f for f in data["findings"] if f["rule"] == "product_differs")
    line = Path(data["file"]).read_text().splitlines()[finding["line"] - 1]
    assert "3,000" in line
    assert run("--list")[1].split()[0] == "v1"


def test_the_template_is_written_once_and_is_consistent(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    assert run("new", str(path))[0] == 0
    with pytest.raises(UserError, match="there already"):
        run("new", str(path))
    assert run("new")[1] == path.read_text()
    data = json.loads(run(str(path), "--json")[1])
    assert data["verdict"] == "not resolvable"
    assert "contradiction" not in {f["kind"] for f in data["findings"]}
    assert {s["where"].split(".")[0] for s in data["statements"]} == {
        "metrics",
        "counts",
        "thresholds",
        "summaries",
        "causes",
    }


def test_every_commented_key_of_the_template_is_one(tmp_path: Path) -> None:
    """The lines that are commented out are valid when the comment is taken away."""
    text = run("new")[1]
    for line in ("# tasks: 200 ", "# samples_per_task: 3", "# seeds: 5 ", "# assume:"):
        text = text.replace(f"\n{line}", f"\n{line[2:]}")
    for block in ("equivalences", "comparisons"):
        text = text.replace(f"# {block}:\n#   -", f"{block}:\n  -")
    text = text.replace("than: ID", "than: fidelity").replace("# sd:", "sd:")
    text = text.replace("# counted:", "counted:").replace("# on:", "on:")
    text = text.replace("# conditions: {", "conditions: {")
    path = tmp_path / "whole.yaml"
    path.write_text(text)
    claim = load_claim(str(path)).claim
    assert claim.tasks == 200
    assert claim.equivalences
    assert claim.comparisons
    assert claim.metrics[0].counted


@pytest.mark.parametrize("arguments", [(), ("v1", "v2"), ("none.yaml",)])
def test_bad_usage_is_told(arguments: tuple[str, ...]) -> None:
    with pytest.raises(UserError, match="claim"):
        run(*arguments)
