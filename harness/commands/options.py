"""Options that several commands have, each stated once. Those whose default is a command's own
matter take the type of their value: `suite: Suite[str] = "recon"`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeVar

import typer

T = TypeVar("T")

Suite = Annotated[T, typer.Option(help="A suite by name, or its folder.")]
Sandbox = Annotated[
    T,
    typer.Option(help="auto (the default), bubblewrap, docker, or none: judge without executing."),
]
NewRun = Annotated[
    Path | None,
    typer.Option("--out", help="The new run's folder; default runs/TIME-PROFILE."),
]
ExecutorName = Annotated[
    str, typer.Option(help="local: this machine; ray: a Ray cluster (docs/scale.md).")
]
Address = Annotated[
    str | None,
    typer.Option(help="With ray: auto (the default, the cluster of this node), or HOST:PORT."),
]
Provider = Annotated[str, typer.Option(help="auto, docker or bubblewrap.")]
Into = Annotated[Path, typer.Option(help="Make the new folder here.")]
