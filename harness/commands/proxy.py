"""`goodhart-bench proxy`: list and make proxies."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.commands.options import Into

app = typer.Typer(help="Proxies: metrics that need no truth.", no_args_is_help=True)


@app.command("list")
def list_proxies() -> None:
    """The proxies that can be named, and what each measures."""
    from harness.registry import COSTLY_PROXIES, PROXIES
    from tasks.errors import UserError

    for name in PROXIES.names():
        try:
            says = summary(PROXIES.load(name))
        except UserError as error:  # of another package, which must not hide the rest
            print(f"{name}: {error}")
            continue
        print(f"{name}: {says}{' Only where a profile names it.' * (name in COSTLY_PROXIES)}")


@app.command("new")
def new(
    name: Annotated[str, typer.Argument(help="Small letters, digits and -: my-proxy.")],
    into: Into = Path(),
) -> None:
    """Make a package with a small working proxy and its test, to be continued."""
    from harness.registry import PROXIES
    from harness.scaffold import write_package

    folder = write_package("proxy", name, into, PROXIES)
    print(f"written: {folder}\nnext:    pip install -e {folder}")
    print(f"         python -m pytest {folder}")


def summary(proxy: object) -> str:
    """The first line of a proxy's docstring."""
    lines = (proxy.__doc__ or "").strip().splitlines()
    return lines[0] if lines else "it does not say what it measures."
