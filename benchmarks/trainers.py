"""Tokens that a V2 cycle generates against a V1 cycle: same model, prompts, candidates and seed."""

from benchmarks.measure import Figure
from harness.registry import TRAINERS, open_model, open_suite
from harness.similarity import load_similarity
from harness.types import CycleContext, Sampling, Training

TASKS = 50


def measure() -> list[Figure]:
    prompts = [task.as_prompt() for task in open_suite("recon").split("train")[:TASKS]]
    similarity = load_similarity()
    spent = {}
    for name in ("v1", "v2"):
        context = CycleContext(
            policy=open_model("embedded", seed=0),
            similarity=similarity,
            sampling=Sampling(seed=1),
            training=Training(),
            candidates=3,
            cycle=1,
            seed=2,
        )
        spent[name] = TRAINERS.load(name)().cycle(prompts, context).generated_tokens
    ratio = spent["v2"] / spent["v1"]
    return [
        Figure(f"V1 cycle of {TASKS} tasks", spent["v1"], "tokens"),
        Figure(f"V2 cycle of {TASKS} tasks", spent["v2"], "tokens", "V1 cycle", ratio),
    ]
