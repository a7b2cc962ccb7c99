"""A policy over a tiny model made here: sampling, inversion, training, the frozen base."""

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from harness.embedded.tokenizer import PROMPTS, train_tokenizer
from harness.model import Model
from harness.policy import CausalPolicy
from harness.prompts import Prompts, prompts_of
from harness.sampling import Sampled, sample
from harness.types import Sampling, Training
from tasks.errors import UserError
from tests.small_models import small

TASKS = ["list the mail servers of lab.example", "is port 80 of 10.0.0.7 open", "who is 10.0.0.9"]
COMMANDS = ["dig MX lab.example", "nmap -p 80 10.0.0.7", "dig -x 10.0.0.9"]
PAIRS = list(zip(TASKS, COMMANDS, strict=True))
GREEDY = Sampling(temperature=0, max_new_tokens=16)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from transformers import LlamaConfig, LlamaForCausalLM

    path = tmp_path_factory.mktemp("tiny")
    tokenizer = train_tokenizer(TASKS + COMMANDS, 300)
    torch.manual_seed(0)
    LlamaForCausalLM(small(LlamaConfig, tokenizer)).save_pretrained(path)
    tokenizer.save_pretrained(path)
    lines = [f'{way}: "{text}"\n' for way, text in PROMPTS.items()]
    (path / "prompts.yaml").write_text("".join(lines))
    return path


@pytest.fixture
def policy(folder: Path) -> CausalPolicy:
    return CausalPolicy.load(str(folder), seed=3)


def texts(policy: CausalPolicy, sampling: Sampling = GREEDY, n: int = 1) -> list[list[str]]:
    return [[g.text for g in row] for row in policy.generate(TASKS, n, sampling)]


def test_generate_gives_n_answers_to_each_prompt_in_order(policy: CausalPolicy) -> None:
    rows = policy.generate(TASKS, 4, Sampling(max_new_tokens=5))
    assert [len(row) for row in rows] == [4, 4, 4]
    assert all(1 <= g.tokens <= 5 for row in rows for g in row)


def test_the_same_seed_gives_the_same_answers(policy: CausalPolicy) -> None:
    first = texts(policy, Sampling(seed=1), 2)
    assert first == texts(policy, Sampling(seed=1), 2)
    assert first != texts(policy, Sampling(seed=2), 2)


def test_a_batch_answers_as_each_prompt_alone(policy: CausalPolicy) -> None:
    alone = [policy.generate([task], 1, GREEDY)[0][0] for task in TASKS]
    assert [row[0] for row in policy.generate(TASKS, 1, GREEDY)] == alone


