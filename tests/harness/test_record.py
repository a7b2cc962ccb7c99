import json
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from threading import Barrier

import pytest

from harness.benchmark import Judge, start
from harness.plan import Manifest
from harness.profile import load_profile
from harness.record import (
    CellStore,
    Run,
    append_rows,
    cut_torn_line,
    lock,
    read_rows,
    write_whole,
)
from tasks.errors import UserError


def test_a_torn_last_line_is_left_out_and_cut(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    append_rows(path, [{"a": 1}, {"b": "é"}])
    with path.open("a") as file:
        file.write('{"torn": ')
    assert list(read_rows(path)) == [{"a": 1}, {"b": "é"}]
    cut_torn_line(path)
    append_rows(path, [{"c": 3}])
    assert list(read_rows(path)) == [{"a": 1}, {"b": "é"}, {"c": 3}]


def test_half_a_surrogate_pair_is_no_character(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    append_rows(path, [{"text": "a\ud83d"}, {"text": "\U0001f600"}])
    assert list(read_rows(path)) == [{"text": "a?"}, {"text": "\U0001f600"}]


def test_a_missing_file_has_no_rows(tmp_path: Path) -> None:
    assert list(read_rows(tmp_path / "none.jsonl")) == []


def commit(store: CellStore, cycle: int) -> None:
    store.adapter(cycle).mkdir()
    store.commit({"cycle": cycle}, samples=[{"cycle": cycle, "sample": i} for i in range(3)])


def test_rewind_keeps_what_is_committed_and_no_more(tmp_path: Path) -> None:
    store = CellStore(tmp_path / "v1-0")
    assert store.rewind() == 0
    commit(store, 1)
    commit(store, 2)
    # a third cycle that was killed: samples are there, half a line of the commit too
    append_rows(store.files["samples"], [{"cycle": 3, "sample": 0}])
    store.adapter(3).mkdir()
    with store.commits.open("a") as file:
        file.write('{"cycle": 3, "by')
    assert store.rewind() == 2
    assert [row["cycle"] for row in store.samples()] == [1, 1, 1, 2, 2, 2]
    assert {folder.name for folder in store.folder.glob("adapter-*")} == {"adapter-1", "adapter-2"}
    commit(store, 3)
    assert [row["cycle"] for row in store.cycles()] == [1, 2, 3]


def test_a_lock_is_held_by_one(tmp_path: Path) -> None:
    with (
        lock(tmp_path / "lock", "taken"),
        pytest.raises(UserError, match="taken"),
        lock(tmp_path / "lock", "taken"),
    ):
        pass
    with lock(tmp_path / "lock", "taken"):
        pass


def test_write_whole_leaves_nothing_else(tmp_path: Path) -> None:
    write_whole(tmp_path / "result.json", json.dumps({"x": 1}))
    assert [path.name for path in tmp_path.iterdir()] == ["result.json"]


@pytest.fixture(scope="module")
def plans(tiny_profile: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Manifest]:
    """Plans that differ in their arguments."""
    folder = tmp_path_factory.mktemp("runs") / "one"
    run = start("tiny", load_profile(str(tiny_profile)), Judge(None), folder)
    return [run.manifest.model_copy(update={"arguments": (str(i),)}) for i in range(6)]


def at_once(plans: list[Manifest], create: Callable[[Manifest], Run]) -> list[Future[Run]]:
    """What becomes of each plan, when all are written at the same moment."""
    barrier = Barrier(len(plans))

    def meet(plan: Manifest) -> Run:
        barrier.wait()
        return create(plan)

    with ThreadPoolExecutor(len(plans)) as pool:
        return [pool.submit(meet, plan) for plan in plans]


def test_runs_that_start_in_one_second_have_folders_of_their_own(
    plans: list[Manifest], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    runs = [started.result() for started in at_once(plans, partial(Run.create, None))]
    assert [Run.open(run.folder).manifest for run in runs] == plans
    assert {run.folder.parent for run in runs} == {Path("runs")}


def test_of_runs_that_are_given_one_folder_one_has_it(
    plans: list[Manifest], tmp_path: Path
) -> None:
    for folder in (tmp_path / str(i) for i in range(10)):
        started = at_once(plans, partial(Run.create, folder))
        (run,) = (one.result() for one in started if not one.exception())
        assert Run.open(folder).manifest == run.manifest
        refusals = [one.exception() for one in started if one.exception()]
        assert all(isinstance(refusal, UserError) for refusal in refusals)
        assert {str(refusal) for refusal in refusals} == {
            f"{folder} holds a run already; continue it with --resume {folder}."
        }
