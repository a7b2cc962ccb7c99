"""Where cells work: choosing an executor, what travels to a node and back, and redoing the lost."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
import torch

from harness.benchmark import Judge, start
from harness.cell import run_cell
from harness.executors import LOST
from harness.executors.local import LocalExecutor
from harness.executors.node import work
from harness.executors.parcel import Files, Growth, add, pack, unpack
from harness.model import Model
from harness.plan import Cell
from harness.profile import load_profile
from harness.record import Row, Run, append_rows, as_line, read_rows
from harness.registry import EXECUTORS
from harness.schedule import LOSSES, run_cells, steps
from tasks.errors import UserError

SIZES = {"train": 8, "calibration": 4}
ARMS = ("base", "v1")


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def plan(tiny_profile: Path, folder: Path, shards: int = 1) -> Run:
    profile = load_profile(str(tiny_profile)).model_copy(update={"shards": shards})
    return start("tiny", profile, Judge(None, ""), folder)


@pytest.fixture(scope="module")
def sharded(tiny_profile: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run with split evaluations, whose cells of two arms are finished."""
    run = plan(tiny_profile, tmp_path_factory.mktemp("runs") / "sharded", shards=2)
    for cell in run.manifest.cells:
        if cell.arm in ARMS:
            run_cell(run, cell.name)
    return run


def contents(folder: Path) -> Files:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def test_shards_evaluate_every_task_once(sharded: Run, tiny_profile: Path) -> None:
    manifest = sharded.manifest
    assert len(manifest.cells) == 5 + 2 * 5
    for arm in ARMS:
        cells = [cell for cell in manifest.cells if cell.arm == arm]
        asked = [
            (row["split"], row["task"], row["sample"])
            for cell in cells
            for row in sharded.cell(cell.name).samples()
            if row["cycle"] in (0, manifest.profile.cycles)
        ]
        assert len(asked) == len(set(asked)) == 2 * (8 + 4 * (arm == "base"))
        light = {row["task"] for row in sharded.cell(cells[0].name).samples()}
        assert light == set(manifest.light)


def test_shards_draw_what_a_whole_evaluation_draws(
    sharded: Run, tiny_profile: Path, tmp_path: Path
) -> None:
    whole = plan(tiny_profile, tmp_path / "whole")
    run_cell(whole, "base-0")
    cells = [cell.name for cell in sharded.manifest.cells if cell.arm == "base"]
    assert len(cells) == 3
    parts = [row for name in cells for row in sharded.cell(name).samples()]
    assert answers(parts) == answers(whole.cell("base-0").samples())


def answers(rows: Iterable[Row]) -> dict[tuple[object, ...], str]:
    return {(row["split"], row["task"], row["sample"]): row["text"] for row in rows}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["v1-0", "v1-0-shard-2"])
def test_a_cell_that_travelled_leaves_what_one_at_home_does(
    name: str, sharded: Run, tmp_path: Path
) -> None:
    """Out and back, the node going down after the first cycle."""
    home = Run.create(tmp_path / "home", sharded.manifest)
    cell = home.manifest.cell(name)
    for other in cell.after:
        unpack(contents(sharded.cell(other).folder), home.cell(other).folder)
    done = cycles = len(sharded.cell(name).cycles())
    for trip, kept in enumerate([1, cycles][-cycles:]):
        unpack(pack(home, cell), tmp_path / f"node-{trip}")
        away = Run.open(tmp_path / f"node-{trip}")
        growth = Growth(away.cell(name))
        run_cell(away, name)
        pieces = list(growth.pieces())
        for piece in pieces[: kept - len(home.cell(name).cycles())]:
            add(home.cell(name), piece)
    assert len(home.cell(name).cycles()) == done
    assert contents(home.cell(name).folder) == contents(sharded.cell(name).folder)


def test_a_piece_that_was_cut_short_is_forgotten(sharded: Run, tmp_path: Path) -> None:
    """This machine dies while it takes a piece: rows are there, the commit is not."""
    home = Run.create(tmp_path / "home", sharded.manifest)
    unpack(contents(sharded.cell("v1-0").folder), home.cell("v1-0").folder)
    before = contents(home.cell("v1-0").folder)
    cut = {"samples.jsonl": b'{"torn": ', "adapter-3/adapter_config.json": b"{}"}
    add(home.cell("v1-0"), cut)
    assert contents(home.cell("v1-0").folder) != before
    pack(home, home.manifest.cell("v1-0"))
    assert contents(home.cell("v1-0").folder) == before


