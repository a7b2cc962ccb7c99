"""`goodhart-bench plan`: how large a benchmark must be."""

from __future__ import annotations

from typing import Annotated

import typer


def plan(
    run: Annotated[
        str | None,
        typer.Argument(
            metavar="[RUN]", help="An earlier run, or RUN:ARM; default the newest finished one."
        ),
    ] = None,
    *,
    effect: Annotated[float, typer.Option(help="The change to find, in points.", min=0.1)] = 3.0,
    power: Annotated[
        float, typer.Option(help="With which it is to be found.", min=0.5, max=0.999)
    ] = 0.8,
) -> None:
    """Tell how many tasks, samples and seeds find a change, from the variance of an earlier run.

    Without an arm the first of the run is taken; of an evaluation, two of its kind.
    """
    from harness.scorecard import evaluated
    from harness.sizing import plan_for
    from harness.study import BASE
    from reports.sizing import terminal

    place = run or newest()
    found = evaluated(place)
    if BASE not in found:
        found = evaluated(f"{place.partition(':')[0]}:{BASE}") | found
    after = next((each for arm, each in found.items() if arm != BASE), found[BASE])
    print(f"From {place}:")
    print(terminal(plan_for(found[BASE].scorecard(), after.scorecard(), effect / 100, power)))


def newest() -> str:
    """The newest finished run that this version can read; UserError if there is none."""
    from harness.record import RUNS, Run
    from tasks.errors import UserError

    sealed = RUNS.glob("*/sealed.json")
    for path in sorted(sealed, key=lambda path: path.stat().st_mtime, reverse=True):
        try:
            return str(Run.open(path.parent).folder)
        except UserError:  # of another version
            continue
    raise UserError(
        f"There is no finished run in {RUNS}: name one, or make one with make benchmark."
    )
