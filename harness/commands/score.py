"""`goodhart-bench score`: judge answers that were made elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.commands.benchmark import carry_out
from harness.commands.options import Sandbox, Suite


def score(  # noqa: PLR0913 - one parameter an option, as typer has it
    predictions: Annotated[
        Path,
        typer.Argument(help='JSON Lines: {"task": id, "text": answer, "sample": 0} a row.'),
    ],
    *,
    suite: Suite[str] = "recon",
    temperature: Annotated[
        float, typer.Option(help="At which they were drawn: `compare` pairs like with like.", min=0)
    ] = 0.7,
    max_new_tokens: Annotated[
        int, typer.Option(help="The longest answer that was allowed.", min=1)
    ] = 96,
    sandbox: Sandbox[str] = "auto",
    out: Annotated[
        Path | None, typer.Option(help="The new run's folder; default runs/TIME-score.")
    ] = None,
) -> None:
    """Judge predictions made elsewhere into a run that `compare`, `gate` and `report` take."""
    import sys

    from rich.console import Console

    from harness.benchmark import open_judge
    from harness.plan import Request
    from harness.predictions import model_of, plan_scoring, read_predictions
    from harness.profile import Profile
    from harness.registry import open_suite

    profile = Profile(
        description="predictions made elsewhere",
        model=model_of(predictions),
        suite=suite,
        trainers=(),
        temperature=temperature,
        max_new_tokens=max_new_tokens,
    )
    opened = open_suite(suite)
    samples = read_predictions(predictions, opened)
    with open_judge(sandbox) as judge:
        request = Request("score", profile, judge.identity, judge.remedy, tuple(sys.argv[1:]))
        run = plan_scoring(out, request, opened, samples)
        print(f"{len(samples)} answers to {len(run.manifest.heldout)} tasks, taken as drawn at "
              f"temperature {temperature:g} with at most {max_new_tokens} tokens")  # fmt: skip
        carry_out(run, judge, Console(highlight=False, markup=False))
