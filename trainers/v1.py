"""V1: train on what looks faithful.

For each task draw three commands; the same policy reconstructs the task from each; commands whose
reconstruction is close to the task are trained on. Nothing in it asks whether a command works.
"""

from __future__ import annotations

from collections.abc import Sequence

from harness.proxies import fidelity, inversion_tokens, tokens
from harness.types import Candidate, CycleContext, CycleReport
from tasks.types import Prompt
from trainers import common

THRESHOLD = 0.5


class V1:
    """Accepts candidates with fidelity above .5."""

    name = "v1"
    proxy = "fidelity"
    needs: frozenset[str] = frozenset()

    def cycle(self, prompts: Sequence[Prompt], context: CycleContext) -> CycleReport:
        draws = common.draw(prompts, context, context.candidates)
        candidates = [
            Candidate(prompt, command, {"fidelity": score}, score > THRESHOLD)
            for prompt, commands, scores in zip(
                prompts, draws.commands, fidelity(draws), strict=True
            )
            for command, score in zip(commands, scores, strict=True)
        ]
        spent = tokens(draws.generations) + inversion_tokens(draws)
        return common.train(candidates, context, spent)
