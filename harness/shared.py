"""Prompts whose keys and values all their samples share: none is copied, and each is read once a
token for all samples of its prompt together.

An answer attends to two parts: its prompt's keys, in one matrix product for all samples of the
prompt, and its own. Softmax over both is the mean of the two results, weighed by the sums of their
exponentials: the split of Hydragen (Juravsky et al. 2402.05099).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

import torch
from transformers import AttentionInterface
from transformers.cache_utils import Cache, DynamicCache, DynamicLayer

from harness.reading import first_pass
from harness.room import RoomyLayer

ATTENTION = "shared-prompts"  # our attention's name among those of transformers
# Prompts of like length that a CPU reads, and attends to, together: what a pass writes then stays
# in its cache, and little is padding. A GPU gains by none, and takes all at once.
TOGETHER = 16

Part = tuple[torch.Tensor, torch.Tensor]
"""What attention to some keys comes to, [..., M, size], and the log of the sum of the exponentials
of its scores, [..., M, 1]."""


def can_share(model: Any) -> bool:
    """Whether every layer attends to all there was, by a function that transformers lets us
    replace, and to the keys that it caches: DeepSeek's cache what keys are made of."""
    config = model.config.get_text_config(decoder=True)
    return bool(
        getattr(model, "_supports_attention_backend", False)
        and config._attn_implementation == "sdpa"
        and getattr(config, "kv_lora_rank", None) is None
        and all(type(layer) is DynamicLayer for layer in DynamicCache(config=config).layers)
    )


@dataclass
class Group:
    """B prompts that were read together."""

    layers: list[tuple[torch.Tensor, torch.Tensor]]  # keys and values, [B, heads, T, size]
    padding: torch.Tensor  # [B, 1, 1, T]: -inf where there is none of the prompt, else 0

    def __len__(self) -> int:
        return len(self.padding)

    def select(self, prompts: torch.Tensor) -> Group:
        """These prompts alone."""
        layers = [(keys[prompts], values[prompts]) for keys, values in self.layers]
        return Group(layers, self.padding[prompts])

    def attend(self, layer: int, query: torch.Tensor) -> Part:
        """What [B * n, heads, M, size] queries, prompt by prompt, find in their prompts."""
        keys, values = self.layers[layer]
        heads, among, size = query.shape[1:]
        together = query.view(len(self), -1, heads, among, size).transpose(1, 2).flatten(2, 3)
        part = attend_to(together, keys, values, self.padding.to(keys.device))
        found, mass = (
            torch.unflatten(x, 2, (-1, among)).transpose(1, 2).flatten(0, 1) for x in part
        )
        return found, mass


class Shared:
    """A `harness.reading.Reading`. Each row has a place, prompt by prompt, `n` to each; places of
    rows that ended stay empty until half of their group's prompts are done with."""

    def __init__(self, model: Any, groups: list[Group], n: int) -> None:
        self._model, self._groups, self._n = model, groups, n
        lengths = torch.cat([(group.padding == 0).sum((1, 2, 3)) for group in groups])
        self._positions = lengths.repeat_interleave(n)
        self._places = torch.arange(len(self._positions), device=self._positions.device)
        self._answers = Cache([RoomyLayer() for _ in groups[0].layers])

    @classmethod
    def read(
        cls, model: Any, prompts: Sequence[Sequence[int]], n: int
    ) -> tuple[Self, torch.Tensor]:
        groups, logits = [], []
        together = TOGETHER if model.device.type == "cpu" else len(prompts)
        for start in range(0, len(prompts), together):
            cache, mask, following = first_pass(model, prompts[start : start + together])
            padding = torch.zeros_like(mask, dtype=torch.float32).masked_fill(mask == 0, -torch.inf)
            layers = [(layer.keys, layer.values) for layer in cache.layers]
            groups.append(Group(layers, padding[:, None, None]))
            logits.append(following)
        return cls(model, groups, n), torch.cat(logits).repeat_interleave(n, 0)

    def step(self, tokens: torch.Tensor) -> torch.Tensor:
        with _attending(self._model.config):
            step = self._model(
                input_ids=tokens[:, None],
                position_ids=self._positions[:, None],
                past_key_values=self._answers,
                use_cache=True,
                prompts=self,
            )
        self._positions = self._positions + 1
        logits: torch.Tensor = step.logits[:, -1]
        return logits

    def keep(self, kept: torch.Tensor) -> None:
        self._answers.batch_select_indices(kept)
        self._positions, self._places = self._positions[kept], self._places[kept]
        going = torch.zeros(self._size, dtype=torch.bool, device=kept.device)
        going[self._places] = True
        sizes = [len(group) for group in self._groups]
        self._leave(going.view(-1, self._n).any(1).split_with_sizes(sizes))

    def find(self, layer: int, query: torch.Tensor) -> Part:
        """What queries [R, heads, M, size] find in their own prompts, in a layer."""
        places = self._places.to(query.device)
        grid = query.new_zeros(self._size, *query.shape[1:])
        grid[places] = query
        own = grid.split_with_sizes([self._n * len(group) for group in self._groups])
        parts = [g.attend(layer, rows) for g, rows in zip(self._groups, own, strict=True)]
        found, mass = (torch.cat(one)[places] for one in zip(*parts, strict=True))
        return found, mass

    @property
    def _size(self) -> int:
        """Places, empty ones among them."""
        return self._n * sum(map(len, self._groups))

    def _leave(self, going: Sequence[torch.Tensor]) -> None:
        """Let go of prompts without rows where they are half of their group; `going` tells for each
        group which of its prompts have rows, [B]."""
        stay = [own if 2 * own.sum() <= len(own) else torch.ones_like(own) for own in going]
        if all(own.all() for own in stay):
            return
        groups = zip(self._groups, stay, strict=True)
        self._groups = [group.select(own) for group, own in groups if own.any()]
        staying = torch.cat(stay).repeat_interleave(self._n)
        self._places = (staying.cumsum(0) - 1)[self._places]


def attend_to(
    query: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, bias: torch.Tensor | None = None
) -> Part:
    """Attention of scaled queries [..., M, size] to keys [..., T, size]."""
    scores = (query @ keys.transpose(-1, -2)).float()
    if bias is not None:
        scores = scores + bias
    most = scores.amax(-1, keepdim=True)
    shares = (scores - most).exp()
    total = shares.sum(-1, keepdim=True)
    return (shares / total).to(values.dtype) @ values, most + total.log()


def attention(  # noqa: PLR0913 - as transformers calls it
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: None,
    *,
    prompts: Shared,
    scaling: float | None = None,
    **_: Any,
) -> tuple[torch.Tensor, None]:
    """An attention function of transformers for one new token a row: `query` [R, heads, 1, size],
    and `key` of the answers so far, whose heads may each serve several of the query's; [R, 1,
    heads, size]."""
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    query = (query * scale).view(len(query), key.shape[1], -1, query.shape[-1])
    own, own_mass = attend_to(query, key, value)
    found, mass = prompts.find(module.layer_idx, query)
    share = (mass - own_mass).sigmoid().to(own.dtype)
    return own.lerp(found, share).flatten(1, 2)[:, None], None


AttentionInterface.register(ATTENTION, attention)


@contextmanager
def _attending(config: Any) -> Iterator[None]:
    """Have a model of that config attend by `attention`."""
    before = config._attn_implementation
    config._attn_implementation = ATTENTION
    try:
        yield
    finally:
        config._attn_implementation = before
