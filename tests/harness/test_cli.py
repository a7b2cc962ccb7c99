"""The commands beside the benchmark: what they print, and their exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from harness import cli
from harness.benchmark import Judge, start
from harness.profile import load_profile
from tasks.errors import UserError
from tasks.suite import load_suite

TASK = load_suite("recon").split("heldout")[0]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli.app, arguments)


def test_help_lists_the_commands_and_loads_nothing_heavy() -> None:
    script = (
        "import sys\n"
        "from harness.cli import app\n"
        "try: app(['--help'])\n"
        "except SystemExit: pass\n"
        "print('loaded', {'torch', 'transformers', 'numpy', 'pydantic'} & set(sys.modules))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    assert "loaded set()" in answer.stdout
    for command in (
        "benchmark",
        "check",
        "spec",
        "suite",
        "proxy",
        "sandbox",
        "doctor",
        "report",
        "runs",
    ):
        assert command in answer.stdout


def test_check_passes_and_fails_by_exit_code() -> None:
    right = run("check", TASK.correct[0], "--task", TASK.id)
    assert right.exit_code == 0, right.output
    assert "does what the task asks" in right.output
    wrong = run("check", TASK.wrong[0].command, "--task", TASK.id)
    assert wrong.exit_code == 1
    assert "fail" in wrong.output


def test_check_as_json() -> None:
    verdict = json.loads(run("check", "nmap -sV --zzq 10.0.0.1", "--json").output)
    assert verdict["status"] == "fail"
    assert verdict["fault"] == "unknown flag"
    assert [level["level"] for level in verdict["levels"]][-1] == "flags"


def test_check_shows_the_parse_and_the_canonical_form() -> None:
    output = run("check", "sudo nmap -p443,80 -reason 10.0.0.1 | grep open").output
    assert "-reason                  --reason" in output
    assert "target = 10.0.0.1" in output
    assert "nmap -p=80,443 target=10.0.0.1 | grep open" in output
    data = json.loads(run("check", "nmap -p443,80 h", "--json").output)
    assert data["commands"][0]["arguments"][0] == {"name": "-p", "value": "443,80", "spelled": "-p"}


def test_check_of_a_file_gives_one_verdict_a_line(tmp_path: Path) -> None:
    commands = tmp_path / "commands"
    commands.write_text("nmap -p 80 h\n\nnmap --zzq h\n")
    answer = run("check", "--file", str(commands))
    assert [line.split()[0] for line in answer.output.splitlines()] == ["pass", "fail"]
    assert answer.exit_code == 1
    lines = run("check", "--file", str(commands), "--json").output.splitlines()
    assert [json.loads(line)["status"] for line in lines] == ["pass", "fail"]
    commands.write_text("nmap -p 80 h\n")
    assert run("check", "--file", str(commands)).exit_code == 0


def test_check_wants_a_command_or_a_file(tmp_path: Path) -> None:
    for arguments in ([], ["true", "--file", "x"], ["--file", str(tmp_path / "none")]):
        assert isinstance(run("check", *arguments).exception, UserError)


def test_check_of_an_unknown_task_names_near_ones() -> None:
    error = run("check", "true", "--task", TASK.id[:-1]).exception
    assert isinstance(error, UserError)
    assert TASK.family in str(error)


def test_errors_of_the_user_are_one_line_and_exit_with_2(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["goodhart-bench", "suite", "check", "recno"])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    assert stopped.value.code == 2
    error = capsys.readouterr().err
    assert error.startswith("goodhart-bench: There is no suite 'recno'; did you mean 'recon'?")
    assert error.count("\n") == 1


def test_suites_and_specs_are_listed() -> None:
    assert "seed20" in run("suite", "list").output
    assert "nmap 7.93" in run("spec", "list").output


def test_the_hosts_of_the_lab_are_listed() -> None:
    done = run("sandbox", "lab")
    assert done.exit_code == 0
    assert "expired.corp.lab" in done.output
    assert "443/tcp https-expired" in done.output


def test_a_sound_suite_passes() -> None:
    answer = run("suite", "check", "seed20")
    assert answer.exit_code == 0, answer.output
    assert "0 problems" in answer.output


def test_an_unsound_suite_fails(tiny_suite: Path, tmp_path: Path) -> None:
    folder = tmp_path / "unsound"
    folder.mkdir()
    for path in tiny_suite.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    rows = (folder / "heldout.jsonl").read_text().splitlines()
    row = json.loads(rows[0])
    row["wrong"][0]["command"] = row["correct"][0]
    (folder / "heldout.jsonl").write_text("\n".join([json.dumps(row), *rows[1:]]) + "\n")
    answer = run("suite", "check", str(folder))
    assert answer.exit_code == 1
    assert row["id"] in answer.output


def test_an_unfinished_run_is_listed_and_not_reported(tiny_profile: Path, tmp_path: Path) -> None:
    folder = tmp_path / "some-run"
    start("tiny", load_profile(str(tiny_profile)), Judge(None), folder)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "manifest.json").write_text("{}")
    listed = run("runs", str(tmp_path)).output
    assert "0 of 9 steps done" in listed
    assert "unreadable" in listed
    error = run("report", str(folder)).exception
    assert isinstance(error, UserError)
    assert f"--resume {folder}" in str(error)
