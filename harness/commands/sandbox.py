"""`goodhart-bench sandbox`: build the image, run one command in it, list the lab's hosts."""

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
