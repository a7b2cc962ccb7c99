"""A policy: any causal language model that writes commands for tasks, and tasks for commands.

One code path serves the embedded model, a folder and a hub name::

    policy = CausalPolicy.load("embedded", seed=1)
    policy.generate(["list the mail servers of lab.example"], 3, Sampling(seed=7))
    policy.invert(["dig MX lab.example"], Sampling(seed=7))
    policy.train([("list the mail servers of lab.example", "dig MX lab.example")], Training())
    with policy.frozen():  # the LoRA adapter is off: exactly the model that was loaded
        ...

How a model is asked is data (harness/prompts.py), sent through the tokenizer's chat template where
it has one. Adapters are kept in peft's own format: `PeftModel.from_pretrained` loads them.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.adapter import adapter_off, for_sampling, has_adapter
from harness.loading import is_adapter, load_network, with_adapter
from harness.model import Model
from harness.prompts import Prompts, prompts_of
from harness.sampling import Sampled, sample
from harness.types import Generation, Sampling, Training
from tasks.errors import UserError

ROWS = 256  # sequences a forward pass; 128 take a seventh longer at ten samples a task
_ANSWER = "ANSWER"  # stands for an answer where a chat template is asked what follows one


class CausalPolicy:
    """A transformers causal LM with a LoRA adapter; see `harness.types.Policy`."""

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        prompts: Prompts,
        template: Mapping[str, Any] | None = None,
    ) -> None:
        self._model = model
        self._tokenizer = tokenizer
        self._template = dict(template or {})
        self._prompts = prompts.in_chat() if tokenizer.chat_template else prompts
        self._turn_end = self._what_ends_an_answer()
        self._ends = self._tokens_that_end()

    @classmethod
    def load(
        cls,
        model: Model | str,
        prompts: Prompts | None = None,
        *,
        lora: bool = True,
        seed: int = 0,
    ) -> CausalPolicy:
        """The policy of a folder, a hub name or "embedded"; UserError if there is none.

        `seed` fixes the adapter's first weights. The adapter starts as exactly nothing.
        """
        model = Model.model_validate(model)
        prompts = prompts or prompts_of(model)
        tokenizer, network = load_network(model)
        if lora:
            network = with_adapter(network, model, seed)
        return cls(network.eval(), tokenizer, prompts, model.template)

    def generate(
        self, prompts: Sequence[str], n: int, sampling: Sampling
    ) -> list[list[Generation]]:
        """`n` sampled commands for each prompt, in order."""
        return self._answers([self._ask(self._prompts.question(p)) for p in prompts], n, sampling)

    def invert(self, commands: Sequence[str], sampling: Sampling) -> list[Generation]:
        """One reconstructed task text for each command."""
        questions = [self._ask(self._prompts.inverse(c)) for c in commands]
        return [answers[0] for answers in self._answers(questions, 1, sampling)]

    def train(self, pairs: Sequence[tuple[str, str]], training: Training) -> float:
        """Train the adapter on (prompt, command) pairs, with the loss on the command's tokens
        and the end of the turn only; the mean loss over the training, in nats a token. Raises
        ValueError without pairs.
        """
        from harness.finetune import finetune

        if not pairs:
            raise ValueError("no pairs to train on")
        return finetune(self._model, [self.example(*pair) for pair in pairs], training)

    def example(self, prompt: str, command: str) -> tuple[list[int], list[int]]:
        """The token ids of a pair, as it is trained on: the question, and the answer to it."""
        answer = self._ids(command) + self._turn_end
        return self._ask(self._prompts.question(prompt)), answer

    def frozen(self) -> AbstractContextManager[None]:
        """Within it the adapter is off: the policy is its frozen base."""
        return adapter_off(self._model) if has_adapter(self._model) else nullcontext()

    def divergence(self, prompts: Sequence[str], n: int, sampling: Sampling) -> list[list[float]]:
        """KL(policy || frozen base) along `n` commands sampled at temperature 1 for each prompt, in
        nats a command; exactly 0 while nothing was trained."""
        from harness.divergence import token_kl

        questions = [self._ask(self._prompts.question(p)) for p in prompts]
        rows = self._sampled(questions, n, replace(sampling, temperature=1.0))
        examples = [(q, r.tokens) for q, own in zip(questions, rows, strict=True) for r in own]
        values = iter(token_kl(self._model, self.frozen, examples))
        return [[next(values) for _ in own] for own in rows]

    def save_adapter(self, folder: Path) -> None:
        """Write the adapter into `folder` in peft's format, whole or not at all."""
        part = folder.with_name(f"{folder.name}.part")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        self._model.save_pretrained(part, save_embedding_layers=False)
        shutil.rmtree(folder, ignore_errors=True)
        part.replace(folder)

    def load_adapter(self, folder: Path) -> None:
        """Put the adapter of a folder in the place of the one that is on, whoever trained it; the
        base model stays loaded. UserError if it is none, or of another base."""
        from peft import PeftModel, get_peft_model_state_dict, load_peft_weights

        if not is_adapter(folder):
            raise UserError(
                f"{folder}: no adapter_config.json in this folder; give an adapter as peft saves it"
            )
        base = self._model.unload() if has_adapter(self._model) else self._model
        try:
            self._model = PeftModel.from_pretrained(base, str(folder), is_trainable=True).eval()
        except (RuntimeError, ValueError, OSError) as error:
            reason = " ".join(str(error).split())
            raise UserError(f"{folder}: no adapter for this model ({reason[:300]})") from None
        # peft itself passes over what does not fit
        here = set(get_peft_model_state_dict(self._model, save_embedding_layers=False))
        kept = set(load_peft_weights(str(folder), device="cpu"))
        if astray := here - kept | {name for name in kept - here if ".lora_" in name}:
            raise UserError(
                f"{folder}: no adapter for this model ({len(astray)} of its layers do not fit, "
                f"{min(astray)} among them)"
            )

    def _ids(self, text: str) -> list[int]:
        return list(self._tokenizer(text, add_special_tokens=False)["input_ids"])

    def _ask(self, question: str) -> list[int]:
        """The token ids of a question, ready for the answer to follow."""
        if not self._tokenizer.chat_template:
            return list(self._tokenizer(question)["input_ids"])
        ids = self._tokenizer.apply_chat_template(
            [{"role": "user", "content": question}],
            add_generation_prompt=True,
            return_dict=False,
            **self._template,
        )
        return list(ids)

    def _what_ends_an_answer(self) -> list[int]:
        """The tokens that follow an answer: those that the chat template writes there, up to its
        first special one, or the end of sequence."""
        tokenizer = self._tokenizer
        if tokenizer.chat_template:
            turns = [
                {"role": "user", "content": "?"},
                {"role": "assistant", "content": _ANSWER},
            ]
            text = tokenizer.apply_chat_template(turns, tokenize=False, **self._template)
            special = {*tokenizer.all_special_ids, *tokenizer.added_tokens_decoder}
            ids = self._ids(text.rpartition(_ANSWER)[2])
            for place, token in enumerate(ids):
                if token in special:
                    return ids[: place + 1]
        if ends := self._ends_of_sequence():
            return ends[:1]
        raise UserError(
            "The model's tokenizer names no token that ends a sequence: set eos_token in its "
            "tokenizer_config.json."
        )

    def _ends_of_sequence(self) -> list[int]:
        """The tokenizer's own, and those that the model's generation settings name."""
        own = getattr(self._model, "generation_config", None)
        named = own.eos_token_id if own is not None else None
        every = [self._tokenizer.eos_token_id, *(named if isinstance(named, list) else [named])]
        return [token for token in every if token is not None]

    def _tokens_that_end(self) -> tuple[int, ...]:
        """The tokens that end an answer: of sequence, of turn, and all that contain the stop
        text."""
        tokenizer, stop = self._tokenizer, self._prompts.stop
        ends = {*self._ends_of_sequence(), self._turn_end[-1]}
        if stop:
            every = [[i] for i in range(len(tokenizer))]
            ends |= {i for i, text in enumerate(tokenizer.batch_decode(every)) if stop in text}
        return tuple(sorted(ends))

    def _answers(
        self, questions: Sequence[list[int]], n: int, sampling: Sampling
    ) -> list[list[Generation]]:
        return [[self._read(row) for row in own] for own in self._sampled(questions, n, sampling)]

    def _sampled(
        self, questions: Sequence[list[int]], n: int, sampling: Sampling
    ) -> list[list[Sampled]]:
        """`n` answers to each question. Questions of like length share a batch. UserError if the
        longest leaves no room for an answer."""
        self._check_room(questions, sampling)
        answers: dict[int, list[Sampled]] = {}
        by_length = sorted(range(len(questions)), key=lambda i: len(questions[i]))
        width = max(1, ROWS // n)
        with for_sampling(self._model):
            for start in range(0, len(by_length), width):
                batch = by_length[start : start + width]
                rows = self._drawn([questions[i] for i in batch], n, sampling)
                for place, i in enumerate(batch):
                    answers[i] = rows[place * n : (place + 1) * n]
        return [answers[i] for i in range(len(questions))]

    def _check_room(self, questions: Sequence[list[int]], sampling: Sampling) -> None:
        most = getattr(self._model.config.get_text_config(), "max_position_embeddings", None)
        needed = max(map(len, questions), default=0) + sampling.max_new_tokens
        if most and needed > most:
            raise UserError(
                f"The longest prompt and its answer may take {needed} tokens, and this model reads "
                f"{most}: lower max_new_tokens (now {sampling.max_new_tokens}), or take another "
                "model."
            )

    def _drawn(self, questions: Sequence[list[int]], n: int, sampling: Sampling) -> list[Sampled]:
        """The answers of one batch, or of its halves where a GPU's memory does not hold it."""
        import torch

        try:
            return sample(self._model, questions, n, sampling, self._ends)
        except torch.OutOfMemoryError:
            if len(questions) == 1:
                raise
        # out of the handler, whose traceback holds what the attempt had taken
        half = len(questions) // 2
        return [
            row
            for part in (questions[:half], questions[half:])
            for row in self._drawn(part, n, sampling)
        ]

    def _read(self, row: Sampled) -> Generation:
        text = self._tokenizer.decode(row.tokens, skip_special_tokens=True)
        told = row.log_likelihood, row.self_certainty, row.entropy
        return Generation(self._prompts.answer(text), len(row.tokens), *told)
