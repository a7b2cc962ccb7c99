"""From a judged run to what people read: the study, `result.json` and the reports."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from harness.execute import executions
from harness.judge import graded
from harness.record import Row, Run, read_rows, write_whole
from harness.study import BASE, Arm, CycleRow, Divergence, Rescored, Study

if TYPE_CHECKING:
    from harness.plan import Manifest
    from reports.html.samples import Record as SampleRecord
    from tasks.suite import Suite
    from tasks.types import Task


ELSEWHERE = (
    "The checkpoints were trained elsewhere: what on, how often, and from how many seeds is not "
    "known here. The overlap above counts nothing, controls did not run, and one training says "
    "nothing of how much trainings differ."
)


def conclude(run: Run, suite: Suite) -> dict[str, Any]:
    """Analyse a judged run, write its result and reports, and seal it; returns the result."""
    from harness.analysis import analyse
    from reports.save import NAMES, save

    result = analyse(study(run, suite))
    if run.manifest.profile.checkpoints:
        result["notes"].append(ELSEWHERE)
    text = json.dumps(result, indent=1, ensure_ascii=False, allow_nan=False)
    write_whole(run.file("result.json"), f"{text}\n")
    save(result, run.folder, shown(run))
    run.seal(leave_out=NAMES)
    return result


def shown(run: Run) -> SampleRecord:
    """What the sample browser of the report reads of the record; streams, each good for once."""
    from reports.html.samples import Record

    def rows(name: str) -> Iterator[Row]:
        return read_rows(run.file(f"{name}.jsonl"))

    return Record(
        samples=rows("graded"),
        tasks=rows("tasks"),
        verdicts=rows("verdicts"),
        executions=rows("executions"),
        name=run.folder.resolve().name,
    )


def study(run: Run, suite: Suite) -> Study:
    """What the analysis reads, put together from the record."""
    manifest = run.manifest
    drawn = {
        row["task"]
        for cell in manifest.cells
        for row in read_rows(run.cell(cell.name).files["candidates"])
    }
    return Study(
        samples=graded(run),
        cycles=cycle_rows(run),
        divergences=divergences(run),
        rescored=rescored(run),
        arms=[Arm(arm.name, arm.proxy, arm.needs) for arm in manifest.arms],
        trained=[task for task in suite.split("train") if task.id in drawn],
        evaluated=evaluated(manifest, suite),
        sandbox=manifest.ingredients.sandbox or None,
        remedy=manifest.remedy,
        provenance=provenance(run),
    )


def evaluated(manifest: Manifest, suite: Suite) -> list[Task]:
    """The tasks that samples were drawn for: of the held-out ones those of the plan."""
    planned = {*manifest.heldout, *manifest.light}
    calibrated = bool(manifest.arms)
    return [
        task
        for task in suite.tasks
        if (task.split == "heldout" and task.id in planned)
        or (task.split == "calibration" and calibrated)
    ]


def cycle_rows(run: Run) -> list[CycleRow]:
    """What every trainer reported, in the order of the plan."""
    return [
        CycleRow(
            arm=cell.arm,
            seed=cell.seed,
            cycle=row["cycle"],
            candidates=row["candidates"],
            accepted=row["accepted"],
            scores=row["scores"],
            generated_tokens=row["generated_tokens"],
            loss=row["loss"],
        )
        for cell in run.manifest.cells
        if cell.arm != BASE
        for row in run.cell(cell.name).cycles()
        if "candidates" in row  # not of a checkpoint: how it was trained is not known here
    ]


def divergences(run: Run) -> list[Divergence]:
    """How far every policy was from its base."""
    return [
        Divergence(cell.arm, cell.seed, row["cycle"], row["task"], row["kl"])
        for cell in run.manifest.cells
        for row in run.cell(cell.name).divergences()
    ]


def rescored(run: Run) -> list[Rescored]:
    """What base and last policy said of each other's commands."""
    return [
        Rescored(
            arm=cell.arm,
            seed=cell.seed,
            cycle=row["cycle"],
            scorer=row["scorer"],
            writer=row["writer"],
            task=row["task"],
            proxies=row["proxies"],
        )
        for cell in run.manifest.cells
        for row in run.cell(cell.name).rescored()
    ]


def provenance(run: Run) -> dict[str, str]:
    """Where the numbers come from, for the footers."""
    manifest = run.manifest
    return {
        "profile": f"{manifest.profile_name}: {manifest.profile.description}",
        "model": f"{manifest.profile.model} ({manifest.ingredients.model})",
        "options of the model": options(manifest),
        "asked for commands": shown_prompt(manifest.prompts.generate),
        "asked for tasks": shown_prompt(manifest.prompts.invert),
        "suite": manifest.ingredients.suite,
        "tool specs": manifest.ingredients.specs,
        "executions": executed(run),
        "command": " ".join(("goodhart-bench", *manifest.arguments)),
        "machine": manifest.machine,
        "packages": ", ".join(f"{name} {v}" for name, v in manifest.packages.items()),
    }


def shown_prompt(text: str) -> str:
    """A prompt on one line."""
    return text.replace("\n", "\\n")


def options(manifest: Manifest) -> str:
    """How the model was loaded, where the profile says more than its name."""
    chosen = manifest.profile.model.model_dump(exclude={"name"}, exclude_defaults=True)
    return ", ".join(f"{key} {value}" for key, value in chosen.items()) or "none"


def executed(run: Run) -> str:
    """How many commands were run, and how many were known from before."""
    rows = executions(run).values()
    cached = sum(row.get("cached", False) for row in rows)
    return f"{len(rows)} distinct commands, {cached} of them known from an earlier run (cached)"
