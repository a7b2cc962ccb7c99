"""`goodhart-bench trainer`: list and make trainers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.commands.options import Into
from harness.commands.registered import print_each, print_written

app = typer.Typer(help="Trainers.", no_args_is_help=True)


@app.command("list")
def list_trainers() -> None:
    """The trainers that can be named: the proxy each optimises, the signals it uses."""
    from harness.registry import TRAINERS

    print_each(TRAINERS.places(), about)


def about(name: str) -> str:
    """The proxy that a trainer optimises, and the signals it uses."""
    from harness.registry import TRAINERS

    trainer = TRAINERS.load(name)()
    signals = ", ".join(sorted(trainer.needs)) or "none"
    return f"{name}: optimises {trainer.proxy}; signals used: {signals}"


@app.command("new")
def new(
    name: Annotated[str, typer.Argument(help="Small letters, digits and -: my-trainer.")],
    into: Into = Path(),
) -> None:
    """Make a package with a small working trainer, to be continued."""
    from harness.registry import TRAINERS
    from harness.scaffold import write_package

    folder = write_package("trainer", name, into, TRAINERS)
    print_written(folder, f"goodhart-bench benchmark --profile {folder / 'try.yaml'}")
