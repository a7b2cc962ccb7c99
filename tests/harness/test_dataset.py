"""Suites and runs as datasets: `datasets` itself loads what is written, and nothing is lost."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.benchmark import Judge, start
from harness.dataset import load, write
from harness.dataset.card import licence
from harness.dataset.table import BATCH
from harness.profile import Profile
from harness.record import Run, append_rows
from harness.registry import open_suite
from tasks.errors import UserError
from tasks.suite import Suite
from tests.harness.made_run import sample

TASKS = ("seed20-01", "seed20-02")


@pytest.fixture(scope="module")
def seed20() -> Suite:
    return open_suite("seed20")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A finished run of seed20 by hand: two tasks before training and after, one calibration
    sample, one candidate."""
    profile = Profile(description="by hand", suite="seed20", trainers=("v1",), seeds=1, cycles=1)
    made = start("made", profile, Judge(None), tmp_path_factory.mktemp("runs") / "by-hand")
    rows = [
        *(sample(task, task == TASKS[0], 0, proxies={"fidelity": 0.5}) for task in TASKS),
        *(sample(t, True, 0, arm="v1", cycle=1, proxies={"fidelity": 0.7}) for t in TASKS),
        sample(TASKS[0], False, 0, split="calibration"),
    ]
    append_rows(made.file("graded.jsonl"), map(asdict, rows))
    asked = [{"split": "heldout", "task": task, "prompt": f"do {task}"} for task in TASKS]
    append_rows(made.file("tasks.jsonl"), asked)
    said = {"split": "heldout", "task": TASKS[1], "text": rows[1].text, "command": "nmap",
            "level": "flags", "status": "fail", "reason": "no such option"}  # fmt: skip
    other = {"split": "calibration", "reason": "of another split"}
    append_rows(made.file("verdicts.jsonl"), [said | other, said])
    cell = made.cell("v1-0")
    cell.rewind()
    candidate = {"cycle": 1, "task": TASKS[0], "command": "nmap x", "scores": {"votes": 0.5},
                 "accepted": True}  # fmt: skip
    cell.commit({"cycle": 1, "scores": {"votes": 0.5}}, candidates=[candidate])
    estimate = {"arm": "v1", "all": {"change": {"value": 0.1, "low": 0.0, "high": 0.2}}}
    result = {"correctness": [estimate], "provenance": {"machine": "this | one"}}
    made.file("result.json").write_text(json.dumps(result))
    made.seal()
    return made


def front_matter(folder: Path) -> dict[str, Any]:
    head = (folder / "README.md").read_text().split("---\n")[1]
    found: dict[str, Any] = yaml.safe_load(head)
    return found


def loaded(folder: Path, cache: Path, *config: str) -> Any:
    from datasets import load_dataset

    return load_dataset(str(folder), *config, cache_dir=str(cache))


def test_a_suite_is_loaded_by_datasets(seed20: Suite, tmp_path: Path) -> None:
    write(seed20, tmp_path / "out")
    found = loaded(tmp_path / "out", tmp_path / "cache")
    assert set(found) == {"heldout", "train", "calibration"}
    tasks = seed20.split("heldout")
    assert found["heldout"]["prompt"][:] == [task.prompt for task in tasks]
    row = found["heldout"][0]
    assert row["correct"] == list(tasks[0].correct)
    assert row["wrong"][0] == {"command": tasks[0].wrong[0].command, "fault": "unknown flag",
                               "mutator": "author"}  # fmt: skip
    assert json.loads(row["intent"])["tool"] == tasks[0].tool
    assert json.loads(row["params"]) == tasks[0].params


def test_the_card_has_licence_and_datasheet(seed20: Suite, tmp_path: Path) -> None:
    from huggingface_hub import DatasetCard

    write(seed20, tmp_path)
    head = front_matter(tmp_path)
    assert head["license"] == "apache-2.0"
    assert head["configs"][0]["default"] is True
    text = (tmp_path / "README.md").read_text()
    assert "## Datasheet: seed20" in text
    assert seed20.digest in text
    assert DatasetCard(text).data.size_categories == ["n<1K"]


