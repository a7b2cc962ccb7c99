"""What the trainers share: draw commands for prompts, make candidates, train on the accepted."""

from __future__ import annotations

from collections.abc import Sequence

from harness.proxies import Draws
from harness.types import Candidate, CycleContext, CycleReport
from tasks.types import Prompt


def draw(prompts: Sequence[Prompt], context: CycleContext, n: int) -> Draws:
    """`n` independent commands for each prompt."""
    texts = [prompt.text for prompt in prompts]
    return Draws.sample(context.policy, context.similarity, context.sampling, texts, n)


def unscored(prompts: Sequence[Prompt], draws: Draws) -> list[Candidate]:
    """Every drawn command as a candidate, accepted by nobody yet."""
    return [
        Candidate(prompt, command)
        for prompt, commands in zip(prompts, draws.commands, strict=True)
        for command in commands
    ]


def train(
    candidates: Sequence[Candidate], context: CycleContext, generated_tokens: int
) -> CycleReport:
    """Train on the accepted candidates, if there are any, and report the cycle."""
    pairs = [(c.prompt.text, c.command) for c in candidates if c.accepted]
    loss = context.policy.train(pairs, context.training) if pairs else None
    return CycleReport(tuple(candidates), generated_tokens, loss)
