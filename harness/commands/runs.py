"""`goodhart-bench runs` and `goodhart-bench report`: look at runs that are there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from harness.record import Run


def runs(
    home: Annotated[Path, typer.Argument(help="The folder that holds the runs.")] = Path("runs"),
) -> None:
    """List runs: sealed, or how far they are."""
    from harness.record import Run
    from tasks.errors import UserError

    for path in sorted(home.glob("*/manifest.json")):
        try:
            print(f"{path.parent}  {state(Run.open(path.parent))}")
        except UserError as error:
            print(f"{path.parent}  unreadable: {error}")


def state(run: Run) -> str:
    """One line: what is compared, and how far it is."""
    from harness.schedule import steps

    manifest = run.manifest
    done = sum(len(run.cell(cell.name).cycles()) for cell in manifest.cells)
    total = sum(steps(manifest, cell) for cell in manifest.cells)
    progress = "sealed" if run.is_sealed else f"{done} of {total} steps done"
    arms = ", ".join(arm.name for arm in manifest.arms)
    return f"{manifest.profile.model} on {manifest.profile.suite}: {arms}; {progress}"


def report(
    run: Annotated[Path, typer.Argument(help="Folder of a run.")],
    details: Annotated[bool, typer.Option(help="All tables, not the two main ones.")] = False,
) -> None:
    """Print a finished run's tables again."""
    from harness.record import Run
    from reports.tables import terminal
    from tasks.errors import UserError

    opened = Run.open(run)
    if not opened.is_sealed:
        raise UserError(f"{run} is not finished: {state(opened)}. {opened.how_to_resume}")
    print(terminal(opened.result(), details))
