"""The analysis of a run and its report in every format, from 10,000 to 1,000,000 samples, in one
process: seconds of CPU, which a busy machine does not stretch, and the most memory it held. What a
run has on disk is simulated: five arms, three seeds, three cycles, four samples a task, eight tasks
a family, and four in ten answers distinct."""

from __future__ import annotations

import json
import multiprocessing
import time
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np

from benchmarks.measure import Figure, peak_memory
from harness.study import Divergence

SIZES = (10_000, 100_000, 1_000_000)
ARMS = ("v1", "v2", "random-accept", "no-train", "oracle")
SEEDS, CYCLES, SAMPLES, FAMILY = 3, 3, 4, 8
TOOLS = ("nmap", "curl", "dig", "hydra")
FAULTS = ("missing option", "wrong value", "unknown flag")
Row = dict[str, Any]
Measured = dict[str, tuple[float, str]]  # what, value and unit


class Evaluation(NamedTuple):
    """What was sampled at once: an arm after a cycle, on one split."""

    arm: str
    seed: int
    cycle: int
    split: str


def measure() -> list[Figure]:
    figures: list[Figure] = []
    for size in SIZES:
        with TemporaryDirectory() as folder:
            simulate(Path(folder), size)
            found = in_own_process(Path(folder))
        smaller = figures[-len(found) :]
        for i, (what, (value, unit)) in enumerate(found.items()):
            name = f"{size:,} samples: {what}"
            if smaller:
                ratio = value / smaller[i].value
                figures.append(Figure(name, value, unit, "a tenth of them", ratio))
            else:
                figures.append(Figure(name, value, unit))
    return figures


def in_own_process(folder: Path) -> Measured:
    """`conclude` where nothing else ran before, so that the peak of memory is its own."""
    spawn = multiprocessing.get_context("spawn")
    with spawn.Pool(1) as pool:
        return pool.apply(conclude, (folder,))


def conclude(folder: Path) -> Measured:
    """What `harness.conclude` does with a judged run, without its manifest."""
    from harness.analysis import analyse
    from harness.conclude import shown
    from harness.judge import graded
    from harness.plan import Manifest
    from harness.record import Run
    from harness.study import Arm, CycleRow, Study
    from reports.save import save

    run = Run(folder, Manifest.model_construct())
    begin = time.process_time()
    cycles = [
        CycleRow(arm, seed, cycle, 150, 100, {"fidelity": 0.7}, 5000, 1.5)
        for arm, seed, cycle in product(ARMS, range(SEEDS), range(1, CYCLES + 1))
    ]
    arms = [Arm(arm, "fidelity") for arm in ARMS]
    study = Study(graded(run), cycles, arms, [], [], "simulated", divergences=divergences())
    result = analyse(study)
    page = save(result, folder, shown(run))
    seconds = time.process_time() - begin
    return {
        "analysis and report": (seconds, "CPU s"),
        "peak memory": (peak_memory(), "MB"),
        "the page": (page.stat().st_size / 1e6, "MB"),
    }


def divergences() -> list[Divergence]:
    """What a run of this design has: one command a light task, seed and cycle."""
    return [
        Divergence(arm, seed, cycle, f"{TOOLS[0]}.f0/heldout-{task}", 0.5 * cycle)
        for arm, seed, cycle in product(ARMS, range(SEEDS), range(1, CYCLES + 1))
        for task in range(FAMILY)
    ]


def simulate(folder: Path, size: int) -> None:
    """The files of a judged run with about `size` samples."""
    evaluations = SEEDS * SAMPLES * (1 + 1 / 3 + len(ARMS) * CYCLES)
    tasks = max(FAMILY * 5, round(size / evaluations))
    answers: dict[tuple[str, str], Row] = {}
    with (folder / "graded.jsonl").open("w") as file:
        for row in graded_rows(tasks):
            answers.setdefault((row["task"], row["text"]), row)
            file.write(json.dumps(row) + "\n")
    write(folder / "verdicts.jsonl", map(verdict, answers.values()))
    passed = {row["text"] for row in answers.values() if row["static"] == "pass"}
    write(folder / "executions.jsonl", map(execution, sorted(passed)))
    names = {row["task"]: row["split"] for row in answers.values()}
    prompt = "show only the response headers that the web server sends for its login page"
    write(
        folder / "tasks.jsonl",
        ({"split": split, "task": task, "prompt": prompt} for task, split in names.items()),
    )


def graded_rows(tasks: int) -> Iterator[Row]:
    rng = np.random.default_rng(0)
    for seed in range(SEEDS):
        yield from drawn(rng, Evaluation("base", seed, 0, "calibration"), tasks // 3)
        yield from drawn(rng, Evaluation("base", seed, 0, "heldout"), tasks)
        for arm, cycle in product(ARMS, range(1, CYCLES + 1)):
            yield from drawn(rng, Evaluation(arm, seed, cycle, "heldout"), tasks)


def drawn(rng: np.random.Generator, of: Evaluation, tasks: int) -> Iterator[Row]:
    """One evaluation: every task, each with its samples."""
    chances = rng.random((tasks, SAMPLES, 4)).tolist()
    for task, sample in product(range(tasks), range(SAMPLES)):
        truth, fidelity, reproducibility, spelling = chances[task][sample]
        is_right = truth < 0.7
        family = task // FAMILY
        tool = TOOLS[family % len(TOOLS)]
        scores = {
            "fidelity": round(fidelity, 6),
            "reproducibility": round(reproducibility, 6),
            "fidelity+reproducibility": round((fidelity + reproducibility) / 2, 6),
            "likelihood": round(-10 * spelling, 6),
            "self-certainty": round(3 + fidelity, 6),
            "vote-share": round(spelling * SAMPLES) / SAMPLES,
        }
        probes = {
            "copied": 0.0,
            "length": 30.0 + sample,
            "options": 2.0,
            "unknown flags": 0.0,
            "entropy": round(spelling, 6),
        }
        yield of._asdict() | {
            "task": f"{tool}.f{family}/{of.split}-{task}",
            "family": f"{tool}.f{family}",
            "tool": tool,
            "unseen": family % 4 == 3,
            "sample": sample,
            "text": f"{tool} -x {int(spelling**2 * 200)} http://app-{task}.lab:8111/{is_right}",
            "proxies": scores,
            "outcome": "correct" if is_right else "wrong",
            "fault": None if is_right else FAULTS[sample % len(FAULTS)],
            "static": "pass" if is_right else "fail",
            "observed": "pass" if is_right else "not executed",
            "probes": probes,
            "form": int(spelling**2 * 200),
        }


def verdict(row: Row) -> Row:
    passed = row["static"] == "pass"
    return {
        "split": row["split"],
        "task": row["task"],
        "text": row["text"],
        "command": row["text"],
        "level": "observe" if passed else "flags",
        "status": row["static"],
        "reason": "the lab saw what the task asks for" if passed else f"no option: {row['fault']}",
    }


def execution(command: str) -> Row:
    connection = {"protocol": "tcp", "address": "10.88.43.253", "port": 8111, "name": "app.lab"}
    return {
        "command": command,
        "ending": "exited",
        "exit_code": 0,
        "stdout": "HTTP/1.1 200 OK\nServer: nginx/1.22.1\nContent-Type: text/html\n" * 3,
        "stderr": "",
        "truncated": False,
        "duration_s": 0.05,
        "observation": {"connections": [connection] * 3, "http": [], "dns": [], "logins": []},
        "detail": "",
    }


def write(path: Path, rows: Iterator[Row]) -> None:
    with path.open("w") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
