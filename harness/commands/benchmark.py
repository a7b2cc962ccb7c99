"""`goodhart-bench benchmark`: the main job."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.commands.options import Address, ExecutorName, NewRun, Sandbox, Suite

if TYPE_CHECKING:
    from rich.console import Console

    from harness.benchmark import Judge
    from harness.executors import Executor
    from harness.profile import Profile
    from harness.record import Run


def benchmark(  # noqa: PLR0913 - one parameter an option, as typer has it
    more_adapters: Annotated[list[str] | None, typer.Argument(hidden=True)] = None,
    *,
    profile: Annotated[
        str | None,
        typer.Option(help="quick (the default), organism, published, full, or a .yaml file."),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            "--base",
            help="embedded, organism, a folder, or owner/name of the hub.",
        ),
    ] = None,
    adapter: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FOLDER...",
            help="Train nothing: take these adapters (or models) of another trainer, in order.",
        ),
    ] = None,
    proxy: Annotated[
        str | None,
        typer.Option(help="With --adapter: the proxy that training optimised; default fidelity."),
    ] = None,
    suite: Suite[str | None] = None,
    trainer: Annotated[
        list[str] | None,
        typer.Option(help="Compare this trainer (repeatable). V1 and the controls always run."),
    ] = None,
    sandbox: Sandbox[str | None] = None,
    out: NewRun = None,
    resume: Annotated[
        Path | None, typer.Option(help="Go on with this run; its plan is kept.")
    ] = None,
    cache: Annotated[
        bool, typer.Option(help="Do not run again what ran in the same image, lab and specs.")
    ] = True,
    executor: ExecutorName = "local",
    address: Address = None,
) -> None:
    """Let trainers compete, judge every command, and print both tables."""
    from rich.console import Console

    from harness.benchmark import resumed, start
    from harness.profile import load_profile
    from tasks.errors import UserError

    console = Console(highlight=False, markup=False)
    if more_adapters and not adapter:
        raise UserError(f"{more_adapters[0]!r} belongs to no option; --help lists them.")
    if (proxy and not adapter) or (trainer and adapter):
        raise UserError("--proxy goes with --adapter, and --trainer without it.")
    adapters = [*(adapter or ()), *(more_adapters or ())]
    if resume is not None:
        if any((profile, model, suite, trainer, adapters, sandbox, out)):
            raise UserError("--resume keeps the plan of the run: leave out every other option.")
        run, sandbox = resumed(resume)
        if run.is_sealed:
            run.check_seal()
    else:
        name = profile or ("checkpoints" if adapters else "quick")
        settings = changed(load_profile(name), model, suite, trainer)
        if adapters:
            settings = with_checkpoints(settings, adapters, proxy)
    with workplace(console, executor, address, sandbox, cache=cache) as (place, judge):
        if resume is None:
            run = start(name, settings, judge, out)
        carry_out(run, judge, console, place)


@contextmanager
def workplace(
    console: Console,
    executor: str,
    address: str | None,
    sandbox: str | None,
    *,
    cache: bool = False,
) -> Iterator[tuple[Executor, Judge]]:
    """Where the cells of a run are to work, and what judges their commands there."""
    from functools import partial

    from harness.benchmark import open_executor, open_judge

    say = partial(console.print, soft_wrap=True)
    with (
        open_executor(executor, address, say) as place,
        open_judge(sandbox or "auto", cache=cache, opening=place.sandbox) as judge,
    ):
        yield place, judge


def carry_out(run: Run, judge: Judge, console: Console, executor: Executor | None = None) -> None:
    """Do what a planned run lacks, here or by `executor`, and print its tables."""
    from functools import partial

    from harness.benchmark import complete
    from harness.errors import sentence
    from reports.tables import terminal
    from tasks.errors import UserError

    say = partial(console.print, soft_wrap=True)
    say(f"run: {run.folder}")
    if run.manifest.remedy:
        say(f"Judged statically, not executed. {run.manifest.remedy}")
    try:
        result = complete(run, judge, console, executor)
    except KeyboardInterrupt:
        say(f"Interrupted. {run.how_to_resume}")
        raise typer.Exit(130) from None
    except OSError as error:
        raise UserError(f"{sentence(error)} {run.how_to_resume}") from error
    say(terminal(result))
    say(f"\nThe whole report: {run.file('report.html')}")


def with_checkpoints(profile: Profile, folders: list[str], proxy: str | None) -> Profile:
    """The profile for a training that happened elsewhere."""
    series = {"checkpoints": folders, "cycles": len(folders), "trainers": (), "seeds": 1}
    return profile.with_changes(series | ({"proxy": proxy} if proxy else {}))


def changed(
    profile: Profile, model: str | None, suite: str | None, trainers: list[str] | None
) -> Profile:
    """The profile with what the command line overrides."""
    named = profile.model.model_dump() | {"name": model, "revision": None} if model else None
    given = {"model": named, "suite": suite, "trainers": trainers}
    return profile.with_changes({key: value for key, value in given.items() if value})
