"""The ledger's run: each command once, kept, resumed, repeated; and what is written of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Self

import pytest

import sandbox
from harness import agreement_report
from harness.agreement import Plan, Result, draw, folder_of, forget, run
from harness.asking import RAW
from harness.record import read_rows
from sandbox.types import Ending, Execution, Limits
from tasks.agreement.binary import Said
from tasks.agreement.ledger import VALID, Case, Outcome
from tasks.checker import check
from tasks.spec import load_spec
from tasks.types import Status

IMAGE = "sha256:0123456789abcdef"
PLAN = Plan(("ffuf",), per_cell=2)


class Pretender:
    """A sandbox whose ffuf thinks as the checker does, but for the commands in `contrary`."""

    name = "pretender"
    image = IMAGE

    def __init__(self, contrary: frozenset[str] = frozenset(), breaks: int = 0) -> None:
        self.contrary = contrary
        self.breaks = breaks
        self.ran: list[str] = []

    def run(self, command: str, limits: Limits = Limits()) -> Execution:  # noqa: B008 - as the protocol
        if command == "ffuf -V":
            version = f"ffuf version: {load_spec('ffuf').version}"
            return Execution(command, Ending.EXITED, 0, version, "", False, 0.1)
        if self.breaks:
            self.breaks -= 1
            return Execution(command, Ending.INFRASTRUCTURE, None, "", "", False, 0.1)
        fine = (check(command).status is Status.PASS) != (command in self.contrary)
        said = "" if fine else "flag provided but not defined: -zzqx"
        return Execution(command, Ending.EXITED, 0 if fine else 2, "", said, False, 0.1)

    def run_many(
        self,
        commands: Iterable[str],
        limits: Limits = Limits(),  # noqa: B008
    ) -> Iterator[Execution]:
        for command in commands:
            self.ran.append(command)
            yield self.run(command)

    def close(self) -> None:
        """Nothing is open."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def silently(share: float, note: str) -> None:
    assert 0 <= share <= 1


def test_each_command_is_run_once_and_kept(tmp_path: Path) -> None:
    box = Pretender()
    result = run(PLAN, box, silently, tmp_path)
    assert sorted(box.ran) == sorted(draw("ffuf", PLAN).kinds)
    assert sorted(case.command for case in result.cases) == sorted(box.ran)
    assert [case.command for case in result.cases] == list(draw("ffuf", PLAN).kinds)
    assert {case.outcome for case in result.cases} == {Outcome.AGREES}
    again = Pretender()
    assert run(PLAN, again, silently, tmp_path).cases == result.cases
    assert again.ran == []


def test_a_run_that_broke_off_goes_on(tmp_path: Path) -> None:
    whole = run(PLAN, Pretender(), silently, tmp_path)
    path = folder_of(IMAGE, tmp_path) / "ffuf.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:7]) + lines[7][:20])
    box = Pretender()
    assert run(PLAN, box, silently, tmp_path).cases == whole.cases
    assert len(box.ran) == len(lines) - 7


def test_what_a_broken_sandbox_ended_is_tried_again(tmp_path: Path) -> None:
    result = run(PLAN, Pretender(breaks=3), silently, tmp_path)
    assert len(result.cases) == len(draw("ffuf", PLAN).kinds)


def test_fresh_forgets_this_tool_only(tmp_path: Path) -> None:
    for name in ("ffuf.jsonl", "ffuf-2.jsonl", "curl.jsonl"):
        (tmp_path / name).write_text("")
    forget(tmp_path, ["ffuf"])
    assert [path.name for path in tmp_path.iterdir()] == ["curl.jsonl"]


def test_passes_are_compared(tmp_path: Path) -> None:
    plan = Plan(("ffuf",), per_cell=2, passes=3)
    steady = run(plan, Pretender(), silently, tmp_path / "steady")
    assert steady.unsteady == []
    run(PLAN, Pretender(), silently, tmp_path)
    fickle = next(iter(draw("ffuf", PLAN).kinds))
    changed = run(plan, Pretender(frozenset({fickle})), silently, tmp_path)
    assert changed.unsteady == [fickle, fickle]
    assert "2 verdicts changed between passes" in agreement_report.as_data(changed)["missed"]


