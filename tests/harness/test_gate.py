"""The gate on runs made by hand, its power and its false alarms on simulated ones."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
import yaml
from typer.testing import CliRunner, Result

from harness import cli
from harness.gate import Rule, check, read_baseline
from harness.scorecard import Conditions, Scorecard, TaskScore
from harness.statistics import Floats
from reports.gate import annotation, junit, markdown
from tasks.errors import UserError
from tests.harness.made_run import finished_run, samples

OWN_BASELINE = Path(__file__).parents[2] / ".ci" / "baseline.json"
LESS = ("--drop", "8", "--power", "0.8")
Make = Callable[..., Path]


@pytest.fixture(scope="module")
def make(tmp_path_factory: pytest.TempPathFactory, tiny_suite: Path) -> Make:
    def made(share: float, families: int = 100, **fields: Any) -> Path:
        """A run in which each of two tasks a family has `share` of its ten samples right."""
        right = round(10 * share)
        answers = {
            f"f{f:03}/{t}": [k < right for k in range(10)]
            for f in range(families)
            for t in range(2)
        }
        folder = tmp_path_factory.mktemp("runs") / "run"
        return finished_run(folder, samples(answers, **fields), {"suite": str(tiny_suite)}).folder

    return made


def gate(run: Path | str, baseline: Path, *options: str) -> Result:
    """A gate that asks for less than by default, as the runs are small."""
    arguments = ["gate", str(run), "--baseline", str(baseline), *LESS, *options]
    return CliRunner().invoke(cli.app, arguments)


@pytest.fixture(scope="module")
def same(make: Make) -> Path:
    return make(0.7)


@pytest.fixture(scope="module")
def baseline(same: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("kept") / "there" / "baseline.json"
    answer = gate(same, path, "--update")
    assert answer.exit_code == 0, answer.output
    assert "on 200 tasks" in answer.output
    return path


def test_the_baseline_holds_one_task_a_line(baseline: Path) -> None:
    lines = baseline.read_text().splitlines()
    assert '  "f000/0": {"family": "f000", "correct": [7], "judged": [10]},' in lines
    assert read_baseline(baseline).tasks["f099/1"].correct == (7,)


@pytest.mark.parametrize(
    ("share", "code", "said"),
    [
        (0.7, 0, "pass: correctness 70.0"),
        (0.6, 1, "regression: correctness 70.0"),
        (0.8, 1, "unexplained jump: correctness 70.0"),
    ],
)
def test_exit_codes(make: Make, baseline: Path, share: float, code: int, said: str) -> None:
    answer = gate(make(share), baseline)
    assert answer.exit_code == code, answer.output
    assert said in answer.output
    assert "against a true drop of 8 points" in answer.output


def test_a_small_change_passes_however_significant(make: Make, baseline: Path) -> None:
    now = make(0.6)
    assert gate(now, baseline, "--least", "11", "--drop", "30").exit_code == 0


def test_an_explained_jump_passes(make: Make, baseline: Path) -> None:
    answer = gate(make(0.9), baseline, "--explained", "three times the data")
    assert answer.exit_code == 0
    assert "explained: three times the data" in answer.output


def test_a_design_that_could_not_have_found_the_drop_is_not_enough(
    make: Make, same: Path, baseline: Path
) -> None:
    answer = gate(same, baseline, "--drop", "2.5")
    assert answer.exit_code == 3
    assert "a true drop of 2.5 points would be found with a power of" in answer.output
    assert gate(make(0.3), baseline, "--drop", "2.5").exit_code == 1


def test_a_baseline_that_could_not_find_the_drop_is_not_written(make: Make, tmp_path: Path) -> None:
    path = tmp_path / "small.json"
    answer = gate(make(0.7, families=3), path, "--update")
    assert answer.exit_code == 3
    assert "not enough evidence for a baseline" in answer.output
    assert not path.exists()


def test_one_training_seed_is_not_enough(make: Make, baseline: Path) -> None:
    now = make(0.7, arm="v1", cycle=3)
    answer = gate(f"{now}:v1", baseline)
    assert answer.exit_code == 3
    assert "one training seed" in answer.output


def test_too_many_infrastructure_errors_are_not_enough(
    make: Make, tiny_suite: Path, baseline: Path, tmp_path: Path
) -> None:
    answers = {f"f{f:03}/{t}": [None, *[False] * 9] for f in range(100) for t in range(2)}
    broken = finished_run(tmp_path / "broken", samples(answers), {"suite": str(tiny_suite)})
    answer = gate(broken.folder, baseline)
    assert answer.exit_code == 3
    assert "200 of 2000 samples (10.0%) have no verdict" in answer.output
    answer = gate(make(0.7, families=75), baseline)
    assert answer.exit_code == 3
    assert "25.0% of the baseline's tasks are not in the run" in answer.output


def test_what_cannot_be_held_against_it_is_refused(
    same: Path, baseline: Path, tmp_path: Path
) -> None:
    data = json.loads(baseline.read_text())
    data["conditions"]["specs"] = "sha256:old"
    other = tmp_path / "other.json"
    other.write_text(json.dumps(data))
    (tmp_path / "bad.json").write_text("{}")
    for path, options, said in (
        (other, [], "specs sha256:old and sha256:"),
        (tmp_path / "none.json", [], "There is no baseline"),
        (tmp_path / "bad.json", [], "bad.json is no baseline of this version: policy"),
        (baseline, ["--least", "8"], "--least 8 must be smaller than --drop 8"),
    ):
        error = gate(same, path, *options).exception
        assert isinstance(error, UserError)
        assert said in str(error)


def test_what_ci_reads(make: Make, baseline: Path, tmp_path: Path) -> None:
    xml, comment = tmp_path / "gate.xml", tmp_path / "gate.md"
    options = ("--junit", str(xml), "--markdown", str(comment), "--github")
    answer = gate(make(0.4), baseline, *options)
    assert answer.exit_code == 1
    assert f"::error file={baseline},title=goodhart-bench gate%3A regression::" in answer.output
    assert " %25 -> " in answer.output
    suite = ElementTree.parse(xml).getroot()
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("1", "1", "0")
    failure = suite.find("testcase/failure")
    assert failure is not None
    assert "regression: correctness 70.0" in str(failure.get("message"))
    text = comment.read_text()
    assert text.startswith("### ❌ goodhart-bench gate: regression")
    assert "| f000/0 | 70%        | 40%        |" in text


@pytest.mark.slow
def test_a_model_is_evaluated_and_held_against_itself(tiny_profile: Path, tmp_path: Path) -> None:
    settings = yaml.safe_load(tiny_profile.read_text())
    profile = tmp_path / "tiny.yaml"
    profile.write_text(yaml.safe_dump(settings))
    folder = tmp_path / "run"
    command = [sys.executable, "-m", "harness.cli", "evaluate", "--profile", str(profile)]
    command += ["--sandbox", "none", "--out", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "of the judged held-out samples are correct" in done.stdout
    assert [path.name for path in (folder / "cells").iterdir()] == ["base-0"]
    kept = tmp_path / "baseline.json"
    answer = gate(folder, kept, "--update")
    assert answer.exit_code == 3  # eight tasks could not show a drop of 5 points
    assert CliRunner().invoke(cli.app, ["compare", str(folder), str(folder)]).exit_code == 0


def drawn(rng: np.random.Generator, like: Scorecard, chance: Floats) -> Scorecard:
    """An evaluation of the same design whose samples are drawn with these chances by task."""
    tasks = {}
    for (name, score), p in zip(like.tasks.items(), chance, strict=True):
        right = tuple(int(n) for n in rng.binomial(score.judged, p))
        tasks[name] = TaskScore.model_construct(
            family=score.family, correct=right, judged=score.judged
        )
    return like.model_copy(update={"tasks": tasks})


def lowered(chance: Floats, families: list[str], drop: float, bearing: int) -> Floats:
    """The chances after a true drop of the mean, borne by every `bearing`-th family alike."""
    names = sorted(set(families))[::bearing]
    hit = np.isin(families, names)
    low, high = 0.0, 1.0
    for _ in range(40):  # what to take from each task, so that the mean falls by `drop`
        each = (low + high) / 2
        fallen = np.where(hit, np.maximum(chance - each, 0), chance)
        low, high = (each, high) if (chance - fallen).mean() < drop else (low, each)
    return fallen


@pytest.mark.slow
@pytest.mark.parametrize("bearing", [1, 4])
def test_false_alarms_and_power_with_the_shipped_suite_and_default_settings(bearing: int) -> None:
    """200 gates each without a change and with a true drop of 5 points, on the own baseline."""
    rng = np.random.default_rng(bearing)
    own = read_baseline(OWN_BASELINE)
    # Shares of a few samples are spread wider than the chances behind them: with these as
    # chances, noise is less than it is; drawn towards the middle they are noisier.
    counts = [(sum(t.correct), sum(t.judged)) for t in own.tasks.values()]
    chance = np.array([(right + 0.5) / (n + 1) for right, n in counts])
    families = [score.family for score in own.tasks.values()]
    fallen = lowered(chance, families, 0.05, bearing)
    assert (chance - fallen).mean() == pytest.approx(0.05, abs=1e-6)
    verdicts: dict[str, list[str]] = {"same": [], "fallen": []}
    for _ in range(200):
        before = drawn(rng, own, chance)
        for name, after in (("same", chance), ("fallen", fallen)):
            verdicts[name].append(check(before, drawn(rng, own, after), Rule())["verdict"])
    # Refusing to pass for want of evidence is a false alarm too.
    assert np.mean([v != "pass" for v in verdicts["same"]]) <= 0.05
    assert np.mean([v == "regression" for v in verdicts["fallen"]]) >= 0.95


@pytest.mark.parametrize("code", [0, 1, 3])
def test_every_verdict_has_its_reports(code: int) -> None:
    result = a_result(code)
    suite = ElementTree.fromstring(junit(result))
    assert (suite.get("failures"), suite.get("errors")) == (
        str(int(code == 1)),
        str(int(code == 3)),
    )
    assert ("✅" in markdown(result)) == (code == 0)
    assert annotation(result, "a,b").startswith("::notice" if code == 0 else "::error")
    assert "file=a%2Cb," in annotation(result, "a,b")


def a_result(code: int) -> dict[str, Any]:
    shares = {0: 7, 1: 4, 3: 7}
    conditions = Conditions(suite="s", specs="d", image="", temperature=0.7, max_new_tokens=8)
    families = 2 if code == 3 else 100

    def card(right: int) -> Scorecard:
        tasks = {
            f"f{f:03}/{t}": TaskScore(family=f"f{f}", correct=(right,), judged=(10,))
            for f in range(families)
            for t in range(2)
        }
        return Scorecard(
            policy="p",
            model="m",
            trained=False,
            conditions=conditions,
            seeds=(0,),
            samples=10 * len(tasks),
            no_verdict=0,
            tasks=tasks,
        )

    result = check(card(7), card(shares[code]), Rule(drop=0.08, power=0.8))
    assert result["exit_code"] == code
    return result
