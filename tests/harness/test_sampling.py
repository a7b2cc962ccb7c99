"""Random numbers belong to rows, and choose tokens by their probabilities."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from harness.sampling import _choose, uniforms
from harness.types import Sampling

PROMPTS = [[5, 6, 7], [5, 6], [8]]


def test_a_row_draws_from_its_own_stream() -> None:
    sampling = Sampling(seed=3, max_new_tokens=7)
    every = uniforms(PROMPTS, 4, sampling).view(3, 4, 7)
    for place, prompt in enumerate(PROMPTS):
        assert torch.equal(uniforms([prompt], 2, sampling), every[place, :2])
    assert len(every.flatten().unique()) == every.numel()
    assert not torch.equal(uniforms(PROMPTS, 4, Sampling(seed=4, max_new_tokens=7)), every)
    assert every.min() >= 0
    assert every.max() < 1


@pytest.mark.parametrize("temperature", [0.5, 1.0, 1.7])
def test_tokens_are_chosen_by_their_probabilities(temperature: float) -> None:
    torch.manual_seed(1)
    logits, count = torch.randn(9) * 2, 20_000
    draws = (torch.arange(count, dtype=torch.float64) + 0.5) / count
    tokens = _choose(logits.expand(count, -1), temperature, draws)
    found = tokens.bincount(minlength=9) / count
    torch.testing.assert_close(found, (logits / temperature).softmax(0), atol=2 / count, rtol=0)


@given(
    st.lists(st.integers(0, 4), min_size=2, max_size=30).filter(any),
    st.floats(0, 1, exclude_max=True),
)
def test_a_token_without_probability_is_never_chosen(weights: list[int], draw: float) -> None:
    logits = torch.tensor([weights], dtype=torch.float32).log()
    [token] = _choose(logits, 1.0, torch.tensor([draw], dtype=torch.float64)).tolist()
    assert weights[token] > 0
