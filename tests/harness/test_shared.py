"""Prompts shared by their samples give what prompts copied for each sample give."""

from random import Random
from typing import Any

import pytest
import torch
from transformers import (
    AutoModelForCausalLM,
    DeepseekV3Config,
    LlamaConfig,
    MambaConfig,
    MistralConfig,
    Qwen3Config,
)

from harness.sampling import Sampled, sample
from harness.shared import TOGETHER, can_share
from harness.types import Sampling
from tasks.errors import UserError

SIZE = {
    "vocab_size": 50,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "head_dim": 8,
}


def network(config: Any) -> Any:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return AutoModelForCausalLM.from_config(config).eval()


def sampled(model: Any, count: int, n: int, ends: tuple[int, ...]) -> list[Sampled]:
    rng = Random(1)
    prompts = [[rng.randrange(50) for _ in range(rng.randint(1, 20))] for _ in range(count)]
    return sample(model, prompts, n, Sampling(temperature=1.0, max_new_tokens=40, seed=2), ends)


@pytest.mark.parametrize("heads", [1, 2, 4])  # keys' heads, each for several of the queries'
@pytest.mark.parametrize(("count", "n"), [(1, 1), (2 * TOGETHER + 3, 1), (TOGETHER + 1, 4)])
def test_samples_are_those_of_copied_prompts(
    heads: int, count: int, n: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = network(LlamaConfig(**SIZE, num_key_value_heads=heads))
    assert can_share(model)
    # many tokens end an answer, so that prompts are done with at different times
    for ends in ((), tuple(range(5))):
        shared = sampled(model, count, n, ends)
        with monkeypatch.context() as patch:
            patch.setattr("harness.shared.can_share", lambda model: False)
            copied = sampled(model, count, n, ends)
        assert [row.tokens for row in shared] == [row.tokens for row in copied]
        for ours, theirs in zip(shared, copied, strict=True):
            assert ours.log_likelihood == pytest.approx(theirs.log_likelihood, rel=1e-4)
    assert model.config._attn_implementation == "sdpa"


def test_only_models_that_attend_to_everything_share() -> None:
    assert can_share(network(Qwen3Config(**SIZE)))
    assert not can_share(network(MistralConfig(**SIZE, sliding_window=8)))
    config = LlamaConfig(**SIZE)
    config._attn_implementation = "eager"  # who asked for another attention keeps it
    assert not can_share(network(config))


def test_a_model_that_caches_other_things_than_keys_does_not_share() -> None:
    ranks = {"kv_lora_rank": 8, "q_lora_rank": 8, "v_head_dim": 8}
    sizes = {"qk_rope_head_dim": 4, "qk_nope_head_dim": 4, "moe_intermediate_size": 16}
    experts = {"n_routed_experts": 4, "n_group": 1, "topk_group": 1, "num_experts_per_tok": 2}
    whole = {name: size for name, size in SIZE.items() if name != "head_dim"}
    model = network(DeepseekV3Config(**whole, **ranks, **sizes, **experts))
    assert not can_share(model)
    assert len(sampled(model, 5, 2, ())) == 10


def test_a_model_without_keys_and_values_is_refused_in_one_sentence() -> None:
    config = MambaConfig(vocab_size=50, hidden_size=32, num_hidden_layers=2, state_size=4)
    with pytest.raises(UserError, match="models of type mamba keep no keys and values"):
        sampled(network(config), 3, 1, ())
