"""A training that happened elsewhere, as an arm: before, and after each of its checkpoints."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from harness import cli
from harness.benchmark import Judge, start
from harness.cell import run_cell
from harness.commands.benchmark import with_checkpoints
from harness.compare import compare
from harness.conclude import conclude
from harness.judge import graded, judge_run
from harness.policy import CausalPolicy
from harness.profile import Profile, load_profile
from harness.record import Run
from harness.scorecard import evaluated
from harness.seeds import derive
from harness.types import Training
from tasks.suite import load_suite


@pytest.fixture(scope="module")
def adapters(
    tiny_model: Path, tiny_suite: Path, tmp_path_factory: pytest.TempPathFactory
) -> list[str]:
    """Three adapters of one training, and last a whole model."""
    folder = tmp_path_factory.mktemp("elsewhere")
    policy = CausalPolicy.load(str(tiny_model), seed=5)
    pairs = [(task.prompt, task.correct[0]) for task in load_suite(tiny_suite).split("train")]
    for step in range(3):
        policy.train(pairs, Training(learning_rate=1e-2, seed=step))
        policy.save_adapter(folder / f"a{step}")
    policy._model.merge_and_unload().save_pretrained(folder / "whole")
    policy._tokenizer.save_pretrained(folder / "whole")
    return [str(folder / name) for name in ("a0", "a1", "a2", "whole")]


@pytest.fixture(scope="module")
def settings(tiny_profile: Path, adapters: list[str]) -> Profile:
    return with_checkpoints(load_profile(str(tiny_profile)), adapters, "reproducibility")


def finished(run: Run, suite: Path) -> dict[str, object]:
    loaded = load_suite(suite)
    judge_run(run, loaded, None, lambda share, note: None)
    return conclude(run, loaded)


@pytest.fixture(scope="module")
def run(settings: Profile, tiny_suite: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    made = start("series", settings, Judge(None), tmp_path_factory.mktemp("runs") / "series")
    [cell] = made.manifest.cells
    loads = []
    with pytest.MonkeyPatch.context() as patch:
        load = CausalPolicy.load
        patch.setattr(CausalPolicy, "load", lambda *a, **k: loads.append(a) or load(*a, **k))
        run_cell(made, cell.name)
    assert len(loads) == 2  # the base with all adapters, and the whole model
    finished(made, tiny_suite)
    return made


def test_every_checkpoint_is_held_against_the_base(run: Run, adapters: list[str]) -> None:
    result = run.result()
    assert [(arm["name"], arm["proxy"]) for arm in result["arms"]] == [
        ("checkpoints", "reproducibility")
    ]
    gaps = [row["cycle"] for row in result["gap"] if row["optimised"]]
    assert gaps == [1, 2, 3, 4]
    [row] = result["correctness"]
    assert row["cycle"] == 4
    assert any("trained elsewhere" in note for note in result["notes"])
    assert result["provenance"]["asked for commands"].endswith("Command line:\\n")
    samples = list(graded(run))
    assert {(s.arm, s.cycle) for s in samples} == {
        ("base", 0),
        *(("checkpoints", cycle) for cycle in (1, 2, 3, 4)),
    }
    committed = [row.get("checkpoint") for row in run.cell("checkpoints-0").cycles()]
    assert committed == [None, *adapters]


def test_a_checkpoint_is_what_its_folder_holds(
    run: Run, adapters: list[str], tiny_model: Path, tiny_suite: Path
) -> None:
    policy = CausalPolicy.load(str(tiny_model), seed=1)
    policy.load_adapter(Path(adapters[1]))
    said = {row["text"] for row in run.cell("checkpoints-0").samples() if row["cycle"] == 2}
    prompts = [task.prompt for task in load_suite(tiny_suite).split("heldout")]
    profile = run.manifest.profile
    seed = derive(0, "checkpoints", 2, "evaluate heldout")
    again = policy.generate(prompts, profile.samples, profile.sampling(seed))
    assert {g.text for row in again for g in row} == said


def test_adapters_after_a_whole_model_are_the_base_s(
    run: Run, settings: Profile, adapters: list[str], tmp_path: Path
) -> None:
    """The series with its whole model in the first place as well: the rest says what it said."""
    mixed = settings.model_copy(update={"checkpoints": (adapters[3], *adapters[1:])})
    other = start("mixed", mixed, Judge(None), tmp_path / "mixed")
    run_cell(other, "checkpoints-0")
    ours, theirs = (list(each.cell("checkpoints-0").samples()) for each in (run, other))
    assert [r for r in theirs if r["cycle"] > 1] == [r for r in ours if r["cycle"] > 1]
    assert [r for r in theirs if r["cycle"] == 1] != [r for r in ours if r["cycle"] == 1]


def test_checkpoints_are_compared_by_place(run: Run) -> None:
    before, after = f"{run.folder}:checkpoints@1", f"{run.folder}/cells/checkpoints-0/adapter-3"
    found = compare(evaluated(before), evaluated(after), (before, after))
    [row] = found["rows"]
    assert row["before_policy"].endswith("checkpoints after cycle 1")
    assert row["after_policy"].endswith("checkpoints after cycle 3")


def test_a_series_that_broke_off_ends_with_the_same_numbers(
    run: Run, settings: Profile, tiny_suite: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = start("series", settings, Judge(None), tmp_path / "broken")
    load, calls = CausalPolicy.load_adapter, 0

    def killed(policy: CausalPolicy, folder: Path) -> None:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise KeyboardInterrupt
        load(policy, folder)

    monkeypatch.setattr(CausalPolicy, "load_adapter", killed)
    with pytest.raises(KeyboardInterrupt):
        run_cell(broken, "checkpoints-0")
    assert len(broken.cell("checkpoints-0").cycles()) == 3
    run_cell(broken, "checkpoints-0")
    finished(broken, tiny_suite)
    for name in ("graded.jsonl", "verdicts.jsonl"):
        assert broken.file(name).read_bytes() == run.file(name).read_bytes()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--adapter", "no/such", "nor/this"], "no/such: neither an adapter"),
        (["--adapter", "x", "--trainer", "v1"], "--trainer without it"),
        (["--proxy", "fidelity"], "--proxy goes with --adapter"),
        (["stray"], "'stray' belongs to no option"),
    ],
)
def test_bad_input_is_told_in_one_line(arguments: list[str], said: str, tmp_path: Path) -> None:
    common = ["benchmark", "--base", "embedded", "--sandbox", "none", "--out", str(tmp_path / "r")]
    done = CliRunner().invoke(cli.app, [*common, *arguments])
    assert said in str(done.exception)
    assert not (tmp_path / "r").exists()
