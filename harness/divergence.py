"""How far a policy has moved from its frozen base: KL(policy || base), summed over a command.

For a command sampled from the policy, each token's full-vocabulary KL between the two next-token
distributions is summed. Its mean over commands is the KL of the sequences (chain rule), and varies
less than the log-ratios of the sampled tokens alone (Amini et al. 2504.10637).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

from harness.finetune import IGNORED, Example, right_padded

ROWS = 16  # sequences a forward pass: two [B, T, V] tensors of logits are held at once


def token_kl(
    model: Any, frozen: Callable[[], AbstractContextManager[None]], examples: Sequence[Example]
) -> list[float]:
    """The summed KL along each (question, answer), in nats; within `frozen()` the model is the
    base."""
    import torch

    found = [0.0] * len(examples)
    by_length = sorted(range(len(examples)), key=lambda i: sum(map(len, examples[i])))
    with torch.inference_mode():
        for start in range(0, len(by_length), ROWS):
            places = by_length[start : start + ROWS]
            batch = right_padded([examples[i] for i in places], model.device)
            ours = _logs(model, batch["input_ids"])
            with frozen():
                base = _logs(model, batch["input_ids"])
            kl = (ours.exp() * (ours - base)).sum(-1)  # [B, T - 1], of the token that follows
            answered = batch["labels"][:, 1:] != IGNORED
            sums = (kl * answered).sum(1).clamp(min=0).tolist()
            for i, value in zip(places, sums, strict=True):
                found[i] = value
    return found


def _logs(model: Any, ids: Any) -> Any:
    """Log-probabilities of each token that follows, [B, T - 1, V]."""
    return model(input_ids=ids, use_cache=False).logits[:, :-1].float().log_softmax(-1)
