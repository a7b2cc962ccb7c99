"""The main job by its command line, on a tiny model: unbroken, killed, interrupted, refused."""

from __future__ import annotations

import json
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
from harness.record import append_rows
from harness.registry import open_suite
from harness.types import Outcome
from sandbox.types import SandboxError
from tasks.suite import load_suite

CLI = [sys.executable, "-m", "harness.cli", "benchmark"]


def begin(*arguments: str) -> subprocess.Popen[str]:
    # Tests that run in a shell's background are handed SIGINT ignored.
    heeding = ["env", "--default-signal=INT", *CLI]
    return subprocess.Popen(
        [*heeding, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
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
