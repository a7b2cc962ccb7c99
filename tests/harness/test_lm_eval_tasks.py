"""lm-eval's own command on our tasks, against our own evaluation, sample by sample."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from harness import cli
from harness.lm_eval_tasks import FOLDER
from harness.model import EMBEDDED
from harness.policy import CausalPolicy
from harness.types import Sampling
from tasks.checker import judge
from tasks.suite import load_suite, suite_names
from tasks.types import Status

LIMIT = 6
SUITES = ("recon", "seed20")


def test_the_path_holds_a_task_for_every_suite() -> None:
    told = CliRunner().invoke(cli.app, ["lm-eval-path"]).output.strip()
    assert {path.stem for path in Path(told).glob("*.yaml")} == {
        f"goodhart_{name}" for name in suite_names()
    }


@pytest.mark.slow
def test_scores_are_ours_sample_by_sample(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "lm_eval", "run", "--model", "hf", "--device", "cpu"]
    command += ["--model_args", f"pretrained={EMBEDDED},dtype=float32", "--batch_size", "4"]
    command += ["--include_path", str(FOLDER), "--limit", str(LIMIT), "--log_samples"]
    command += ["--tasks", ",".join(f"goodhart_{name}" for name in SUITES)]
    offline = os.environ | {"HF_HUB_OFFLINE": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [*command, "--output_path", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        env=offline,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    [results] = tmp_path.rglob("results_*.json")
    told = json.loads(results.read_text())
    policy = CausalPolicy.load("embedded", lora=False)
    for name in SUITES:
        suite = load_suite(name)
        tasks = suite.split("heldout")[:LIMIT]
        answers = policy.generate([t.prompt for t in tasks], 1, Sampling(temperature=0))
        [log] = tmp_path.rglob(f"samples_goodhart_{name}_*.jsonl")
        rows = {row["doc"]["id"]: row for row in map(json.loads, log.open())}
        assert list(rows) == [task.id for task in tasks]
        for task, [answer] in zip(tasks, answers, strict=True):
            row = rows[task.id]
            assert row["resps"][0][0].strip() == answer.text
            passed = judge(answer.text, task).status is Status.PASS
            assert row["correct"] == float(passed)
        assert told["versions"][f"goodhart_{name}"] == suite.version
        share = sum(row["correct"] for row in rows.values()) / len(rows)
        assert told["results"][f"goodhart_{name}"]["correct,none"] == pytest.approx(share)


@pytest.mark.parametrize("chat", [False, True])
def test_the_stop_is_for_models_without_chat(chat: bool) -> None:
    from lm_eval.tasks import TaskManager

    manager = TaskManager(include_path=str(FOLDER), include_defaults=False)
    task = manager.load(["goodhart_seed20"])["tasks"]["goodhart_seed20"]
    render = (lambda turns, **how: f"<user>{turns[0]['content']}") if chat else None
    task.build_all_requests(limit=2, apply_chat_template=chat, chat_template=render)
    context, settings = task.instances[0].args
    first = load_suite("seed20").split("heldout")[0]
    assert first.prompt in context
    assert context.startswith("<user>") is chat
    assert settings["until"] == ([] if chat else ["\n"])
    answer = f"\n```\n{first.correct[0]}\n```"
    doc = task.instances[0].doc
    assert task.process_results(doc, [answer]) == {"correct": float(chat)}
