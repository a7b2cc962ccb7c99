"""A finished run made by hand: judged samples of the base model and of arms, without any model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path

from harness.benchmark import Judge, start
from harness.profile import Profile
from harness.record import Run, append_rows
from harness.types import GradedSample, Outcome

Chances = Mapping[str, Iterable[bool | None]]  # task -> its samples: right, wrong or no verdict


def sample(task: str, right: bool | None, k: int, **fields: object) -> GradedSample:
    outcome = {True: Outcome.CORRECT, False: Outcome.WRONG, None: Outcome.INFRASTRUCTURE}[right]
    values: dict[str, object] = {
        "arm": "base",
        "seed": 0,
        "cycle": 0,
        "split": "heldout",
        "task": task,
        "family": task.partition("/")[0],
        "tool": "nmap",
        "unseen": False,
        "sample": k,
        "text": f"nmap {task} {'yes' if right else 'no'}",
        "proxies": {},
        "outcome": outcome,
        "fault": None,
        "static": "pass",
        "observed": "pass",
    }
    return GradedSample(**(values | fields))  # type: ignore[arg-type]


def samples(answers: Chances, **fields: object) -> list[GradedSample]:
    """Samples of the base model, or of what `fields` say."""
    return [
        sample(task, right, k, **fields)
        for task, each in answers.items()
        for k, right in enumerate(each)
    ]


def finished_run(folder: Path, rows: Iterable[GradedSample], profile: Mapping[str, object]) -> Run:
    """A sealed run with these samples, as if a profile had been run."""
    settings = Profile.model_validate({"description": "made by hand"} | dict(profile))
    run = start("made", settings, Judge(None), folder)
    append_rows(run.file("graded.jsonl"), map(asdict, rows))
    run.seal()
    return run
