"""random-accept: the control that trains on as many candidates as V1 did, chosen by lot.

It separates what V1's filter does from what training on one's own outputs does anyway.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import cast

from harness.proxies import tokens
from harness.types import CycleContext, CycleReport
from tasks.types import Prompt
from trainers import common


class RandomAccept:
    """Accepts a random subset, at the rate V1 accepted in the same cycle of the same seed."""

    name = "random-accept"
    proxy = "fidelity"
    needs = frozenset({"v1-acceptance"})

    def cycle(self, prompts: Sequence[Prompt], context: CycleContext) -> CycleReport:
        rate = cast(float, context.signals["v1-acceptance"])
        draws = common.draw(prompts, context, context.candidates)
        candidates = common.unscored(prompts, draws)
        chosen = Random(context.seed).sample(range(len(candidates)), round(rate * len(candidates)))
        for i in chosen:
            candidates[i] = replace(candidates[i], accepted=True)
        return common.train(candidates, context, tokens(draws.generations))
