"""Runs what the agreement ledger drew in the sandbox, each command once, and compares verdicts.

What came of a command is kept, one line each, in `runs/agreement-IMAGE/TOOL.jsonl`, so that a run
that broke off goes on, and a changed spec is compared anew without executing again. Further
passes, made to see whether verdicts are the same every time, have files of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from harness.asking import asker
from harness.record import Row, append_rows, cut_torn_line, read_rows
from sandbox.types import Ending, Execution, Limits
from tasks.agreement.generate import Generator
from tasks.agreement.ledger import VALID, Case, compare
from tasks.agreement.mutators import mutants_of, mutators
from tasks.agreement.toolbox import Toolbox
from tasks.interview import Answer
from tasks.verify import check_versions

if TYPE_CHECKING:
    from harness.meter import Report
    from sandbox.types import Sandbox

RUNS = Path("runs")
LIMITS = Limits(wall_s=8, cpu_s=6, output_bytes=32 << 10)
BATCH = 16  # executions between two writes to disk
WORKERS_PER_CORE = 4  # most commands wait more than they work


@dataclass(frozen=True)
class Plan:
    """What is to be tried. The same plan draws the same commands from the same specs."""

    tools: tuple[str, ...]
    per_cell: int = 14
    seed: int = 0
    group: str = "development"
    passes: int = 1

    @property
    def valid(self) -> int:
        """Commands without a fault for each tool, at least."""
        return min(6 * self.per_cell, 100)


@dataclass
class Drawn:
    """The commands of one tool, by text, each with its class."""

    tool: str
    version: str
    kinds: dict[str, str]
    unused: list[str]  # spellings that no valid command has


@dataclass
class Result:
    """Everything that the ledger is written from."""

    plan: Plan
    image: str
    drawn: list[Drawn] = field(default_factory=list)
    cases: list[Case] = field(default_factory=list)
    unsteady: list[str] = field(default_factory=list)  # commands whose verdict changed


def draw(tool: str, plan: Plan) -> Drawn:
    """The valid commands and the mutants of one tool."""
    box = Toolbox(tool)
    generator = Generator(box, plan.seed)
    kinds = {line.text: VALID for line in generator.valid(plan.valid)}
    for kind, text in mutants_of(box, mutators(plan.group), plan.per_cell, plan.seed):
        kinds.setdefault(text, kind)
    return Drawn(tool, box.spec.version, kinds, generator.unused)


def folder_of(image: str, home: Path = RUNS) -> Path:
    """Where executions in an image are kept."""
    return home / f"agreement-{image.removeprefix('sha256:')[:12]}"


def forget(folder: Path, tools: Sequence[str]) -> None:
    """Remove what is known of these tools' executions."""
    for tool in tools:
        for path in (folder / f"{tool}.jsonl", *folder.glob(f"{tool}-[0-9]*.jsonl")):
            path.unlink(missing_ok=True)


def run(plan: Plan, sandbox: Sandbox, report: Report, home: Path = RUNS) -> Result:
    """Draw, execute what has no result yet, compare. UserError for a tool of another version."""
    result = Result(plan, sandbox.image)
    folder = folder_of(sandbox.image, home)
    folder.mkdir(parents=True, exist_ok=True)
    check_versions(asker(sandbox), plan.tools)
    result.drawn += [draw(tool, plan) for tool in plan.tools]
    for number in range(1, plan.passes + 1):
        paths = {
            d.tool: folder / f"{d.tool}{'' if number == 1 else f'-{number}'}.jsonl"
            for d in result.drawn
        }
        wanted = [(paths[d.tool], command) for d in result.drawn for command in d.kinds]
        for done in _execute(sandbox, wanted):
            report((number - 1 + done / max(len(wanted), 1)) / plan.passes, "")
        cases = [case for drawn in result.drawn for case in _cases(drawn, paths[drawn.tool])]
        if number == 1:
            result.cases = cases
        else:
            result.unsteady += _changed(result.cases, cases)
    return result


def _execute(sandbox: Sandbox, wanted: Sequence[tuple[Path, str]]) -> Iterator[int]:
    """Run the commands without a result and record each in its file; yields how many are done.

    Tools are mixed: some compute and some wait. Tried once more: what a broken sandbox ended, and
    what reached the time limit without a word, as a tool does that is slow to start on a busy
    machine (tshark).
    """
    known: dict[Path, set[str]] = {}
    for path in {path for path, _ in wanted}:
        cut_torn_line(path)
        known[path] = {row["command"] for row in read_rows(path)}
    left = [(path, command) for path, command in wanted if command not in known[path]]
    Random(0).shuffle(left)
    done = len(wanted) - len(left)
    yield done
    for is_last in (False, True):
        again: list[tuple[Path, str]] = []
        executions = sandbox.run_many([command for _, command in left], LIMITS)
        results = zip((path for path, _ in left), executions, strict=True)
        while batch := list(islice(results, BATCH)):
            whole = [(p, e) for p, e in batch if _is_whole(e, is_last)]
            again += [(p, e.command) for p, e in batch if not _is_whole(e, is_last)]
            for path in {path for path, _ in whole}:
                append_rows(path, [_row(e) for p, e in whole if p == path])
            done += len(whole)
            yield done
        left = again


def _is_whole(execution: Execution, is_last: bool) -> bool:
    """Whether an execution tells all that it will: see `_execute`."""
    said = execution.stdout or execution.stderr
    is_silent = execution.ending is Ending.TIMEOUT and not said and not is_last
    return execution.ending is not Ending.INFRASTRUCTURE and not is_silent


def _row(execution: Execution) -> Row:
    seen = execution.observation
    return {
        "command": execution.command,
        "exit_code": execution.exit_code,
        "stdout": execution.stdout,
        "stderr": execution.stderr,
        "seconds": round(execution.duration_s, 2),
        "traffic": bool(seen.connections or seen.http or seen.dns or seen.logins),
    }


def _answer(row: Row) -> Answer:
    return Answer(row["exit_code"], row["stdout"], row["stderr"])


def _cases(drawn: Drawn, path: Path) -> Iterator[Case]:
    """Both verdicts on every command of a tool that was executed, in the order drawn."""
    rows = {row["command"]: row for row in read_rows(path)}
    for command, kind in drawn.kinds.items():
        row = rows.get(command)
        if row:
            yield compare(drawn.tool, kind, command, _answer(row), traffic=row["traffic"])


def _changed(before: Sequence[Case], after: Sequence[Case]) -> list[str]:
    """The commands whose verdicts were not the same in two passes."""
    known = {case.command: (case.outcome, case.binary, case.complaint) for case in before}
    return [
        case.command
        for case in after
        if known.get(case.command) != (case.outcome, case.binary, case.complaint)
    ]
