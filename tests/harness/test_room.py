"""The roomy cache holds what transformers' own holds, whatever was appended and dropped."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers.cache_utils import DynamicLayer

from harness.room import ROOM, RoomyLayer, closed_up


def tokens(rows: int, count: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    made = torch.Generator().manual_seed(seed)
    return (
        torch.randn(rows, 2, count, 4, generator=made),
        torch.randn(rows, 2, count, 4, generator=made),
    )


def holding(layer: DynamicLayer, keys: torch.Tensor, values: torch.Tensor) -> DynamicLayer:
    layer.update(keys, values)
    return layer


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(0, 2**6 - 1), max_size=ROOM + 9), st.integers(0, 99))
def test_it_holds_what_the_plain_layer_holds(masks: list[int], seed: int) -> None:
    keys, values = tokens(6, 5, seed)
    roomy, known = (holding(layer(), keys, values) for layer in (RoomyLayer, DynamicLayer))
    for step, mask in enumerate(masks):
        rows = len(known.keys)
        going = torch.tensor([bool(mask >> row & 1) for row in range(rows)])
        if going.any():
            kept = closed_up(going)
            assert sorted(kept.tolist()) == going.nonzero()[:, 0].tolist()
            roomy.batch_select_indices(kept)
            known.batch_select_indices(kept)
        new = tokens(len(known.keys), 1, seed + step)
        for ours, theirs in zip(roomy.update(*new), known.update(*new), strict=True):
            assert torch.equal(ours, theirs)
        assert roomy.get_seq_length() == known.get_seq_length()


@pytest.mark.parametrize("mask", ["1111", "0111", "1010", "0001", "1000"])
def test_rows_stay_in_their_place_if_they_can(mask: str) -> None:
    going = torch.tensor([sign == "1" for sign in mask])
    kept = closed_up(going).tolist()
    stays = [row for row in range(len(kept)) if mask[row] == "1"]
    assert all(kept[row] == row for row in stays)
