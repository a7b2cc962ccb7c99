"""`goodhart-bench agreement`: the static verdict held against the real tools."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.commands.options import Provider


def agreement(  # noqa: PLR0913 - one parameter an option, as typer has it
    *,
    tool: Annotated[
        list[str] | None, typer.Option(help="Only this tool (repeatable); default all.")
    ] = None,
    per_cell: Annotated[int, typer.Option(help="Mutants for each tool and class.", min=1)] = 14,
    seed: Annotated[int, typer.Option(help="Another seed draws other commands.")] = 0,
    mutators: Annotated[str, typer.Option(help="development, held-out or all.")] = "development",
    repeat: Annotated[
        int, typer.Option(help="Execute so many times, to see whether verdicts stay.", min=1)
    ] = 1,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Execute again what was executed before.")
    ] = False,
    output: Annotated[
        Path | None, typer.Option(help="Folder for ledger.json and ledger.md.")
    ] = None,
    provider: Provider = "auto",
) -> None:
    """Draw commands from the specs, mutate them, execute them, and compare both verdicts.

    Exits with 1 if a figure is missed.
    """
    from rich.console import Console

    from harness import agreement_report
    from harness.agreement import WORKERS_PER_CORE, Plan, folder_of, forget, run
    from harness.asking import RAW
    from harness.benchmark import cores
    from harness.meter import phase
    from sandbox import open_sandbox
    from tasks.agreement.mutators import mutators as group_of
    from tasks.spec import load_spec, load_specs

    group_of(mutators)
    tools = tuple(load_spec(name).tool for name in tool or load_specs())
    plan = Plan(tools, per_cell, seed, mutators, repeat)
    console = Console(highlight=False, markup=False)
    with open_sandbox(provider, workers=WORKERS_PER_CORE * cores(), raw=RAW) as sandbox:
        folder = folder_of(sandbox.image)
        if fresh:
            forget(folder, tools)
        try:
            with phase(console, "agreement") as report:
                result = run(plan, sandbox, report)
        except KeyboardInterrupt:
            console.print(f"Interrupted; what was executed is kept in {folder}.", soft_wrap=True)
            raise typer.Exit(130) from None
    output = output or folder / f"{'+'.join(tool or ['all'])}-{mutators}-{seed}"
    data = agreement_report.write(result, output)
    console.print(agreement_report.summary(data), soft_wrap=True)
    console.print(f"{output / 'ledger.md'}", soft_wrap=True)
    raise typer.Exit(1 if data["missed"] else 0)
