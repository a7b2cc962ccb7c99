"""Commands are executed while cells still work, and the record is the one of judging afterwards."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
import yaml

from harness.ahead import judging_ahead
from harness.benchmark import Judge, open_judge, start
from harness.execute import executions
from harness.judge import by_key, judge_run, lines_to_run, others_to_run, static_verdicts
from harness.profile import load_profile
from harness.record import Row, Run, append_rows, read_rows
from harness.registry import open_suite
from sandbox.types import Ending, Execution, Limits, SandboxError
from tasks.suite import Suite

COMMAND = ["env", "--default-signal=INT", sys.executable, "-m", "harness.cli", "benchmark"]


class Scripted:
    """A sandbox in which nothing happens, for as long as it is told; `breaks` says how it broke."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds, self.breaks = seconds, ""

    def run_many(self, commands: Iterable[str], limits: Limits) -> Iterator[Execution]:
        for command in commands:
            if self.breaks == "for good":
                raise SandboxError("The sandbox is gone.")
            time.sleep(self.seconds)
            ending = Ending.INFRASTRUCTURE if self.breaks else Ending.EXITED
            yield Execution(command, ending, None if self.breaks else 0, "", "", False, 0.1)


@pytest.fixture
def suite(tiny_suite: Path) -> Suite:
    return open_suite(str(tiny_suite))


@pytest.fixture
def run(tiny_profile: Path, tmp_path: Path) -> Run:
    return start("tiny", load_profile(str(tiny_profile)), Judge(None), tmp_path / "run")


def answers(suite: Suite, number: int) -> list[Row]:
    """A right answer to every task, one with the wrong intent and one without any sense: others
    for another number."""
    return [
        {"cycle": 0, "split": "heldout", "task": task.id, "sample": i, "text": text, "proxies": {}}
        for task in suite.split("heldout")
        for i, text in enumerate(
            (
                task.correct[number % len(task.correct)],
                task.wrong[number % len(task.wrong)].command,
                f"nmap {number}",
            )
        )
    ]


def commit(run: Run, suite: Suite, cells: int) -> None:
    """What so many cells did, each with other answers."""
    for number, cell in enumerate(run.manifest.cells[:cells]):
        store = run.cell(cell.name)
        if not store.rewind():
            store.commit({"cycle": 0}, samples=answers(suite, number))


def lines(run: Run, suite: Suite) -> set[str]:
    """What is to be executed: right answers, and in so small a run all with the wrong intent."""
    tasks = by_key(suite)
    verdicts = static_verdicts(run, tasks)
    return lines_to_run(verdicts, tasks) | others_to_run(verdicts, tasks, 1)


def recorded(run: Run) -> list[str]:
    return [row["command"] for row in read_rows(run.file("executions.jsonl"))]


def judged(run: Run, suite: Suite, sandbox: object, known: object = None) -> list[bytes]:
    """The files that the judge writes."""
    judge_run(run, suite, sandbox, lambda share, note: None, known or {})  # type: ignore[arg-type]
    return [run.file(f"{name}.jsonl").read_bytes() for name in ("graded", "verdicts", "tasks")]


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def no_thread_is_left() -> bool:
    return not any(thread.name == "judging ahead" for thread in threading.enumerate())


def test_what_is_committed_is_executed_at_once(run: Run, suite: Suite, tmp_path: Path) -> None:
    commit(run, suite, 1)
    with judging_ahead(run, suite, Scripted()) as known:  # type: ignore[arg-type]
        first = lines(run, suite)
        wait_until(lambda: set(recorded(run)) == first)
        commit(run, suite, 2)
        wait_until(lambda: set(recorded(run)) == lines(run, suite))
        commit(run, suite, 3)
    assert no_thread_is_left()
    assert first < lines(run, suite)

    after = Run.create(tmp_path / "after", run.manifest)
    commit(after, suite, 3)
    assert judged(run, suite, Scripted(), known) == judged(after, suite, Scripted())
    assert sorted(recorded(run)) == sorted(recorded(after))
    assert len(set(recorded(run))) == len(recorded(run))


