"""Evaluating the embedded model, against lm-eval's transformers backend at its best batch size: the
same weights in float32, questions, lengths, temperature and checker, one thread each. Answers with
their static verdicts, a second of the processor; loading a model is not counted, and proxies, which
lm-eval has none of, are left out."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from benchmarks.measure import Figure, medians, seconds
from harness.evaluate import even_subset
from harness.model import EMBEDDED
from harness.prompts import Prompts
from harness.registry import open_model, open_suite
from harness.types import Sampling
from tasks.checker import judge
from tasks.types import Task

CLOCK = time.process_time
BATCHES = (32, 64, 128)
SETTINGS = ((1, 0.0, 128), (10, 0.7, 24))  # samples a task, temperature, tasks


def measure() -> list[Figure]:
    import torch

    torch.set_num_threads(1)
    tasks = open_suite("recon").split("heldout")
    lm, policy = lm_eval_model(), open_model("embedded", seed=0)
    figures = []
    for n, temperature, size in SETTINGS:
        ids = set(even_subset(tasks, size))
        chosen = [task for task in tasks if task.id in ids]
        sampling = Sampling(temperature=temperature, seed=1)
        ours = partial(evaluate, chosen, partial(policy_answers, policy, n, sampling))
        theirs = {
            batch: partial(evaluate, chosen, partial(lm_eval_answers, lm, batch, n, sampling))
            for batch in BATCHES
        }
        tried = {batch: seconds(action, CLOCK) for batch, action in theirs.items()}
        best = min(tried, key=lambda batch: tried[batch])
        mine, other = medians([ours, theirs[best]], runs=3, clock=CLOCK)
        what = f"{n} sample{'s' * (n > 1)} a task, temperature {temperature:g}"
        figures += [
            Figure(f"lm-eval hf, batch {best}, {what}", n * size / other, "samples/s"),
            Figure(f"ours, {what}", n * size / mine, "samples/s", "lm-eval hf", other / mine),
        ]
    return figures


def evaluate(tasks: Sequence[Task], answer: Callable[[Sequence[str]], list[list[str]]]) -> None:
    """Have the tasks answered, and judge every answer."""
    for task, texts in zip(tasks, answer([task.prompt for task in tasks]), strict=True):
        for text in texts:
            judge(text, task)


def policy_answers(
    policy: Any, n: int, sampling: Sampling, texts: Sequence[str]
) -> list[list[str]]:
    """Our own answers, `n` to each task text."""
    return [[one.text for one in row] for row in policy.generate(texts, n, sampling)]


def lm_eval_model() -> Any:
    """The embedded model as lm-eval's transformers backend loads it."""
    from lm_eval.api.registry import get_model

    return get_model("hf")(pretrained=str(EMBEDDED), dtype="float32", device="cpu")


def lm_eval_answers(
    lm: Any, batch: int, n: int, sampling: Sampling, texts: Sequence[str]
) -> list[list[str]]:
    """lm-eval's answers: with `repeats: n` a task is asked `n` times over, as by its evaluator."""
    from lm_eval.api.instance import Instance

    lm.batch_size_per_gpu = batch
    prompts = Prompts.load(EMBEDDED / "prompts.yaml")
    settings = {
        "until": [],
        "max_gen_toks": sampling.max_new_tokens,
        "do_sample": sampling.temperature > 0,
        "temperature": sampling.temperature,
    }
    requests = [
        Instance("generate_until", {}, (prompts.question(text), dict(settings)), i)
        for i, text in enumerate(texts)
        for _ in range(n)
    ]
    said = [prompts.answer(text) for text in lm.generate_until(requests, disable_tqdm=True)]
    return [said[i * n : (i + 1) * n] for i in range(len(texts))]
