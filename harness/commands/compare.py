"""`goodhart-bench compare`: two policies side by side."""

from __future__ import annotations

from typing import Annotated

import typer

PLACE = "RUN, RUN:ARM, RUN:ARM@CYCLE or RUN/cells/ARM-SEED/adapter-CYCLE"


def compare(
    a: Annotated[
        str, typer.Argument(metavar="A", help=f"A finished run or a part of it: {PLACE}.")
    ],
    b: Annotated[str, typer.Argument(metavar="B", help="The same of what A is compared with.")],
    flips: Annotated[int, typer.Option(help="Show so many flipped tasks of each row.", min=0)] = 10,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Compare two runs, checkpoints or adapters: paired change, interval, p, wins and losses, and
    the tasks that flipped with both commands. Refuses what was not measured alike.

    A run by itself stands for all its arms after their last cycle.
    """
    import json

    from harness.compare import compare as compared
    from harness.scorecard import evaluated
    from reports.comparison import terminal

    found = compared(evaluated(a), evaluated(b), (a, b))
    if as_json:
        print(json.dumps(found, indent=2, ensure_ascii=False, allow_nan=False))
    else:
        print(terminal(found, flips))
