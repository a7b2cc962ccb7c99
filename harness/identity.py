"""`goodhart-bench sandbox check --compare`: the same commands on every provider, more than once.

Their verdicts must be the same: how a command ended, its exit code, what its task says of it, and
which hosts and ports it reached. Not its requests and questions themselves: gobuster, sqlmap, nikto
and others ask for names that they draw at random. Verdicts are kept in a file as they come, a line
each, so that a comparison that was interrupted goes on:

    {"box": "docker", "turn": 1, "command": "curl ...", "ended": "exited 0", "task": "pass", ...}
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from harness.execute import LIMITS, as_row
from harness.judge import lab_said, was_run
from harness.record import append_rows, cut_torn_line, read_rows
from sandbox.types import Ending
from tasks.errors import UserError

if TYPE_CHECKING:
    from harness.meter import Report
    from harness.record import Row
    from sandbox.types import Execution, Sandbox
    from tasks.types import Task

SUITE = "recon"
SEED = 0


def commands(count: int) -> dict[str, Task]:
    """So many distinct commands of recon with their tasks, half of them right, half wrong, always
    the same: of tasks whose effect can be seen, for only these are run in a benchmark."""
    from tasks.suite import load_suite

    source = random.Random(SEED)
    right: dict[str, Task] = {}
    wrong: dict[str, Task] = {}
    for task in (task for task in load_suite(SUITE).tasks if task.possible and task.observe):
        right.update(dict.fromkeys(task.correct, task))
        wrong.update(dict.fromkeys((row.command for row in task.wrong), task))
    only_wrong = sorted(wrong.keys() - right.keys())
    if count > 2 * min(len(right), len(only_wrong)):
        raise UserError(
            f"--compare {count}: {SUITE} has no more than {len(right) + len(only_wrong)} commands"
        )
    half = count // 2
    drawn = source.sample(sorted(right), count - half) + source.sample(only_wrong, half)
    source.shuffle(drawn)
    return {command: (wrong | right)[command] for command in drawn}


def verdict(done: Execution, task: Task) -> dict[str, str]:
    """What is judged of an execution; the hosts and ports as a digest, without their order."""
    exit_ = "" if done.exit_code is None else f" {done.exit_code}"
    row = as_row(done)
    reached = {repr(sorted(found.items())) for found in row["observation"]["connections"]}
    return {
        "ended": f"{done.ending}{exit_}",
        "task": lab_said(task, row).status.value if was_run(row) else "",
        "connections": hashlib.sha256("\n".join(sorted(reached)).encode()).hexdigest()[:16],
    }


@dataclass
class Comparison:
    """All verdicts on some commands, `turns` of each sandbox."""

    boxes: Sequence[Sandbox]
    tasks: Mapping[str, Task]
    turns: int
    kept: Path
    known: dict[tuple[str, int, str], Row] = field(default_factory=dict)

    def run(self, report: Report) -> None:
        """Whatever is not kept yet, the sandboxes side by side."""
        cut_torn_line(self.kept)
        for row in read_rows(self.kept):
            self.known[row["box"], row["turn"], row["command"]] = row
        for turn in range(1, self.turns + 1):
            self._turn(turn, report)

    def _turn(self, turn: int, report: Report) -> None:
        every = len(self.boxes) * len(self.tasks) * self.turns
        left = {box: [c for c in self.tasks if (box.name, turn, c) not in self.known]
                for box in self.boxes}  # fmt: skip
        running = [(box, iter(box.run_many(lines, LIMITS))) for box, lines in left.items()]
        while running:
            for box, results in list(running):
                if done := next(results, None):
                    self._keep(box, turn, done)
                else:
                    running.remove((box, results))
            report(len(self.known) / every, "")

    def _keep(self, box: Sandbox, turn: int, done: Execution) -> None:
        told = verdict(done, self.tasks[done.command])
        row = {"box": box.name, "turn": turn, "command": done.command, **told}
        append_rows(self.kept, [row])
        self.known[box.name, turn, done.command] = row

    def ended(self, ending: Ending) -> int:
        """How many executions ended so."""
        return sum(row["ended"].startswith(ending) for row in self.known.values())

    def apart(self) -> Iterator[tuple[str, str]]:
        """Each command that was not told of in the same way every time, and what differs."""
        for command in self.tasks:
            rows = [row for (_, _, line), row in self.known.items() if line == command]
            if how := difference(rows):
                yield command, how

    def again(self, command: str) -> str:
        """What differs when a command is run once more, and alone: if nothing, the machine's load
        had made the difference."""
        task = self.tasks[command]
        return difference(
            [{"box": b.name, **verdict(b.run(command, LIMITS), task)} for b in self.boxes]
        )


def difference(rows: Sequence[Mapping[str, str]]) -> str:
    """In what some of the verdicts differ; "" if in nothing."""
    for name in ("ended", "task", "connections"):
        if len({row[name] for row in rows}) > 1:
            told = sorted({f"{row[name]} ({row['box']})" for row in rows})
            return f"{name} differ" if name == "connections" else " or ".join(told)
    return ""