def test_the_ledger_has_cells_intervals_and_every_disagreement(tmp_path: Path) -> None:
    wrong = next(text for text, kind in draw("ffuf", PLAN).kinds.items() if kind == "case flip")
    result = run(PLAN, Pretender(frozenset({wrong})), silently, tmp_path)
    data = agreement_report.write(result, tmp_path / "ledger")
    assert json.loads((tmp_path / "ledger" / "ledger.json").read_text()) == data
    cell = next(c for c in data["cells"] if c["class"] == "case flip")
    assert (cell["hits"], cell["n"]) == (1, 2)
    assert cell["low"] == pytest.approx(0.0945, abs=1e-3)  # Wilson's interval of 1 of 2
    assert cell["high"] == pytest.approx(0.9055, abs=1e-3)
    assert [row["command"] for row in data["disagreements"]] == [wrong]
    text = (tmp_path / "ledger" / "ledger.md").read_text()
    assert f"- `{wrong}`" in text
    assert "missed: mutants agree in" in text


def case(kind: str, outcome: Outcome, binary: Said = Said.REFUSED) -> Case:
    static = Status.FAIL if (binary is Said.REFUSED) == (outcome is Outcome.AGREES) else Status.PASS
    return Case("ffuf", kind, "ffuf", outcome, "", static, None, "", binary, "", "", 1)


@pytest.mark.parametrize(
    ("cases", "missed"),
    [
        ([case("x", Outcome.AGREES)] * 400, []),
        ([case("x", Outcome.AGREES)] * 400 + [case("x", Outcome.UNDECIDABLE)] * 90, []),
        # one in ten of a cell, in a ledger that is large enough to bear it
        (
            [case("x", Outcome.AGREES)] * 400
            + [case("y", Outcome.AGREES)] * 9
            + [case("y", Outcome.DISAGREES)],
            ["ffuf, y: 9 of 10 agree"],
        ),
        # too few to judge the cell
        ([case("x", Outcome.AGREES)] * 400 + [case("y", Outcome.DISAGREES)], []),
        (
            [case("x", Outcome.AGREES)] * 990 + [case("x", Outcome.DISAGREES)] * 6,
            ["mutants agree in 99.40%", "invalid accepted 0.60%"],
        ),
        (
            [case(VALID, Outcome.AGREES, Said.ACCEPTED)] * 180
            + [case(VALID, Outcome.DISAGREES, Said.ACCEPTED)]
            + [case("x", Outcome.AGREES)] * 9,
            ["valid rejected 0.55%"],
        ),
    ],
)
def test_thresholds(cases: list[Case], missed: list[str]) -> None:
    said = agreement_report.as_data(Result(PLAN, IMAGE, [], cases))["missed"]
    assert len(said) == len(missed)
    assert all(sentence.startswith(start) for sentence, start in zip(said, missed, strict=True))


@pytest.mark.sandbox
def test_the_real_tools_and_two_passes(tmp_path: Path) -> None:
    """Two tools, some 25 commands each; the verdicts are the same in both passes."""
    plan = Plan(("ffuf", "dig"), per_cell=1, passes=2)
    try:
        box = sandbox.open_sandbox(workers=2, raw=RAW)
    except sandbox.SandboxError as error:
        pytest.skip(str(error))
    with box:
        result = run(plan, box, silently, tmp_path)
    assert result.unsteady == []
    data = agreement_report.as_data(result)
    assert data["mutants"]["n"] >= 15
    assert data["mutants"]["rate"] > 0.9
    assert data["valid"]["rate"] > 0.9
    files = sorted(path.name for path in folder_of(box.image, tmp_path).iterdir())
    assert files == ["dig-2.jsonl", "dig.jsonl", "ffuf-2.jsonl", "ffuf.jsonl"]
    kept = {
        row["command"] for name in files for row in read_rows(folder_of(box.image, tmp_path) / name)
    }
    assert kept == {c.command for c in result.cases}
