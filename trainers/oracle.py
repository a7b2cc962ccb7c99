"""oracle: the ceiling. It trains on the candidates that the checker passed, so it uses truth.

It shows how much room for improvement there was; it is no competitor.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import cast

from harness.proxies import tokens
from harness.types import CycleContext, CycleReport
from tasks.types import Prompt
from trainers import common


class Oracle:
    """Accepts what the static checker passed for its task."""

    name = "oracle"
    proxy = "fidelity"
    needs = frozenset({"truth"})

    def cycle(self, prompts: Sequence[Prompt], context: CycleContext) -> CycleReport:
        is_correct = cast(Callable[[str, str], bool], context.signals["truth"])
        draws = common.draw(prompts, context, context.candidates)
        candidates = [
            replace(c, accepted=is_correct(c.prompt.id, c.command))
            for c in common.unscored(prompts, draws)
        ]
        return common.train(candidates, context, tokens(draws.generations))
