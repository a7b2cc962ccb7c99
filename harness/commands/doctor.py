"""`goodhart-bench doctor`: what works on this machine, and what to install for the rest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from sandbox.types import Provider

SCAN = "nmap -sT -p 80 web01.lab"
IMAGE_GB = 3  # an image is 1.4 GB, and as much again while it is built


def doctor() -> None:
    """Look for everything the benchmark needs; exits with 1 if it cannot run at all."""
    from harness.ingredients import package_versions
    from harness.model import EMBEDDED

    packages = package_versions()
    for line in (*hardware(), *sandboxes()):
        print(line)
    print(", ".join(f"{name} {version}" for name, version in packages.items()))
    has_model = (EMBEDDED / "model.safetensors").exists()
    print(f"embedded model: {'there' if has_model else 'missing; make it: make embedded-model'}")
    missing = [name for name, version in packages.items() if version == "not installed"]
    if missing:
        print(f"missing packages: {', '.join(missing)}; install them: pip install -e .")
    raise typer.Exit(1 if missing or not has_model else 0)


def hardware() -> Iterator[str]:
    """Cores, memory, and the disk that images go to."""
    import os
    import shutil

    import sandbox
    from harness.benchmark import cores
    from harness.ingredients import machine

    yield machine()
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    yield f"usable: {cores()} cores, {memory >> 30} GiB of memory"
    home = sandbox.image_home()
    there = next(folder for folder in (home, *home.parents) if folder.exists())
    free = shutil.disk_usage(there).free / 1e9
    advice = "" if free > IMAGE_GB else f"; building the image needs {IMAGE_GB} GB"
    yield f"disk of {home}: {free:.0f} GB free{advice}"


def sandboxes() -> Iterator[str]:
    """The image, and for each provider what became of a scan in it."""
    import sandbox
    from sandbox.build import built_image

    image = built_image()
    state = (
        f"{image.digest} in {image.rootfs}" if image else "not built; build it: make sandbox-image"
    )
    yield f"sandbox image: {state}"
    found = sandbox.providers()
    for provider in found:
        yield f"sandbox {provider.name}: {trial(provider)}"
    if not any(provider.usable for provider in found):
        yield "Without a sandbox commands are judged statically and not executed."


def trial(provider: Provider) -> str:
    """Whether a scan of the lab works, and how long the start took."""
    import time

    import sandbox

    if not provider.usable:
        return f"not usable: {provider.reason}; {provider.remedy}"
    begin = time.monotonic()
    try:
        with sandbox.open_sandbox(provider.name, workers=1) as box:
            started = time.monotonic() - begin
            done = box.run(SCAN)
    except sandbox.SandboxError as error:
        return f"broken: {error}"
    if not done.observation.connections:
        return f"broken: the lab saw nothing of {SCAN!r} ({done.detail or done.stderr.strip()})"
    times = f"started in {started:.1f} s, a scan takes {done.duration_s:.2f} s"
    return f"works ({provider.reason}); {times}"
