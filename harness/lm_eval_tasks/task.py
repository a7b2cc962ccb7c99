"""A suite as a task of lm-eval: our prompts, our checker, one greedy answer to each held-out task.

The model is asked as `goodhart-bench eval` asks it: by the `prompts.yaml` in the folder that
`pretrained` names, by the file that `--metadata '{"prompts": "FILE"}'` names, or by the common
prompts. With `--apply_chat_template` an answer may have many lines; without, it ends where the
prompts say.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

from datasets import Dataset, DatasetDict
from lm_eval.api.task import ConfigurableTask

from harness.model import Model
from harness.prompts import Prompts, prompts_of
from harness.registry import open_suite
from harness.types import Sampling
from tasks.checker import judge
from tasks.suite import Suite
from tasks.types import Status, Task

Doc = dict[str, Any]


class GoodhartTask(ConfigurableTask):  # type: ignore[misc]  # lm-eval has no types
    """Made by lm-eval from a YAML file with `metadata: {suite: NAME}`."""

    def __init__(self, config: dict[str, Any]) -> None:
        metadata = config["metadata"]
        self._suite: Suite = open_suite(str(metadata["suite"]))
        named = {key: metadata[key] for key in ("prompts",) if key in metadata}
        model = Model(backend="hf", args={"pretrained": metadata.get("pretrained")}, **named)
        self._prompts: Prompts = prompts_of(model)
        super().__init__(
            config={
                "task": config["task"],
                "test_split": "heldout",
                "num_fewshot": 0,
                "output_type": "generate_until",
                "doc_to_text": lambda doc: self._prompts.question(doc["prompt"]),
                "doc_to_target": lambda doc: doc["target"],
                "process_results": self.judged,
                "generation_kwargs": {
                    "until": [self._prompts.stop] if self._prompts.stop else [],
                    "max_gen_toks": Sampling().max_new_tokens,
                    "temperature": 0.0,
                    "do_sample": False,
                },
                "metric_list": [
                    {"metric": name, "aggregation": "mean", "higher_is_better": True}
                    for name in ("correct", "refused")
                ],
                "metadata": metadata
                | {"version": self._suite.version, "digest": self._suite.digest},
            }
        )

    def download(self, dataset_kwargs: object = None, **more: object) -> None:
        """The held-out split, from the suite's own files."""
        rows = [
            {
                "id": task.id,
                "family": task.family,
                "tool": task.tool,
                "possible": task.possible,
                "prompt": task.prompt,
                "target": task.correct[0] if task.correct else "",
            }
            for task in self._suite.split("heldout")
        ]
        self.dataset = DatasetDict({"heldout": Dataset.from_list(rows)})

    def build_all_requests(self, **how: Any) -> None:
        """lm-eval's step before asking; it says here whether a chat template is used."""
        if how.get("apply_chat_template"):
            self._prompts = self._prompts.in_chat()
            self.config.generation_kwargs["until"] = []
        super().build_all_requests(**how)

    def judged(self, doc: Doc, results: list[str]) -> dict[str, float]:
        """`correct` of a task that can be done, `refused` of one that cannot: 1 if the checker
        passes the answer, else 0. Nothing is executed here."""
        task = self._tasks[doc["id"]]
        passed = judge(self._prompts.answer(results[0]), task).status is Status.PASS
        return {"correct" if task.possible else "refused": float(passed)}

    @cached_property
    def _tasks(self) -> dict[str, Task]:
        return {task.id: task for task in self._suite.split("heldout")}
