"""What runs on a node of a cluster: a cell in a folder of its own, and the node's sandbox.

Nothing here knows of Ray; `harness.executors.ray` sends it there.
"""

from __future__ import annotations

import errno
import os
import platform
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from harness.errors import USER_ERRORS, sentence
from harness.executors import LOST
from harness.executors.local import Child
from harness.executors.parcel import Files, Growth, unpack
from harness.record import Run
from tasks.errors import UserError

if TYPE_CHECKING:
    from sandbox.types import Execution, Limits, Sandbox

LOOK_S = 0.25


def work(files: Files, cell: str, home: str, gpus: int) -> Iterator[Files | int]:
    """Run a cell from what `pack` made; yields pieces for `add` as they come, then the exit code.

    `home` is the folder that relative names of models and suites count from, if the node has it. A
    cell that asked for no GPU sees none: torch would take what is another cell's.
    """
    if Path(home).is_dir():
        os.chdir(home)
    if not gpus:
        os.environ["CUDA_VISIBLE_DEVICES"] = ""
    with TemporaryDirectory(prefix="goodhart-bench-", ignore_cleanup_errors=True) as folder:
        try:
            unpack(files, Path(folder))
            run = Run.open(Path(folder))
            check_node(run)
            yield from carry_out(run, cell)
        except USER_ERRORS as error:
            yield {"cell.log": f"On {platform.node()}: {sentence(error)}\n".encode()}
            yield 2


def carry_out(run: Run, cell: str) -> Iterator[Files | int]:
    """The cell as a child of this process. One that a signal ended counts as lost: a machine that
    goes down ends its processes in any order, and one without memory ends the largest."""
    growth = Growth(run.cell(cell))
    child = Child(run.folder, cell)
    try:
        code = None
        while code is None:
            time.sleep(LOOK_S)
            code = child.poll()
            yield from growth.pieces()
    finally:
        child.kill()
    if code == errno.ENOSPC:
        raise OSError(code, os.strerror(code))
    yield LOST if code < 0 else code


def check_node(run: Run) -> None:
    """UserError if this machine has another suite, model, specs or packages than the plan."""
    from harness.benchmark import changed
    from harness.registry import open_suite

    suite = open_suite(run.manifest.profile.suite)
    if found := changed(run.manifest, suite, run.manifest.ingredients.sandbox):
        name, planned, here = found
        raise UserError(
            f"The run was planned with {name} {planned or 'none'!r}, here it is "
            f"{here or 'none'!r}: put the same here, or take this node out of the cluster."
        )


class NodeSandbox:
    """The sandbox of one node, with its pool of workers."""

    def __init__(self) -> None:
        self._box: Sandbox | None = None

    def open(self, name: str) -> tuple[str, str, str] | str:
        """Provider, image and version of the sandbox's code; or the sentence why there is none."""
        from harness.benchmark import open_sandbox
        from sandbox.cache import code_version

        try:
            self._box = open_sandbox(name)
        except USER_ERRORS as error:
            return sentence(error)
        return self._box.name, self._box.image, code_version()

    def run(self, command: str, limits: Limits) -> Execution:
        assert self._box is not None
        return self._box.run(command, limits)

    def close(self) -> None:
        if self._box is not None:
            self._box.close()
