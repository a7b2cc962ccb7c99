"""`goodhart-bench gate`: the regression gate for CI."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from harness.gate import Rule
    from harness.scorecard import Scorecard


def gate(  # noqa: PLR0913 - one parameter an option, as typer has it
    run: Annotated[
        str, typer.Argument(metavar="RUN", help="A finished run, or RUN:ARM for one of its arms.")
    ],
    *,
    baseline: Annotated[Path, typer.Option(metavar="FILE", help="What the run is held against.")],
    update: Annotated[
        bool, typer.Option("--update", help="Make this run the baseline: write FILE.")
    ] = False,
    drop: Annotated[
        float, typer.Option(help="The true drop it is to catch, in points.", min=0.1, max=100)
    ] = 5.0,
    least: Annotated[
        float, typer.Option(help="No smaller change fails, in points.", min=0, max=100)
    ] = 2.0,
    alpha: Annotated[
        float, typer.Option(help="Level of the two-sided test.", min=0.0001, max=0.5)
    ] = 0.01,
    power: Annotated[
        float, typer.Option(help="With which it must catch the drop.", min=0.5, max=0.999)
    ] = 0.9,
    no_verdict: Annotated[
        float,
        typer.Option(help="Percent of samples that may have no verdict, and of tasks.", max=100),
    ] = 2.0,
    explained: Annotated[
        str, typer.Option(metavar="REASON", help="Why correctness was to jump up: let it pass.")
    ] = "",
    junit: Annotated[Path | None, typer.Option(help="Write JUnit XML to this file.")] = None,
    markdown: Annotated[Path | None, typer.Option(help="Write a comment to this file.")] = None,
    github: Annotated[
        bool,
        typer.Option(
            help="Print GitHub annotations; by default in a GitHub action.",
            envvar="GITHUB_ACTIONS",
        ),
    ] = False,
) -> None:
    """Fail if correctness fell significantly and by enough, or jumped up unexplained.

    Exit codes: 0 pass; 1 regression or unexplained jump; 2 usage, or not comparable with the
    baseline; 3 not enough evidence: too many infrastructure errors, or a design that could not
    have found the drop.
    """
    from harness.gate import Rule, check, read_baseline
    from harness.scorecard import one_evaluated
    from reports import gate as show
    from tasks.errors import UserError

    if least >= drop:
        raise UserError(f"--least {least:g} must be smaller than --drop {drop:g}.")
    rule = Rule(drop / 100, least / 100, alpha, power, no_verdict / 100)
    card = one_evaluated(run).scorecard()
    if update:
        _update(baseline, card, rule)
        return
    result: dict[str, Any] = check(read_baseline(baseline), card, rule, explained)
    for path, text in ((junit, show.junit), (markdown, show.markdown)):
        if path is not None:
            path.write_text(text(result), encoding="utf-8")
    print(show.terminal(result))
    if github:
        print(show.annotation(result, str(baseline)))
    raise typer.Exit(result["exit_code"])


def _update(path: Path, card: Scorecard, rule: Rule) -> None:
    """Write the baseline; exits with 3 if its gate could not catch the rule's drop."""
    from harness.gate import Verdict, check_new_baseline, write_baseline

    if reason := check_new_baseline(card, rule):
        print(f"not enough evidence for a baseline: {reason}.")
        raise typer.Exit(Verdict.NO_EVIDENCE.code)
    write_baseline(path, card)
    print(f"written: {path}, {card.policy} on {len(card.tasks)} tasks")
