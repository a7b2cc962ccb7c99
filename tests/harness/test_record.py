import json
from pathlib import Path

import pytest

from harness.record import CellStore, append_rows, cut_torn_line, lock, read_rows, write_whole
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
