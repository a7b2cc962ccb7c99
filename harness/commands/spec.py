"""`goodhart-bench spec`: list tool specs and put them to the real tools."""

from __future__ import annotations

import typer

app = typer.Typer(help="Tool specs: what each tool's command line accepts.", no_args_is_help=True)


@app.command("list")
def list_specs() -> None:
    """The tools that the checker knows."""
    from tasks.spec import load_specs

    for name, spec in load_specs().items():
        options = sum(len(options) for _, options, _ in spec.scopes())
        print(f"{name} {spec.version}: {options} options, {spec.personality}")
