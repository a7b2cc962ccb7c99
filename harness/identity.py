"""`goodhart-bench sandbox check --compare`: the same commands on every provider, more than once.

Their verdicts must be the same: how a command ended, its exit code, and what the lab saw. They are
kept in a file as they come, a line each, so that a comparison that was interrupted goes on:

    {"box": "docker", "turn": 1, "command": "id", "ended": "exited 0", "connections": "3f1c", ...}
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from harness.execute import LIMITS, as_row
from harness.record import append_rows, cut_torn_line, read_rows
from sandbox.types import Ending
from tasks.errors import UserError

if TYPE_CHECKING:
    from harness.meter import Report
    from harness.record import Row
    from sandbox.types import Execution, Sandbox

SUITE = "recon"
SEED = 0
KINDS = ("connections", "http", "dns", "logins")


def commands(count: int) -> list[str]:
    """So many distinct commands of recon, right and wrong ones in equal parts, always the same: of
    tasks whose effect can be seen, for only these are run in a benchmark."""
    from tasks.suite import load_suite

    source = random.Random(SEED)
    right: set[str] = set()
    wrong: set[str] = set()
    for task in (task for task in load_suite(SUITE).tasks if task.possible and task.observe):
        right.update(task.correct)
        wrong.update(row.command for row in task.wrong)
    if count > 2 * min(len(right), len(wrong - right)):
        raise UserError(
            f"--compare {count}: {SUITE} has no more than {len(right | wrong)} commands"
        )
    half = count // 2
    drawn = source.sample(sorted(right), count - half) + source.sample(sorted(wrong - right), half)
    source.shuffle(drawn)
    return drawn


def verdict(done: Execution) -> dict[str, str]:
    """What is judged of an execution; what the lab saw as digests, without order or number: some
    tools work in parallel, or try again when a machine is slow."""
    exit_ = "" if done.exit_code is None else f" {done.exit_code}"
    told = {"ended": f"{done.ending}{exit_}"}
    for kind in KINDS:
        rows = {repr(sorted(row.items(), key=str)) for row in as_row(done)["observation"][kind]}
        told[kind] = hashlib.sha256("\n".join(sorted(rows)).encode()).hexdigest()[:16]
    return told


@dataclass
class Comparison:
    """All verdicts on one command list, `turns` of each sandbox."""

    boxes: Sequence[Sandbox]
    lines: Sequence[str]
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
        every = len(self.boxes) * len(self.lines) * self.turns
        left = {box: [c for c in self.lines if (box.name, turn, c) not in self.known]
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
        row = {"box": box.name, "turn": turn, "command": done.command, **verdict(done)}
        append_rows(self.kept, [row])
        self.known[box.name, turn, done.command] = row

    def ended(self, ending: Ending) -> int:
        """How many executions ended so."""
        return sum(row["ended"].startswith(ending) for row in self.known.values())

    def apart(self) -> Iterator[tuple[str, str]]:
        """Each command that was not told of in the same way every time, and what differs."""
        for command in self.lines:
            rows = [row for (_, _, line), row in self.known.items() if line == command]
            if how := difference(rows):
                yield command, how

    def again(self, command: str) -> str:
        """What differs when a command is run once more, and alone: if nothing, the machine's load
        had made the difference."""
        return difference([{"box": b.name, **verdict(b.run(command, LIMITS))} for b in self.boxes])


def difference(rows: Sequence[Mapping[str, str]]) -> str:
    """In what some of the verdicts differ; "" if in nothing."""
    for name in ("ended", *KINDS):
        if len({row[name] for row in rows}) > 1:
            told = sorted({f"{row[name]} ({row['box']})" for row in rows})
            return " or ".join(told) if name == "ended" else f"{name} differ"
    return ""