def test_answers_of_a_model_elsewhere_all_come_home(sharded: Run, tmp_path: Path) -> None:
    """The home's machine died while it took an answer, and the cell is begun again on a node."""
    home = Run.create(tmp_path / "home", sharded.manifest)
    store, torn = home.cell("base-0"), b'{"seed": 1, "sample": 0, "prompt": "first", "te'
    store.rewind()
    add(store, {"answers.jsonl": as_line({"kept": "before"}) + torn})
    unpack(pack(home, home.manifest.cell("base-0")), tmp_path / "node")
    away = Run.open(tmp_path / "node").cell("base-0")
    growth = Growth(away)
    for sample in range(2):
        append_rows(away.answered, [{"sample": sample}])
        for piece in growth.pieces():
            add(store, piece)
    assert list(read_rows(store.answered)) == [{"kept": "before"}, {"sample": 0}, {"sample": 1}]


def test_a_node_with_other_packages_refuses_in_one_sentence(
    tiny_profile: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    run = plan(tiny_profile, tmp_path / "run")
    packages = run.manifest.packages | {"torch": "0.0"}
    other = run.manifest.model_copy(update={"packages": packages})
    run.file("manifest.json").write_text(other.model_dump_json())
    log, code = work(pack(run, run.manifest.cell("base-0")), "base-0", str(tmp_path), 0)
    assert code == 2
    assert isinstance(log, dict)
    said = log["cell.log"].decode()
    assert "The run was planned with torch '0.0', here it is" in said
    assert said.count("\n") == 1


class Workers(LocalExecutor):
    """This machine with so many processes."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self._count = count

    def at_once(self, model: Model) -> int:
        return self._count


@pytest.mark.slow
def test_the_number_of_workers_changes_nothing(tiny_profile: Path, tmp_path: Path) -> None:
    found = []
    for count in (1, 3):
        run = plan(tiny_profile, tmp_path / str(count))
        run_cells(run, Workers(count), SIZES, lambda share, note: None)
        found.append(contents(run.folder / "cells"))
    one, three = ({name: f[name] for name in f if not name.endswith(".log")} for f in found)
    assert len([name for name in one if name.endswith("samples.jsonl")]) == 5
    assert one == three


class Flaky:
    """An executor in this process, on which cells lose their machine so many times each."""

    def __init__(self, losses: int) -> None:
        self._losses = losses
        self.started: list[str] = []

    def at_once(self, model: Model) -> int:
        return 1

    def start(self, run: Run, cell: Cell) -> FlakyJob:
        self.started.append(cell.name)
        store, first = run.cell(cell.name), self.started.count(cell.name) <= self._losses
        done = store.rewind()
        for cycle in range(done, done if first else steps(run.manifest, cell)):
            store.commit({"cycle": cycle})
        return FlakyJob(LOST if first else 0)


class FlakyJob:
    def __init__(self, code: int) -> None:
        self._code = code

    def poll(self) -> int:
        return self._code

    def kill(self) -> None:
        raise AssertionError("it had ended")


def test_what_was_lost_is_begun_again(tiny_profile: Path, tmp_path: Path) -> None:
    run, said, flaky = plan(tiny_profile, tmp_path / "run"), [], Flaky(2)
    run_cells(run, flaky, SIZES, lambda share, note: said.append(note))  # type: ignore[arg-type]
    assert sorted(flaky.started) == sorted(3 * [cell.name for cell in run.manifest.cells])
    assert sum("lost its machine" in note for note in said) == 2 * len(run.manifest.cells)
    assert sum("done" in note for note in said) == len(run.manifest.cells)


def test_a_cell_that_always_loses_its_machine_is_given_up(
    tiny_profile: Path, tmp_path: Path
) -> None:
    run, flaky = plan(tiny_profile, tmp_path / "run"), Flaky(LOSSES)
    with pytest.raises(UserError, match=f"base-0 lost its machine {LOSSES} times in a row"):
        run_cells(run, flaky, SIZES, lambda share, note: None)  # type: ignore[arg-type]


def test_executors_are_found_by_name() -> None:
    assert EXECUTORS.names()[:2] == ["local", "ray"]
    assert EXECUTORS.load("local") is LocalExecutor


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--executor", "rya"], "no executor 'rya'; did you mean 'ray'?"),
        (["--address", "auto"], "--address goes with --executor ray."),
        (["--executor", "ray"], "pip install 'goodhart-bench[ray]'"),
    ],
)
def test_no_executor_is_told_in_one_line(arguments: list[str], said: str, tmp_path: Path) -> None:
    """The last on a machine without Ray, which a None in the place of the module makes of this."""
    script = "import sys; sys.modules['ray'] = None; from harness.cli import main; main()"
    command = [sys.executable, "-c", script, "benchmark", "--out", str(tmp_path / "run")]
    done = subprocess.run([*command, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert said in done.stderr
    assert len((done.stdout + done.stderr).splitlines()) == 1
    assert not (tmp_path / "run").exists()
