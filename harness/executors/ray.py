"""A Ray cluster: cells and commands go wherever a node has room for them.

A cell is a task of Ray that streams its commits to this machine. Ray itself repeats nothing: when
a node dies, the cell is begun again from the last commit that came here, so that no cycle is lost
and none can be counted twice.
"""

from __future__ import annotations

import logging
import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.executors import LOST
from harness.executors.node import work
from harness.executors.parcel import add, pack
from harness.executors.ray_sandbox import RaySandbox, nodes
from harness.model import SHIPPED
from tasks.errors import UserError

if TYPE_CHECKING:
    from harness.executors import Say
    from harness.model import Model
    from harness.plan import Cell
    from harness.record import CellStore, Run

NO_RAY = "--executor ray needs Ray, which is not installed: pip install 'goodhart-bench[ray]'."
HOW = "start it with `ray start --head` there and `ray start --address HOST:PORT` elsewhere"
ANSWER_S = 5.0  # for a cluster's port to answer
CANCEL_S = 5.0  # for cancelled cells to remove their folders
NO_LIMIT = 100_000  # cells are queued by Ray until there is room


class RayJob:
    """A cell on some node of the cluster, whose pieces are taken into the run folder."""

    def __init__(self, stream: Any, store: CellStore) -> None:
        self._stream, self._store = stream, store

    def poll(self) -> int | None:
        import ray
        from ray.exceptions import RayError, RayTaskError

        try:
            while ray.wait([self._stream], timeout=0)[0]:
                piece = ray.get(next(self._stream))
                if isinstance(piece, int):
                    return piece
                add(self._store, piece)
        except RayTaskError:
            raise
        except (RayError, StopIteration):  # the node, its memory or its process is gone
            return LOST
        return None

    def kill(self) -> None:
        import ray

        ray.cancel(self._stream)


class RayExecutor:
    """An `Executor` on a Ray cluster that runs already."""

    def __init__(self, address: str | None = None, say: Say = print) -> None:
        connect(address or "auto")
        self._say, self._told = say, False
        self._streams: list[Any] = []
        say(f"Ray: {resources()}")

    def at_once(self, model: Model) -> int:
        """All: Ray keeps those in line that there is no room for, and an autoscaler sees them. One
        where all would ask the same server."""
        return 1 if model.is_served else NO_LIMIT

    def start(self, run: Run, cell: Cell) -> RayJob:
        import ray

        gpus = gpus_of(run.manifest.profile.model)
        # A process that had a GPU is not used again, so that its memory is free.
        far = (ray.remote(max_calls=1)(work) if gpus else ray.remote(work)).options(
            num_cpus=1,
            num_gpus=gpus,
            num_returns="streaming",
            max_retries=0,
            scheduling_strategy="SPREAD",
            name=cell.name,
        )
        self._tell_of_waiting(gpus)
        stream = far.remote(pack(run, cell), cell.name, str(Path.cwd()), gpus)
        self._streams.append(stream)
        return RayJob(stream, run.cell(cell.name))

    def _tell_of_waiting(self, gpus: int) -> None:
        """Say once that cells ask for what no node has: an autoscaler may bring it, or nobody."""
        most = max((node["Resources"].get("GPU", 0) for node in nodes()), default=0)
        if gpus > most and not self._told:
            self._told = True
            self._say(
                f"A cell needs a node with {gpus} GPUs, and waits: the largest has {most:.0f}."
            )

    def sandbox(self, name: str) -> RaySandbox:
        return RaySandbox(name, self._say)

    def close(self) -> None:
        import ray

        if ends := [stream.completed() for stream in self._streams]:
            ray.wait(ends, num_returns=len(ends), timeout=CANCEL_S)
        ray.shutdown()


def connect(address: str) -> None:
    """Join the cluster as its driver; UserError if Ray or the cluster is not there."""
    os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_DEDUP_LOGS_SKIP_REGEX": "."}
    try:
        import ray
    except ImportError:
        raise UserError(NO_RAY) from None
    if address != "auto":
        check_address(address)
    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.CRITICAL)
    except (ConnectionError, OSError, RuntimeError, ValueError) as error:
        where = "on this machine" if address == "auto" else f"at {address} with a node here"
        reason = " ".join(str(error).split())[:200]
        raise UserError(f"No Ray cluster runs {where}: {HOW} ({reason}).") from None


def check_address(address: str) -> None:
    """UserError unless something listens at HOST:PORT; Ray itself would try for a minute."""
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdigit() or "/" in host:
        raise UserError(f"--address {address}: give auto, or HOST:PORT of the cluster's head.")
    try:
        socket.create_connection((host, int(port)), ANSWER_S).close()
    except OSError as error:
        reason = error.strerror or error
        raise UserError(f"No Ray cluster answers at {address} ({reason}): {HOW}.") from None


def resources() -> str:
    """What the cluster has, for the user."""
    found = nodes()
    cores, gpus = (sum(n["Resources"].get(kind, 0) for n in found) for kind in ("CPU", "GPU"))
    return f"{len(found)} nodes, {cores:.0f} cores, {gpus:.0f} GPUs"


def gpus_of(model: Model) -> int:
    """GPUs that a cell asks for: what the model's options say; else one, where the cluster has
    any and the model is not a shipped one, which a core serves, or a server's."""
    if model.gpus is not None:
        return model.gpus
    if model.name in SHIPPED or model.is_served:
        return 0
    return int(any(node["Resources"].get("GPU", 0) for node in nodes()))
