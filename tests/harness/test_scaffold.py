"""`suite new`, `trainer new`, `proxy new`: packages that work as they are; names that are taken."""

from __future__ import annotations

import runpy
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from harness import cli
from harness.registry import SUITES, TRAINERS
from harness.scaffold import package_name, write_package
from tasks.errors import UserError
from tasks.suite import load_suite


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli.app, arguments)


def test_a_new_suite_is_sound_and_loaded(tmp_path: Path) -> None:
    assert run("suite", "new", "my-suite", "--into", str(tmp_path)).exit_code == 0
    folder = tmp_path / "my-suite" / "src" / "my_suite"
    checked = run("suite", "check", str(folder))
    assert checked.exit_code == 0, checked.output
    suite = load_suite(folder)
    assert suite.name == "my-suite"
    assert len(suite.unseen_families) == 1
    assert {task.split for task in suite.tasks} == {"heldout", "train", "calibration"}


def test_a_new_suite_is_the_same_every_time(tmp_path: Path) -> None:
    for home in ("a", "b"):
        run("suite", "new", "my-suite", "--into", str(tmp_path / home))
    rows = [
        (tmp_path / home / "my-suite/src/my_suite/heldout.jsonl").read_text() for home in ("a", "b")
    ]
    assert rows[0] == rows[1]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("My Suite", "is no name for a package"),
        ("../up", "is no name for a package"),
        ("class", "is no name for a package"),
        ("recon", "There is a suite 'recon' already"),
        ("json", "'json' is a Python package here already"),
        ("harness", "'harness' is a Python package here already"),
    ],
)
def test_a_name_that_cannot_be_taken_is_refused(name: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        package_name(name, SUITES)


def test_nothing_is_written_over(tmp_path: Path) -> None:
    write_package("trainer", "my-trainer", tmp_path, TRAINERS)
    with pytest.raises(UserError, match="is there already"):
        write_package("trainer", "my-trainer", tmp_path, TRAINERS)


def test_a_new_trainer_trains_on_what_is_drawn_most_often(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import importlib

    from tasks.types import Prompt

    write_package("trainer", "my-trainer", tmp_path, TRAINERS)
    monkeypatch.syspath_prepend(tmp_path / "my-trainer" / "src")
    made = importlib.import_module("my_trainer")
    assert made.MyTrainer.name == "my-trainer"
    chosen = made.chosen(Prompt("t", "scan"), ["a", "b", "b"])
    assert [c.accepted for c in chosen] == [False, True, False]
    assert [round(c.scores["votes"], 2) for c in chosen] == [0.33, 0.67, 0.67]
    assert not any(c.accepted for c in made.chosen(Prompt("t", "scan"), ["a", "b", "c"]))


def test_a_new_proxy_scores_and_its_own_test_passes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = run("proxy", "new", "my-proxy", "--into", str(tmp_path))
    assert made.exit_code == 0, made.output
    folder = tmp_path / "my-proxy"
    entry = tomllib.loads((folder / "pyproject.toml").read_text())["project"]["entry-points"]
    assert entry == {"goodhart_bench.proxies": {"my-proxy": "my_proxy:my_proxy"}}
    monkeypatch.syspath_prepend(folder / "src")
    own = runpy.run_path(str(folder / "tests" / "test_my_proxy.py"))
    tests = [value for name, value in own.items() if name.startswith("test_")]
    assert len(tests) == 1
    tests[0]()


def test_proxies_are_listed() -> None:
    listed = run("proxy", "list").output.splitlines()
    assert "fidelity: Similarity of each prompt to its reconstruction from the command." in listed
    assert [line.partition(":")[0] for line in listed if line.endswith("a profile names it.")] == [
        "fidelity-base",
        "fidelity-canonical",
        "reproducibility-base",
    ]


def test_trainers_are_listed() -> None:
    listed = run("trainer", "list").output
    assert "random-accept: optimises fidelity; signals used: v1-acceptance" in listed
    assert "v2: optimises fidelity+reproducibility; signals used: none" in listed


def test_a_trainer_that_does_not_load_hides_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    places = {"broken": "no_such_package:Thing"} | dict(TRAINERS.builtin)
    monkeypatch.setattr(TRAINERS, "builtin", places)
    listed = run("trainer", "list").output.splitlines()
    assert len(listed) == len(places)
    assert listed[0].startswith("broken: The trainer 'broken' is registered as")
