"""What the numbers of a run depend on besides its settings: digests and versions."""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from harness.model import Model
from harness.profile import Profile
from tasks.types import Record

if TYPE_CHECKING:
    from tasks.suite import Suite

PACKAGES = (
    "goodhart-bench",
    "torch",
    "transformers",
    "peft",
    "sentence-transformers",
    "numpy",
    "scipy",
)
CARD = "README.md"  # of a model: words about it, on which no number depends


class Ingredients(Record):
    """What the numbers depend on besides the profile; compared when a run is resumed."""

    suite: str  # name, version and digest
    specs: str
    model: str
    sandbox: str  # provider and digest of its image; "" when nothing is executed


def ingredients(profile: Profile, suite: Suite, sandbox: str) -> Ingredients:
    import tasks.spec

    return Ingredients(
        suite=f"{suite.name} {suite.version} {suite.digest}",
        specs=digest(tasks.spec.SPECS.glob("*.yaml")),
        model=" ".join([model_digest(profile.model), *map(folder_digest, profile.checkpoints)]),
        sandbox=sandbox,
    )


def model_digest(model: Model) -> str:
    """Digest of a model's folder; a hub name stands for itself, with its revision, and what lm-eval
    reaches for its arguments, with the digests of folders among them."""
    if model.backend is not None:
        folders = [v for v in model.args.values() if isinstance(v, str) and Path(v).is_dir()]
        args = json.dumps(model.args, sort_keys=True)
        return " ".join([model.backend, args, *map(folder_digest, folders)])
    if model.folder:
        return digest(path for path in model.folder.iterdir() if path.name != CARD)
    return f"{model.name}@{model.revision}" if model.revision else model.name


def folder_digest(folder: str) -> str:
    return digest(Path(folder).iterdir())


def digest(paths: Iterable[Path]) -> str:
    """SHA-256 over the names and contents of files, whatever their order; folders are left out."""
    total = hashlib.sha256()
    for path in sorted(path for path in paths if path.is_file()):
        total.update(f"{path.name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return f"sha256:{total.hexdigest()}"


def machine() -> str:
    python = platform.python_version()
    return f"Python {python}, {platform.platform()}, {os.cpu_count()} cores"


def package_versions() -> dict[str, str]:
    """Installed versions of the packages that the numbers may depend on."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found
