"""`goodhart-bench evaluate`: how often a model is right, without training it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.commands.benchmark import carry_out, changed


def evaluate(
    *,
    profile: Annotated[
        str, typer.Option(help="evaluate (every held-out task, eight samples), or a .yaml file.")
    ] = "evaluate",
    model: Annotated[
        str | None, typer.Option(help="embedded, a model folder, or owner/name of the hub.")
    ] = None,
    suite: Annotated[str | None, typer.Option(help="A suite by name, or its folder.")] = None,
    sandbox: Annotated[
        str | None,
        typer.Option(
            help="auto (the default), bubblewrap, docker, or none: judge without executing."
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="The new run's folder; default runs/TIME-PROFILE.")
    ] = None,
) -> None:
    """Sample the held-out tasks from a model as it is and judge every command: what `gate` and
    `compare` take. A run that broke off goes on with `benchmark --resume`."""
    from rich.console import Console

    from harness.benchmark import RUNS, new_folder, open_judge, start
    from harness.profile import load_profile

    settings = changed(load_profile(profile), model, suite, None)
    settings = settings.model_copy(update={"trainers": ()})
    with open_judge(sandbox or "auto") as judge:
        run = start(profile, settings, judge, out or new_folder(RUNS, profile))
        carry_out(run, judge, Console(highlight=False, markup=False))
