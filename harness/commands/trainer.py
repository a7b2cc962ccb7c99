"""`goodhart-bench trainer`: list and make trainers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.commands.options import Into

app = typer.Typer(help="Trainers.", no_args_is_help=True)


@app.command("list")
def list_trainers() -> None:
    """The trainers that can be named: the proxy each optimises, the signals it uses."""
    from harness.registry import TRAINERS
    from tasks.errors import UserError

    for name in TRAINERS.places():
        try:
            trainer = TRAINERS.load(name)()
        except UserError as error:  # of another package, which must not hide the rest
            print(f"{name}: {error}")
            continue
        signals = ", ".join(sorted(trainer.needs)) or "none"
        print(f"{name}: optimises {trainer.proxy}; signals used: {signals}")


@app.command("new")
def new(
    name: Annotated[str, typer.Argument(help="Small letters, digits and -: my-trainer.")],
    into: Into = Path(),
) -> None:
    """Make a package with a small working trainer, to be continued."""
    from harness.registry import TRAINERS
    from harness.scaffold import write_package

    folder = write_package("trainer", name, into, TRAINERS)
    print(f"written: {folder}\nnext:    pip install -e {folder}")
    print(f"         goodhart-bench benchmark --profile {folder / 'try.yaml'}")
