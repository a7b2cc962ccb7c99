"""`goodhart-bench sandbox`: build the image, run one command, list the lab, measure the cost."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from harness.commands.options import Provider

if TYPE_CHECKING:
    from sandbox.types import Execution

app = typer.Typer(help="The sandbox that commands are executed in.", no_args_is_help=True)


@app.command("build")
def build() -> None:
    """Build the image with the tools and the lab."""
    import sandbox

    image = sandbox.build_image()
    print(f"sandbox image {image.digest}, ready in {image.rootfs}")


@app.command("run")
def run(
    command: Annotated[list[str], typer.Argument(help="The command, after --.")],
    *,
    provider: Provider = "auto",
    cache: Annotated[
        bool, typer.Option(help="Show what it did before, if it ran in the same image and lab.")
    ] = True,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Run one command in the lab: what it said, how it ended, and what the lab saw."""
    import json as json_
    import shlex

    import sandbox
    from harness.benchmark import cached
    from harness.execute import as_row

    line = command[0] if len(command) == 1 else shlex.join(command)
    opened = sandbox.open_sandbox(provider, workers=1)
    with cached(opened) if cache else opened as box:
        done = box.run(line)
    if json:
        print(json_.dumps(as_row(done), indent=2, ensure_ascii=False))
    else:
        show(done)


@app.command("bench")
def bench(
    provider: Provider = "auto",
    workers: Annotated[
        int | None, typer.Option(help="Commands at a time; default two a core.", min=1)
    ] = None,
    commands: Annotated[int, typer.Option(help="Scans in each of three rounds.", min=4)] = 100,
) -> None:
    """Measure what the sandbox costs, against bare commands and Docker's own client."""
    from harness.benchmark import cores
    from sandbox.bench import bench as measure
    from sandbox.figure import table

    print(table(measure(provider, workers or 2 * cores(), commands)))


@app.command("lab")
def lab() -> None:
    """List the hosts of the lab that have a fixed role, as a table."""
    from tabulate import tabulate

    from sandbox.lab.hosts import HOSTS

    rows = [
        (
            " ".join(host.names),
            host.address,
            host.role,
            " ".join(f"{port} {service}" for port, service in host.services.items()),
        )
        for host in HOSTS
    ]
    print(tabulate(rows, headers=("name", "address", "role", "ports"), tablefmt="plain"))
    print("Every other address of 10.0.0.0/8, and every other name under .example, .lab and .test,")
    print("is a host that offers everything; see docs/lab.md.")


def show(done: Execution) -> None:
    """An execution for people. Its output is untrusted: what is not printable is escaped."""
    for name, text in (("stdout", done.stdout), ("stderr", done.stderr)):
        if text:
            print(f"-- {name}\n{printable(text).rstrip()}")
    exit_ = "" if done.exit_code is None else f" with {done.exit_code}"
    again = ", cached: it was not run now" if done.cached else ""
    print(f"-- {done.ending}{exit_} after {done.duration_s:.2f} s{again}")
    limits = [done.detail] if done.detail else []
    limits += ["more output than is kept"] * done.truncated
    print(f"-- limits hit: {', '.join(limits) or 'none'}")
    show_programs(done)
    seen = done.observation.as_json()
    print("-- the lab saw:" if any(seen.values()) else "-- the lab saw nothing")
    for kind in ("connections", "dns", "http", "logins"):
        for row in seen[kind]:
            print(f"{kind}: {', '.join(f'{k}={v}' for k, v in row.items() if v not in ('', {}))}")
    if done.observation.truncated:
        print("and more than is kept")


def show_programs(done: Execution) -> None:
    """Each program with its arguments as the shell had expanded them, and what it exited with."""
    import shlex

    from harness.execute import as_row
    from harness.started import never_started

    if done.programs is None:
        print("-- what it started is not known")
        return
    print("-- it started:" if done.programs else "-- it started no program")
    for program in done.programs:
        ended = "signal" if program.exit_code is None else f"{program.exit_code}"
        line = shlex.join([program.path, *program.argv[1:]])
        print(printable(f"{ended:>6}  {line}").replace("\n", "\\n"))
    if done.unlisted:
        print("and more than is kept")
    for name in never_started(as_row(done)):
        print(f"{name} was never started")


def printable(text: str) -> str:
    """Untrusted text without what a terminal would act on."""
    return "".join(c if c.isprintable() or c in "\n\t" else ascii(c)[1:-1] for c in text)


@app.command("check")
def check(
    provider: Annotated[str, typer.Option(help="all, docker or bubblewrap.")] = "all",
    compare: Annotated[
        int, typer.Option(help="Instead run so many commands of recon on every provider.", min=0)
    ] = 0,
    repeat: Annotated[int, typer.Option(help="How often each, with --compare.", min=1)] = 1,
    workers: Annotated[
        int | None, typer.Option(help="Commands at a time, with --compare; two a core.", min=1)
    ] = None,
    keep: Annotated[
        Path | None, typer.Option(help="Keep the verdicts in this file, and go on with it.")
    ] = None,
) -> None:
    """Attack the sandbox, or compare providers; exit code 1 if anything is not as it must be."""
    from harness import conformance

    names = conformance.usable(provider)
    if compare:
        with TemporaryDirectory() as folder:
            bad = compare_all(names, compare, repeat, workers, keep or Path(folder, "verdicts"))
        raise typer.Exit(1 if bad else 0)
    bad = 0
    for name in names:
        for attack, tries, faults in conformance.attack(name):
            print(
                f"{name:10}  {'FAILED' if faults else 'contained':9}  {attack}: {faults or tries}"
            )
            bad += bool(faults)
    raise typer.Exit(1 if bad else 0)


def compare_all(names: list[str], count: int, repeat: int, workers: int | None, kept: Path) -> int:
    """How many commands are told of otherwise by some run, alone as well as under load."""
    from contextlib import ExitStack

    from rich.console import Console

    import sandbox
    from harness.benchmark import cores
    from harness.identity import Comparison, commands
    from harness.meter import phase
    from sandbox.types import Ending

    console = Console(highlight=False, markup=False)
    tasks = commands(count)
    with ExitStack() as opened:
        boxes = [
            opened.enter_context(sandbox.open_sandbox(name, workers=workers or 2 * cores()))
            for name in names
        ]
        compared = Comparison(boxes, tasks, repeat, kept)
        with phase(console, "compare") as report:
            compared.run(report)
        apart = [(command, how, compared.again(command)) for command, how in compared.apart()]
    times = f"{repeat} {'run' if repeat == 1 else 'runs'} on {' and '.join(names)}"
    total = len(compared.known)
    print(f"{count - len(apart)} of {count} commands end the same in {times}")
    for ending in (Ending.TIMEOUT, Ending.INFRASTRUCTURE):
        number = compared.ended(ending)
        print(f"{ending}: {number} of {total} executions ({number / total:.2%})")
    for command, how, alone in apart:
        print(f"  {how}; alone: {alone or 'the same'}: {printable(command)}")
    return sum(bool(alone) for _, _, alone in apart)
