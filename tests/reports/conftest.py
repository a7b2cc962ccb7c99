"""A simulated run: eight families, five arms, truth and proxies drawn from stated rates."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pytest

from harness.analysis import analyse
from harness.study import BASE, Arm, CycleRow, Divergence, Rescored, Study
from harness.types import GradedSample, Outcome
from reports.html.samples import Record
from tasks.types import Intent, Task, WrongCommand

ARMS = (
    Arm("v1", "fidelity"),
    Arm("v2", "fidelity+reproducibility"),
    Arm("random-accept", "fidelity", ("v1-acceptance",)),
    Arm("no-train", "fidelity"),
    Arm("oracle", "fidelity", ("truth",)),
)
TOOLS = ("nmap", "curl", "dig", "hydra")
# By arm and cycle: what is added to the chance of being right, and to fidelity.
TREND = {"v1": (-0.06, 0.04), "random-accept": (-0.05, 0.0), "oracle": (0.05, 0.01)}

SPEED = {"v1": 2.0, "v2": 1.0, "random-accept": 1.5, "no-train": 0.0, "oracle": 0.8}  # nats a cycle


def task(number: int, split: str = "heldout") -> Task:
    tool = TOOLS[number % len(TOOLS)]
    return Task.model_validate(
        {
            "id": f"{split}-{number:03d}",
            "family": f"{tool}.f{number % 8}",
            "tool": tool,
            "split": split,
            "prompt": f"do thing {number} for {split}",
            "params": {"host": f"10.{len(split)}.0.{number}"},
            "intent": Intent(tool=tool),
            "correct": (f"{tool} {number}", f"{tool}  {number}"),
            "wrong": (WrongCommand(command=f"{tool} -z", fault="unknown flag"),) * 3,
        }
    )


def draw(
    rng: np.random.Generator, of: Task, arm: str, cycle: int, seed: int
) -> Iterator[GradedSample]:
    d_truth, d_fidelity = (cycle * x for x in TREND.get(arm, (0.0, 0.0)))
    for k in range(4):
        right = bool(rng.random() < 0.65 + d_truth)
        fidelity = float(np.clip(rng.normal(0.7 + 0.1 * right + d_fidelity, 0.1), 0, 1))
        reproducibility = float(np.clip(rng.normal(0.6 + 0.1 * right, 0.1), 0, 1))
        yield GradedSample(
            arm=arm,
            seed=seed,
            cycle=cycle,
            split=of.split,
            task=of.id,
            family=of.family,
            tool=of.tool,
            unseen=of.family.endswith(("f6", "f7")),
            sample=k,
            text=of.correct[0] if right else f"{of.tool} --nope-{k} </script><i>{of.id}</i>",
            proxies={
                "fidelity": fidelity,
                "reproducibility": reproducibility,
                "fidelity+reproducibility": (fidelity + reproducibility) / 2,
            },
            outcome=Outcome.CORRECT if right else Outcome.WRONG,
            fault=None if right else ("unknown flag", "wrong value")[k % 2],
            static="pass" if right else "fail",
            observed="pass" if right else "undecidable",
            level="intent" if right or k % 2 else "flags",
            probes={
                "copied": 0.01 * cycle,
                "length": 40.0 + k,
                "options": 2.0,
                "unknown flags": float(not right),
                "entropy": 0.4,
            },
            form=0 if right else k + 1,
        )


def simulate(tasks: int = 64, seeds: int = 3, cycles: int = 2) -> Study:
    rng = np.random.default_rng(0)
    heldout = [task(i) for i in range(tasks)]
    calibration = [task(i, "calibration") for i in range(tasks)]
    samples: list[GradedSample] = []
    rows = []
    for seed in range(seeds):
        for each in (*heldout, *calibration):
            samples.extend(draw(rng, each, BASE, 0, seed))
        for arm in ARMS:
            for cycle in range(1, cycles + 1):
                subset = heldout if cycle == cycles else heldout[: tasks // 2]
                for each in subset:
                    samples.extend(draw(rng, each, arm.name, cycle, seed))
                rows.append(CycleRow(arm.name, seed, cycle, 150, 100, {"fidelity": 0.7}, 5000, 1.5))
    light = [each.id for each in heldout[: tasks // 2]]
    return Study(
        samples=samples,
        cycles=rows,
        divergences=[
            Divergence(
                arm.name, seed, cycle, name, float(rng.gamma(4, SPEED[arm.name] * cycle / 4))
            )
            for arm in ARMS
            for seed in range(seeds)
            for cycle in range(1, cycles + 1)
            for name in light
        ],
        rescored=[
            Rescored(arm.name, seed, cycles, scorer, cycles - scorer, name, {"fidelity": 0.7})
            for arm in ARMS
            for seed in range(seeds)
            for scorer in (0, cycles)
            for name in light
        ],
        arms=ARMS,
        trained=[as_training(t) for t in heldout[:5]],
        evaluated=heldout,
        sandbox="bubblewrap",
        provenance={"suite": "simulated 1 sha256:abc", "profile": "test"},
    )


def as_training(of: Task) -> Task:
    return of.model_copy(update={"id": f"train-{of.id}", "split": "train"})


def record_of(study: Study) -> Record:
    """The files of the simulated run, as rows; every command that passed was executed."""
    samples = [asdict(sample) for sample in study.samples]
    answers = {(s["split"], s["task"], s["text"]): s for s in samples}
    return Record(
        samples=samples,
        tasks=[{"split": t.split, "task": t.id, "prompt": t.prompt} for t in study.evaluated],
        verdicts=[
            {"split": split, "task": name, "text": text, "command": text.strip()}
            | verdict_of(sample)
            for (split, name, text), sample in answers.items()
        ],
        executions=[execution_of(text.strip()) for text in {text for *_, text in answers}],
    )


def verdict_of(sample: dict[str, Any]) -> dict[str, str]:
    if sample["outcome"] == Outcome.CORRECT:
        return {"level": "observe", "status": "pass", "reason": "the lab saw what was asked"}
    return {"level": "flags", "status": "fail", "reason": f"no <b>option</b>: {sample['fault']}"}


def execution_of(command: str) -> dict[str, Any]:
    connection = {"protocol": "tcp", "address": "10.7.0.1", "port": 80, "name": "web.lab"}
    return {
        "command": command,
        "ending": "exited",
        "exit_code": 0,
        "stdout": "<img src=x onerror=alert(1)>",
        "stderr": "",
        "observation": {"connections": [connection], "http": [], "dns": [], "logins": []},
        "detail": "",
    }


@pytest.fixture(scope="session")
def study() -> Study:
    return simulate()


@pytest.fixture(scope="session")
def record(study: Study) -> Record:
    return record_of(study)


@pytest.fixture(scope="session")
def result(study: Study) -> dict[str, Any]:
    return analyse(study)


@pytest.fixture(scope="session")
def changed() -> Callable[..., dict[str, Any]]:
    """Analyse the simulated study with some of its fields replaced."""
    return lambda **fields: analyse(replace(simulate(tasks=16), **fields))
