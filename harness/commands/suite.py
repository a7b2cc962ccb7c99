"""`goodhart-bench suite`: list and check task suites."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from tasks.sound import Figures
    from tasks.suite import Suite

app = typer.Typer(help="Task suites.", no_args_is_help=True)


@app.command("list")
def list_suites() -> None:
    """The suites that can be named, with their sizes."""
    from harness.registry import SUITES

    for name in SUITES.places():
        suite = read(name)
        sizes = ", ".join(f"{len(suite.split(split))} {split}" for split in suite.about.splits)
        print(f"{name} {suite.version}: {sizes}. {suite.description}")


@app.command("check")
def check(name: Annotated[str, typer.Argument(help="A suite by name, or its folder.")]) -> None:
    """Prove that right answers pass and wrong ones fail, and keep the record without which the
    suite is not loaded; exits with 1 if any does not."""
    from tasks.sound import write_record
    from tasks.soundness import examine

    suite = read(name)
    findings = examine(suite)
    write_record(suite.folder, findings.record(suite))
    show(findings.figures)
    for mutator, commands in findings.survivors.items():
        for command in commands:
            print(f"survived {mutator}: {command}")
    for problem in findings.problems:
        print(problem)
    print(
        f"{suite.name} {suite.version}: {len(suite.tasks)} tasks, {len(findings.problems)} problems"
    )
    raise typer.Exit(1 if findings.problems else 0)


@app.command("datasheet")
def datasheet(name: Annotated[str, typer.Argument(help="A suite by name, or its folder.")]) -> None:
    """Write the suite's DATASHEET.md from its rows and the figures of the last check."""
    from tasks.datasheet import FILE, write_datasheet

    suite = read(name)
    write_datasheet(suite)
    print(suite.folder / FILE)


@app.command("harden")
def harden(
    name: Annotated[str, typer.Argument(help="The folder of a suite written by hand.")],
    count: Annotated[int, typer.Option(help="Hard negatives by mutators for each task.")] = 8,
) -> None:
    """Give every task of a suite hard negatives by mutators, in place of those it had by them."""
    from tasks.generate import harden as harden_rows

    harden_rows(read(name), count)


def read(name: str) -> Suite:
    """A suite without asking whether it is sound; those of other packages load as they like."""
    from pathlib import Path

    from harness.registry import open_suite
    from tasks.suite import read_suite, suite_names

    is_ours = name in suite_names() or Path(name).is_dir()
    return read_suite(name) if is_ours else open_suite(name)


def show(figures: Figures) -> None:
    """The figures, a line each."""
    from tasks.sound import Count

    parts = (
        ("right commands that pass", {"": figures.correct}),
        ("variants that pass", figures.variants),
        ("empty answers that fail", figures.null),
        ("wrong commands that fail", {"": figures.wrong}),
        ("mutants killed", figures.mutators),
    )
    for title, counts in parts:
        total = Count(
            tried=sum(count.tried for count in counts.values()),
            right=sum(count.right for count in counts.values()),
        )
        print(f"{title:<36} {total.right:>7,} of {total.tried:>7,}  {total.share:8.2%}")
        for name, count in counts.items():
            if name:
                print(f"  {name:<34} {count.right:>7,} of {count.tried:>7,}  {count.share:8.2%}")