def test_a_run_is_loaded_by_datasets(run: Run, tmp_path: Path) -> None:
    write(run, tmp_path / "out")
    found = loaded(tmp_path / "out", tmp_path / "cache")
    assert {split: rows.num_rows for split, rows in found.items()} == {
        "heldout": 4,
        "calibration": 1,
    }
    wrong = found["heldout"][1]
    assert wrong["prompt"] == f"do {TASKS[1]}"
    assert wrong["correct"] is False
    assert wrong["reason"] == "no such option"
    assert wrong["fidelity"] == 0.5
    assert found["heldout"][0]["reason"] is None  # nothing is known of this answer
    candidates = loaded(tmp_path / "out", tmp_path / "cache", "candidates")["train"]
    assert candidates[0]["votes"] == 0.5
    assert candidates[0]["accepted"] is True
    estimates = loaded(tmp_path / "out", tmp_path / "cache", "estimates")["result"]
    assert estimates[0]["quantity"] == "all.change"
    assert estimates[0]["high"] == 0.2


def test_the_card_of_a_run_says_where_its_numbers_come_from(run: Run, tmp_path: Path) -> None:
    write(run, tmp_path)
    text = (tmp_path / "README.md").read_text()
    assert "| machine | this \\| one |" in text
    assert "## Datasheet: seed20" in text
    assert front_matter(tmp_path)["pretty_name"] == "by-hand"


def test_a_run_whose_suite_is_gone_is_exported_without_its_licence(
    run: Run, tmp_path: Path
) -> None:
    profile = run.manifest.profile.model_copy(update={"suite": str(tmp_path / "gone")})
    other = Run(run.folder, run.manifest.model_copy(update={"profile": profile}))
    write(other, tmp_path / "out")
    assert front_matter(tmp_path / "out")["license"] == "unknown"
    assert "The suite was not at hand" in (tmp_path / "out" / "README.md").read_text()


def test_what_has_no_rows_is_left_out(run: Run, tmp_path: Path) -> None:
    bare = Run(run.folder, run.manifest.model_copy(update={"cells": ()}))
    write(bare, tmp_path)
    assert not (tmp_path / "candidates").exists()
    assert [c["config_name"] for c in front_matter(tmp_path)["configs"]] == ["samples", "estimates"]


def test_a_licence_that_the_hub_does_not_know_is_named(seed20: Suite) -> None:
    about = seed20.about.model_copy(update={"license": "House rules"})
    suite = Suite(seed20.folder, about, seed20.digest, seed20.tasks)
    assert licence(suite) == {"license": "other", "license_name": "House rules"}


def test_in_memory(seed20: Suite, run: Run) -> None:
    assert load(seed20)["train"].num_rows == 20
    assert Counter(load(run)["heldout"]["arm"]) == {"base": 2, "v1": 2}
    with pytest.raises(KeyError, match="nothing"):
        load(run, "nothing")


def test_a_folder_with_something_in_it_is_refused(seed20: Suite, tmp_path: Path) -> None:
    (tmp_path / "mine").touch()
    with pytest.raises(UserError, match="is not empty; give a new folder"):
        write(seed20, tmp_path)


HELD = """
import sys
from pathlib import Path
from harness.dataset.run import tables
from harness.dataset.write import write_table
from harness.plan import Manifest
from harness.record import Run

def peak():
    return int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])

folder = Path(sys.argv[1])
before = peak()
table = tables(Run(folder, Manifest.model_construct(proxies=("fidelity",), cells=())))[0]
print(write_table(table, folder), peak() - before)
"""


def exported(folder: Path, samples: int) -> tuple[int, int]:
    """Rows written, and KB by which the process grew, for a run of so many samples."""
    folder.mkdir()
    base = asdict(sample("f/0", True, 0, proxies={"fidelity": 0.5}))
    with (folder / "graded.jsonl").open("w") as rows, (folder / "verdicts.jsonl").open("w") as said:
        for i in range(samples):
            row = base | {"task": f"f/{i % 500}", "text": f"nmap -p {i} 10.1.2.3"}
            rows.write(json.dumps(row) + "\n")
            verdict = {key: row[key] for key in ("split", "task", "text", "level")}
            said.write(json.dumps(verdict | {"command": row["text"], "reason": "so " * 20}) + "\n")
    done = subprocess.run(
        [sys.executable, "-c", HELD, str(folder)], capture_output=True, text=True, check=True
    )
    count, grown = map(int, done.stdout.split())
    return count, grown


@pytest.mark.slow
def test_memory_does_not_grow_with_the_samples(tmp_path: Path) -> None:
    few, some = exported(tmp_path / "few", 2 * BATCH)
    many, more = exported(tmp_path / "many", 100_000)
    assert (few, many) == (2 * BATCH, 100_000)
    # As objects the answers and their reasons would take 40 MB; what grows are the statistics
    # that a Parquet file ends with, and what the allocator does not give back.
    assert more - some < 12_000
