"""Answers made elsewhere become a run, and what is wrong with a file is said by its line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from harness import cli
from harness.predictions import read_predictions
from harness.scorecard import one_evaluated
from tasks.errors import UserError
from tasks.suite import Suite, load_suite


@pytest.fixture(scope="module")
def suite(tiny_suite: Path) -> Suite:
    return load_suite(tiny_suite)


def written(path: Path, rows: list[dict[str, object]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def score(file: Path, suite: Suite, out: Path, *more: str) -> Result:
    arguments = ["score", str(file), "--suite", str(suite.folder), "--sandbox", "none"]
    return CliRunner().invoke(cli.app, [*arguments, "--out", str(out), *more])


def test_right_and_wrong_predictions_are_judged_into_a_run(suite: Suite, tmp_path: Path) -> None:
    tasks = [task for task in suite.split("heldout") if task.possible]
    rows: list[dict[str, object]] = []
    for task in tasks:
        rows.append({"task": task.id, "text": f"Here:\n```\n{task.correct[0]}\n```"})
        rows.append({"task": task.id, "text": task.wrong[0].command})
    done = score(written(tmp_path / "p.jsonl", rows), suite, tmp_path / "run")
    assert done.exit_code == 0, done.output
    assert f"{2 * len(tasks)} answers to {len(tasks)} tasks" in done.output
    card = one_evaluated(str(tmp_path / "run")).scorecard()
    assert {task: score.correct for task, score in card.tasks.items()} == {
        task.id: (1,) for task in tasks
    }
    assert card.samples == 2 * len(tasks)
    assert card.conditions.temperature == 0.7


def test_two_scored_files_are_compared(suite: Suite, tmp_path: Path) -> None:
    tasks = [task for task in suite.split("heldout") if task.possible]
    right = [{"task": task.id, "text": task.correct[0]} for task in tasks]
    wrong = [{"task": task.id, "text": "I cannot do this."} for task in tasks]
    for name, rows in (("a", wrong), ("b", right)):
        file = written(tmp_path / f"{name}.jsonl", list(rows))
        done = score(file, suite, tmp_path / name, "--temperature", "0")
        assert done.exit_code == 0, done.output
    arguments = ["compare", str(tmp_path / "a"), str(tmp_path / "b"), "--json"]
    [row] = json.loads(CliRunner().invoke(cli.app, arguments).output)["rows"]
    assert row["change"]["value"] == 1
    assert row["wins"] == len(tasks)


def test_samples_may_be_numbered_and_come_in_any_order(suite: Suite, tmp_path: Path) -> None:
    task = suite.split("heldout")[0].id
    rows = [{"task": task, "text": str(k), "sample": k} for k in (2, 0, 1)]
    found = read_predictions(written(tmp_path / "p.jsonl", list(rows)), suite)
    assert [(s.sample, s.text) for s in found] == [(0, "0"), (1, "1"), (2, "2")]


@pytest.mark.sandbox
def test_what_is_no_text_of_a_command_line_is_judged_like_any_answer(
    suite: Suite, tmp_path: Path
) -> None:
    """With the commands executed: a NUL character, and half an emoji."""
    task = next(task for task in suite.split("heldout") if task.possible)
    rows = [
        {"task": task.id, "text": f"{task.correct[0]}\0"},
        {"task": task.id, "text": f"{task.correct[0]} \ud83d"},
        {"task": task.id, "text": task.correct[0]},
    ]
    file = written(tmp_path / "p.jsonl", [dict(row) for row in rows])
    done = score(file, suite, tmp_path / "run", "--sandbox", "auto")
    assert done.exit_code == 0, done.output
    card = one_evaluated(str(tmp_path / "run")).scorecard()
    assert (card.tasks[task.id].correct, card.samples) == ((1,), 3)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["{"], "line 1: not JSON"),
        (['{"task": "TASK"}'], "line 1: text: Field required"),
        (['{"task": "TASK", "text": "x", "score": 1}'], "line 1: score: Extra inputs"),
        (['{"task": "no/such-task", "text": "x"}'], "no held-out task 'no/such-task'"),
        (
            ['{"task": "TASK", "text": "x", "sample": 1}'] * 2,
            "line 2: sample 1 of TASK is on line 1",
        ),
        (["", " "], "holds no predictions"),
    ],
)
def test_a_bad_file_is_told_by_its_line(
    lines: list[str], said: str, suite: Suite, tmp_path: Path
) -> None:
    task = suite.split("heldout")[0].id
    file = tmp_path / "p.jsonl"
    file.write_text("\n".join(lines).replace("TASK", task))
    with pytest.raises(UserError) as caught:
        read_predictions(file, suite)
    assert said.replace("TASK", task) in str(caught.value)
