"""Sampling from a causal LM: each prompt is read once for all its samples, finished rows leave the
batch, and what was read is not copied again for each token. transformers' `generate` does none of
the three.

A sample depends on the seed, its prompt's tokens and its number among the prompt's samples, and on
nothing else: not on the batch, the order of prompts, or who else draws at the same time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING, Any

from harness.seeds import derive
from harness.types import Sampling
from tasks.errors import UserError

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class Sampled:
    """Token ids, and what the model's own distributions at temperature 1 say of them, in nats:
    log-probability (sum), self-certainty and entropy (means over tokens)."""

    tokens: list[int]
    log_likelihood: float
    self_certainty: float
    entropy: float


def sample(
    model: Any,
    prompts: Sequence[Sequence[int]],
    n: int,
    sampling: Sampling,
    ends: tuple[int, ...],
) -> list[Sampled]:
    """`n` sampled continuations of each of B prompts, given as token ids: B * n rows, prompt by
    prompt. A row that came to one of the `ends` holds it as its last token. UserError if the model
    gives no probabilities."""
    import torch

    from harness.reading import read
    from harness.room import closed_up

    device = model.device
    rows: list[list[int]] = [[] for _ in range(len(prompts) * n)]
    draws = uniforms(prompts, n, sampling).to(device)
    told = torch.zeros(len(rows), 3, device=device)
    stops = torch.tensor(ends, device=device)
    alive = torch.arange(len(rows), device=device)  # the row in each place of the batch
    with torch.inference_mode():
        reading, logits = read(model, prompts, n)
        for step in range(sampling.max_new_tokens):
            tokens = _choose(logits, sampling.temperature, draws[alive, step])
            told[alive] += _tell(logits, tokens)
            for row, token in zip(alive.tolist(), tokens.tolist(), strict=True):
                rows[row].append(token)
            going = ~torch.isin(tokens, stops)
            if not going.any():
                break
            if not going.all():
                kept = closed_up(going)
                reading.keep(kept)
                alive, tokens = alive[kept], tokens[kept]
            logits = reading.step(tokens)
    if not told[:, 0].isfinite().all():
        raise UserError(
            "The model's probabilities are no numbers: lower learning_rate if it was trained here, "
            "or else its weights are damaged."
        )
    return [
        Sampled(row, likelihood, certainty / len(row), entropy / len(row))
        for row, (likelihood, certainty, entropy) in zip(rows, told.tolist(), strict=True)
    ]


def uniforms(prompts: Sequence[Sequence[int]], n: int, sampling: Sampling) -> torch.Tensor:
    """The random numbers in [0, 1) that the tokens of each row are chosen by: [B * n, tokens]."""
    import numpy as np
    import torch

    seeds = (derive(sampling.seed, *prompt, k) for prompt in prompts for k in range(n))
    streams = [np.random.default_rng(seed).random(sampling.max_new_tokens) for seed in seeds]
    return torch.from_numpy(np.stack(streams))


def _tell(logits: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
    """For each row of [R, V] logits, [R, 3] in nats: log p of its token; KL(uniform || p), which
    is self-certainty (Kang et al. 2502.18581); the entropy of p."""
    import torch

    logs = logits.float().log_softmax(-1)
    chosen = logs.gather(1, tokens[:, None])[:, 0]
    certainty = -logs.mean(-1) - log(logs.shape[-1])
    entropy = -torch.linalg.vecdot(logs.exp(), logs)
    return torch.stack([chosen, certainty, entropy], 1)


def _choose(logits: torch.Tensor, temperature: float, draws: torch.Tensor) -> torch.Tensor:
    """One token for each row of [R, V] logits: the likeliest at temperature 0, else where its
    uniform number [R] falls among the cumulated probabilities; the last where these are NaN."""
    import torch

    if temperature == 0:
        return logits.argmax(-1)
    shares = (logits.float() / temperature).softmax(-1)
    reached = shares.cumsum(-1, dtype=torch.float64)
    wanted = draws[:, None] * reached[:, -1:]
    return torch.searchsorted(reached, wanted, right=True)[:, 0].clamp(max=logits.shape[-1] - 1)
