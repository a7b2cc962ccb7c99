"""`goodhart-bench runs` and `goodhart-bench report`: look at runs that are there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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
    arms = ", ".join(arm.name for arm in manifest.arms) or "no training"
    return f"{manifest.profile.model.name} on {manifest.profile.suite}: {arms}; {progress}"


def report(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Folders of runs.")],
    details: Annotated[bool, typer.Option(help="All tables, not the two main ones.")] = False,
    output: Annotated[
        Path | None,
        typer.Option(help="Write into this folder; default the run's own, or for several none."),
    ] = None,
) -> None:
    """Print finished runs' tables and write their report: HTML, Markdown, LaTeX, CSV, figures.

    Several runs are put side by side.
    """
    from harness.record import Run
    from reports import tables

    opened = [Run.finished(folder) for folder in runs]
    if len(opened) == 1:
        print(tables.terminal(opened[0].result(), details))
    else:
        print(tables.side_by_side(results(opened)))
    folder = output or (runs[0] if len(runs) == 1 else None)
    if folder is not None:
        print(f"\nThe whole report: {written(opened, folder)}")


def results(runs: list[Run]) -> dict[str, dict[str, Any]]:
    """Results by the names of their folders; whole paths where two have the same name."""
    names = [run.folder.resolve().name for run in runs]
    if len(set(names)) < len(names):
        names = [str(run.folder) for run in runs]
    return {name: run.result() for name, run in zip(names, runs, strict=True)}


def written(runs: list[Run], folder: Path) -> Path:
    """Write the report of one run or several into a folder; the path of the page."""
    from harness.conclude import shown
    from reports.save import save, save_side_by_side
    from tasks.errors import UserError

    try:
        folder.mkdir(parents=True, exist_ok=True)
        if len(runs) == 1:
            return save(runs[0].result(), folder, shown(runs[0]))
        return save_side_by_side(results(runs), folder)
    except OSError as error:
        reason = error.strerror or str(error)
        raise UserError(
            f"No report can be written into {folder}: {reason}; give another folder with --output."
        ) from error
