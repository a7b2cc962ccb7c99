"""A plan keeps its promise: benchmarks of the size that it names find the effect as often as it
says. Made from scorecards whose parts of variance are known."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from harness import cli
from harness.compare import change_of, pair
from harness.scorecard import Conditions, Scorecard, TaskScore
from harness.sizing import Parts, Size, detectable, parts, plan_for, tasks_needed
from tasks.errors import UserError
from tests.harness.made_run import finished_run, samples

FAMILIES = 60
CONDITIONS = Conditions(suite="s", specs="d", image="", temperature=0.7, max_new_tokens=8)


def card(shares: np.ndarray, n: int, rng: np.random.Generator, trained: bool) -> Scorecard:
    """`n` samples a task and seed with the chances `shares`, (seeds, tasks)."""
    right = rng.binomial(n, shares).T
    tasks = {
        f"{i:04}": TaskScore.model_construct(
            family=str(i % FAMILIES), correct=tuple(map(int, row)), judged=(n,) * len(row)
        )
        for i, row in enumerate(right)
    }
    return Scorecard(
        policy="p",
        model="m",
        trained=trained,
        conditions=CONDITIONS,
        seeds=tuple(range(len(shares))),
        samples=right.size * n,
        no_verdict=0,
        tasks=tasks,
    )


def benchmark(rng: np.random.Generator, size: Size, change: float) -> tuple[Scorecard, Scorecard]:
    """Chances of about a half; families differ in their change by 6 points, trainings by 2."""
    chance = rng.uniform(0.35, 0.65, size.tasks)
    of_family = rng.normal(0, 0.06, FAMILIES)[np.arange(size.tasks) % FAMILIES]
    moved = change + of_family + rng.normal(0, 0.02, (size.seeds, 1))
    before = np.broadcast_to(chance, (size.seeds, size.tasks))
    after = np.clip(chance + moved, 0, 1)
    return card(before, size.samples, rng, False), card(after, size.samples, rng, True)


def test_the_parts_of_variance_are_found() -> None:
    rng = np.random.default_rng(1)
    found = [parts(*benchmark(rng, Size(600, 4, 8), 0.05)) for _ in range(20)]
    assert np.mean([p.family for p in found]) == pytest.approx(0.06**2, rel=0.15)
    assert np.mean([p.seed or 0 for p in found]) == pytest.approx(0.02**2, rel=0.3)
    assert np.mean([p.draw for p in found]) == pytest.approx(2 * 0.2425, rel=0.05)
    assert np.mean([p.task for p in found]) < 0.02**2
    assert np.mean([p.seed_task for p in found]) < 0.04**2


def test_the_planned_size_finds_the_effect_as_often_as_asked() -> None:
    rng = np.random.default_rng(2)
    known = Parts(0.06**2, 0.0, 0.02**2, 0.0, 2 * 0.2425, FAMILIES)
    size = tasks_needed(known, samples=4, seeds=8, effect=0.035, power=0.8)
    assert size is not None
    assert FAMILIES < size.tasks < 1000
    found = [change_of(pair(*benchmark(rng, size, 0.035))) for _ in range(200)]
    hits = np.mean([change.low > 0 for change in found if change.low is not None])
    assert hits == pytest.approx(0.8, abs=0.08)


def test_more_of_anything_finds_less_and_some_effects_are_out_of_reach() -> None:
    found = Parts(family=0.01, task=0.01, seed=0.001, seed_task=0.01, draw=0.4, families=50)
    small = detectable(found, Size(100, 2, 3), 0.8)
    for more in (Size(200, 2, 3), Size(100, 4, 3), Size(100, 2, 6)):
        assert detectable(found, more, 0.8) < small
    assert detectable(found, Size(100, 2, 3), 0.95) > small
    assert tasks_needed(found, 16, 3, 0.005, 0.8) is None


def test_of_two_evaluations_a_quarter_of_the_families_bears_the_effect() -> None:
    rng = np.random.default_rng(3)
    base, _ = benchmark(rng, Size(600, 4, 2), 0.0)
    plan = plan_for(base, base, 0.05, 0.95)
    assert not plan["trained"]
    assert [row["seeds"] for row in plan["rows"]] == [1]
    assert plan["parts"]["family"] == pytest.approx(3 * 0.05**2)


def test_the_command(tmp_path: Path, tiny_suite: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = {f"f{f}/{t}": [True, f % 3 > 0, t > 1] for f in range(12) for t in range(4)}
    fallen = {task: [False, *each[1:]] for task, each in answers.items()}
    rows = [
        *(s for seed in range(3) for s in samples(answers, seed=seed)),
        *(s for seed in range(3) for s in samples(fallen, arm="v1", cycle=3, seed=seed)),
    ]
    monkeypatch.chdir(tmp_path)
    error = CliRunner().invoke(cli.app, ["plan"]).exception
    assert isinstance(error, UserError)
    assert "There is no finished run in runs" in str(error)
    finished_run(Path("runs/x"), rows, {"suite": str(tiny_suite)})
    answer = CliRunner().invoke(cli.app, ["plan", "--effect", "20", "--power", "0.9"])
    assert answer.exit_code == 0, answer.output
    assert answer.output.startswith("From runs/x:\nembedded, v1 after cycle 3: 48 tasks")
    assert "To find 20 points with a power of 90%" in answer.output
    later = shutil.copytree("runs/x", "runs/y")
    (Path(later) / "manifest.json").write_text('{"format": 1}')
    again = CliRunner().invoke(cli.app, ["plan", "--effect", "20", "--power", "0.9"])
    assert again.output == answer.output  # another version's run is passed over
    named = CliRunner().invoke(cli.app, ["plan", "runs/x:v1", "--effect", "20", "--power", "0.9"])
    assert named.output.partition("\n")[2] == answer.output.partition("\n")[2]