@pytest.mark.parametrize("temperature", [0.0, 0.7])
@pytest.mark.parametrize("rows", [1, 2, 5, 64])
def test_answers_do_not_depend_on_the_batch(
    policy: CausalPolicy, temperature: float, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy.train(PAIRS, Training(learning_rate=1e-2, epochs=3))
    sampling = replace(GREEDY, temperature=temperature, seed=6)
    tasks = [f"{task}, {k}" for k in range(14) for task in TASKS]  # more than are read together
    alone = [policy.generate([task], 3, sampling)[0] for task in tasks]
    monkeypatch.setattr("harness.policy.ROWS", rows)
    assert policy.generate(tasks, 3, sampling) == alone
    assert policy.generate(tasks[::-1], 3, sampling) == alone[::-1]
    fewer = [row[:2] for row in alone]
    assert policy.generate(tasks, 2, sampling) == fewer


def test_a_batch_that_memory_does_not_hold_is_halved(
    policy: CausalPolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    sampling = Sampling(max_new_tokens=5, seed=3)
    whole = policy.generate(TASKS, 2, sampling)
    held: list[int] = []

    def little_memory(model: object, prompts: list[list[int]], *rest: Any) -> list[Sampled]:
        if len(prompts) > most:
            raise torch.OutOfMemoryError("CUDA out of memory")
        held.append(len(prompts))
        return sample(model, prompts, *rest)

    monkeypatch.setattr("harness.policy.sample", little_memory)
    most = 1
    assert policy.generate(TASKS, 2, sampling) == whole
    assert held == [1, 1, 1]
    most = 0
    with pytest.raises(torch.OutOfMemoryError):
        policy.generate(TASKS, 2, sampling)


def test_an_adapter_that_is_nothing_is_skipped_and_no_bit_changes(
    policy: CausalPolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    questions = [policy._ask(policy._prompts.question(task)) for task in TASKS]
    sampling = Sampling(max_new_tokens=9, seed=4)
    layers = [m for m in policy._model.modules() if hasattr(m, "lora_B")]
    seen: list[bool] = []
    for layer in layers:
        layer.register_forward_pre_hook(lambda module, _: seen.append(module.disable_adapters))
    skipped = policy._sampled(questions, 3, sampling)
    assert seen
    assert all(seen)
    seen.clear()
    monkeypatch.setattr("harness.policy.for_sampling", lambda network: nullcontext())
    assert policy._sampled(questions, 3, sampling) == skipped
    assert not any(seen)


def test_a_trained_adapter_is_not_skipped_nor_put_on_within_frozen(policy: CausalPolicy) -> None:
    base = texts(policy)
    policy.train(PAIRS, Training(learning_rate=3e-2, epochs=6))
    trained = texts(policy)
    assert trained != base
    with policy.frozen():
        assert texts(policy) == base
        assert texts(policy) == base
    assert texts(policy) == trained


def test_greedy_sampling_is_what_transformers_generates(policy: CausalPolicy) -> None:
    model, tokenizer = policy._model, policy._tokenizer
    batch = tokenizer(TASKS, padding=True, return_tensors="pt")
    ours = sample(model, tokenizer(TASKS)["input_ids"], 1, GREEDY, (tokenizer.eos_token_id,))
    theirs = model.generate(
        input_ids=batch["input_ids"],
        attention_mask=batch["attention_mask"],
        do_sample=False,
        max_new_tokens=16,
    )
    width = batch["input_ids"].shape[1]
    for row, full in zip(ours, theirs.tolist(), strict=True):
        assert row.tokens == full[width : width + len(row.tokens)]


def logits_of(policy: CausalPolicy, task: str, answer: list[int]) -> torch.Tensor:
    """The logits behind each token of an answer, by one pass over the whole text."""
    asked = policy._ask(policy._prompts.question(task))
    with torch.inference_mode():
        logits = policy._model(torch.tensor([asked + answer])).logits[0]
    return logits[len(asked) - 1 : -1].double()


def test_a_generation_knows_its_own_probabilities(policy: CausalPolicy) -> None:
    questions = [policy._ask(policy._prompts.question(task)) for task in TASKS]
    rows = policy._sampled(questions, 3, Sampling(temperature=0.7, max_new_tokens=9))
    for task, own in zip(TASKS, rows, strict=True):
        for row in own:
            logs = logits_of(policy, task, row.tokens).log_softmax(-1)
            of_tokens = logs[range(len(row.tokens)), row.tokens]
            assert row.log_likelihood == pytest.approx(of_tokens.sum().item(), rel=1e-4)
            entropy = -(logs.exp() * logs).sum(-1).mean().item()
            assert row.entropy == pytest.approx(entropy, rel=1e-4)
            uniform = torch.full_like(logs, 1 / logs.shape[-1])
            certainty = (uniform * (uniform.log() - logs)).sum(-1).mean().item()
            assert row.self_certainty == pytest.approx(certainty, rel=1e-3)


def test_kl_from_the_base_is_nothing_before_training(policy: CausalPolicy) -> None:
    found = policy.divergence(TASKS, 2, Sampling(max_new_tokens=6))
    assert [len(row) for row in found] == [2, 2, 2]
    assert all(value == 0 for row in found for value in row)


def test_kl_from_the_base_is_the_sum_over_tokens(policy: CausalPolicy) -> None:
    policy.train(PAIRS, Training(learning_rate=1e-2, epochs=5))
    sampling = Sampling(temperature=0.2, max_new_tokens=6, seed=4)  # samples are at 1 all the same
    found = policy.divergence(TASKS, 2, sampling)
    questions = [policy._ask(policy._prompts.question(task)) for task in TASKS]
    rows = policy._sampled(questions, 2, replace(sampling, temperature=1.0))
    for task, own, values in zip(TASKS, rows, found, strict=True):
        for row, value in zip(own, values, strict=True):
            ours = logits_of(policy, task, row.tokens).log_softmax(-1)
            with policy.frozen():
                base = logits_of(policy, task, row.tokens).log_softmax(-1)
            by_hand = (ours.exp() * (ours - base)).sum().item()
            assert value == pytest.approx(by_hand, rel=1e-3, abs=1e-5)
            assert value > 0


def test_mean_kl_is_the_mean_log_ratio(policy: CausalPolicy) -> None:
    """The chain rule: summed over tokens it is the KL of whole answers."""
    policy.train(PAIRS, Training(learning_rate=3e-3, epochs=3))
    sampling = Sampling(temperature=1.0, max_new_tokens=5, seed=2)
    (values,) = policy.divergence(TASKS[:1], 1000, sampling)
    asked = [policy._ask(policy._prompts.question(TASKS[0]))]
    (rows,) = policy._sampled(asked, 1000, sampling)
    ratios = []
    for row in rows[:150]:
        with policy.frozen():
            logs = logits_of(policy, TASKS[0], row.tokens).log_softmax(-1)
        base = logs[range(len(row.tokens)), row.tokens].sum().item()
        ratios.append(row.log_likelihood - base)
    spread = 4 * torch.tensor(ratios).std().item() / len(ratios) ** 0.5
    assert sum(values) / 1000 == pytest.approx(sum(ratios) / len(ratios), abs=spread)


def test_invert_gives_one_text_for_each_command(policy: CausalPolicy) -> None:
    assert len(policy.invert(COMMANDS, GREEDY)) == len(COMMANDS)
    assert policy.invert([], GREEDY) == []


def test_training_learns_and_the_frozen_base_stays_exactly(policy: CausalPolicy) -> None:
    before = texts(policy)
    first = policy.train(PAIRS, Training(learning_rate=1e-2, epochs=1))
    last = policy.train(PAIRS, Training(learning_rate=1e-2, epochs=30))
    assert last < first
    with policy.frozen():
        assert texts(policy) == before
    assert texts(policy) != before


def test_the_adapter_starts_as_nothing(folder: Path) -> None:
    plain = CausalPolicy.load(str(folder), lora=False)
    assert texts(plain) == texts(CausalPolicy.load(str(folder), seed=9))
    with plain.frozen():
        assert texts(plain)


def test_the_same_training_gives_the_same_weights(folder: Path) -> None:
    losses, answers = [], []
    for _ in range(2):
        policy = CausalPolicy.load(str(folder), seed=4)
        losses.append(policy.train(PAIRS, Training(learning_rate=1e-2, epochs=3, seed=5)))
        answers.append(texts(policy))
    assert losses[0] == losses[1]
    assert answers[0] == answers[1]


def test_a_saved_adapter_comes_back(policy: CausalPolicy, folder: Path, tmp_path: Path) -> None:
    policy.train(PAIRS, Training(learning_rate=1e-2, epochs=10))
    policy.save_adapter(tmp_path / "adapter")
    other = CausalPolicy.load(str(folder), seed=8)
    assert texts(other) != texts(policy)
    other.load_adapter(tmp_path / "adapter")
    assert texts(other, Sampling(seed=6), 3) == texts(policy, Sampling(seed=6), 3)


def test_an_adapter_that_is_not_there_is_a_user_error(policy: CausalPolicy, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no adapter_config"):
        policy.load_adapter(tmp_path)


def test_a_training_that_diverged_is_one_clear_sentence(policy: CausalPolicy) -> None:
    with pytest.raises(UserError, match=r"diverged, .*: lower learning_rate \(now 1e\+06\)"):
        policy.train(PAIRS, Training(learning_rate=1e6, epochs=20))


@pytest.mark.parametrize("weight", [1e30, torch.nan])
def test_an_adapter_of_no_numbers_is_one_clear_sentence(
    policy: CausalPolicy, weight: float
) -> None:
    with torch.no_grad():
        for parameter in policy._model.parameters():
            if parameter.requires_grad:
                parameter.fill_(weight)
    with pytest.raises(UserError, match="no numbers, or too large: lower learning_rate"):
        texts(policy)


@pytest.mark.parametrize("sampling", [GREEDY, Sampling()])
def test_a_damaged_model_is_one_clear_sentence(policy: CausalPolicy, sampling: Sampling) -> None:
    with torch.no_grad():
        policy._model.get_input_embeddings().weight.fill_(torch.nan)
    with pytest.raises(UserError, match="probabilities are no numbers"):
        policy.generate(TASKS, 2, sampling)


def test_a_prompt_that_leaves_no_room_for_an_answer_is_refused(policy: CausalPolicy) -> None:
    with pytest.raises(UserError, match=r"may take \d+ tokens, and this model reads 512"):
        policy.generate(TASKS, 1, Sampling(max_new_tokens=512))
    with pytest.raises(UserError, match=r"reads 512: lower max_new_tokens \(now 96\)"):
        policy.invert(["nmap " + "10.0.0.1 " * 500], Sampling())


def test_a_tokenizer_that_ends_no_sequence(folder: Path, tmp_path: Path) -> None:
    """The model's own settings may name what ends one; if nothing does, that is said."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    end, tokenizer.eos_token, tokenizer.chat_template = tokenizer.eos_token_id, None, None
    network = torch.nn.Module()
    network.generation_config = SimpleNamespace(eos_token_id=[end, 7])
    policy = CausalPolicy(network, tokenizer, prompts_of(Model(name=str(folder))))
    assert policy._turn_end == [end]
    assert {end, 7} <= set(policy._ends)
    network.generation_config = SimpleNamespace(eos_token_id=None)
    with pytest.raises(UserError, match="names no token that ends a sequence: set eos_token"):
        CausalPolicy(network, tokenizer, prompts_of(Model(name=str(folder))))


def test_training_on_nothing_is_refused(policy: CausalPolicy) -> None:
    with pytest.raises(ValueError, match="no pairs"):
        policy.train([], Training())


@pytest.mark.parametrize("name", ["nothing/here", "/nothing/here", "no such model"])
def test_an_unknown_model_is_one_clear_sentence(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(UserError, match="neither a folder nor") as caught:
        CausalPolicy.load(name)
    assert "\n" not in str(caught.value)


def test_a_folder_without_a_model_is_one_clear_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not a causal language model") as caught:
        CausalPolicy.load(str(tmp_path))
    assert "\n" not in str(caught.value)


def test_a_bad_prompts_file_is_one_clear_sentence(tmp_path: Path) -> None:
    path = tmp_path / "prompts.yaml"
    path.write_text("generate: a {text}\nask: b\n")
    with pytest.raises(UserError, match="not a prompts file") as caught:
        Prompts.load(path)
    assert "\n" not in str(caught.value)
