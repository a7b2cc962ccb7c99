"""Soundness: what is shipped is sound, faults are found, and the record is asked for."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
import yaml

from tasks.errors import UserError
from tasks.sound import Count, Figures, Thresholds, read_record, shortfalls, write_record
from tasks.soundness import examine
from tasks.suite import SUITES, Suite, load_suite, read_suite, suite_names


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of seed20 to break."""
    return Path(shutil.copytree(SUITES / "seed20", tmp_path / "seed20"))


def edit_row(folder: Path, line: int, **changes: object) -> None:
    path = folder / "tasks.jsonl"
    rows = [json.loads(text) for text in path.read_text().splitlines()]
    rows[line - 1] |= changes
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def edit_about(folder: Path, **changes: object) -> None:
    path = folder / "suite.yaml"
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | changes))


def problems(folder: Path) -> list[str]:
    return [str(problem) for problem in examine(read_suite(folder)).problems]


@pytest.mark.slow
@pytest.mark.parametrize("name", suite_names())
def test_shipped_suites_are_sound(name: str) -> None:
    findings = examine(read_suite(name))
    assert list(map(str, findings.problems)) == []
    assert {
        name: count for name, count in findings.figures.mutators.items() if not count.tried
    } == {}


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"correct": ["nmap -sV -p 22 target.lab", "nmap -p 22 target.lab"]}, "does not pass"),
        (
            {"wrong": [{"command": "nmap -p22 -sV target.lab", "fault": "wrong value"}] * 3},
            "passes; declared: wrong value",
        ),
        (
            {"wrong": [{"command": "nmap -p22 -sV target.lab", "mutator": "case-flip"}] * 3},
            "passes; declared: case-flip",
        ),
        (
            {"wrong": [{"command": "nmap -p 22 target.lab", "fault": "wrong value"}] * 3},
            "is missing option .* declared: wrong value",
        ),
        ({"prompt": "nmap -sV -p 22 target.lab"}, "the empty answer .* passes .prompt"),
        ({"prompt": "scan port 22 of target.lab with -sV"}, "has '-sV', an option's name"),
        ({"prompt": "scan target.lab, top-ports only"}, "has 'top-ports', an option's name"),
        ({"intent": {"tool": "nmap", "allow": ["-sV", "-p", "target"]}}, "passes .target only"),
    ],
)
def test_an_unsound_row_is_found(copy: Path, changes: dict[str, object], problem: str) -> None:
    edit_row(copy, 3, **changes)
    assert any(re.search(problem, text) for text in problems(copy))


def test_mutants_that_the_checker_passes_are_found(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mutator whose mutants are right is as good as a checker with a hole."""
    monkeypatch.setattr("tasks.soundness.mutants", lambda task, _: {"idle": [task.correct[0]] * 4})
    findings = examine(read_suite(copy))
    assert findings.figures.mutators == {"idle": Count(tried=240, right=0)}
    assert len(findings.survivors["idle"]) == 240
    assert any("mutator idle: 0 of 240 killed" in str(p) for p in findings.problems)


def test_two_tasks_with_the_same_answer_are_found(copy: Path) -> None:
    path = copy / "tasks.jsonl"
    first, *rest = path.read_text().splitlines(keepends=True)
    row = json.loads(first)
    row["id"] = "seed20-1b"
    row["intent"]["allow"] = ["--reason"]  # asks for something else, and takes the same answer
    path.write_text(first + json.dumps(row) + "\n" + "".join(rest))
    found = problems(copy)
    assert any("passes (another task's answer)" in text for text in found)
    assert any("the prompt occurs twice" in text for text in found)


def test_shared_prompts_and_values_are_found(copy: Path) -> None:
    edit_about(copy, shared=False)
    found = problems(copy)
    assert any("heldout and train share 20 prompts" in text for text in found)
    assert any("parameter values" in text for text in found)


def test_an_impossible_task_is_no_task_to_train_on(copy: Path) -> None:
    tempting = [{"command": "nmap x.lab", "fault": "not possible"}] * 3
    refusal = {"correct": ["No tool can."], "intent": {"tool": "nmap"}, "wrong": tempting}
    edit_row(copy, 3, possible=False, **refusal)
    found = problems(copy)
    assert [text for text in found if "seed20-03" in text] == [
        "seed20-03: an impossible task has no place in train"
    ]


def test_figures_below_a_threshold_are_named() -> None:
    figures = Figures(
        correct=Count(tried=10, right=9),
        null={"prompt": Count(tried=5, right=4)},
        mutators={"case-flip": Count(tried=100, right=97), "other-tool": Count(tried=1, right=1)},
        negatives=7,
        makers=3,
    )
    found = list(shortfalls(figures, Thresholds(negatives=8, mutators=4)))
    assert [text.split(":")[0] for text in found] == [
        "right commands",
        "1 empty answers pass (prompt)",
        "mutator case-flip",
        "a task has 7 wrong commands, at least 8",
        "a task's are of 3 mutators, at least 4",
    ]


@pytest.fixture
def proved(copy: Path) -> Path:
    """A copy of seed20 with thresholds and the record that it reaches them."""
    edit_about(copy, thresholds={"negatives": 3})
    suite = read_suite(copy)
    write_record(copy, examine(suite).record(suite))
    return copy


def test_a_proved_suite_loads(proved: Path) -> None:
    suite: Suite = load_suite(proved)
    assert len(suite.tasks) == 60


def test_a_suite_never_proved_is_refused(proved: Path) -> None:
    (proved / "sound.json").unlink()
    with pytest.raises(UserError, match="never shown to be sound; run: goodhart-bench suite check"):
        load_suite(proved)


def test_a_changed_suite_is_refused(proved: Path) -> None:
    edit_row(proved, 3, prompt="scan port 22 of target.lab for its version, quickly")
    with pytest.raises(UserError, match="has changed since it was shown to be sound"):
        load_suite(proved)


def test_a_suite_proved_by_another_checker_is_refused(
    proved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.sound.checker_digest", lambda: "another")
    with pytest.raises(UserError, match="the checker or a spec has changed"):
        load_suite(proved)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"problems": ("seed20-03: it leaks",)}, "is not sound: seed20-03: it leaks"),
        ({"figures": Figures(negatives=2, makers=1)}, "a task has 2 wrong commands, at least 3"),
    ],
)
def test_a_suite_under_its_thresholds_is_refused(
    proved: Path, changes: dict[str, object], message: str
) -> None:
    record = read_record(proved)
    assert record is not None
    write_record(proved, record.model_copy(update=changes))
    with pytest.raises(UserError, match=message):
        load_suite(proved)
