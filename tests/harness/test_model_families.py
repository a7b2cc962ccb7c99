"""Random-weight models of each family go the whole way: chat, sampling, training, peft's format."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import (
    AutoModelForCausalLM,
    Gemma2Config,
    Gemma3TextConfig,
    LlamaConfig,
    MistralConfig,
    Phi3Config,
    Qwen2Config,
    Qwen3Config,
)

from harness.embedded.tokenizer import train_tokenizer
from harness.model import Model
from harness.policy import CausalPolicy
from harness.sampling import sample
from harness.types import Sampling, Training
from tasks.errors import UserError
from tests.small_models import small

TASKS = ["list the mail servers of lab.example", "is port 80 of 10.0.0.7 open", "who is 10.0.0.9"]
COMMANDS = ["dig MX lab.example", "nmap -p 80 10.0.0.7", "dig -x 10.0.0.9"]
PAIRS = list(zip(TASKS, COMMANDS, strict=True))
GREEDY = Sampling(temperature=0, max_new_tokens=16)
LEARN = Training(learning_rate=1e-2, batch_size=3, epochs=4)

FAMILIES: dict[str, Callable[..., Any]] = {
    "llama": LlamaConfig,
    "mistral": lambda **size: MistralConfig(**size, sliding_window=8),
    "qwen2": Qwen2Config,
    "qwen3": lambda **size: Qwen3Config(**size, head_dim=8),
    "gemma2": lambda **size: Gemma2Config(**size, head_dim=8, sliding_window=8),
    "gemma3": lambda **size: Gemma3TextConfig(
        **size,
        head_dim=8,
        sliding_window=8,
        layer_types=["sliding_attention", "full_attention"],
    ),
    "phi3": Phi3Config,
}
TEMPLATE = (  # as Qwen's and Phi's are made: a turn ends with a token that is not the sequence's
    "{% for m in messages %}<|{{ m.role }}|>\n{{ m.content }}<|end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>\n{% if brief %}!{% endif %}{% endif %}"
)


def chat_tokenizer() -> Any:
    tokenizer = train_tokenizer(TASKS + COMMANDS, 300)
    tokenizer.add_special_tokens({"additional_special_tokens": ["<|end|>"]})
    tokenizer.chat_template = TEMPLATE
    return tokenizer


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return chat_tokenizer()


def make(folder: Path, family: str, tokenizer: Any) -> Path:
    config = small(FAMILIES[family], tokenizer)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module", params=FAMILIES)
def folder(
    request: pytest.FixtureRequest, tokenizer: Any, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    return make(tmp_path_factory.mktemp("family") / request.param, request.param, tokenizer)


@pytest.fixture(scope="module")
def llama(tokenizer: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("one") / "llama", "llama", tokenizer)


def said(policy: CausalPolicy, n: int = 1) -> list[list[str]]:
    return [[g.text for g in row] for row in policy.generate(TASKS, n, GREEDY)]


def test_a_family_trains_and_peft_loads_what_is_kept(folder: Path, tmp_path: Path) -> None:
    from peft import PeftModel

    policy = CausalPolicy.load(str(folder), seed=1)
    before = said(policy)
    first = policy.train(PAIRS, LEARN)
    assert policy.train(PAIRS, LEARN) < first
    policy.save_adapter(tmp_path / "adapter")
    assert {p.name for p in (tmp_path / "adapter").iterdir()} >= {
        "adapter_config.json",
        "adapter_model.safetensors",
    }
    with policy.frozen():
        assert said(policy) == before

    theirs = AutoModelForCausalLM.from_pretrained(folder, dtype="float32")
    theirs = PeftModel.from_pretrained(theirs, tmp_path / "adapter").eval()
    question = torch.tensor([policy._ask(policy._prompts.question(TASKS[0]))])
    with torch.inference_mode():
        expected = theirs(question).logits
        torch.testing.assert_close(policy._model(question).logits, expected)


@pytest.mark.parametrize("shared", [True, False])
def test_greedy_sampling_of_a_family_is_what_transformers_generates(
    folder: Path, shared: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = CausalPolicy.load(str(folder), lora=False)
    if not shared:
        monkeypatch.setattr("harness.shared.can_share", lambda model: False)
    questions = [policy._ask(task) for task in TASKS]
    ours = sample(policy._model, questions, 2, GREEDY, policy._ends)
    batch = policy._tokenizer.pad({"input_ids": questions}, return_tensors="pt")
    theirs = policy._model.generate(
        **batch, do_sample=False, max_new_tokens=16, eos_token_id=list(policy._ends)
    )
    answers = theirs[:, batch["input_ids"].shape[1] :].tolist()
    tokens = [list(getattr(row, "tokens", row)) for row in ours]
    assert [row == answers[i // 2][: len(row)] for i, row in enumerate(tokens)] == [True] * 6


def test_adapters_are_on_every_linear_layer_and_not_on_the_output(folder: Path) -> None:
    policy = CausalPolicy.load(str(folder))
    plain = {
        name
        for name, module in CausalPolicy.load(str(folder), lora=False)._model.named_modules()
        if isinstance(module, torch.nn.Linear)
    }
    adapted = {
        name.removeprefix("base_model.model.").partition(".lora_A")[0]
        for name, _ in policy._model.named_parameters()
        if ".lora_A." in name
    }
    assert plain - adapted == {"lm_head"}


def test_a_chat_model_is_asked_by_its_template_and_learns_to_end_its_turn(llama: Path) -> None:
    options = Model(name=str(llama), template={"brief": True})
    policy = CausalPolicy.load(options)
    assert policy._tokenizer.decode(policy._ask("hello")) == (
        "<|user|>\nhello<|end|>\n<|assistant|>\n!"
    )
    end = policy._tokenizer.convert_tokens_to_ids("<|end|>")
    assert policy._turn_end == [end]
    assert {end, policy._tokenizer.eos_token_id} <= set(policy._ends)
    assert policy._prompts.stop == ""  # its answers may have lines and fences
    policy.train(PAIRS[:1], Training(learning_rate=1e-2, epochs=60))
    assert said(policy)[0] == COMMANDS[:1]


def test_the_options_of_a_model_are_taken(llama: Path) -> None:
    where = {"dtype": "bfloat16", "device_map": "auto"}
    options = Model.model_validate({"name": str(llama), "rank": 2, "targets": ["q_proj"], **where})
    policy = CausalPolicy.load(options)
    network = policy._model
    assert network.get_input_embeddings().weight.dtype == torch.bfloat16
    trained = {name: p for name, p in network.named_parameters() if p.requires_grad}
    assert all("q_proj" in name and 2 in p.shape for name, p in trained.items())
    assert {p.dtype for p in trained.values()} == {torch.float32}
    assert policy.train(PAIRS, LEARN) > 0
    assert len(said(policy, 2)) == 3


def test_gradient_checkpointing_learns_the_same(llama: Path) -> None:
    losses = []
    for on in (False, True):
        policy = CausalPolicy.load(Model(name=str(llama), gradient_checkpointing=on), seed=2)
        assert policy._model.is_gradient_checkpointing is on
        losses.append(policy.train(PAIRS, LEARN))
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


def test_adapters_are_switched_without_loading_the_base_again(llama: Path, tmp_path: Path) -> None:
    """Also those of another rank and other targets, as other trainers make them."""
    expected = []
    for name, options in (
        ("a", Model(name=str(llama))),
        ("b", Model(name=str(llama), rank=3, targets=("v_proj", "down_proj"))),
    ):
        policy = CausalPolicy.load(options, seed=3)
        policy.train(PAIRS, Training(learning_rate=3e-2, batch_size=3, epochs=6))
        policy.save_adapter(tmp_path / name)
        expected.append(said(policy))
    one = CausalPolicy.load(str(llama), seed=9)
    base, embedding = said(one), one._model.get_input_embeddings().weight.data_ptr()
    for name, answers in zip("abab", expected * 2, strict=True):
        one.load_adapter(tmp_path / name)
        assert said(one) == answers
        with one.frozen():
            assert said(one) == base
    assert one._model.get_input_embeddings().weight.data_ptr() == embedding


def test_modules_that_are_not_there_are_one_clear_sentence(llama: Path) -> None:
    with pytest.raises(UserError, match="takes no adapter on c_attn") as caught:
        CausalPolicy.load(Model(name=str(llama), targets=("c_attn",)))
    assert "\n" not in str(caught.value)


def test_an_adapter_of_another_base_is_one_clear_sentence(
    llama: Path, tokenizer: Any, tmp_path: Path
) -> None:
    policy = CausalPolicy.load(str(make(tmp_path / "phi3", "phi3", tokenizer)))
    policy.save_adapter(tmp_path / "adapter")
    with pytest.raises(UserError, match="no adapter for this model") as caught:
        CausalPolicy.load(str(llama)).load_adapter(tmp_path / "adapter")
    assert "\n" not in str(caught.value)


def test_four_bits_need_their_package_and_a_gpu(llama: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    with pytest.raises(UserError, match=r"goodhart-bench\[4bit\]|needs a GPU"):
        CausalPolicy.load(Model(name=str(llama), quantize="4bit"))
