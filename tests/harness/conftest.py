"""A benchmark small enough for a test: a few rows of the shipped suite, two cycles, one seed."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tasks.sound import Figures, SoundRecord, checker_digest, write_record
from tasks.suite import SUITES, read_suite

ROWS = {"heldout": 8, "train": 8, "calibration": 4}


@pytest.fixture(scope="session")
def tiny_suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A suite folder with every n-th row of `recon`, so that several families are there."""
    folder = tmp_path_factory.mktemp("suite") / "tiny"
    folder.mkdir()
    for split, count in ROWS.items():
        rows = (SUITES / "recon" / f"{split}.jsonl").read_text().splitlines()
        kept = rows[:: len(rows) // count][:count]
        (folder / f"{split}.jsonl").write_text("\n".join(kept) + "\n")
    about = yaml.safe_load((SUITES / "recon" / "suite.yaml").read_text())
    about |= {"name": "tiny", "phrasings": 1, "generated": None}
    (folder / "suite.yaml").write_text(yaml.safe_dump(about))
    figures = Figures(negatives=99, makers=99)  # the rows were proved where they come from
    record = SoundRecord(
        rows=read_suite(folder).digest, checker=checker_digest(), problems=(), figures=figures
    )
    write_record(folder, record)
    return folder


@pytest.fixture(scope="session")
def tiny_profile(
    tmp_path_factory: pytest.TempPathFactory, tiny_suite: Path, tiny_model: Path
) -> Path:
    """A profile file: four arms and the base, one seed, two cycles."""
    path = tmp_path_factory.mktemp("profile") / "tiny.yaml"
    settings = {
        "description": "a benchmark for tests",
        "model": str(tiny_model),
        "suite": str(tiny_suite),
        "trainers": ["v1", "oracle"],
        "seeds": 1,
        "cycles": 2,
        "tasks_per_cycle": 4,
        "samples": 2,
        "light_tasks": 4,
        "max_new_tokens": 8,
        "learning_rate": 0.01,
    }
    path.write_text(yaml.safe_dump(settings))
    return path
