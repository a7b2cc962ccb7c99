"""The main job: plan -> cells -> judge -> result. Every stage can be killed and resumed."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.asking import asker
from harness.conclude import conclude
from harness.ingredients import ingredients, package_versions
from harness.judge import judge_run
from harness.meter import phase
from harness.model import Model
from harness.plan import FORMAT, Request, make_manifest
from harness.profile import Profile
from harness.record import Run
from harness.registry import SANDBOXES, open_suite
from harness.schedule import run_cells
from sandbox.types import SandboxError
from tasks.errors import UserError
from tasks.verify import check_versions

if TYPE_CHECKING:
    from rich.console import Console

    from sandbox.types import Sandbox
    from tasks.suite import Suite

RUNS = Path("runs")


@dataclass(frozen=True, slots=True)
class Judge:
    """The sandbox that commands are run in, or None and what to install for one."""

    sandbox: Sandbox | None
    remedy: str = ""

    @property
    def identity(self) -> str:
        """Provider and image; "" when nothing is executed."""
        return f"{self.sandbox.name} {self.sandbox.image}" if self.sandbox else ""


@contextmanager
def open_judge(name: str, *, cache: bool = False) -> Iterator[Judge]:
    """The sandbox of that name. "auto" is the first that can be used, or none, with the remedy;
    "none" is none by choice. SandboxError if one asked for by its name cannot be used. With
    `cache`, a command that ran before in the same image and lab, under the same specs and
    checker, is not run again."""
    if name == "none":
        yield Judge(None, "Leave out --sandbox none to execute the commands.")
        return
    try:
        opened = open_sandbox(name)
    except SandboxError as error:
        if name != "auto":
            raise
        yield Judge(None, str(error))
        return
    with cached(opened) if cache else opened as sandbox:
        yield Judge(sandbox)


def cached(sandbox: Sandbox) -> Sandbox:
    """The sandbox with its memory of earlier runs."""
    from sandbox.cache import CachedSandbox
    from tasks.sound import checker_digest

    return CachedSandbox(sandbox, checker_digest())


def open_sandbox(name: str, *, raw: bool = True) -> Sandbox:
    """A registered sandbox by name, or "auto"; commands mostly wait, so two run for each core.
    `raw`: see `sandbox.open_sandbox`."""
    workers = 2 * cores()
    if name == "auto":
        import sandbox

        return sandbox.open_sandbox("auto", workers=workers, raw=raw)
    return SANDBOXES.load(name)(name, workers=workers, raw=raw)


def default_workers(model: Model) -> int:
    """Cells side by side: one a core of the embedded model, and of others where there is no GPU;
    one at all where they would share a GPU or a server."""
    alone = model.backend or (model.name != "embedded" and Path("/dev/nvidiactl").exists())
    return 1 if alone else cores()


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0))


def new_folder(home: Path, profile_name: str) -> Path:
    """`HOME/TIME-PROFILE`, not there yet."""
    stamp = datetime.now().strftime("%Y%m%d-%H%M%S")
    return home / f"{stamp}-{Path(profile_name).stem}"


def start(profile_name: str, profile: Profile, judge: Judge, folder: Path) -> Run:
    """Write the plan of a new run."""
    suite = open_suite(profile.suite)
    request = Request(profile_name, profile, judge.identity, judge.remedy, tuple(sys.argv[1:]))
    return Run.create(folder, make_manifest(request, suite))


def resumed(folder: Path) -> tuple[Run, str]:
    """A run that is there, and the name of the sandbox that it was planned with."""
    run = Run.open(folder)
    planned = run.manifest.ingredients.sandbox
    return run, planned.split()[0] if planned else "none"


def check_unchanged(run: Run, judge: Judge, suite: Suite) -> None:
    """UserError if what the run was planned with is not what is there now."""
    manifest = run.manifest
    if manifest.format != FORMAT:
        raise UserError(
            f"{run.folder} was planned by an earlier version, which measured less: start a new run."
        )
    now = ingredients(manifest.profile, suite, judge.identity).model_dump()
    now |= package_versions()
    then = manifest.ingredients.model_dump() | manifest.packages
    changed = [name for name, value in then.items() if now.get(name) != value]
    if changed:
        name = changed[0]
        raise UserError(
            f"{run.folder} was planned with {name} {then[name] or 'none'!r}, now it is "
            f"{now.get(name) or 'none'!r}: restore it, or start a new run."
        )


def complete(run: Run, judge: Judge, console: Console) -> dict[str, Any]:
    """Do whatever a run still lacks, and seal it; returns the result."""
    with run.lock():
        if run.is_sealed:
            return run.result()
        suite = open_suite(run.manifest.profile.suite)
        check_unchanged(run, judge, suite)
        if judge.sandbox:
            check_versions(asker(judge.sandbox), {task.tool for task in suite.tasks})
        workers = run.manifest.profile.workers or default_workers(run.manifest.profile.model)
        sizes: Counter[str] = Counter(task.split for task in suite.tasks)
        with phase(console, "train and evaluate") as report:
            run_cells(run, workers, sizes, report)
        with phase(console, "judge") as report:
            judge_run(run, suite, judge.sandbox, report)
        return conclude(run, suite)
