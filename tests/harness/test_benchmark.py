"""The main job by its command line, on a tiny model: unbroken, killed, interrupted, refused."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from harness.benchmark import Judge, open_judge, start
from harness.judge import graded, judge_run
from harness.profile import load_profile
from harness.record import append_rows, read_rows
from harness.registry import open_suite
from harness.types import Outcome
from reports.save import DISTANCE, DISTANCE_DRAWING, NAMES
from sandbox.types import SandboxError
from tasks.suite import load_suite

CLI = [sys.executable, "-m", "harness.cli", "benchmark"]


def begin(*arguments: str) -> subprocess.Popen[str]:
    # Tests that run in a shell's background are handed SIGINT ignored.
    heeding = ["env", "--default-signal=INT", *CLI]
    return subprocess.Popen(
        [*heeding, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        process_group=0,  # as a shell's
    )


def finish(*arguments: str) -> tuple[int, str]:
    process = begin(*arguments)
    output, _ = process.communicate(timeout=300)
    return process.returncode, output


def wait_for_cycles(process: subprocess.Popen[str], folder: Path, count: int) -> None:
    """Wait until so many cycles are committed."""
    while sum(p.read_text().count("\n") for p in folder.glob("cells/*/cycles.jsonl")) < count:
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.05)


def processes_of(folder: Path) -> list[int]:
    """Processes, whoever started them, whose open files are in the folder."""
    found = []
    for links in Path("/proc").glob("[0-9]*/fd"):
        try:
            targets = [str(link.readlink()) for link in links.iterdir()]
        except OSError:
            continue
        if any(target.startswith(str(folder)) for target in targets):
            found.append(int(links.parent.name))
    return found


def a_cell(process: subprocess.Popen[str], folder: Path) -> int:
    """Wait until a cell is at work; its process."""
    while not (found := set(processes_of(folder)) - {process.pid}):
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.05)
    return found.pop()


def has_blocked_sigint(process: int) -> bool:
    """What a process starts would inherit that. False of one that has ended."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return False
    mask = int(status.partition("SigBlk:")[2].split()[0], 16)
    return bool(mask >> (signal.SIGINT - 1) & 1)


def numbers(folder: Path) -> tuple[bytes, dict[str, Any]]:
    """What must not depend on how a run came to its end."""
    result = json.loads((folder / "result.json").read_text())
    del result["provenance"]
    return (folder / "graded.jsonl").read_bytes(), result


