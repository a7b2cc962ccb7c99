"""Where the cells of a run work, and where its commands are executed.

An executor is chosen by name (`--executor`): `local`, this machine, or `ray`, a Ray cluster. The
record, the trainers and the judge know of neither: whatever dies, a cell is finished by the commits
in the run folder, and only the machine of that folder writes there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from harness.model import Model
    from harness.plan import Cell
    from harness.record import Run
    from sandbox.types import Sandbox

LOST = -1000  # the exit code of a cell whose machine is gone: no signal has that number

Say = Callable[[str], None]  # tells the user one sentence


class Job(Protocol):
    """A cell at work."""

    def poll(self) -> int | None:
        """Its exit code, LOST if its machine died, None while it works; what it committed so far is
        in the run folder when this returns."""

    def kill(self) -> None:
        """End it, whatever it does."""


class Executor(Protocol):
    """One place to work. Made of the address that the user gave, if any; UserError if there is
    nothing."""

    def at_once(self, model: Model) -> int:
        """How many cells with this model to start side by side."""

    def start(self, run: Run, cell: Cell) -> Job:
        """Set a cell to work, from its last commit on."""

    def sandbox(self, name: str) -> Sandbox:
        """The sandbox of that name, or "auto"; SandboxError if it cannot be used."""

    def close(self) -> None:
        """Leave nothing running."""
