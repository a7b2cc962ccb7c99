"""V2: train on what looks faithful and comes out the same again.

As V1, and each candidate is also compared with three regenerations for the same task. Four commands
are drawn a task: three candidates and one more, and the regenerations of a candidate are the
other three draws. All four come independently from one policy, so the expectation of the mean
similarity is the one that three fresh regenerations would have; only its errors are correlated
between the candidates of a task. With c tokens a command and r tokens for the reconstructions a
task costs 4c + r tokens instead of 12c + r, and V1's 3c + r: at most 4/3 of V1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from harness.proxies import fidelity, inversion_tokens, reproducibility, tokens
from harness.types import Candidate, CycleContext, CycleReport
from tasks.types import Prompt
from trainers import common

THRESHOLD = 0.5


class V2:
    """Accepts candidates with fidelity and reproducibility above .5."""

    name = "v2"
    proxy = "fidelity+reproducibility"
    needs: frozenset[str] = frozenset()

    def cycle(self, prompts: Sequence[Prompt], context: CycleContext) -> CycleReport:
        every = common.draw(prompts, context, context.candidates + 1)
        # the extra draw is a regeneration only: it is neither inverted nor trained on
        draws = replace(every, generations=[row[:-1] for row in every.generations])
        candidates = [
            Candidate(prompt, command, {"fidelity": f, "reproducibility": r}, min(f, r) > THRESHOLD)
            for prompt, commands, fs, rs in zip(
                prompts, draws.commands, fidelity(draws), reproducibility(every), strict=True
            )
            for command, f, r in zip(commands, fs, rs, strict=False)
        ]
        spent = tokens(every.generations) + inversion_tokens(draws)
        return common.train(candidates, context, spent)
