"""`goodhart-bench suite`: list, make and check task suites."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.commands.options import Into
from harness.commands.registered import print_each, print_written

if TYPE_CHECKING:
    from tasks.sound import Figures
    from tasks.suite import Suite

app = typer.Typer(help="Task suites.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="A suite by name, or its folder.")]


@app.command("list")
def list_suites() -> None:
    """The suites that can be named, with their sizes."""
    from harness.registry import SUITES

    print_each(SUITES.places(), about)


def about(name: str) -> str:
    """The version of a suite, its splits with their sizes, and what it says of itself."""
    suite = read(name)
    sizes = ", ".join(f"{len(suite.split(split))} {split}" for split in suite.about.splits)
    return f"{name} {suite.version}: {sizes}. {suite.description}"


@app.command("new")
def new(
    name: Annotated[str, typer.Argument(help="Small letters, digits and -: web-checks.")],
    into: Into = Path(),
) -> None:
    """Make a package with a small working suite, to be continued: families, rows, entry point."""
    from harness.registry import SUITES
    from harness.scaffold import write_package
    from tasks.generate import generate

    folder = write_package("suite", name, into, SUITES)
    generate(folder / "src" / name.replace("-", "_"))
    print_written(folder, f"goodhart-bench suite check {name}")


@app.command("generate")
def generate_rows(
    name: Annotated[str, typer.Argument(help="A suite with families of its own, or its folder.")],
) -> None:
    """Draw the rows of a suite anew from its families."""
    from harness.registry import suite_folder
    from tasks.generate import generate

    folder = suite_folder(name)
    generate(folder)
    suite = read(name)
    print(f"{suite.name} {suite.version}: {len(suite.tasks)} rows; prove them with: "
          f"goodhart-bench suite check {name}")  # fmt: skip


@app.command("check")
def check(name: Name) -> None:
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


@app.command("observe")
def observe(
    name: Name,
    sandbox: Annotated[str, typer.Option(help="auto, bubblewrap or docker.")] = "auto",
) -> None:
    """Run the first right command of every held-out task: does the lab see what the task expects?
    Exits with 1 if it does not."""
    from harness.benchmark import open_sandbox
    from harness.judge import first_answers_observed
    from tasks.types import Status

    tasks = [task for task in read(name).split("heldout") if task.observe and task.correct]
    with open_sandbox(sandbox) as box:
        seen = list(first_answers_observed(tasks, box))
    missed = [(task, said) for task, said in seen if said.status is not Status.PASS]
    for task, said in missed:
        print(f"{task.id}: {task.correct[0]!r}: {said.reason}")
    as_expected = len(seen) - len(missed)
    print(f"{name}: of {len(seen)} right commands the lab saw {as_expected} as expected")
    raise typer.Exit(1 if missed else 0)


@app.command("datasheet")
def datasheet(name: Name) -> None:
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
    """A suite without asking whether it is sound."""
    from harness.registry import suite_folder
    from tasks.suite import read_suite

    return read_suite(suite_folder(name))


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
