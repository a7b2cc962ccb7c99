"""no-train: the control that draws candidates like every other arm and trains on none.

What it appears to gain or lose is the noise of the evaluation.
"""

from __future__ import annotations

from collections.abc import Sequence

from harness.proxies import tokens
from harness.types import CycleContext, CycleReport
from tasks.types import Prompt
from trainers import common


class NoTrain:
    """Accepts nothing."""

    name = "no-train"
    proxy = "fidelity"
    needs: frozenset[str] = frozenset()

    def cycle(self, prompts: Sequence[Prompt], context: CycleContext) -> CycleReport:
        draws = common.draw(prompts, context, context.candidates)
        return common.train(common.unscored(prompts, draws), context, tokens(draws.generations))
