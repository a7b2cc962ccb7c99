import errno
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from harness.benchmark import Judge, check_unchanged, start
from harness.plan import plan_arms, plan_cells
from harness.profile import load_profile
from harness.record import Run
from harness.registry import TRAINERS, open_suite
from harness.schedule import check, share
from tasks.errors import UserError


def test_controls_always_run_and_v1_whose_rate_they_take() -> None:
    assert [arm.name for arm in plan_arms(["oracle"])] == [
        "v1",
        "oracle",
        "no-train",
        "random-accept",
    ]


def test_a_cell_comes_after_those_it_waits_for() -> None:
    cells = plan_cells(plan_arms(["v1", "v2", "random-accept", "no-train", "oracle"]), 2)
    names = [cell.name for cell in cells]
    assert len(set(names)) == 5 * 2 + 2
    assert names[:4] == ["base-0", "base-1", "v1-0", "v1-1"]
    for cell in cells:
        assert all(names.index(name) < names.index(cell.name) for name in cell.after)
    assert next(c for c in cells if c.name == "random-accept-1").after == ("base-1", "v1-1")


def test_a_trainer_that_needs_what_nobody_has_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    greedy = SimpleNamespace(name="greedy", proxy="fidelity", needs=frozenset({"gold"}))
    load = TRAINERS.load
    monkeypatch.setattr(
        TRAINERS, "load", lambda name: (lambda: greedy) if name == "greedy" else load(name)
    )
    with pytest.raises(UserError, match="'greedy' needs gold"):
        plan_arms(["greedy"])


def test_the_share_done_counts_work_and_not_cells() -> None:
    weights = {"a": [10, 30], "b": [60]}
    assert share({"a": 0, "b": 0}, weights) == 0
    assert share({"a": 1, "b": 0}, weights) == 0.1
    assert share({"a": 2, "b": 1}, weights) == 1


def test_a_failed_cell_is_told_by_its_last_words(tmp_path: Any) -> None:
    cell: Any = SimpleNamespace(name="v1-0")
    run: Any = SimpleNamespace(
        cell=lambda name: SimpleNamespace(folder=tmp_path), how_to_resume="Go on."
    )
    (tmp_path / "cell.log").write_text("Loading\nValueError: no such layer\n\n")
    check(run, cell, 0)
    with pytest.raises(UserError, match=r"Cell v1-0 failed: ValueError: no such layer Go on\."):
        check(run, cell, 1)
    with pytest.raises(OSError, match="No space left"):
        check(run, cell, errno.ENOSPC)
    (tmp_path / "cell.log").unlink()  # as of a cell that ended before it could have one
    with pytest.raises(UserError, match=r"Cell v1-0 failed: exit code 2\. Go on\."):
        check(run, cell, 2)


def test_a_run_of_an_earlier_version_is_read_and_not_gone_on_with(
    tiny_profile: Path, tmp_path: Path
) -> None:
    judge = Judge(None)
    run = start("tiny", load_profile(str(tiny_profile)), judge, tmp_path / "run")
    plan = json.loads(run.file("manifest.json").read_text()) | {"format": 1}
    for key in ("proxies", "who_moved", "divergence_samples"):
        del plan["profile"][key]
    run.file("manifest.json").write_text(json.dumps(plan))
    old = Run.open(run.folder)
    assert old.manifest.profile.proxies == ()
    with pytest.raises(UserError, match="planned by an earlier version") as caught:
        check_unchanged(old, judge, open_suite(old.manifest.profile.suite))
    assert "\n" not in str(caught.value)
