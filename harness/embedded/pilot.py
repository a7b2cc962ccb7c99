"""Try a profile on the calibration split, before its settings are fixed and a run is made.

`python -m harness.embedded.pilot PROFILE [--model NAME] [--arm v1 --arm random-accept] [--seed 0]`

A run evaluates on the held-out split alone, so settings that were chosen by its figures would be
fitted to it. Arms are trained as a run trains them (other seeds are drawn) and evaluated before and
after on calibration tasks; the verdicts are static.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from statistics import mean

from harness.evaluate import even_subset
from harness.model import Model
from harness.profile import Profile, load_profile
from harness.proxies import Draws, fidelity
from harness.registry import TRAINERS, open_model, open_suite
from harness.seeds import derive
from harness.similarity import load_similarity
from harness.types import CycleContext, CycleReport, Policy, Similarity, Trainer
from tasks.checker import judge
from tasks.suite import Suite
from tasks.types import Status, Task


@dataclass(frozen=True)
class Pilot:
    """What every arm of a pilot shares."""

    profile: Profile
    suite: Suite
    similarity: Similarity
    seed: int

    def cycle(self, trainer: Trainer, policy: Policy, cycle: int, rate: float) -> CycleReport:
        """One cycle on train prompts; `rate` is V1's acceptance in it."""
        tasks = [task for task in self.suite.split("train") if task.possible]
        drawn = Random(derive(self.seed, cycle, "prompts")).sample(
            tasks, self.profile.tasks_per_cycle
        )
        seed = derive(self.seed, trainer.name, cycle, "pilot")
        signals = {"truth": self.truth(drawn), "v1-acceptance": rate}
        context = CycleContext(
            policy=policy,
            similarity=self.similarity,
            sampling=self.profile.sampling(seed),
            training=self.profile.training(seed),
            candidates=self.profile.candidates,
            cycle=cycle,
            seed=seed,
            signals={name: signals[name] for name in trainer.needs},
        )
        return trainer.cycle([task.as_prompt() for task in drawn], context)

    def truth(self, tasks: Sequence[Task]) -> Callable[[str, str], bool]:
        by_id = {task.id: task for task in tasks}
        return lambda task, command: judge(command, by_id[task]).status is Status.PASS

    def evaluate(self, policy: Policy) -> tuple[float, float]:
        """Mean fidelity and the share correct, on as many calibration tasks as a run takes held-out
        ones, those left out that no command can do."""
        every = self.suite.split("calibration")
        ids = set(even_subset(every, self.profile.heldout_tasks or len(every)))
        tasks = [task for task in every if task.possible and task.id in ids]
        prompts = [task.prompt for task in tasks]
        sampling = self.profile.sampling(derive(self.seed, "evaluate"))
        draws = Draws.sample(policy, self.similarity, sampling, prompts, self.profile.samples)
        scores = fidelity(draws)
        right = [
            judge(command, task).status is Status.PASS
            for task, row in zip(tasks, draws.commands, strict=True)
            for command in row
        ]
        return mean(value for row in scores for value in row), mean(right)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("profile", help="a profile's name or file")
    parser.add_argument("--model", help="in place of the profile's")
    parser.add_argument("--arm", action="append", help="default: v1, v2 and random-accept")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    profile = load_profile(arguments.profile)
    if arguments.model:
        model = Model.model_validate(arguments.model)
        profile = profile.model_copy(update={"model": model})
    # seeds of a run count from 0; a pilot's are none of them
    pilot = Pilot(
        profile, open_suite(profile.suite), load_similarity(), derive("pilot", arguments.seed)
    )
    compare(pilot, arguments.arm or ("v1", "v2", "random-accept"))


def compare(pilot: Pilot, arms: Sequence[str]) -> None:
    """Print fidelity and correctness before and after each arm, and what it accepted."""
    rates: list[float] = []
    p0, t0 = pilot.evaluate(open_model(pilot.profile.model, 0))
    print(f"{'before':14} fidelity {p0:.3f}  correct {100 * t0:.1f}%", flush=True)
    for arm in arms:
        trainer = TRAINERS.load(arm)()
        policy = open_model(pilot.profile.model, derive(pilot.seed, "adapter"))
        reports = []
        for cycle in range(1, pilot.profile.cycles + 1):
            rate = rates[cycle - 1] if rates else 1.0
            reports.append(pilot.cycle(trainer, policy, cycle, rate))
        if arm == "v1":
            rates = [report.acceptance for report in reports]
        p, t = pilot.evaluate(policy)
        accepted = " ".join(f"{100 * report.acceptance:.0f}%" for report in reports)
        print(
            f"{arm:14} fidelity {p:.3f}  correct {100 * t:.1f}%  accepted in each cycle {accepted}",
            flush=True,
        )


if __name__ == "__main__":
    main()
