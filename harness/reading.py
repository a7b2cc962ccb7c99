"""What a model has read of prompts and answers, and one step further: the next tokens' logits.

Models whose every layer attends to all there was have their prompts' keys and values shared by all
samples of a prompt; others get them copied for each sample, as transformers does it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from tasks.errors import UserError

if TYPE_CHECKING:
    import torch


class Reading(Protocol):
    """R rows, each a prompt and what was answered so far."""

    def step(self, tokens: torch.Tensor) -> torch.Tensor:
        """The logits [R, V] of what follows when each row goes on with its token of [R]."""

    def keep(self, kept: torch.Tensor) -> None:
        """Go on with these rows only, in this order; see `harness.room.closed_up`."""


def read(model: Any, prompts: Sequence[Sequence[int]], n: int) -> tuple[Reading, torch.Tensor]:
    """Read B prompts, given as token ids, for `n` samples of each: B * n rows, prompt by prompt,
    with the logits of their first tokens."""
    from harness.copied import Copied
    from harness.shared import Shared, can_share

    return (Shared if can_share(model) else Copied).read(model, prompts, n)


def first_pass(model: Any, prompts: Sequence[Sequence[int]]) -> tuple[Any, Any, torch.Tensor]:
    """Read prompts in one batch: the cache, the mask [B, T] of what is no padding, which is on the
    left, and the logits [B, V] of what follows. UserError if the model has no such cache."""
    import torch
    from torch.nn.utils.rnn import pad_sequence

    ids, mask = (
        pad_sequence(rows, batch_first=True, padding_side="left").to(model.device)
        for rows in (
            [torch.tensor(prompt) for prompt in prompts],
            [torch.ones(len(prompt), dtype=torch.long) for prompt in prompts],
        )
    )
    step = model(
        input_ids=ids,
        attention_mask=mask,
        position_ids=(mask.cumsum(1) - 1).clamp(min=0),
        use_cache=True,
        logits_to_keep=1,
    )
    cache = getattr(step, "past_key_values", None)
    if cache is None:
        raise UserError(
            f"models of type {model.config.model_type} keep no keys and values to go on from; "
            "evaluate this one by lm-eval: --model hf --model_args pretrained=MODEL"
        )
    return cache, mask, step.logits[:, -1]
