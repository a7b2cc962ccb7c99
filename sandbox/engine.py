"""What is asked of a Docker engine to get the image: is one there, pull, build, import."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sandbox.types import SandboxError

if TYPE_CHECKING:
    from docker import DockerClient

BASE = "debian:bookworm-slim"
TIMEOUT_S = 300  # for one request; importing the image is the longest


@cache
def client() -> DockerClient:
    """The engine that DOCKER_HOST names, or the local one. SandboxError if none answers."""
    try:
        import docker
        from docker.errors import DockerException
    except ImportError as error:
        raise SandboxError("The Docker SDK is missing: pip install docker.") from error
    try:
        found = docker.from_env(timeout=TIMEOUT_S, max_pool_size=32)
        found.ping()
    except (DockerException, OSError) as error:
        raise SandboxError(
            "No Docker engine answers: start it (systemctl start docker) or set DOCKER_HOST."
        ) from error
    return found


def answers() -> bool:
    try:
        client()
    except SandboxError:
        return False
    return True


def has_image(name: str) -> bool:
    from docker.errors import ImageNotFound

    try:
        client().images.get(name)
    except ImageNotFound:
        return False
    return True


def pull_base() -> bool:
    """Whether the base image is here or could be fetched: is there a registry?"""
    from docker.errors import APIError

    if has_image(BASE):
        return True
    try:
        client().images.pull(BASE)
    except APIError:
        return False
    return True


def build_tar(recipe: Path, tar: Path) -> None:
    """Build the Dockerfile in `recipe` and write the resulting file tree to `tar`."""
    from docker.errors import APIError, BuildError

    try:
        # The package install needs a network, and an engine may run without a bridge.
        image, _ = client().images.build(path=str(recipe), network_mode="host", rm=True)
        container: Any = client().containers.create(image, "true")  # never run, only exported
        try:
            with tar.open("wb") as file:
                file.writelines(container.export())
        finally:
            container.remove(force=True)
            client().images.remove(str(image.id), force=True)
    except (BuildError, APIError) as error:
        raise SandboxError(
            f"docker build failed ({error}): check that this machine reaches a Debian mirror, "
            "then run make sandbox-image."
        ) from error


def import_folder(rootfs: Path, name: str) -> None:
    """Make the file tree a Docker image; files belong to root whoever unpacked them here."""
    repository, tag = name.split(":")
    from docker.errors import APIError

    command = ["tar", "-c", "--numeric-owner", "--owner=0", "--group=0", "-C", str(rootfs), "."]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as tar:
        try:
            client().api.import_image_from_stream(tar.stdout, repository=repository, tag=tag)
        except APIError as error:
            raise SandboxError(f"Docker did not take the image ({error.explanation}).") from error
    if tar.returncode:
        raise SandboxError(f"{rootfs} could not be read whole: run make sandbox-image again.")
