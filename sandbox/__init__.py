"""What happens: runs one command in isolation and tells what it did.

    with sandbox.open_sandbox() as box:
        done = box.run("curl -sI http://shop.example/admin")
        done.exit_code, done.stdout, done.observation.http

Importing this package loads neither provider; no Docker SDK is needed for bubblewrap.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from sandbox.types import Provider, Sandbox, SandboxError

if TYPE_CHECKING:
    from sandbox.build import Image

__all__ = ["SandboxError", "build_image", "image_home", "open_sandbox", "providers"]


def image_home() -> Path:
    """The folder that images are kept in: $GOODHART_BENCH_HOME, or ~/.cache/goodhart-bench."""
    from sandbox import build

    return build.image_home()


def build_image(say: Callable[[str], None] = print, *, force: bool = False) -> Image:
    """Build the image for every provider that can be used here; see `sandbox.build`."""
    from sandbox import build

    return build.build_image(say, force=force)


def providers() -> list[Provider]:
    """Every provider in the order of preference, usable or not and why (for `doctor`).

    bubblewrap comes first: it gives every command namespaces of its own at less cost (`make perf`),
    and needs no daemon that runs as root. What is seen of a command is the same.
    """
    from sandbox import bubblewrap, docker
    from sandbox.build import built_image

    image = built_image()
    return [bubblewrap.provider(image), docker.provider(image)]


def open_sandbox(name: str = "auto", workers: int = 2, *, raw: bool = True) -> Sandbox:
    """Start a provider ("bubblewrap", "docker", or "auto": the first usable) with its labs.

    `workers` commands run at a time, each beside a lab of its own. Many tools mostly wait, so
    more workers than cores are worth their 50 MB each. With `raw`, commands have raw sockets and
    scan as root's would; without, they have no capability, and tools that need one say so as soon
    as they have taken their command line. SandboxError, with the remedy, if the provider cannot
    be used.
    """
    from sandbox import bubblewrap, docker
    from sandbox.build import built_image

    known = {found.name: found for found in providers()}
    if name != "auto" and name not in known:
        raise SandboxError(f"There is no sandbox {name!r}: choose auto, {' or '.join(known)}.")
    asked = list(known.values()) if name == "auto" else [known[name]]
    chosen = next((found for found in asked if found.usable), None)
    image = built_image()
    if chosen is None or image is None:
        raise SandboxError(_no_sandbox(asked))
    start = {bubblewrap.NAME: bubblewrap.open_pool, docker.NAME: docker.open_pool}
    return start[chosen.name](image, workers, raw=raw)


def _no_sandbox(asked: list[Provider]) -> str:
    parts = [f"{found.name}: {found.reason} ({found.remedy})" for found in asked]
    return f"No sandbox. {'; '.join(parts)}."
