"""An adapter in the weights answers as one beside them, and leaves no trace."""

from pathlib import Path

import pytest
import torch

from harness.adapter import for_sampling
from harness.model import Model
from harness.policy import CausalPolicy
from harness.types import Training

PAIRS = [("list the mail servers of lab.example", "dig MX lab.example")]


@pytest.fixture
def trained(tiny_model: Path) -> CausalPolicy:
    policy = CausalPolicy.load(Model(name=str(tiny_model)), seed=3)
    policy.train(PAIRS, Training(learning_rate=1e-2, epochs=3))
    return policy


def logits(policy: CausalPolicy) -> torch.Tensor:
    question, answer = policy.example(*PAIRS[0])
    with torch.inference_mode():
        found: torch.Tensor = policy._model(torch.tensor([question + answer])).logits
    return found


def test_merged_it_computes_the_same(trained: CausalPolicy) -> None:
    beside = logits(trained)
    layers = [module for module in trained._model.modules() if hasattr(module, "merged")]
    with for_sampling(trained._model):
        assert all(layer.merged for layer in layers)
        torch.testing.assert_close(logits(trained), beside)
    assert not any(layer.merged for layer in layers)


def test_the_weights_come_back_bit_by_bit(trained: CausalPolicy) -> None:
    before = {name: weight.clone() for name, weight in trained._model.state_dict().items()}
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt), for_sampling(trained._model):
            raise KeyboardInterrupt
    after = trained._model.state_dict()
    assert all(torch.equal(weight, after[name]) for name, weight in before.items())


def test_what_is_too_large_or_off_is_not_merged(
    trained: CausalPolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    layers = [module for module in trained._model.modules() if hasattr(module, "merged")]
    with trained.frozen(), for_sampling(trained._model):
        assert not any(layer.merged for layer in layers)
    monkeypatch.setattr("harness.adapter.MERGED_BYTES", 100)
    with for_sampling(trained._model):
        assert not any(layer.merged or layer.disable_adapters for layer in layers)
