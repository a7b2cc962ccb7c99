"""Supervised fine-tuning of an adapter: a plain loop, the same result from the same seed."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import TYPE_CHECKING, Any

from harness.types import Training
from tasks.errors import UserError

if TYPE_CHECKING:
    import torch

Example = tuple[list[int], list[int]]
"""Token ids of a question, and of the answer that the loss is on."""

IGNORED = -100  # the label that transformers leaves out of the loss
CLIP = 1.0  # largest norm of a step's gradient


def finetune(model: Any, examples: Sequence[Example], training: Training) -> float:
    """Train what is trainable in `model`; the mean loss over the training, in nats a token.

    AdamW at a constant rate, from fresh moments: nothing but the weights is carried from one
    training to the next, so that a training can be repeated from a saved adapter. UserError if it
    diverged.
    """
    import torch

    weights = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=training.learning_rate, weight_decay=0.0)
    rng = Random(training.seed)
    total, tokens = 0.0, 0
    model.train()
    for _ in range(training.epochs):
        order = rng.sample(range(len(examples)), len(examples))
        for start in range(0, len(order), training.batch_size):
            batch = [examples[i] for i in order[start : start + training.batch_size]]
            count = sum(len(answer) for _, answer in batch)
            loss = model(**right_padded(batch, model.device), use_cache=False).loss
            loss.backward()
            torch.nn.utils.clip_grad_norm_(weights, CLIP)
            optimizer.step()
            optimizer.zero_grad()
            total += loss.item() * count
            tokens += count
    model.eval()
    if not all(bool(weight.isfinite().all()) for weight in weights):
        raise UserError(
            "The training diverged, its weights are no numbers: lower learning_rate "
            f"(now {training.learning_rate:g})."
        )
    return total / tokens


def right_padded(batch: Sequence[Example], device: Any) -> dict[str, torch.Tensor]:
    """`input_ids` and `labels`, both [B, T], with the loss on answers only.

    There is no mask: in a causal model nothing before the padding attends to it.
    """
    import torch

    width = max(len(question) + len(answer) for question, answer in batch)
    ids = torch.zeros(len(batch), width, dtype=torch.long)
    labels = torch.full_like(ids, IGNORED)
    for row, (question, answer) in enumerate(batch):
        end = len(question) + len(answer)
        ids[row, :end] = torch.tensor(question + answer)
        labels[row, len(question) : end] = torch.tensor(answer)
    return {"input_ids": ids.to(device), "labels": labels.to(device)}