def test_no_answer_is_checked_twice(
    run: Run, suite: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(run, suite, 2)
    with judging_ahead(run, suite, Scripted()) as known:  # type: ignore[arg-type]
        wait_until(lambda: set(recorded(run)) == lines(run, suite))
    verdicts = static_verdicts(run, by_key(suite))
    monkeypatch.setattr("tasks.checker.judge", None)
    assert static_verdicts(run, by_key(suite), known) == verdicts


def test_what_no_commit_covers_is_not_executed(run: Run, suite: Suite) -> None:
    commit(run, suite, 1)
    first, torn = lines(run, suite), run.cell(run.manifest.cells[1].name)
    torn.rewind()
    append_rows(torn.files["samples"], answers(suite, 1))
    assert first < lines(run, suite)
    with judging_ahead(run, suite, Scripted()):  # type: ignore[arg-type]
        wait_until(lambda: first <= set(recorded(run)))
    assert set(recorded(run)) == first


@pytest.mark.parametrize("reason", [KeyboardInterrupt, OSError])
def test_broken_off_it_ends_and_goes_on_with_what_is_left(
    run: Run, suite: Suite, reason: type[BaseException]
) -> None:
    def break_off() -> None:
        with judging_ahead(run, suite, Scripted(0.05)):  # type: ignore[arg-type]
            wait_until(lambda: recorded(run))
            raise reason

    commit(run, suite, 3)
    with pytest.raises(reason):
        break_off()
    assert no_thread_is_left()
    done = recorded(run)
    assert set(done) < lines(run, suite)
    with run.file("executions.jsonl").open("a") as file:
        file.write('{"command": "torn')
    with judging_ahead(run, suite, Scripted()):  # type: ignore[arg-type]
        wait_until(lambda: set(recorded(run)) == lines(run, suite))
    assert recorded(run)[: len(done)] == done
    assert len(set(recorded(run))) == len(recorded(run))


def test_what_a_broken_sandbox_ended_is_tried_again_when_all_cells_are_finished(
    run: Run, suite: Suite
) -> None:
    sandbox = Scripted()
    sandbox.breaks = "now"
    commit(run, suite, 1)
    with judging_ahead(run, suite, sandbox):  # type: ignore[arg-type]
        wait_until(lambda: set(recorded(run)) == lines(run, suite))
        first = len(recorded(run))
        commit(run, suite, 2)
        wait_until(lambda: set(recorded(run)) == lines(run, suite))
        assert len(recorded(run)) == len(lines(run, suite)) > first  # once each
    sandbox.breaks = ""
    judged(run, suite, sandbox)
    assert {row["ending"] for row in executions(run).values()} == {"exited"}


def test_what_is_wrong_is_told_when_all_cells_are_finished(
    run: Run, suite: Suite, capfd: pytest.CaptureFixture[str]
) -> None:
    gone = Scripted()
    gone.breaks = "for good"
    commit(run, suite, 1)
    with judging_ahead(run, suite, gone):  # type: ignore[arg-type]
        wait_until(no_thread_is_left)
        commit(run, suite, 2)
    with pytest.raises(SandboxError, match="gone"):
        judged(run, suite, gone)
    run.file("executions.jsonl").unlink()
    run.file("executions.jsonl").mkdir()  # as bad as a full disk
    with judging_ahead(run, suite, Scripted()):  # type: ignore[arg-type]
        wait_until(no_thread_is_left)
    with pytest.raises(OSError, match="directory"):
        judged(run, suite, Scripted())
    assert capfd.readouterr() == ("", "")


def test_without_a_sandbox_nothing_is_done(run: Run, suite: Suite) -> None:
    commit(run, suite, 1)
    with judging_ahead(run, suite, None) as known:
        assert no_thread_is_left()
    assert not known
    assert not recorded(run)


@pytest.mark.sandbox
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_run_killed_and_interrupted_while_it_judges_ahead_has_the_same_record(
    tiny_profile: Path, tiny_suite: Path, tmp_path: Path
) -> None:
    """The whole command in a real lab, with the shipped model, since most of what that says is
    right and so is executed. What the cells left is judged anew, when all of them are finished."""
    settings = yaml.safe_load(tiny_profile.read_text())
    settings |= {"model": "embedded", "max_new_tokens": 96, "cycles": 1, "samples": 4, "workers": 1}
    profile, folder = tmp_path / "small.yaml", tmp_path / "run"
    profile.write_text(yaml.safe_dump(settings))
    path = folder / "executions.jsonl"
    try:
        with open_judge("auto") as judge:
            if judge.sandbox is None:
                pytest.skip(judge.remedy)
            first = ["--profile", str(profile), "--no-cache", "--out", str(folder)]
            seen = broken_off(first, path, 2, signal.SIGKILL)
            seen += broken_off(["--resume", str(folder), "--no-cache"], path, 2, signal.SIGINT)
            assert not (folder / "graded.jsonl").exists()
            resume = [*COMMAND, "--resume", str(folder), "--no-cache"]
            done = subprocess.run(resume, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout + done.stderr
            ahead = Run.open(folder)
            after = Run.create(tmp_path / "after", ahead.manifest)
            shutil.copytree(folder / "cells", after.folder / "cells")
            suite = open_suite(str(tiny_suite))
            judge_run(after, suite, judge.sandbox, lambda share, note: None)
    except SandboxError as error:
        pytest.skip(str(error))
    for name in ("graded", "verdicts", "tasks"):
        assert ahead.file(f"{name}.jsonl").read_bytes() == after.file(f"{name}.jsonl").read_bytes()
    commands = recorded(ahead)
    assert commands[: len(seen)] == seen
    assert sorted(commands) == sorted(recorded(after))
    endings = [{c: row["ending"] for c, row in executions(run).items()} for run in (ahead, after)]
    assert endings[0] == endings[1]


def broken_off(arguments: list[str], path: Path, count: int, how: signal.Signals) -> list[str]:
    """Start a benchmark, end it when so many more commands are on record; those that it added."""
    before = len(list(read_rows(path)))
    process = subprocess.Popen(
        [*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    while len(list(read_rows(path))) < before + count:
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.05)
    process.send_signal(how)
    output, _ = process.communicate()
    assert "Traceback" not in output
    return [json.loads(line)["command"] for line in path.read_text().splitlines()[before:]]
