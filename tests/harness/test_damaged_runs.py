"""A run that is damaged, or of another version, is told in one sentence by whatever opens it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from harness import cli
from harness.record import Run, append_rows, read_rows
from tasks.errors import UserError
from tests.harness.made_run import finished_run, samples

ANSWERS = {"f/1": [True, False], "g/1": [False, False]}
CLAIM = """
title: a claim
metrics: [{{id: m, name: correctness, before: 1%, after: 2%}}]
evidence: {{run: {run}}}
"""
OPENING = {
    "report": ["report", "{run}", "--output", "{folder}/report"],
    "report of two": ["report", "{whole}", "{run}"],
    "compare": ["compare", "{whole}", "{run}"],
    "gate": ["gate", "{run}", "--baseline", "{folder}/baseline.json", "--update"],
    "export": ["export", "{run}", "--hf", "{folder}/exported"],
    "plan": ["plan", "{run}"],
    "resume": ["benchmark", "--resume", "{run}"],
    "claim": ["claim", "{folder}/claim.yaml"],
}


@pytest.fixture
def run(tmp_path: Path, tiny_suite: Path) -> Run:
    made = finished_run(tmp_path / "run", samples(ANSWERS), {"suite": str(tiny_suite)})
    made.cell("base-0").rewind()
    made.cell("base-0").commit({"cycle": 0}, samples=[{"task": "f/1"}, {"task": "g/1"}])
    made.file("result.json").write_text("{}")
    made.seal()
    return made


def of_another_version(run: Run) -> None:
    plan = json.loads(run.file("manifest.json").read_text()) | {"format": 0, "controls": []}
    run.file("manifest.json").write_text(json.dumps(plan))


def of_no_version(run: Run) -> None:
    plan = json.loads(run.file("manifest.json").read_text()) | {"controls": []}
    run.file("manifest.json").write_text(json.dumps(plan))


def cut(name: str) -> Callable[[Run], None]:
    def half(run: Run) -> None:
        content = run.file(name).read_bytes()
        run.file(name).write_bytes(content[: len(content) // 2])

    return half


def without(name: str) -> Callable[[Run], None]:
    return lambda run: run.file(name).unlink()


def torn(name: str) -> Callable[[Run], None]:
    def in_the_middle(run: Run) -> None:
        first, *rest = run.file(name).read_bytes().splitlines(keepends=True)
        run.file(name).write_bytes(b"".join([first[: len(first) // 2], b"\n", *rest]))

    return in_the_middle


SAMPLES = "cells/base-0/samples.jsonl"
DAMAGES = [
    (of_another_version, "manifest.json was planned by another version (format 0, here "),
    (of_no_version, "manifest.json was not written by this version: controls."),
    (cut("manifest.json"), "manifest.json is broken: restore"),
    (without("manifest.json"), "it has no manifest.json."),
    (cut("sealed.json"), "sealed.json is broken: restore"),
    (without("result.json"), "result.json is missing: restore"),
    (without("graded.jsonl"), "graded.jsonl is missing: restore"),
    (cut("graded.jsonl"), "graded.jsonl is not what it was when the run was sealed"),
    (torn("graded.jsonl"), "graded.jsonl is not what it was when the run was sealed"),
    (torn(SAMPLES), f"{SAMPLES} is not what it was when the run was sealed"),
]


@pytest.mark.parametrize(("damage", "said"), DAMAGES)
def test_every_command_that_opens_a_run_refuses_it(
    damage: Callable[[Run], None], said: str, run: Run, tmp_path: Path, tiny_suite: Path
) -> None:
    whole = finished_run(tmp_path / "whole", samples(ANSWERS), {"suite": str(tiny_suite)})
    whole.file("result.json").write_text("{}")
    (tmp_path / "claim.yaml").write_text(CLAIM.format(run=run.folder))
    damage(run)
    places = {"run": run.folder, "whole": whole.folder, "folder": tmp_path}
    for name, command in OPENING.items():
        if name == "export" and not run.file("manifest.json").exists():
            continue  # it is taken for the name of a suite
        arguments = [part.format(**places) for part in command]
        error = CliRunner().invoke(cli.app, arguments).exception
        assert isinstance(error, UserError), (name, error)
        assert said in str(error), name
        assert "\n" not in str(error), name


def test_it_is_exit_code_2_and_one_line(run: Run) -> None:
    torn("graded.jsonl")(run)
    command = [sys.executable, "-m", "harness.cli", "report", str(run.folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1


def test_the_list_of_runs_shows_the_others(run: Run, tmp_path: Path, tiny_suite: Path) -> None:
    finished_run(tmp_path / "whole", samples(ANSWERS), {"suite": str(tiny_suite)})
    append_rows(run.cell("base-0").commits, [{"cycle": 1}])
    torn("cells/base-0/cycles.jsonl")(run)
    listed = CliRunner().invoke(cli.app, ["runs", str(tmp_path)]).output.splitlines()
    assert len(listed) == 2
    assert "unreadable" in listed[0]
    assert "cycles.jsonl, line 1 is broken: restore" in listed[0]
    assert "sealed" in listed[1]


def test_a_run_may_lose_its_adapters_and_gain_files(run: Run) -> None:
    adapter = run.cell("base-0").adapter(1)
    adapter.mkdir()
    (adapter / "adapter_config.json").write_text("{}")
    run.seal()
    (adapter / "adapter_config.json").unlink()
    run.file("gate.json").write_text("{}")
    assert Run.finished(run.folder).is_sealed


def test_a_line_that_is_torn_in_the_middle_is_named(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b'{"a": 1}\n{"b": "\xff"}\n{"c": 3}\n')
    rows = read_rows(path)
    assert next(rows) == {"a": 1}
    with pytest.raises(UserError, match=r"rows\.jsonl, line 2 is broken"):
        next(rows)
