"""`goodhart-bench eval`: how often a model is right, without training it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from harness.commands.benchmark import carry_out, changed, workplace
from harness.commands.options import Address, ExecutorName, NewRun, Sandbox, Suite

if TYPE_CHECKING:
    from harness.profile import Profile


def evaluate(  # noqa: PLR0913 - one parameter an option, as typer has it
    more_args: Annotated[list[str] | None, typer.Argument(hidden=True)] = None,
    *,
    profile: Annotated[
        str,
        typer.Option(
            help="evaluate (every held-out task, eight samples), greedy (one), or a .yaml file."
        ),
    ] = "evaluate",
    model: Annotated[
        str | None,
        typer.Option(
            help="embedded, organism, a folder, owner/name of the hub, or a model type of lm-eval: "
            "hf, vllm, local-completions, local-chat-completions, anthropic-chat ..."
        ),
    ] = None,
    model_args: Annotated[
        list[str] | None,
        typer.Option(
            "--model_args", "--model-args", metavar="KEY=VALUE,...", help="As lm-eval takes them."
        ),
    ] = None,
    chat: Annotated[
        bool | None,
        typer.Option(
            "--apply_chat_template/--no-apply_chat_template",
            help="For lm-eval's models; by default where there is a template.",
        ),
    ] = None,
    prompts: Annotated[
        Path | None, typer.Option(help="How the model is asked: a prompts file.")
    ] = None,
    suite: Suite[str | None] = None,
    shards: Annotated[
        int | None,
        typer.Option(help="Parts to split each seed's evaluation into, cells of their own."),
    ] = None,
    sandbox: Sandbox[str | None] = None,
    out: NewRun = None,
    executor: ExecutorName = "local",
    address: Address = None,
) -> None:
    """Sample the held-out tasks from a model as it is and judge every command: what `gate` and
    `compare` take. A run that broke off goes on with `benchmark --resume`, and no answer is asked
    for twice."""
    from rich.console import Console

    from harness.benchmark import start
    from harness.profile import load_profile
    from tasks.errors import UserError

    settings = load_profile(profile)
    if more_args and not model_args:
        raise UserError(f"{more_args[0]!r} belongs to no option; --help lists them.")
    args = [*(model_args or ()), *(more_args or ())]
    chosen = chosen_model(settings, model, args) | {"chat": chat}
    if prompts is not None:
        chosen["prompts"] = str(prompts)
    given = {"model": chosen, "trainers": ()} | ({} if shards is None else {"shards": shards})
    settings = changed(settings, None, suite, None).with_changes(given)
    console = Console(highlight=False, markup=False)
    with workplace(console, executor, address, sandbox) as (place, judge):
        run = start(profile, settings, judge, out)
        carry_out(run, judge, console, place)


def chosen_model(profile: Profile, name: str | None, args: list[str]) -> dict[str, Any]:
    """The profile's model, or the one that is named: of lm-eval, if it has arguments or is neither
    ours nor of the hub's."""
    from harness.backends import backends, check_backend, parse_args
    from harness.model import of_backend
    from harness.registry import MODELS
    from tasks.errors import UserError

    if name is None and not args:
        return profile.model.model_dump()
    if name is None:
        raise UserError("--model_args is for a model type of lm-eval: name it with --model.")
    ours = name in MODELS or "/" in name or Path(name).exists()
    if args:
        check_backend(name)
    if not args and (ours or name not in backends()):
        return profile.model.model_dump() | {"name": name, "revision": None}
    found = of_backend(name, parse_args(args) if args else {})
    return found.model_dump() | {"gpus": profile.model.gpus}
