"""`goodhart-bench spec`: list tool specs and put them to the real tools."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from sandbox.types import Execution
    from tasks.verify import Answer

app = typer.Typer(help="Tool specs: what each tool's command line accepts.", no_args_is_help=True)


@app.command("list")
def list_specs() -> None:
    """The tools that the checker knows."""
    from tasks.spec import load_specs

    for name, spec in load_specs().items():
        options = sum(len(options) for _, options, _ in spec.scopes())
        print(f"{name} {spec.version}: {options} options, {spec.personality}")


@app.command("verify")
def verify(
    tool: Annotated[str, typer.Argument(help="A tool with a spec, for example nmap.")],
    provider: Annotated[str, typer.Option(help="auto, docker or bubblewrap.")] = "auto",
) -> None:
    """Put every line of a spec to the tool in the sandbox and keep its answers.

    Exits with 1 if the tool disagrees.
    """
    import tasks.verify
    from harness.benchmark import cores, open_sandbox
    from tasks.spec import load_spec

    spec = load_spec(tool)
    with open_sandbox(provider) as sandbox:
        report = tasks.verify.verify(spec, lambda line: answer(sandbox.run(line)), 2 * cores())
    print(tasks.verify.render(report))
    print(f"evidence: {tasks.verify.save_evidence(report)}")
    raise typer.Exit(1 if report.disagreements else 0)


def answer(execution: Execution) -> Answer:
    """An execution as the spec's interview reads it; SandboxError if the sandbox broke."""
    from sandbox.types import Ending, SandboxError
    from tasks.verify import Answer

    if execution.ending is Ending.INFRASTRUCTURE:
        raise SandboxError(f"The sandbox broke at {execution.command!r}: {execution.detail}.")
    return Answer(execution.exit_code, execution.stdout, execution.stderr)
