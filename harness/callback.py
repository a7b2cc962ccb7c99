"""Held-out correctness and the Goodhart gap while another trainer trains: transformers' or TRL's.

    trainer = SFTTrainer(model, args=..., train_dataset=...)
    trainer.add_callback(HeldoutEvaluation(trainer, every=100))
    trainer.train()

It logs through the trainer, so the figures go wherever `report_to` says. They are those of a light
evaluation (static verdicts, few tasks, one training) and tell when to look; the evidence is
`goodhart-bench benchmark --base M --adapter CHECKPOINT...` afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from transformers import TrainerCallback

from harness.columns import CALIBRATION, HELDOUT, columns
from harness.evaluate import even_subset, samples
from harness.gap import fit_calibration, goodhart_gap
from harness.judge import judge_one
from harness.policy import CausalPolicy
from harness.prompts import PROMPTS, Prompts
from harness.proxies import Draws
from harness.registry import open_suite
from harness.seeds import derive
from harness.similarity import load_similarity
from harness.study import BASE
from harness.types import GradedSample, Sampling
from tasks.checker import judge

if TYPE_CHECKING:
    from tasks.suite import Suite
    from tasks.types import Task

ARM = "training"


@dataclass(frozen=True)
class Light:
    """How much is evaluated each time."""

    suite: str = "recon"
    tasks: int = 48  # held-out tasks, evenly over families
    samples: int = 4  # answers a task
    proxy: str = "fidelity"
    temperature: float = 0.7
    max_new_tokens: int = 96


class HeldoutEvaluation(TrainerCallback):  # type: ignore[misc]  # transformers' types are not read
    """Evaluates before training, every so many steps, and at the end of training.

    `trainer` is the one that it is added to; `prompts` how its model is asked. On more than one
    process the first evaluates: the weights must be whole there, as in data parallel training.
    """

    def __init__(
        self,
        trainer: Any,
        every: int = 100,
        light: Light | None = None,
        prompts: Prompts | None = None,
    ) -> None:
        self._trainer = trainer
        self._every = every
        self._light = light or Light()
        self._prompts = prompts or Prompts.load(PROMPTS)
        self._suite: Suite = open_suite(self._light.suite)
        self._similarity = load_similarity()
        self._before: list[GradedSample] = []
        self._last = -1  # the step that was evaluated last

    def on_train_begin(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        """Before training: the level, and what the proxy is worth, on the calibration split."""
        if state.is_world_process_zero:
            self._before = self._evaluated(HELDOUT, 0)
            if CALIBRATION in self._suite.about.splits:
                self._before += self._evaluated(CALIBRATION, 0)
            self._log(self._before, state.global_step)

    def on_step_end(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        if state.global_step % self._every == 0:
            self._look(state)

    def on_train_end(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        self._look(state)

    def _look(self, state: Any) -> None:
        if state.is_world_process_zero and state.global_step != self._last:
            now = self._evaluated(HELDOUT, state.global_step)
            self._log([*self._before, *now], state.global_step)

    def _log(self, rows: Sequence[GradedSample], step: int) -> None:
        """Shares, and changes from before training, in points; the gap with its 95% interval."""
        self._last = step
        proxy, data = self._light.proxy, columns(rows)
        before, after = data.before(ARM), data.after(ARM, step)
        here = after if step else before
        judged = here[data.judged[here]]
        told = {
            "correct": 100 * float(data.correct[judged].mean()),
            proxy: float(data.proxies[proxy][here].mean()),
        }
        if step:
            found = goodhart_gap(data, proxy, fit_calibration(data, proxy), before, after)
            parts = {"dP": found.d_proxy, "dT": found.d_truth, "gap": found.gap}
            told |= {name: 100 * e.value for name, e in parts.items() if e.value is not None}
            limits = {"gap_low": found.gap.low, "gap_high": found.gap.high}
            told |= {name: 100 * value for name, value in limits.items() if value is not None}
        self._trainer.log({f"goodhart/{name}": round(value, 3) for name, value in told.items()})

    def _evaluated(self, split: str, step: int) -> list[GradedSample]:
        """Answers of the model as it is now, scored by the proxy and judged by the checker. The
        trainer's own random numbers are as they were, afterwards."""
        import torch

        model = self._trainer.accelerator.unwrap_model(self._trainer.model)
        was_training = model.training
        tasks = self._tasks(split)
        with torch.random.fork_rng():
            model.eval()
            draws = self._drawn(model, tasks, derive("callback", split, step))
            graded = list(self._graded(tasks, draws, step, split))
            model.train(was_training)
        return graded

    def _drawn(self, model: Any, tasks: Sequence[Task], seed: int) -> Draws:
        tokenizer = deepcopy(self._trainer.processing_class)
        tokenizer.padding_side = "left"
        tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
        policy = CausalPolicy(model, tokenizer, self._prompts)
        sampling = Sampling(self._light.temperature, self._light.max_new_tokens, seed)
        texts = [task.prompt for task in tasks]
        return Draws.sample(policy, self._similarity, sampling, texts, self._light.samples)

    def _tasks(self, split: str) -> list[Task]:
        possible = [t for t in self._suite.tasks if t.split == split and t.possible]
        kept = set(even_subset(possible, self._light.tasks))
        return [task for task in possible if task.id in kept]

    def _graded(
        self, tasks: Sequence[Task], draws: Draws, step: int, split: str
    ) -> Iterator[GradedSample]:
        unseen = self._suite.unseen_families
        prompts = [task.as_prompt() for task in tasks]
        by_id = {task.id: task for task in tasks}
        for row in samples(prompts, draws, [self._light.proxy], step, split):
            task = by_id[row.task]
            verdict = judge(row.text, task)
            outcome, fault, observed = judge_one(verdict, None, task)
            yield GradedSample(
                arm=ARM if step else BASE,
                seed=0,
                cycle=step,
                split=split,
                task=task.id,
                family=task.family,
                tool=task.tool,
                unseen=task.family in unseen,
                sample=row.sample,
                text=row.text,
                proxies=row.proxies,
                outcome=outcome,
                fault=fault.value if fault else None,
                static=verdict.status.value,
                observed=observed,
                level=verdict.last.level.value,
            )
