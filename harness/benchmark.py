"""The main job: plan -> cells -> judge -> result. Every stage can be killed and resumed."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.ahead import judging_ahead
from harness.asking import asker
from harness.conclude import conclude
from harness.executors.local import LocalExecutor
from harness.ingredients import ingredients, package_versions
from harness.judge import judge_run
from harness.meter import phase
from harness.model import SHIPPED, Model
from harness.plan import FORMAT, Manifest, Request, make_manifest
from harness.profile import Profile
from harness.record import Run
from harness.registry import EXECUTORS, SANDBOXES, open_suite
from harness.schedule import run_cells
from sandbox.types import SandboxError
from tasks.errors import UserError
from tasks.verify import check_versions

if TYPE_CHECKING:
    from rich.console import Console

    from harness.executors import Executor, Say
    from sandbox.types import Sandbox
    from tasks.suite import Suite


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
def open_executor(name: str, address: str | None, say: Say) -> Iterator[Executor]:
    """The executor of that name, closed at the end; `say` is told what the user should know."""
    executor = EXECUTORS.load(name)(address, say)
    try:
        yield executor
    finally:
        executor.close()


@contextmanager
def open_judge(
    name: str, *, cache: bool = False, opening: Callable[[str], Sandbox] | None = None
) -> Iterator[Judge]:
    """The sandbox of that name. "auto" is the first that can be used, or none, with the remedy;
    "none" is none by choice. SandboxError if one asked for by its name cannot be used. With
    `cache`, a command that ran before in the same image and lab, under the same specs and
    checker, is not run again. `opening` opens it, if it is not to be on this machine."""
    if name == "none":
        yield Judge(None, "Leave out --sandbox none to execute the commands.")
        return
    try:
        opened = (opening or open_sandbox)(name)
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
    """A registered sandbox by name, or "auto"; commands mostly wait, so two run for each core. More
    gain little, for a command takes 0.15 s of a core, too; and with six a core some come near the
    time limit: an RSA key of 4096 bits took 26 of its 30 seconds. `raw`: `sandbox.open_sandbox`."""
    workers = 2 * cores()
    if name == "auto":
        import sandbox

        return sandbox.open_sandbox("auto", workers=workers, raw=raw)
    return SANDBOXES.load(name)(name, workers=workers, raw=raw)


def default_workers(model: Model) -> int:
    """Cells side by side: one a core of the shipped models, and of others where there is no GPU;
    one at all where they would share a GPU or a server."""
    alone = model.backend or (model.name not in SHIPPED and Path("/dev/nvidiactl").exists())
    return 1 if alone else cores()


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0))


def start(profile_name: str, profile: Profile, judge: Judge, folder: Path | None) -> Run:
    """Write the plan of a new run, in this folder or one of its own."""
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
    if found := changed(manifest, suite, judge.identity):
        name, then, now = found
        raise UserError(
            f"{run.folder} was planned with {name} {then or 'none'!r}, now it is "
            f"{now or 'none'!r}: restore it, or start a new run."
        )


def changed(manifest: Manifest, suite: Suite, sandbox: str) -> tuple[str, str, str] | None:
    """The first thing that is not as planned: its name, what was planned, what is here."""
    now = ingredients(manifest.profile, suite, sandbox).model_dump() | package_versions()
    then = manifest.ingredients.model_dump() | manifest.packages
    names = (name for name, value in then.items() if now.get(name) != value)
    return next(((name, then[name], now.get(name) or "") for name in names), None)


def complete(
    run: Run, judge: Judge, console: Console, executor: Executor | None = None
) -> dict[str, Any]:
    """Do whatever a run still lacks, here or by `executor`, and seal it; returns the result."""
    with run.lock():
        if run.is_sealed:
            return run.result()
        suite = open_suite(run.manifest.profile.suite)
        check_unchanged(run, judge, suite)
        if judge.sandbox:
            check_versions(asker(judge.sandbox), {task.tool for task in suite.tasks})
        sizes: Counter[str] = Counter(task.split for task in suite.tasks)
        with (
            phase(console, "train and evaluate") as report,
            judging_ahead(run, suite, judge.sandbox) as verdicts,
        ):
            run_cells(run, executor or LocalExecutor(), sizes, report)
        with phase(console, "judge") as report:
            judge_run(run, suite, judge.sandbox, report, verdicts)
        return conclude(run, suite)
