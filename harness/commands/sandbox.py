"""`goodhart-bench sandbox`: build the image, run one command in it."""

from __future__ import annotations

from typing import Annotated

import typer

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
    provider: Annotated[str, typer.Option(help="auto, docker or bubblewrap.")] = "auto",
) -> None:
    """Run one command in the lab; prints what it said and what the lab saw, as JSON."""
    import json
    import shlex

    import sandbox
    from harness.execute import as_row

    line = command[0] if len(command) == 1 else shlex.join(command)
    with sandbox.open_sandbox(provider, workers=1) as opened:
        print(json.dumps(as_row(opened.run(line)), indent=2, ensure_ascii=False))
