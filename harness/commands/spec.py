"""`goodhart-bench spec`: list tool specs and put them to the real tools."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from harness.commands.options import Provider

app = typer.Typer(help="Tool specs: what each tool's command line accepts.", no_args_is_help=True)


@app.command("list")
def list_specs() -> None:
    """The tools that the checker knows: version, options, claims confirmed, recall."""
    from tasks.describe import summary
    from tasks.spec import load_specs

    for spec in load_specs().values():
        print(summary(spec))


@app.command("show", context_settings={"ignore_unknown_options": True})
def show(
    tool: Annotated[str, typer.Argument(help="A tool with a spec, for example nmap.")],
    flag: Annotated[
        str | None, typer.Argument(help="An option of it: -sV. Leave it out for all.")
    ] = None,
) -> None:
    """What a tool's options are: spellings, value, company, and what the tool said of them."""
    from tasks.describe import option_text, tool_text
    from tasks.spec import load_spec

    spec = load_spec(tool)
    print(tool_text(spec) if flag is None else option_text(spec, flag))


@app.command("extract")
def extract(
    tool: Annotated[str, typer.Argument(help="A tool of the image, with a spec or without.")],
    output: Annotated[Path | None, typer.Option(help="Write the spec here.")] = None,
    deep: Annotated[bool, typer.Option(help="Try every word in the program, too.")] = False,
    provider: Provider = "auto",
) -> None:
    """Propose a spec from help, manual, ambiguity lists, optstrings and completion.

    Every name is put to the tool in the sandbox; what it rejects is listed in comments.
    """
    from harness.asking import RAW, asker
    from harness.benchmark import cores, open_sandbox
    from tasks.proposal import Means, propose
    from tasks.proposal.render import as_yaml

    with open_sandbox(provider, raw=RAW) as sandbox:
        means = Means(asker(sandbox), image_root(), 2 * cores(), deep)
        proposal = propose(tool, means)
    text = as_yaml(proposal)
    if output is None:
        print(text, end="")
    else:
        output.write_text(text, encoding="utf-8")
        print(f"proposed: {output}")


def image_root() -> Path | None:
    """The file tree of the sandbox image, where manuals and programs are read."""
    from sandbox.build import built_image

    image = built_image()
    return Path(image.rootfs) if image else None


@app.command("verify")
def verify(
    tool: Annotated[str, typer.Argument(help="A tool with a spec, for example nmap.")],
    recall: Annotated[
        bool, typer.Option(help="Also look for documented options that the spec lacks.")
    ] = True,
    subcommand: Annotated[
        list[str] | None,
        typer.Option(help="Ask about this one only, several times; keeps the rest and the recall."),
    ] = None,
    provider: Provider = "auto",
) -> None:
    """Put every line of a spec to the tool in the sandbox and keep its answers.

    Exits with 1 if the tool disagrees.
    """
    import tasks.verify
    from harness.asking import RAW, asker
    from harness.benchmark import cores, open_sandbox
    from tasks.proposal import Means
    from tasks.proposal.recall import recall as measure
    from tasks.spec import load_spec

    spec = load_spec(tool)
    with open_sandbox(provider, raw=RAW) as sandbox:
        means = Means(tasks.verify.remembering(asker(sandbox)), image_root(), 2 * cores())
        report = tasks.verify.verify(spec, means.run, means.workers, subcommand or ())
        if subcommand:
            report = tasks.verify.with_kept(report, spec)
        elif recall:
            report = replace(report, recall=measure(spec, means))
    print(tasks.verify.render(report))
    print(f"evidence: {tasks.verify.save_evidence(report)}")
    raise typer.Exit(1 if report.disagreements else 0)
