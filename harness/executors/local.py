"""This machine: one process a cell, as many at once as there are cores.

The processes are forked from a server that has imported the heavy libraries once: importing them
takes ten seconds of a core, which eighteen cells would each spend again.
"""

from __future__ import annotations

import os
import signal
from multiprocessing import forkserver, get_context, resource_tracker
from pathlib import Path
from typing import TYPE_CHECKING

from harness.cell import run_as_child
from tasks.errors import UserError

if TYPE_CHECKING:
    from harness.executors import Say
    from harness.model import Model
    from harness.plan import Cell
    from harness.record import Run
    from sandbox.types import Sandbox

HEAVY = ["torch", "transformers", "peft", "sentence_transformers"]
ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",  # cells fill the cores; threads in them would only get in the way
    "MKL_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
    # glibc keeps what a cell frees: giving each large tensor back, to be zeroed again by the
    # kernel for the next one, takes an eighth of the time of sampling, and saves 7% of the memory
    "MALLOC_MMAP_THRESHOLD_": str(1 << 30),
    "MALLOC_TRIM_THRESHOLD_": str(1 << 30),
    # the locks of a killed cell are cleaned up; that is nothing to warn the user of
    "PYTHONWARNINGS": "ignore::UserWarning:multiprocessing.resource_tracker",
    "PYTORCH_NVML_BASED_CUDA_CHECK": "1",  # looking for a GPU must not keep forks from using it
}


def start_server() -> None:
    """Have a server that cells are forked from. It inherits SIGINT blocked: by itself it ignores
    the terminal's Ctrl-C once everything is imported, and shows a traceback until then."""
    forkserver.set_forkserver_preload(HEAVY)
    resource_tracker.ensure_running()  # the server would start it, and that unblocks SIGINT
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Child:
    """A cell in a process of its own, in a run folder on this machine."""

    def __init__(self, folder: Path, cell: str) -> None:
        os.environ.update(ENVIRONMENT)
        start_server()
        self._process = get_context("forkserver").Process(target=run_as_child, args=(folder, cell))
        self._process.start()

    def poll(self) -> int | None:
        return self._process.exitcode

    def kill(self) -> None:
        self._process.kill()
        self._process.join()


class LocalExecutor:
    """An `Executor` of processes on this machine."""

    def __init__(self, address: str | None = None, say: Say = print) -> None:
        if address:
            raise UserError("--address goes with --executor ray.")

    def at_once(self, model: Model) -> int:
        from harness.benchmark import default_workers

        return default_workers(model)

    def start(self, run: Run, cell: Cell) -> Child:
        return Child(run.folder, cell.name)

    def sandbox(self, name: str) -> Sandbox:
        from harness.benchmark import open_sandbox

        return open_sandbox(name)

    def close(self) -> None:
        """Nothing outlives its job."""
