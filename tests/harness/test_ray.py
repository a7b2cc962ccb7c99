"""A real Ray cluster of several nodes on this machine, one of which dies in the middle."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ray.exceptions import RayActorError
from rich.console import Console

from harness.benchmark import complete, open_judge, start
from harness.executors import ray_sandbox
from harness.executors.ray import RayExecutor
from harness.model import EMBEDDED
from harness.profile import load_profile
from harness.record import read_rows
from sandbox.types import Ending, Limits, SandboxError

NODE = {"num_cpus": 1, "object_store_memory": 80 << 20}
SETTINGS = {
    "description": "a benchmark for tests",
    "suite": "seed20",
    "trainers": ["v1"],
    "seeds": 1,
    "cycles": 2,
    "tasks_per_cycle": 3,
    "samples": 2,
    "heldout_tasks": 6,
    "light_tasks": 3,
    "max_new_tokens": 8,
}


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A head with one core; tests add nodes of one core."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args=NODE | {"include_dashboard": False})
    yield made
    made.shutdown()


def numbers(folder: Path) -> tuple[bytes, dict[str, Any]]:
    """What must not depend on where a run was made."""
    result = json.loads((folder / "result.json").read_text())
    del result["provenance"]
    return (folder / "graded.jsonl").read_bytes(), result


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_run_on_a_cluster_that_loses_a_node_equals_a_local_one(
    cluster: Any, tmp_path: Path
) -> None:
    profile = tmp_path / "tiny.yaml"
    profile.write_text(yaml.safe_dump(SETTINGS))
    with open_judge("none") as judge:
        home = start("tiny", load_profile(str(profile)), judge, tmp_path / "home")
        complete(home, judge, Console(quiet=True))

    node, away = cluster.add_node(**NODE), tmp_path / "away"
    where = ["--executor", "ray", "--address", cluster.address, "--out", str(away)]
    asked = ["benchmark", "--profile", str(profile), "--sandbox", "none", *where]
    process = subprocess.Popen(
        [sys.executable, "-m", "harness.cli", *asked],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    wait_for_a_trained_cycle(process, away)
    cluster.remove_node(node, allow_graceful=False)
    output, _ = process.communicate()
    assert process.returncode == 0, output
    assert "Ray: 2 nodes, 2 cores, 0 GPUs" in output
    assert "lost its machine; on from the last finished cycle" in output
    assert numbers(away) == numbers(home.folder)
    for cell in home.manifest.cells:
        ours, theirs = (run / "cells" / cell.name for run in (home.folder, away))
        assert {p.name for p in ours.iterdir()} == {p.name for p in theirs.iterdir()}
        commits = [row["cycle"] for row in read_rows(theirs / "cycles.jsonl")]
        assert commits == sorted(set(commits))


HF = ["--model", "hf", "--model_args", f"pretrained={EMBEDDED},dtype=float32"]


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("model", [[], HF], ids=["ours", "of lm-eval"])
def test_an_evaluation_in_parts_on_a_cluster_equals_a_local_one(
    model: list[str], cluster: Any, tmp_path: Path
) -> None:
    profile, home, away = (tmp_path / name for name in ("tiny.yaml", "home", "away"))
    profile.write_text(yaml.safe_dump(SETTINGS | {"trainers": []}))
    asked = ["eval", "--profile", str(profile), "--shards", "2", "--sandbox", "none", *model]
    ray = ["--executor", "ray", "--address", cluster.address]
    for where in (["--out", str(home)], ["--out", str(away), *ray]):
        command = [sys.executable, "-m", "harness.cli", *asked, *where]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    assert "Ray: " in done.stdout
    cells = [path.name for path in sorted((away / "cells").iterdir())]
    assert cells == ["base-0", "base-0-shard-1", "base-0-shard-2"]
    assert len(list(read_rows(away / "graded.jsonl"))) == 2 * 6
    assert numbers(away) == numbers(home)


def wait_for_a_trained_cycle(process: subprocess.Popen[str], folder: Path) -> None:
    """By then two arms are at work, one on each node, with a cycle left at least."""
    while not list(folder.glob("cells/*/adapter-1")):
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.05)


@pytest.mark.sandbox
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_commands_of_a_node_that_dies_are_run_once_more_elsewhere(
    cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    node = cluster.add_node(**NODE)
    with monkeypatch.context() as patch:
        patch.setenv("GOODHART_BENCH_HOME", str(tmp_path))
        bare = cluster.add_node(**NODE)
    executor = RayExecutor(cluster.address, said.append)
    try:
        try:
            box = executor.sandbox("auto")
        except SandboxError as error:
            if os.environ.get("GOODHART_REQUIRE_SANDBOX"):
                raise
            pytest.skip(str(error))
        assert [line for line in said if "executes nothing: No sandbox." in line] == said[1:]
        assert len(said) == 2
        commands = [f"sleep .3; echo {number}" for number in range(24)]
        timer = threading.Timer(1.0, cluster.remove_node, (node,), {"allow_graceful": False})
        with box:
            timer.start()
            done = list(box.run_many(commands))
        timer.join()
        assert [execution.command for execution in done] == commands
        assert {execution.ending for execution in done} == {Ending.EXITED}
        assert [execution.stdout for execution in done] == [f"{n}\n" for n in range(24)]
        assert said[2:] == ["A node with a sandbox died; its commands are run on another."]
    finally:
        executor.close()
        cluster.remove_node(bare)


class Box:
    """A node's sandbox as `RaySandbox` sees it: an actor whose node can die."""

    def __init__(self) -> None:
        self.alive = True
        self.run = self

    def remote(self, command: str, limits: Limits) -> Callable[[], str]:
        return lambda: self.answer(command)

    def answer(self, command: str) -> str:
        if not self.alive:
            raise RayActorError
        return f"{command} done"


def test_nodes_that_come_after_the_last_one_died_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    boxes = {"first": Box()}

    def nodes() -> list[dict[str, Any]]:
        return [{"NodeID": name, "Resources": {"CPU": 2}} for name in boxes]

    monkeypatch.setattr(ray_sandbox, "nodes", nodes)
    monkeypatch.setattr(ray_sandbox, "start_box", lambda node: boxes[node["NodeID"]])
    same = ("provider", "image", "version")
    monkeypatch.setattr(ray_sandbox, "opened", lambda asked, name: dict.fromkeys(asked, same))
    monkeypatch.setattr("ray.get", lambda answer: answer())
    box = ray_sandbox.RaySandbox("auto", lambda line: None)
    commands = [str(number) for number in range(20)]
    for name in ("second", "third"):
        assert list(box.run_many(commands)) == [f"{command} done" for command in commands]
        for each in boxes.values():
            each.alive = False
        with pytest.raises(SandboxError, match="No node of the cluster with this sandbox is left"):
            list(box.run_many(commands))
        boxes[name] = Box()
    assert list(box.run_many(commands)) == [f"{command} done" for command in commands]


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("127.0.0.1:9", "No Ray cluster answers at 127.0.0.1:9"),
        ("ray://127.0.0.1:10001", "give auto, or HOST:PORT"),
    ],
)
def test_a_cluster_that_does_not_answer_is_told_in_one_line(
    address: str, said: str, tmp_path: Path
) -> None:
    where = ["--executor", "ray", "--address", address, "--out", str(tmp_path / "run")]
    command = [sys.executable, "-m", "harness.cli", "benchmark", *where]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert said in done.stderr
    assert len((done.stdout + done.stderr).splitlines()) == 1
    assert not (tmp_path / "run").exists()
