"""Prompts whose keys and values are copied for each sample: for any model of transformers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import torch

from harness.reading import first_pass
from harness.room import make_room


class Copied:
    """A `harness.reading.Reading` with one padded batch in transformers' own cache."""

    def __init__(self, model: Any, cache: Any, mask: torch.Tensor) -> None:
        self._model, self._cache, self._mask = model, cache, mask

    @classmethod
    def read(
        cls, model: Any, prompts: Sequence[Sequence[int]], n: int
    ) -> tuple[Self, torch.Tensor]:
        cache, mask, logits = first_pass(model, prompts)
        make_room(cache, n)
        return cls(model, cache, mask.repeat_interleave(n, 0)), logits.repeat_interleave(n, 0)

    def step(self, tokens: torch.Tensor) -> torch.Tensor:
        self._mask = torch.cat([self._mask, self._mask.new_ones(len(tokens), 1)], 1)
        step = self._model(
            input_ids=tokens[:, None],
            attention_mask=self._mask,
            position_ids=self._mask.sum(1, keepdim=True) - 1,
            past_key_values=self._cache,
            use_cache=True,
        )
        logits: torch.Tensor = step.logits[:, -1]
        return logits

    def keep(self, kept: torch.Tensor) -> None:
        self._cache.batch_select_indices(kept)
        self._mask = self._mask[kept]
