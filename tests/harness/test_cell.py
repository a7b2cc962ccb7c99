"""Cells, run in this process on a tiny model: what they leave, and that a kill changes nothing."""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from harness.benchmark import Judge, start
from harness.cell import run_as_child, run_cell
from harness.profile import load_profile
from harness.record import Row, Run
from trainers import v1


@pytest.fixture(scope="module", autouse=True)
def accepting() -> Iterator[None]:
    """One thread, as a cell's process has; and a V1 that accepts some of what noise says."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(v1, "THRESHOLD", 0.1)
        yield
    torch.set_num_threads(threads)


def plan(tiny_profile: Path, folder: Path) -> Run:
    return start("tiny", load_profile(str(tiny_profile)), Judge(None, ""), folder)


@pytest.fixture(scope="module")
def unbroken(tiny_profile: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run whose cells are all finished."""
    run = plan(tiny_profile, tmp_path_factory.mktemp("runs") / "unbroken")
    for cell in run.manifest.cells:
        run_cell(run, cell.name)
    return run


def rows(run: Run, cell: str) -> tuple[list[Row], list[Row], bytes]:
    store = run.cell(cell)
    return list(store.samples()), store.cycles(), store.files["candidates"].read_bytes()


def test_the_base_cell_evaluates_everything_once(unbroken: Run) -> None:
    samples, cycles, _ = rows(unbroken, "base-0")
    assert [row["cycle"] for row in cycles] == [0]
    assert len(samples) == (8 + 4) * 2
    assert {row["split"] for row in samples} == {"heldout", "calibration"}
    assert set(samples[0]["proxies"]) == {
        "fidelity",
        "reproducibility",
        "fidelity+reproducibility",
        "likelihood",
        "self-certainty",
        "vote-share",
    }
    assert all(row["entropy"] > 0 for row in samples)


def test_every_cycle_says_how_far_it_went_from_the_base(unbroken: Run) -> None:
    kl = {
        arm: [(row["cycle"], row["kl"]) for row in unbroken.cell(f"{arm}-0").divergences()]
        for arm in ("v1", "no-train", "base")
    }
    assert [cycle for cycle, _ in kl["v1"]] == [1] * 4 + [2] * 4  # a command of each light task
    assert all(value > 0 for _, value in kl["v1"])
    assert len(kl["no-train"]) == 8
    assert all(value == 0 for _, value in kl["no-train"])
    assert kl["base"] == []


def test_base_and_last_policy_score_each_others_commands(unbroken: Run) -> None:
    rows = list(unbroken.cell("v1-0").rescored())
    assert len(rows) == 2 * 4 * 2  # two directions, four light tasks, two samples
    assert {(row["scorer"], row["writer"]) for row in rows} == {(0, 2), (2, 0)}
    names = {"fidelity", "reproducibility", "fidelity+reproducibility"}
    assert all(set(row["proxies"]) == names for row in rows)
    for row in unbroken.cell("no-train-0").rescored():
        assert -1 <= row["proxies"]["reproducibility"] <= 1.000001


def test_evaluations_are_light_between_and_full_at_the_end(unbroken: Run) -> None:
    samples, cycles, _ = rows(unbroken, "v1-0")
    assert [row["cycle"] for row in cycles] == [1, 2]
    assert sum(row["cycle"] == 1 for row in samples) == 4 * 2
    assert sum(row["cycle"] == 2 for row in samples) == 8 * 2


def test_random_accept_accepts_as_many_as_v1(unbroken: Run) -> None:
    accepted = [
        [row["accepted"] for row in unbroken.cell(f"{arm}-0").cycles()]
        for arm in ("v1", "random-accept")
    ]
    assert accepted[0] == accepted[1]
    assert 0 < sum(accepted[0]) < 24


def test_all_arms_of_a_seed_train_on_the_same_prompts(unbroken: Run) -> None:
    from harness.record import read_rows

    prompts = [
        [row["task"] for row in read_rows(unbroken.cell(f"{arm}-0").files["candidates"])]
        for arm in ("v1", "oracle", "no-train", "random-accept")
    ]
    assert all(one == prompts[0] for one in prompts)


def test_no_train_leaves_the_model_as_it_was(unbroken: Run) -> None:
    from safetensors.torch import load_file

    weights = load_file(unbroken.cell("no-train-0").adapter(2) / "adapter_model.safetensors")
    assert all(not tensor.any() for name, tensor in weights.items() if "lora_B" in name)


@pytest.mark.parametrize("cell", ["v1-0", "base-0"])
def test_a_finished_cell_does_nothing_more(unbroken: Run, cell: str) -> None:
    before = rows(unbroken, cell)
    run_cell(unbroken, cell)
    assert rows(unbroken, cell) == before


def test_a_cell_broken_off_in_a_cycle_goes_on_with_the_same_numbers(
    unbroken: Run, tiny_profile: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = plan(tiny_profile, tmp_path / "broken")
    run_cell(run, "base-0")
    cycle = v1.V1.cycle

    def break_off(self: v1.V1, prompts: object, context: object) -> object:
        if context.cycle == 2:  # type: ignore[attr-defined]
            raise RuntimeError("killed")
        return cycle(self, prompts, context)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(v1.V1, "cycle", break_off)
        with pytest.raises(RuntimeError, match="killed"):
            run_cell(run, "v1-0")
    assert [row["cycle"] for row in run.cell("v1-0").cycles()] == [1]
    run_cell(run, "v1-0")
    assert rows(run, "v1-0") == rows(unbroken, "v1-0")
    for name in ("divergences", "rescored"):
        one, other = (each.cell("v1-0").files[name].read_bytes() for each in (run, unbroken))
        assert one == other


@pytest.mark.parametrize(
    ("number", "ending"),
    [
        (errno.ENOSPC, (errno.ENOSPC, "")),  # the parent has the sentence for this code
        (errno.EDQUOT, (errno.ENOSPC, "")),
        (errno.EACCES, (2, "The system refused: Permission denied.\n")),
    ],
)
def test_a_cell_that_can_have_no_log_ends_without_a_traceback(
    number: int,
    ending: tuple[int, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(signal, "signal", lambda *_: None)  # this process heeds Ctrl-C
    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(SystemExit) as ended:
        run_as_child(tmp_path / "run", "v1-0")
    assert (ended.value.code, capfd.readouterr().err) == ending
