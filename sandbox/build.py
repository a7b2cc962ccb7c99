"""Builds the sandbox image: one file tree, kept as a rootfs folder and as a Docker image.

The recipe is `sandbox/image/`: packages, wordlists, and a set-up script that runs inside the tree.
Two ways lead to the tree. With a Docker engine that reaches a registry, the ordinary Dockerfile;
else mmdebstrap, from the package source that this machine itself uses: mmdebstrap rather than
debootstrap because it installs everything in one apt run, works without root, and takes several
components (nikto is in Debian's non-free one).

Both ways end in one file tree. bubblewrap uses it where it lies and Docker imports it, so that
both providers run the same bits.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox.types import SandboxError

RECIPE = Path(__file__).parent / "image"
SUITE = "bookworm"
MIRRORS = {
    SUITE: "http://deb.debian.org/debian",
    f"{SUITE}-security": "http://deb.debian.org/debian-security",
}
COMPONENTS = "main contrib non-free"
REPOSITORY = "goodhart-bench-sandbox"  # the Docker image's name; its tag is the image's digest

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Image:
    """A built image. `digest` covers the recipe and the version of every installed package."""

    digest: str
    recipe: str  # digest of the recipe alone
    rootfs: str  # absolute path of the folder

    @property
    def docker(self) -> str:
        """Its name in Docker; whether an engine has it, `engine.has_image` knows."""
        return f"{REPOSITORY}:{self.digest.removeprefix('sha256:')[:16]}"


def image_home() -> Path:
    """Where images are kept: $GOODHART_BENCH_HOME, or ~/.cache/goodhart-bench."""
    return Path(os.environ.get("GOODHART_BENCH_HOME") or Path.home() / ".cache" / "goodhart-bench")


def recipe_digest() -> str:
    """Hex digest of every file of the recipe, names included."""
    digest = hashlib.sha256()
    for path in sorted(p for p in RECIPE.rglob("*") if p.is_file()):
        digest.update(f"{path.relative_to(RECIPE)}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def built_image() -> Image | None:
    """The image of the present recipe, or None if it has not been built here."""
    manifest = _folder() / "image.json"
    if not manifest.is_file():
        return None
    return Image(rootfs=str(_folder() / "rootfs"), **json.loads(manifest.read_text()))


def build_image(say: Say = print, *, force: bool = False) -> Image:
    """Build what is missing: the rootfs folder, and the Docker image if an engine answers.

    An unchanged recipe is not built again. `say` gets one line per step. SandboxError if neither
    way is open. Used by `goodhart-bench sandbox build`.
    """
    home = image_home()
    try:
        home.mkdir(parents=True, exist_ok=True)
        with _locked(home / "build.lock"):
            image = None if force else built_image()
            image = image or _build(home, say)
            _import_into_docker(image, say)
    except (OSError, subprocess.CalledProcessError) as error:
        reason = getattr(error, "strerror", None) or error
        raise SandboxError(
            f"The sandbox image cannot be written to {home} ({reason}): free some space "
            "(1.5 GB are needed) or set GOODHART_BENCH_HOME to another folder."
        ) from error
    return image


def _folder() -> Path:
    return image_home() / f"image-{recipe_digest()}"


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _build(home: Path, say: Say) -> Image:
    from sandbox import engine

    folder, recipe = _folder(), recipe_digest()
    for left in home.glob("building-*"):  # by a build that was killed: this one holds the lock
        shutil.rmtree(left)
    with tempfile.TemporaryDirectory(prefix="building-", dir=home) as scratch:
        work = Path(scratch)
        tar = work / "rootfs.tar"
        if engine.answers() and engine.pull_base():
            say("Building the image with Docker, from debian:bookworm-slim ...")
            engine.build_tar(RECIPE, tar)
        else:
            say("Building the image with mmdebstrap; this takes one to three minutes ...")
            _mmdebstrap(tar)
        ready = work / "ready"
        _unpack(tar, ready / "rootfs")
        manifest = {"digest": _digest(recipe, ready / "rootfs"), "recipe": recipe}
        (ready / "image.json").write_text(json.dumps(manifest, indent=2) + "\n")
        ready.chmod(0o755)
        if folder.exists():
            shutil.rmtree(folder)
        ready.rename(folder)
        say(f"Image {manifest['digest']} is in {folder}.")
        return Image(rootfs=str(folder / "rootfs"), **manifest)


def _digest(recipe: str, rootfs: Path) -> str:
    packages = (rootfs / "etc/goodhart-packages.txt").read_bytes()
    return "sha256:" + hashlib.sha256(recipe.encode() + packages).hexdigest()


def _mmdebstrap(tar: Path) -> None:
    if not shutil.which("mmdebstrap"):
        raise SandboxError(
            "The sandbox image cannot be built: install mmdebstrap and bubblewrap "
            "(apt install mmdebstrap bubblewrap), or start a Docker engine that reaches a "
            "registry, then run make sandbox-image."
        )
    names = [line.split("#")[0].strip() for line in (RECIPE / "packages.txt").open()]
    sources = [f"deb {uri} {suite} {COMPONENTS}" for suite, uri in package_sources().items()]
    # Without root, mmdebstrap reads the recipe as another user, to whom this home may be closed.
    with tempfile.TemporaryDirectory() as open_to_all:
        Path(open_to_all).chmod(0o755)
        recipe = Path(open_to_all, "recipe")
        shutil.copytree(RECIPE, recipe)
        command = [
            "mmdebstrap",
            "--variant=minbase",
            f"--include={','.join(filter(None, names))}",
            # Manual pages in English stay: they are where specs are proposed from.
            "--dpkgopt=path-exclude=/usr/share/man/*",
            "--dpkgopt=path-include=/usr/share/man/man[18]/*",
            "--dpkgopt=path-exclude=/usr/share/locale/*",
            f"--customize-hook=copy-in {recipe} /",
            '--customize-hook=chroot "$1" sh /recipe/setup.sh',
            '--customize-hook=rm -r "$1/recipe"',
            SUITE,
            str(tar),
            *sources,
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = [line for line in done.stderr.splitlines() if line.startswith("E:")][-1:]
        raise SandboxError(
            f"mmdebstrap failed ({' '.join(last) or done.stderr[-200:].strip()}): check that this "
            f"machine reaches {sources[0].split()[1]}, then run make sandbox-image."
        )


def package_sources(apt: Path = Path("/etc/apt")) -> dict[str, str]:
    """Suite -> mirror address: this machine's own where it is Debian bookworm, else the standard.

    Reads both formats of apt: `deb [options] URI SUITE ...` lines, and deb822 stanzas.
    """
    found = dict(MIRRORS)
    files = [apt / "sources.list", *sorted(apt.glob("sources.list.d/*"))]
    for file in (f for f in files if f.is_file()):
        text = re.sub(r"^#.*\n", "", file.read_text(), flags=re.M)
        pairs = re.findall(r"^deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)", text, re.M)
        for stanza in re.split(r"\n\s*\n", text):
            fields = dict(re.findall(r"^([\w-]+):[ \t]*(.*)$", stanza, re.M))
            if "deb" in fields.get("Types", "").split():
                uris, suites = fields.get("URIs", "").split(), fields.get("Suites", "").split()
                pairs += [(uri, suite) for uri in uris[:1] for suite in suites]
        found |= {suite: uri for uri, suite in pairs if suite in MIRRORS and "://" in uri}
    return found


def _unpack(tar: Path, rootfs: Path) -> None:
    """Unpack without device nodes: making one needs root, and providers bring their own /dev."""
    rootfs.mkdir(parents=True)
    subprocess.run(
        ["tar", "-xf", tar, "-C", rootfs, "--exclude=./dev/*", "--exclude=dev/*"], check=True
    )
    for name in ("dev", "proc", "sys", "tmp", "work", "lab"):
        (rootfs / name).mkdir(exist_ok=True)
    for name, text in _network_files().items():  # a container's build leaves these empty
        (rootfs / name).write_text(text)


def _network_files() -> dict[str, str]:
    return {
        "etc/resolv.conf": "nameserver 127.0.0.1\noptions timeout:2 attempts:1\n",
        "etc/hosts": "127.0.0.1 localhost\n",
    }


def _import_into_docker(image: Image, say: Say) -> None:
    from sandbox import engine

    if engine.answers() and not engine.has_image(image.docker):
        say(f"Importing the image into Docker as {image.docker} ...")
        engine.import_folder(Path(image.rootfs), image.docker)
