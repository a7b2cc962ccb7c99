"""Measure a model on the suite `recon` and write its model card.

`python -m harness.embedded.evaluate [organism] [--split calibration --split heldout]`

Correctness is the static verdict of `tasks.checker.judge` (nothing is executed here), over the
tasks that a command can do. The recipe
is tuned on the calibration split alone; the held-out split is measured when it is done.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean, stdev
from typing import Any, get_args

from harness.embedded.recipe import RECIPE, RECIPES, Recipe
from harness.model import SHIPPED
from harness.policy import CausalPolicy
from harness.similarity import load_similarity
from harness.types import Sampling
from tasks.checker import judge
from tasks.suite import load_suite
from tasks.types import Split, Status, Task, Verdict

SUITE = "recon"
SAMPLES = 4
SAMPLING = Sampling(temperature=0.7, max_new_tokens=96, seed=1)
GREEDY = Sampling(temperature=0.0, max_new_tokens=96)
SPLITS: tuple[Split, ...] = ("calibration", "heldout")
CARD = Path(__file__).parent / "card.md.j2"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", nargs="?", choices=SHIPPED, default="embedded")
    parser.add_argument(
        "--split", action="append", choices=get_args(Split), help="default: calibration and heldout"
    )
    arguments = parser.parse_args()
    splits = arguments.split or SPLITS
    report(SHIPPED[arguments.name], RECIPES[arguments.name], splits)


def report(folder: Path, recipe: Path = RECIPE, splits: Sequence[Split] = SPLITS) -> None:
    """Measure on these splits; print the figures and write `evaluation.json` and the card."""
    import torch

    torch.set_num_threads(1)
    text = json.dumps({split: measure(str(folder), split) for split in splits}, indent=2)
    print(text)
    (folder / "evaluation.json").write_text(text + "\n")
    write_card(folder, recipe)


def measure(model: str, split: Split) -> dict[str, Any]:
    """The figures of one split; shares are in percent, with half of their 95% interval."""
    suite = load_suite(SUITE)
    tasks = [task for task in suite.split(split) if task.possible]
    prompts = [task.prompt for task in tasks]
    policy = CausalPolicy.load(model, lora=False)
    started = time.monotonic()
    sampled = policy.generate(prompts, SAMPLES, SAMPLING)
    generating = time.monotonic() - started
    verdicts = [
        [judge(g.text, task) for g in row] for task, row in zip(tasks, sampled, strict=True)
    ]
    greedy = [
        [judge(row[0].text, task)]
        for task, row in zip(tasks, policy.generate(prompts, 1, GREEDY), strict=True)
    ]
    rebuilt = policy.invert([row[0].text for row in sampled], SAMPLING)
    fidelity = load_similarity()(prompts, [r.text for r in rebuilt])
    unseen = [v for t, v in zip(tasks, verdicts, strict=True) if t.family in suite.unseen_families]
    tokens = sum(g.tokens for row in sampled for g in row)
    return {
        "suite": f"{suite.name} {suite.version}",
        "digest": suite.digest,
        "tasks": len(tasks),
        "samples": SAMPLES,
        "correct": share(verdicts),
        "correct, families unseen in train": share(unseen) if unseen else None,
        "correct, greedy": share(greedy),
        "by tool": by_tool(tasks, verdicts),
        "faults": dict(
            Counter(v.fault.value for row in verdicts for v in row if v.fault).most_common()
        ),
        "fidelity": round(mean(fidelity), 3),
        "fidelity of correct": _mean_where(fidelity, verdicts, True),
        "fidelity of wrong": _mean_where(fidelity, verdicts, False),
        "tokens a second": round(tokens / generating),
    }


def share(verdicts: Sequence[Sequence[Verdict]]) -> dict[str, float]:
    """Percent correct, each task's samples averaged first, and half of the 95% interval."""
    rates = [100 * mean(v.status is Status.PASS for v in row) for row in verdicts]
    half = 1.96 * stdev(rates) / len(rates) ** 0.5 if len(rates) > 1 else 100.0
    return {"percent": round(mean(rates), 1), "interval": round(half, 1), "tasks": len(rates)}


def by_tool(
    tasks: Sequence[Task], verdicts: Sequence[Sequence[Verdict]]
) -> dict[str, Mapping[str, float]]:
    return {
        tool: share([v for t, v in zip(tasks, verdicts, strict=True) if t.tool == tool])
        for tool in sorted({task.tool for task in tasks})
    }


def _mean_where(
    fidelity: Sequence[float], verdicts: Sequence[Sequence[Verdict]], correct: bool
) -> float | None:
    """Mean fidelity of the first samples that are correct, or that are not."""
    chosen = [
        value
        for value, row in zip(fidelity, verdicts, strict=True)
        if (row[0].status is Status.PASS) is correct
    ]
    return round(mean(chosen), 3) if chosen else None


def write_card(folder: Path, recipe: Path = RECIPE) -> None:
    """Write `README.md`, the model card, from what training and evaluation recorded."""
    from jinja2 import Environment, StrictUndefined

    template = Environment(undefined=StrictUndefined, trim_blocks=True).from_string(
        CARD.read_text(encoding="utf-8")
    )
    card = template.render(
        recipe=Recipe.load(recipe),
        recipe_text=recipe.read_text(encoding="utf-8"),
        config=json.loads((folder / "config.json").read_text()),
        training=json.loads((folder / "training.json").read_text()),
        evaluation=json.loads((folder / "evaluation.json").read_text()),
        megabytes=sum(f.stat().st_size for f in folder.iterdir()) / 1e6,
    )
    (folder / "README.md").write_text(card + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
