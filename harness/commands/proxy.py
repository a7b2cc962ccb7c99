"""`goodhart-bench proxy`: list and make proxies."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.commands.options import Into
from harness.commands.registered import print_each, print_written

app = typer.Typer(help="Proxies: metrics that need no truth.", no_args_is_help=True)


@app.command("list")
def list_proxies() -> None:
    """The proxies that can be named, and what each measures."""
    from harness.registry import PROXIES

    print_each(PROXIES.names(), about)


@app.command("new")
def new(
    name: Annotated[str, typer.Argument(help="Small letters, digits and -: my-proxy.")],
    into: Into = Path(),
) -> None:
    """Make a package with a small working proxy and its test, to be continued."""
    from harness.registry import PROXIES
    from harness.scaffold import write_package

    folder = write_package("proxy", name, into, PROXIES)
    print_written(folder, f"python -m pytest {folder}")


def about(name: str) -> str:
    """The first line of a proxy's docstring, and whether it is measured unasked."""
    from harness.registry import COSTLY_PROXIES, PROXIES

    lines = (PROXIES.load(name).__doc__ or "it does not say what it measures.").strip().splitlines()
    return f"{name}: {lines[0]}{' Only where a profile names it.' * (name in COSTLY_PROXIES)}"
