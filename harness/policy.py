"""A policy: any causal language model that writes commands for tasks, and tasks for commands.

One code path serves the embedded model, a folder and a hub name::

    policy = CausalPolicy.load("embedded", seed=1)
    policy.generate(["list the mail servers of lab.example"], 3, Sampling(seed=7))
    policy.invert(["dig MX lab.example"], Sampling(seed=7))
    policy.train([("list the mail servers of lab.example", "dig MX lab.example")], Training())
    with policy.frozen():  # the LoRA adapter is off: exactly the model that was loaded
        ...

How a model is asked is data: `prompts.yaml` beside the model, or else `harness/prompts.yaml`,
sent through the tokenizer's chat template where it has one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import ValidationError

from harness.sampling import Sampled, sample
from harness.types import Generation, Sampling, Training
from tasks.errors import UserError
from tasks.types import Record

if TYPE_CHECKING:
    import torch

EMBEDDED = Path(__file__).parent / "embedded" / "model"
PROMPTS = Path(__file__).parent / "prompts.yaml"

ROWS = 128  # sequences a forward pass; more gains nothing on one thread and costs memory
RANK = 16
HUB_TIMEOUT = 20.0  # seconds
ADAPTER = "adapter.safetensors"


class Prompts(Record):
    """How a model is asked. `{text}` is the task in `generate` and the command in `invert`.

    `stop` is a text that ends an answer of a model without a chat template; "" is none.
    """

    generate: str
    invert: str
    stop: str = ""

    @classmethod
    def load(cls, path: Path) -> Prompts:
        try:
            return cls.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
        except (yaml.YAMLError, ValidationError) as error:
            reason = str(error).replace("\n", " ")
            raise UserError(f"{path}: not a prompts file ({reason}); see {PROMPTS}") from None


class CausalPolicy:
    """A transformers causal LM with a LoRA adapter; see `harness.types.Policy`."""

    def __init__(self, model: Any, tokenizer: Any, prompts: Prompts) -> None:
        self._model = model
        self._tokenizer = tokenizer
        self._prompts = prompts
        self._ends = _end_tokens(tokenizer, prompts.stop)

    @classmethod
    def load(cls, model: str, *, lora: bool = True, seed: int = 0) -> CausalPolicy:
        """The policy of a folder, a hub name or "embedded"; UserError if there is none.

        `seed` fixes the adapter's first weights. The adapter starts as exactly nothing.
        """
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer

        source = _found(model)
        device = "cuda" if torch.cuda.is_available() else "cpu"
        dtype = torch.bfloat16 if device == "cuda" else torch.float32
        try:
            tokenizer = AutoTokenizer.from_pretrained(source, padding_side="left")
            network = AutoModelForCausalLM.from_pretrained(source, dtype=dtype).to(device)
        except (OSError, ValueError) as error:
            raise UserError(
                f"model {model!r} is not a causal language model that transformers can load "
                f"({str(error).splitlines()[0]})"
            ) from None
        if tokenizer.pad_token is None:
            tokenizer.pad_token = tokenizer.eos_token
        if lora:
            network = _with_adapter(network, seed)
        own = Path(source) / PROMPTS.name
        prompts = Prompts.load(own if own.is_file() else PROMPTS)
        if tokenizer.chat_template:
            prompts = prompts.model_copy(update={"stop": ""})
        return cls(network.eval(), tokenizer, prompts)

    def generate(
        self, prompts: Sequence[str], n: int, sampling: Sampling
    ) -> list[list[Generation]]:
        """`n` sampled commands for each prompt, in order."""
        return self._answers([self._ask(self._prompts.generate, p) for p in prompts], n, sampling)

    def invert(self, commands: Sequence[str], sampling: Sampling) -> list[Generation]:
        """One reconstructed task text for each command."""
        questions = [self._ask(self._prompts.invert, c) for c in commands]
        return [answers[0] for answers in self._answers(questions, 1, sampling)]

    def train(self, pairs: Sequence[tuple[str, str]], training: Training) -> float:
        """Train the adapter on (prompt, command) pairs, with the loss on the command's tokens
        only; the mean loss over the training, in nats a token. Raises ValueError without pairs.
        """
        from harness.finetune import finetune

        if not pairs:
            raise ValueError("no pairs to train on")
        end = [self._tokenizer.eos_token_id]
        examples = [
            (self._ask(self._prompts.generate, prompt), self._ids(command) + end)
            for prompt, command in pairs
        ]
        return finetune(self._model, examples, training)

    def frozen(self) -> AbstractContextManager[None]:
        """Within it the adapter is off: the policy is its frozen base."""
        return _adapter_off(self._model) if self._has_adapter else nullcontext()

    def divergence(self, prompts: Sequence[str], n: int, sampling: Sampling) -> list[list[float]]:
        """KL(policy || frozen base) along `n` commands sampled at temperature 1 for each prompt, in
        nats a command; exactly 0 while nothing was trained."""
        from harness.divergence import token_kl

        questions = [self._ask(self._prompts.generate, p) for p in prompts]
        rows = self._sampled(questions, n, replace(sampling, temperature=1.0))
        examples = [(q, r.tokens) for q, own in zip(questions, rows, strict=True) for r in own]
        values = iter(token_kl(self._model, self.frozen, examples))
        return [[next(values) for _ in own] for own in rows]

    def save_adapter(self, folder: Path) -> None:
        """Write the adapter's weights into `folder`, whole or not at all."""
        from peft import get_peft_model_state_dict
        from safetensors.torch import save_file

        folder.mkdir(parents=True, exist_ok=True)
        part = folder / f"{ADAPTER}.part"
        save_file(get_peft_model_state_dict(self._model), part)
        part.replace(folder / ADAPTER)

    def load_adapter(self, folder: Path) -> None:
        """Take the weights that `save_adapter` wrote; UserError if they are not there."""
        from peft import set_peft_model_state_dict
        from safetensors.torch import load_file

        if not (folder / ADAPTER).is_file():
            raise UserError(f"{folder}: no {ADAPTER} in this folder; give a saved adapter's folder")
        set_peft_model_state_dict(self._model, load_file(folder / ADAPTER))

    @property
    def _has_adapter(self) -> bool:
        return hasattr(self._model, "disable_adapter")

    def _ids(self, text: str) -> list[int]:
        return list(self._tokenizer(text, add_special_tokens=False)["input_ids"])

    def _ask(self, template: str, text: str) -> list[int]:
        """The token ids of a question, ready for the answer to follow."""
        question = template.replace("{text}", text)
        if not self._tokenizer.chat_template:
            return list(self._tokenizer(question)["input_ids"])
        ids = self._tokenizer.apply_chat_template(
            [{"role": "user", "content": question}], add_generation_prompt=True, return_dict=False
        )
        return list(ids)

    def _answers(
        self, questions: Sequence[list[int]], n: int, sampling: Sampling
    ) -> list[list[Generation]]:
        return [[self._read(row) for row in own] for own in self._sampled(questions, n, sampling)]

    def _sampled(
        self, questions: Sequence[list[int]], n: int, sampling: Sampling
    ) -> list[list[Sampled]]:
        """`n` answers to each question. Questions of like length share a batch."""
        answers: dict[int, list[Sampled]] = {}
        by_length = sorted(range(len(questions)), key=lambda i: len(questions[i]))
        width = max(1, ROWS // n)
        for number, start in enumerate(range(0, len(by_length), width)):
            batch = by_length[start : start + width]
            prompts = self._left_padded([questions[i] for i in batch])
            seeded = replace(sampling, seed=sampling.seed + (number << 32))  # no batch alike
            rows = sample(self._model, prompts, n, seeded, self._ends)
            for place, i in enumerate(batch):
                answers[i] = rows[place * n : (place + 1) * n]
        return [answers[i] for i in range(len(questions))]

    def _left_padded(self, rows: Sequence[list[int]]) -> Mapping[str, torch.Tensor]:
        padded = self._tokenizer.pad({"input_ids": list(rows)}, return_tensors="pt")
        return {
            name: padded[name].to(self._model.device) for name in ("input_ids", "attention_mask")
        }

    def _read(self, row: Sampled) -> Generation:
        text = self._tokenizer.decode(row.tokens, skip_special_tokens=True)
        if self._prompts.stop:
            text = text.partition(self._prompts.stop)[0]
        told = row.log_likelihood, row.self_certainty, row.entropy
        return Generation(text.strip(), len(row.tokens), *told)


def _found(model: str) -> str:
    """The folder or hub name to load from; UserError, after one question to the hub, if none."""
    from huggingface_hub import HfApi, try_to_load_from_cache

    if model == "embedded":
        return str(EMBEDDED)
    if Path(model).is_dir():
        return model
    try:
        if not isinstance(try_to_load_from_cache(model, "config.json"), str):
            HfApi().model_info(model, timeout=HUB_TIMEOUT)
    except Exception as error:  # the hub client raises a dozen unrelated types
        raise UserError(
            f"model {model!r} is neither a folder nor a model that the hub has or this machine "
            f"keeps from it ({type(error).__name__}); give a folder, owner/name, or `embedded`"
        ) from None
    return model


def _end_tokens(tokenizer: Any, stop: str) -> tuple[int, ...]:
    """The tokens that end an answer: end of sequence, and all that contain the stop text."""
    ends = {tokenizer.eos_token_id}
    if stop:
        every = [[i] for i in range(len(tokenizer))]
        ends |= {i for i, text in enumerate(tokenizer.batch_decode(every)) if stop in text}
    return tuple(sorted(ends))


def _with_adapter(network: Any, seed: int) -> Any:
    """`network` with a LoRA adapter on every linear layer but the output, whatever it is called."""
    import torch
    from peft import LoraConfig, get_peft_model

    config = LoraConfig(
        r=RANK, lora_alpha=2 * RANK, target_modules="all-linear", task_type="CAUSAL_LM"
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return get_peft_model(network, config)


@contextmanager
def _adapter_off(network: Any) -> Iterator[None]:
    with network.disable_adapter():
        yield
