"""`goodhart-bench claim`: what can be said of a published improvement."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def claim(
    what: Annotated[
        str | None,
        typer.Argument(
            metavar="CLAIM",
            help="A claim file, the name of a published claim, or `new` for a template.",
        ),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Argument(help="With `new`: where to write it; left out, it is printed."),
    ] = None,
    listed: Annotated[
        bool, typer.Option("--list", help="List the published claims that can be named.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the judgement as JSON.")] = False,
) -> None:
    """Judge a claim of improvement: supported, refuted, not resolvable or inconsistent, and why.

    Checks arithmetic and units, counts, tables, thresholds, baselines and ceilings, resolution,
    missing information and controls; with `evidence` in the file, it measures again.
    Exits with 0 whatever the verdict, 2 if the file cannot be judged.
    """
    import json

    from harness.claims.claim import load_claim, published
    from harness.claims.judge import judge
    from harness.claims.show import as_json as judgement_json
    from harness.claims.show import as_text, published_list
    from tasks.errors import UserError

    if listed:
        print(published_list({name: load_claim(name).claim.title for name in published()}))
    elif what == "new":
        _new(file)
    elif what is None or file is not None:
        raise UserError(
            "Give one claim: a file, a name from goodhart-bench claim --list, or new FILE."
        )
    else:
        judgement = judge(load_claim(what))
        if as_json:
            print(json.dumps(judgement_json(judgement), indent=2, ensure_ascii=False))
        else:
            print(as_text(judgement))


def _new(file: Path | None) -> None:
    """Print the commented template, or write it where no file is yet."""
    from harness.claims.claim import TEMPLATE
    from tasks.errors import UserError

    text = TEMPLATE.read_text(encoding="utf-8")
    if file is None:
        print(text, end="")
        return
    try:
        with file.open("x", encoding="utf-8") as out:
            out.write(text)
    except FileExistsError:
        raise UserError(f"{file} is there already; name another file.") from None
    print(f"written: {file}; judge it with: goodhart-bench claim {file}")