@pytest.fixture(scope="module")
def unbroken(tiny_profile: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "unbroken"
    code, output = finish("--profile", str(tiny_profile), "--sandbox", "none", "--out", str(folder))
    assert code == 0, output
    assert "Correctness before and after" in output
    assert "The Goodhart gap" in output
    assert "not executed" in output
    return folder


@pytest.mark.slow
def test_a_finished_run_is_sealed(unbroken: Path) -> None:
    import hashlib

    sealed = json.loads((unbroken / "sealed.json").read_text())["sha256"]
    assert {"manifest.json", "graded.jsonl", "verdicts.jsonl", "result.json"} <= set(sealed)
    assert (unbroken / "report.html").exists()
    assert "report.html" not in sealed  # made from the record, by a later version as well
    for name, digest in sealed.items():
        assert hashlib.sha256((unbroken / name).read_bytes()).hexdigest() == digest


def reported(*arguments: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "harness.cli", "report", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.slow
def test_a_report_is_made_anew_from_the_record_and_is_the_same(
    unbroken: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "deep" / "report"
    code, output = reported(str(unbroken), "--details", "--output", str(folder))
    assert code == 0, output
    assert "Mistakes by kind" in output
    assert f"The whole report: {folder / 'report.html'}\n" in output
    no_arm_moved = {DISTANCE, DISTANCE_DRAWING}
    assert {path.name for path in folder.iterdir()} == set(NAMES) - no_arm_moved
    assert (folder / "report.html").read_bytes() == (unbroken / "report.html").read_bytes()
    rows = list(csv.DictReader((folder / "estimates.csv").open()))
    changes = [row for row in rows if row["quantity"] == "all.change"]
    assert {row["run"] for row in rows} == {"unbroken"}
    result = json.loads((unbroken / "result.json").read_text())
    assert [float(row["value"]) for row in changes] == [
        row["all"]["change"]["value"] for row in result["correctness"]
    ]


@pytest.mark.slow
def test_runs_are_put_side_by_side(unbroken: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(unbroken, other)
    code, output = reported(str(unbroken), str(other))
    assert code == 0, output
    assert "Change of correctness" in output
    assert "whole report" not in output  # two runs have no folder in common
    code, output = reported(str(unbroken), str(other), "--output", str(tmp_path / "both"))
    assert code == 0, output
    page = (tmp_path / "both" / "report.html").read_text()
    assert "2 runs side by side" in page
    assert "<h2>unbroken</h2>" in page
    assert "<h2>other</h2>" in page


@pytest.mark.slow
def test_a_report_that_cannot_be_written_says_where_else(unbroken: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    code, output = reported(str(unbroken), "--output", str(tmp_path / "file"))
    assert code == 2
    assert output.splitlines()[-1] == (
        f"goodhart-bench: No report can be written into {tmp_path / 'file'}: File exists; "
        "give another folder with --output."
    )


@pytest.mark.slow
def test_killed_and_interrupted_it_ends_with_the_same_numbers(
    unbroken: Path, tiny_profile: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "broken"
    process = begin("--profile", str(tiny_profile), "--sandbox", "none", "--out", str(folder))
    wait_for_cycles(process, folder, 1)
    process.send_signal(signal.SIGKILL)
    process.wait()
    deadline = time.monotonic() + 10
    while processes_of(folder):
        assert time.monotonic() < deadline, "a cell outlived its benchmark"
        time.sleep(0.05)

    process = begin("--resume", str(folder))
    assert not has_blocked_sigint(a_cell(process, folder))
    wait_for_cycles(process, folder, 5)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert f"Interrupted. Go on with: goodhart-bench benchmark --resume {folder}\n" in output
    assert "Traceback" not in output
    assert "leaked" not in output
    assert not processes_of(folder)

    code, output = finish("--resume", str(folder))
    assert code == 0, output
    assert numbers(folder) == numbers(unbroken)


def importing_torch(group: int) -> bool:
    """Whether the server that cells are forked from is at its imports."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            is_server = b"multiprocessing.forkserver" in (process / "cmdline").read_bytes()
            if is_server and os.getpgid(int(process.name)) == group:
                return "libtorch" in (process / "maps").read_text()
        except OSError:
            continue
    return False


@pytest.mark.slow
def test_interrupted_at_once_by_the_terminal_it_says_how_to_go_on(
    tiny_profile: Path, tmp_path: Path
) -> None:
    """A terminal's Ctrl-C goes to all processes of the command."""
    folder = tmp_path / "run"
    process = begin("--profile", str(tiny_profile), "--sandbox", "none", "--out", str(folder))
    while not importing_torch(process.pid):
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert f"Interrupted. Go on with: goodhart-bench benchmark --resume {folder}\n" in output
    assert "Traceback" not in output
    assert not processes_of(folder)


@pytest.mark.slow
def test_a_sealed_run_is_only_shown_again(unbroken: Path) -> None:
    before = (unbroken / "sealed.json").stat()
    code, output = finish("--resume", str(unbroken))
    assert code == 0
    assert "Correctness before and after" in output
    assert (unbroken / "sealed.json").stat() == before


def test_a_run_that_another_process_works_on_is_refused(tiny_profile: Path, tmp_path: Path) -> None:
    run = start("tiny", load_profile(str(tiny_profile)), Judge(None), tmp_path / "run")
    with run.lock():
        code, output = finish("--resume", str(run.folder))
    assert code == 2
    assert "Another process is working on" in output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--model", "no-such-model"], "no model 'no-such-model'"),
        (["--model", "./no/such/model"], "no model './no/such/model'"),
        (["--model", "/etc"], "no model folder"),
        (["--suite", "recno"], "did you mean 'recon'"),
        (["--trainer", "v3"], "no trainer 'v3'"),
        (["--profile", "quikc"], "did you mean 'quick'"),
    ],
)
def test_bad_input_is_told_in_one_line_before_any_work(
    arguments: list[str], said: str, tmp_path: Path
) -> None:
    code, output = finish(*arguments, "--sandbox", "none", "--out", str(tmp_path / "run"))
    assert code == 2
    assert said in output
    assert len(output.strip().splitlines()) == 1
    assert not (tmp_path / "run").exists()


def test_a_run_that_is_not_there_is_not_resumed() -> None:
    assert finish("--resume", "no-such-run") == (
        2,
        "goodhart-bench: There is no run in no-such-run: it has no manifest.json.\n",
    )
    code, output = finish("--resume", "no-such-run", "--model", "embedded")
    assert code == 2
    assert "leave out every other option" in output


def test_a_run_is_not_resumed_with_another_suite(tiny_profile: Path, tmp_path: Path) -> None:
    run = start("tiny", load_profile(str(tiny_profile)), Judge(None), tmp_path / "run")
    changed = run.manifest.ingredients.model_copy(update={"suite": "tiny 0.9 sha256:old"})
    manifest = run.manifest.model_copy(update={"ingredients": changed})
    run.file("manifest.json").write_text(manifest.model_dump_json())
    code, output = finish("--resume", str(run.folder))
    assert code == 2
    assert "was planned with suite 'tiny 0.9" in output


@pytest.mark.sandbox
def test_right_answers_are_seen_by_the_lab(tiny_profile: Path, tmp_path: Path) -> None:
    """Judging with a real sandbox, on samples that are known to be right."""
    profile = load_profile(str(tiny_profile))
    tasks = [t for t in open_suite(profile.suite).split("heldout") if t.tool in ("curl", "dig")]
    try:
        with open_judge("auto") as judge:
            if judge.sandbox is None:
                pytest.skip(judge.remedy)
            run = start("tiny", profile, judge, tmp_path / "run")
            store = run.cell("base-0")
            store.rewind()
            append_rows(
                store.files["samples"],
                (
                    {
                        "cycle": 0,
                        "split": "heldout",
                        "task": task.id,
                        "sample": i,
                        "text": text,
                        "proxies": {},
                    }
                    for task in tasks
                    for i, text in enumerate(task.correct)
                ),
            )
            judge_run(run, load_suite(profile.suite), judge.sandbox, lambda share, note: None)
    except SandboxError as error:
        pytest.skip(str(error))
    samples = list(graded(run))
    assert len(samples) >= 4
    assert {(s.outcome, s.observed) for s in samples} == {(Outcome.CORRECT, "pass")}
    verdicts = list(read_rows(run.file("verdicts.jsonl")))
    assert {(v["task"], v["text"]) for v in verdicts} == {(s.task, s.text) for s in samples}
    assert {(v["level"], v["status"]) for v in verdicts} == {("observe", "pass")}
    prompts = {row["task"]: row["prompt"] for row in read_rows(run.file("tasks.jsonl"))}
    assert all(prompts[task.id] == task.prompt for task in tasks)
