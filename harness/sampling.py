"""Sampling from a causal LM: each prompt is read once, finished rows leave the batch, and what was
read is not copied again for each token. transformers' `generate` does none of the three.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING, Any

from harness.types import Sampling

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
    prompts: Mapping[str, torch.Tensor],
    n: int,
    sampling: Sampling,
    ends: tuple[int, ...],
) -> list[Sampled]:
    """`n` sampled continuations of each of B prompts: B * n rows, prompt by prompt.

    `prompts` holds `input_ids` and `attention_mask`, both [B, T], padded on the left. A row that
    came to one of the `ends` holds it as its last token.
    """
    import torch

    from harness.room import closed_up, make_room

    ids, mask = prompts["input_ids"], prompts["attention_mask"]
    generator = torch.Generator(ids.device).manual_seed(sampling.seed)
    rows: list[list[int]] = [[] for _ in range(len(ids) * n)]
    told = torch.zeros(len(rows), 3, device=ids.device)
    with torch.inference_mode():
        positions = (mask.cumsum(1) - 1).clamp(min=0)
        step = model(
            input_ids=ids,
            attention_mask=mask,
            position_ids=positions,
            use_cache=True,
            logits_to_keep=1,
        )
        cache = step.past_key_values
        make_room(cache, n)
        logits = step.logits[:, -1].repeat_interleave(n, 0)
        mask = mask.repeat_interleave(n, 0)
        alive = torch.arange(len(rows), device=ids.device)  # the row in each place of the batch
        stops = torch.tensor(ends, device=ids.device)
        for _ in range(sampling.max_new_tokens):
            in_order = alive.argsort()  # draws are made in the order of rows, wherever they lie
            alive, logits = alive[in_order], logits[in_order]
            tokens = _choose(logits, sampling.temperature, generator)
            told[alive] += _tell(logits, tokens)
            for row, token in zip(alive.tolist(), tokens.tolist(), strict=True):
                rows[row].append(token)
            places = in_order.argsort()
            alive, tokens = alive[places], tokens[places]
            going = ~torch.isin(tokens, stops)
            if not going.any():
                break
            if not going.all():
                kept = closed_up(going)
                cache.batch_select_indices(kept)
                alive, tokens, mask = alive[kept], tokens[kept], mask[kept]
            mask = torch.cat([mask, mask.new_ones(len(mask), 1)], 1)
            step = model(
                input_ids=tokens[:, None],
                attention_mask=mask,
                position_ids=mask.sum(1, keepdim=True) - 1,
                past_key_values=cache,
                use_cache=True,
            )
            logits = step.logits[:, -1]
    return [
        Sampled(row, likelihood, certainty / len(row), entropy / len(row))
        for row, (likelihood, certainty, entropy) in zip(rows, told.tolist(), strict=True)
    ]


def _tell(logits: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
    """For each row of [R, V] logits, [R, 3] in nats: log p of its token; KL(uniform || p), which
    is self-certainty (Kang et al. 2502.18581); the entropy of p."""
    import torch

    logs = logits.float().log_softmax(-1)
    chosen = logs.gather(1, tokens[:, None])[:, 0]
    certainty = -logs.mean(-1) - log(logs.shape[-1])
    entropy = -torch.linalg.vecdot(logs.exp(), logs)
    return torch.stack([chosen, certainty, entropy], 1)


def _choose(logits: torch.Tensor, temperature: float, generator: torch.Generator) -> torch.Tensor:
    """One token for each row of [R, V] logits: the likeliest at temperature 0, else sampled."""
    import torch

    if temperature == 0:
        return logits.argmax(-1)
    shares = (logits.float() / temperature).softmax(-1)
    return torch.multinomial(shares, 1, generator=generator)[:, 0]
