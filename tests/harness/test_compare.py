"""Two runs made by hand, compared by the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from harness import cli
from harness.record import Run
from harness.scorecard import Place, evaluated
from harness.statistics import mcnemar_p
from harness.types import GradedSample
from tasks.errors import UserError
from tests.harness.made_run import finished_run, samples

Make = Callable[..., Path]


@pytest.fixture
def make(tmp_path: Path, tiny_suite: Path) -> Make:
    def made(name: str, rows: list[GradedSample], **profile: Any) -> Path:
        return finished_run(tmp_path / name, rows, {"suite": str(tiny_suite)} | profile).folder

    return made


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli.app, ["compare", *map(str, arguments)])


def as_json(*arguments: str | Path) -> dict[str, Any]:
    answer = run(*arguments, "--json")
    assert answer.exit_code == 0, answer.output
    found: dict[str, Any] = json.loads(answer.output)
    return found


BEFORE = {"f/1": [True, True], "f/2": [True, False], "g/1": [False, False], "g/2": [None, True]}
AFTER = {"f/1": [True, False], "f/2": [False, False], "g/1": [True, True], "g/2": [None, None]}


def test_by_hand(make: Make) -> None:
    """Task changes -.5, -.5, +1; the last has no verdict after, and is no part of it."""
    a, b = make("a", samples(BEFORE)), make("b", samples(AFTER))
    [row] = as_json(a, b)["rows"]
    assert row["before"]["value"] == pytest.approx(0.5)
    assert row["after"]["value"] == pytest.approx(0.5)
    assert row["change"]["value"] == pytest.approx(0.0)
    assert (row["change"]["tasks"], row["change"]["families"]) == (3, 2)
    assert (row["wins"], row["losses"]) == (1, 2)
    assert row["p_mcnemar"] is None
    assert [flip["task"] for flip in row["flips"]] == ["g/1", "f/1"]
    assert row["flips"][0]["command_before"] == "nmap g/1 no"
    assert row["flips"][0]["command_after"] == "nmap g/1 yes"


def test_the_terminal_shows_the_flips_with_both_commands(make: Make) -> None:
    answer = run(make("a", samples(BEFORE)), make("b", samples(AFTER)), "--flips", "1")
    assert answer.exit_code == 0
    assert "2 tasks flipped, 1 lost and 1 won; the first 1:" in answer.output
    assert "won: g/1  0% -> 100%\n  A  nmap g/1 no\n  B  nmap g/1 yes" in answer.output
    assert "detectable" in answer.output


def test_one_greedy_sample_a_task_has_mcnemars_p(make: Make) -> None:
    right = {f"f{i}/1": [True] for i in range(12)}
    fewer = {f"f{i}/1": [i >= 9] for i in range(12)}
    a = make("a", samples(right), trainers=(), samples=1, temperature=0)
    b = make("b", samples(fewer), trainers=(), samples=1, temperature=0)
    [row] = as_json(a, b)["rows"]
    assert row["p_mcnemar"] == pytest.approx(mcnemar_p(0, 9))


def test_draws_of_an_untrained_model_are_pooled_and_trainings_are_not(make: Make) -> None:
    base = [*samples(BEFORE, seed=0), *samples(BEFORE, seed=1)]
    trained = [
        *samples(AFTER, arm="v1", cycle=3, seed=0),
        *samples(AFTER, arm="v1", cycle=3, seed=1),
    ]
    a = make("a", [*base, *trained])
    [row] = as_json(f"{a}:base", f"{a}:base")["rows"]
    assert (row["change"]["seeds"], row["change"]["samples_per_task"]) == (1, 4)
    [row] = as_json(f"{a}:base", f"{a}:v1")["rows"]
    assert (row["change"]["seeds"], row["change"]["samples_per_task"]) == (2, 2)


def test_two_runs_are_compared_arm_by_arm(make: Make) -> None:
    rows = [
        *samples(BEFORE),
        *samples(AFTER, arm="v1", cycle=3),
        *samples(BEFORE, arm="v1", cycle=2),
    ]
    a, b = make("a", rows), make("b", rows)
    found = as_json(a, b)["rows"]
    assert [row["after_policy"] for row in found] == ["embedded", "embedded, v1 after cycle 3"]
    assert all(row["p_holm"] == 1.0 for row in found)
    [row] = as_json(f"{a}:v1@2", f"{b}:v1")["rows"]
    assert row["before_policy"] == "embedded, v1 after cycle 2"


def test_a_place_is_a_run_an_arm_a_cycle_or_an_adapter(tmp_path: Path) -> None:
    assert Place.parse("runs/x") == Place(Path("runs/x"))
    assert Place.parse("runs/x:v1") == Place(Path("runs/x"), "v1")
    assert Place.parse("runs/x:no-train@2") == Place(Path("runs/x"), "no-train", 2)
    adapter = "runs/x/cells/random-accept-4/adapter-3"
    assert Place.parse(adapter) == Place(Path("runs/x"), "random-accept", 3, 4)
    folder = tmp_path / "a:b"
    folder.mkdir()
    (folder / "manifest.json").touch()
    assert Place.parse(str(folder)) == Place(folder)


def test_an_adapter_is_one_seed_of_its_arm(make: Make) -> None:
    rows = [*samples(BEFORE, arm="v1", cycle=3), *samples(AFTER, arm="v1", cycle=3, seed=1)]
    folder = make("a", rows)
    [found] = evaluated(f"{folder}/cells/v1-1/adapter-3").values()
    assert found.scorecard().seeds == (1,)


@pytest.mark.parametrize(
    ("changed", "said"),
    [({"temperature": 0.5}, "temperature 0.7 and 0.5"), ({"suite": "recon"}, "suite tiny 2")],
)
def test_what_was_not_measured_alike_is_refused(
    make: Make, changed: dict[str, Any], said: str
) -> None:
    a, b = make("a", samples(BEFORE)), make("b", samples(BEFORE), **changed)
    error = run(a, b).exception
    assert isinstance(error, UserError)
    assert said in str(error)


@pytest.mark.parametrize("key", ["specs", "sandbox"])
def test_other_specs_or_another_image_are_refused(make: Make, key: str) -> None:
    folder = make("a", samples(BEFORE))
    data = json.loads((folder / "manifest.json").read_text())
    data["ingredients"][key] = "docker sha256:other"
    other = make("b", samples(BEFORE))
    (other / "manifest.json").write_text(json.dumps(data))
    Run.open(other).seal()
    error = run(folder, other).exception
    assert isinstance(error, UserError)
    assert {"specs": "specs", "sandbox": "image none, not executed and sha256:other"}[key] in str(
        error
    )


def test_what_is_not_there_is_told(make: Make, tmp_path: Path) -> None:
    folder = make("a", samples(BEFORE))
    for place, said in (
        (f"{folder}:v9", "it has base (cycles 0)"),
        (f"{folder}:base@4", "no such evaluation"),
        (f"{tmp_path}/none", "There is no run"),
    ):
        error = run(folder, place).exception
        assert isinstance(error, UserError)
        assert said in str(error)
    (folder / "sealed.json").unlink()
    error = run(folder, folder).exception
    assert isinstance(error, UserError)
    assert "is not finished" in str(error)


def test_nothing_in_common_is_told(make: Make) -> None:
    a = make("a", samples(BEFORE, arm="v1", cycle=3))
    b = make("b", samples(BEFORE, arm="v2", cycle=3))
    c = make("c", samples({"other/1": [True, False]}))
    d = make("d", samples(BEFORE, arm="v1", cycle=3, seed=5))
    e = make("e", samples(BEFORE))
    for left, right, said in (
        (e, c, "no evaluated task in common"),
        (a, d, "trained with other seeds"),
    ):
        error = run(left, right).exception
        assert isinstance(error, UserError)
        assert said in str(error)
    assert run(a, b).exit_code == 0  # one arm on each side: these two
