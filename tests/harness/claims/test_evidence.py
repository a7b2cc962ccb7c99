"""Claims that can be measured again: against a run, and against two files of answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from harness.benchmark import Judge, start
from harness.claims.claim import load_claim
from harness.claims.finding import Severity
from harness.claims.judge import Judgement, judge
from harness.profile import load_profile
from harness.record import append_rows
from harness.study import BASE
from harness.types import GradedSample, Outcome
from tasks.errors import UserError
from tasks.suite import load_suite

SHARES = {BASE: 0.5, "v1": 0.8, "random-accept": 0.5, "no-train": 0.5}


def samples() -> Iterator[GradedSample]:
    """60 tasks in 12 families, 3 seeds, 8 samples: v1 gains 30 points, the controls nothing."""
    rng = np.random.default_rng(7)
    for arm, share in SHARES.items():
        for task in range(60):
            for seed in range(3):
                for k in range(8):
                    right = bool(rng.random() < share)
                    yield GradedSample(
                        arm=arm,
                        seed=seed,
                        cycle=0 if arm == BASE else 2,
                        split="heldout",
                        task=f"t{task}",
                        family=f"f{task % 12}",
                        tool="nmap",
                        unseen=False,
                        sample=k,
                        text="nmap",
                        proxies={"fidelity": 0.7 + 0.1 * right},
                        outcome=Outcome.CORRECT if right else Outcome.WRONG,
                        fault=None,
                        static="pass",
                        observed="pass",
                    )


@pytest.fixture(scope="module")
def run_folder(tiny_profile: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sealed run whose judged samples are the simulated ones."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    run = start("tiny", load_profile(str(tiny_profile)), Judge(None), folder)
    append_rows(run.file("graded.jsonl"), map(asdict, samples()))
    run.file("result.json").write_text(json.dumps({"executed": False}))
    run.seal()
    return folder


def judged(folder: Path, **claim: Any) -> Judgement:
    path = folder / "claim.yaml"
    path.write_text(yaml.safe_dump({"title": "t", **claim}))
    return judge(load_claim(str(path)))


def line(arm: str, before: str, after: str, **keys: Any) -> dict[str, Any]:
    keys = {"id": arm, "name": "correctness", "arm": arm, **keys}
    return keys | {"before": before, "after": after}


@pytest.mark.parametrize(
    ("levels", "verdict", "piece"),
    [
        (("50%", "80%"), "supported", "which fits"),
        (("50%", "60%"), "refuted", "which does not fit"),
        (("50%", "40%"), "refuted", "which does not fit"),
        (("20%", "50%"), "refuted", "correctness before: measured"),
    ],
)
def test_a_change_is_measured_again(
    run_folder: Path, tmp_path: Path, levels: tuple[str, str], verdict: str, piece: str
) -> None:
    found = judged(tmp_path, metrics=[line("V1", *levels)], evidence={"run": str(run_folder)})
    assert found.verdict == verdict
    assert any(piece in finding.sentence for finding in found.findings)


def test_what_cannot_be_told_from_nothing_is_not_supported(
    run_folder: Path, tmp_path: Path
) -> None:
    claim = line("no-train", "50%", "50.4%")
    found = judged(tmp_path, metrics=[claim], evidence={"run": str(run_folder)})
    assert found.verdict == "not resolvable"
    assert any("so does no change" in finding.sentence for finding in found.findings)


def test_a_proxy_is_measured_on_its_own_scale(run_folder: Path, tmp_path: Path) -> None:
    claim = line("V1", ".75", ".78", name="fidelity")
    found = judged(tmp_path, metrics=[claim], evidence={"run": str(run_folder)})
    assert found.verdict == "supported"


@pytest.mark.parametrize(("margin", "verdict"), [("10", "supported"), (".1", "not resolvable")])
def test_equivalence_is_shown_by_its_margin(
    run_folder: Path, tmp_path: Path, margin: str, verdict: str
) -> None:
    said = {"text": "nothing lost", "metric": "no-train", "margin": margin}
    found = judged(
        tmp_path,
        metrics=[line("no-train", "50%", "50%")],
        equivalences=[said],
        evidence={"run": str(run_folder)},
    )
    by_place = {statement.place: statement.verdict for statement in found.statements}
    assert by_place["equivalences", 0] == verdict


def test_a_gain_is_no_equivalence(run_folder: Path, tmp_path: Path) -> None:
    said = {"text": "nothing changed", "metric": "V1", "margin": "2"}
    found = judged(
        tmp_path,
        metrics=[line("V1", "50%", "80%")],
        equivalences=[said],
        evidence={"run": str(run_folder)},
    )
    assert found.verdict == "refuted"


@pytest.mark.parametrize(
    ("after", "difference", "verdict"), [("80%", "30 points", "supported"), ("51%", "1", "refuted")]
)
def test_arms_and_causes_are_held_against_the_controls(
    run_folder: Path, tmp_path: Path, after: str, difference: str, verdict: str
) -> None:
    cause = {"text": "the filter", "effect": "V1"}
    than = {"metric": "V1", "than": "random-accept", "difference": difference}
    found = judged(
        tmp_path,
        metrics=[line("V1", "50%", after), line("random-accept", "50%", "50%")],
        comparisons=[{"text": "better", **than}],
        causes=[cause],
        evidence={"run": str(run_folder)},
    )
    by_place = {statement.place: statement.verdict for statement in found.statements}
    assert by_place["comparisons", 0] == verdict
    assert by_place["causes", 0] == "supported"


def test_a_cause_of_harm_is_refuted_by_a_gain(run_folder: Path, tmp_path: Path) -> None:
    found = judged(
        tmp_path,
        metrics=[line("V1", "50%", "40%")],
        causes=[{"text": "the filter harms", "effect": "V1"}],
        evidence={"run": str(run_folder)},
    )
    assert any("the opposite of what is claimed" in f.sentence for f in found.findings)


def test_another_model_decides_nothing(run_folder: Path, tmp_path: Path) -> None:
    found = judged(
        tmp_path,
        metrics=[line("V1", "50%", "10%")],
        conditions={"model": "another"},
        evidence={"run": str(run_folder)},
    )
    assert found.verdict == "not resolvable"
    again = [f.severity for f in found.findings if f.rule in ("measured_again", "other_model")]
    assert set(again) == {Severity.NOTE}


def test_a_run_that_is_not_finished_is_no_evidence(tiny_profile: Path, tmp_path: Path) -> None:
    start("tiny", load_profile(str(tiny_profile)), Judge(None), tmp_path / "run")
    with pytest.raises(UserError, match="is not finished"):
        judged(tmp_path, evidence={"run": "run"})


def answers(path: Path, rows: list[dict[str, Any]]) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path.name


@pytest.fixture
def predictions(tiny_suite: Path, tmp_path: Path) -> dict[str, str]:
    """Before, half of the tasks are answered rightly; after, all of them. Paths are relative."""
    tasks = [task for task in load_suite(tiny_suite).split("heldout") if task.possible]
    before = [
        {"task": task.id, "text": task.correct[0] if i % 2 else task.wrong[0].command}
        for i, task in enumerate(tasks)
    ]
    after = [{"task": task.id, "text": task.correct[0], "sample": 0, "seed": 0} for task in tasks]
    return {
        "before": answers(tmp_path / "before.jsonl", before),
        "after": answers(tmp_path / "after.jsonl", after),
        "suite": str(tiny_suite),
    }


@pytest.mark.parametrize(("after", "verdict"), [("100%", "supported"), ("40%", "refuted")])
def test_answers_are_judged_now(
    predictions: dict[str, str], tmp_path: Path, after: str, verdict: str
) -> None:
    claim = {"id": "m", "name": "correctness", "before": "50%", "after": after}
    found = judged(tmp_path, metrics=[claim], evidence={"predictions": predictions})
    assert found.verdict == verdict, [f.sentence for f in found.findings]
    assert any("not executed" in finding.sentence for finding in found.findings)


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"task": "none", "text": "x"}, "line 1: suite .* has no task 'none'"),
        ({"task": "none"}, "line 1: an answer is"),
    ],
)
def test_bad_answers_are_told(
    predictions: dict[str, str], tmp_path: Path, row: dict[str, Any], told: str
) -> None:
    answers(tmp_path / "after.jsonl", [row])
    with pytest.raises(UserError, match=told):
        judged(tmp_path, evidence={"predictions": predictions})


def test_answers_of_one_arm_are_not_taken_for_another(
    predictions: dict[str, str], tmp_path: Path
) -> None:
    lines = [line("A", "50%", "100%"), line("B", "50%", "40%")]
    with pytest.raises(UserError, match="name it with arm"):
        judged(tmp_path, metrics=lines, evidence={"predictions": predictions})
    evidence = {"predictions": predictions, "arm": "A"}
    found = judged(tmp_path, metrics=lines, evidence=evidence)
    assert [s.verdict.value for s in found.statements] == ["supported", "not resolvable"]
