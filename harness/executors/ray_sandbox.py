"""One sandbox made of those of all nodes of a Ray cluster, each with a pool of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from threading import Lock
from typing import TYPE_CHECKING, Any, Self

from harness.executors.node import NodeSandbox
from sandbox.pool import DEFAULT_LIMITS
from sandbox.types import SandboxError

if TYPE_CHECKING:
    from harness.executors import Say
    from sandbox.types import Execution, Limits

OPEN_S = 300.0  # for a node to say whether it has a sandbox
CLOSE_S = 10.0
MOST_THREADS = 512  # each waits for a command
NONE_LEFT = "No node of the cluster with this sandbox is left: start one, and resume the run."

Identity = tuple[str, str, str]  # provider, image, version of the sandbox's code


def nodes() -> list[dict[str, Any]]:
    """The nodes of the cluster that are alive and have cores to work with."""
    import ray

    alive = [node for node in ray.nodes() if node["Alive"]]
    return [node for node in alive if node["Resources"].get("CPU", 0) > 0]


class RaySandbox:
    """A `sandbox.types.Sandbox` of the nodes that have the same provider, image and lab. A node
    that has another one, or none, is told of and does without; a command whose node dies is run on
    another. Nodes that came later are asked when many commands are to be run."""

    raw = True

    def __init__(self, name: str, say: Say) -> None:
        self._asked, self._say = name, say
        self._lock = Lock()
        self._seen: set[str] = set()  # ids of the nodes that were asked
        self._boxes: dict[str, Any] = {}  # node id -> actor
        self._free: SimpleQueue[str | None] = SimpleQueue()  # a node id for each free worker
        self._identity: Identity | None = None
        refusals = self._ask_nodes()
        if self._identity is None:
            raise SandboxError(next(iter(refusals), NONE_LEFT))
        self.name, self.image = self._identity[:2]
        for refusal in refusals:
            say(refusal)

    def run(self, command: str, limits: Limits = DEFAULT_LIMITS) -> Execution:
        """As `Pool.run`, on whichever node has a worker free."""
        import ray
        from ray.exceptions import RayError, RayTaskError

        while (node := self._free.get()) is not None or self._boxes:
            if node is None or (box := self._boxes.get(node)) is None:
                continue  # none was left, and one came since; or a worker of a node that is gone
            try:
                done: Execution = ray.get(box.run.remote(command, limits))
            except RayTaskError:
                self._free.put(node)
                raise
            except RayError:
                self._lose(node)
            else:
                self._free.put(node)
                return done
        self._free.put(None)  # for whoever else waits
        raise SandboxError(NONE_LEFT)

    def run_many(
        self, commands: Iterable[str], limits: Limits = DEFAULT_LIMITS
    ) -> Iterator[Execution]:
        """Executions in the order of the commands, as many at a time as all nodes have workers."""
        for refusal in self._ask_nodes():
            self._say(refusal)
        with ThreadPoolExecutor(max(1, min(self._free.qsize(), MOST_THREADS))) as threads:
            yield from threads.map(lambda command: self.run(command, limits), commands)

    def close(self) -> None:
        import ray

        closing = [box.close.remote() for box in self._boxes.values()]
        if closing:
            ray.wait(closing, num_returns=len(closing), timeout=CLOSE_S)
        for box in self._boxes.values():
            ray.kill(box)
        self._boxes.clear()

    def _ask_nodes(self) -> list[str]:
        """Take in the nodes that were not asked yet; a sentence for each that cannot be used. The
        sandbox that most of the first nodes have is the sandbox of all."""
        fresh = {node["NodeID"]: node for node in nodes() if node["NodeID"] not in self._seen}
        self._seen |= fresh.keys()
        boxes = {name: start_box(node) for name, node in fresh.items()}
        answers = opened(boxes, self._asked)
        found = Counter(said for said in answers.values() if not isinstance(said, str))
        if self._identity is None and found:
            self._identity = found.most_common(1)[0][0]
        refusals = []
        for name, said in answers.items():
            if said == self._identity:
                with self._lock:
                    self._boxes[name] = boxes[name]
                for _ in range(workers(fresh[name])):
                    self._free.put(name)
            else:
                why = said if isinstance(said, str) else f"{' '.join(said[:2])} is not the others'"
                refusals.append(f"Node {address(fresh[name])} executes nothing: {why}")
        return refusals

    def _lose(self, name: str) -> None:
        """Go on without a node that died; with those that came since, if it was the last."""
        with self._lock:
            if self._boxes.pop(name, None) is None:
                return
            self._say("A node with a sandbox died; its commands are run on another.")
            none_left = not self._boxes
        if none_left:
            self._ask_nodes()
            if not self._boxes:
                self._free.put(None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def start_box(node: dict[str, Any]) -> Any:
    """An actor on this node and no other; it takes no core from the cells, since commands mostly
    wait."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    here = NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
    far = ray.remote(NodeSandbox).options(
        num_cpus=0, max_concurrency=workers(node), scheduling_strategy=here
    )
    return far.remote()


def opened(boxes: dict[str, Any], name: str) -> dict[str, Identity | str]:
    """What each node's sandbox is, or the sentence why it has none."""
    import ray
    from ray.exceptions import RayError

    asked = {node: box.open.remote(name) for node, box in boxes.items()}
    answers: dict[str, Identity | str] = {}
    for node, answer in asked.items():
        try:
            answers[node] = ray.get(answer, timeout=OPEN_S)
        except RayError as error:
            answers[node] = f"it did not answer ({type(error).__name__})."
    return answers


def workers(node: dict[str, Any]) -> int:
    """Commands at a time: two a core, as on one machine."""
    return max(1, int(2 * node["Resources"]["CPU"]))


def address(node: dict[str, Any]) -> str:
    return f"{node['NodeManagerHostname']} ({node['NodeManagerAddress']})"
