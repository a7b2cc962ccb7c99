"""Models that lm-eval reaches: transformers, vLLM, servers of the OpenAI kind, and the rest.

    policy = BackendPolicy.load(model, prompts, Path("runs/x/cells/base-0/answers.jsonl"))
    policy.generate(["list the mail servers of lab.example"], 3, Sampling(seed=7))

lm-eval makes the model from its own names and arguments, and asks it. What is kept here is that no
answer is lost or counted twice: each is written down as it comes, a failed request is made again
as long as others get through, and whoever comes back after a kill asks for the rest only.
"""

from __future__ import annotations

import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from copy import deepcopy
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from harness.errors import is_disk_full
from harness.model import Model
from harness.prompts import Prompts
from harness.record import append_rows, cut_torn_line, read_rows
from harness.seeds import derive
from harness.types import Generation, Sampling, Training
from tasks.errors import UserError

# Rounds in a row without any answer before the model is given up, and the most seconds between two
# of them: seven minutes in all, in which a server that serves a large model is up again.
TRIES = 12
LONGEST_PAUSE = 60.0
# Of what a server refuses, these pass: timeout, conflict, too early, too many requests.
_PASSING = frozenset({408, 409, 425, 429})
NOT_TRAINED = "A model behind lm-eval can be evaluated, not trained: give its folder or hub name."
_SECRETS = frozenset({"api_key", "auth_token", "token", "header", "password"})

Keep = Callable[[int, str], None]  # (number of the question, answer)


def backends() -> list[str]:
    """The model types that the installed lm-eval knows."""
    import lm_eval.models  # noqa: F401 - fills the registry
    from lm_eval.api.registry import model_registry

    return sorted(model_registry.keys())


def parse_args(given: Sequence[str]) -> dict[str, Any]:
    """`model_args` as lm-eval's own command line reads them; UserError if it cannot, or if one is
    a secret, which the run's record would show."""
    from argparse import ArgumentParser

    from lm_eval._cli.utils import MergeDictAction

    parser = ArgumentParser(exit_on_error=False)
    parser.error = _refuse  # type: ignore[method-assign, assignment]
    parser.add_argument("--model_args", nargs="+", action=MergeDictAction)
    try:
        args: dict[str, Any] = parser.parse_args(["--model_args", *given]).model_args or {}
    except ValueError as error:
        raise UserError(f"--model_args: {error}") from None
    if secret := sorted(_SECRETS & args.keys()):
        raise UserError(
            f"--model_args: {secret[0]} would stay in the run's record; set it in the environment "
            "(OPENAI_API_KEY, ANTHROPIC_API_KEY, HF_TOKEN)."
        )
    return args


def _refuse(message: str) -> None:
    raise UserError(f"--model_args: {message}")


def check_backend(name: str) -> None:
    """UserError with the nearest names unless lm-eval knows this model type."""
    known = backends()
    if name not in known:
        near = get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(known)}."
        raise UserError(f"lm-eval has no model type {name!r}; {hint}")


@dataclass
class Answers:
    """The answers so far, as a file: one row each, found again by seed, sample and prompt."""

    path: Path
    known: dict[tuple[int, int, str], list[str]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        cut_torn_line(self.path)
        for row in read_rows(self.path):
            self.known[row["seed"], row["sample"], row["prompt"]].append(row["text"])

    def take(self, seed: int, sample: int, prompt: str) -> str | None:
        """An answer from before, each of them once; None if there is none left."""
        left = self.known[seed, sample, prompt]
        return left.pop(0) if left else None

    def keep(self, seed: int, sample: int, prompt: str, text: str) -> None:
        """Write an answer down; OSError, and the file as it was, where the disk does not take it:
        the next answer would be appended to half a line."""
        row = {"seed": seed, "sample": sample, "prompt": prompt, "text": text}
        self.path.touch()
        size = self.path.stat().st_size
        try:
            append_rows(self.path, [row])
        except OSError:
            os.truncate(self.path, size)
            raise


class BackendPolicy:
    """A model behind lm-eval, as a `harness.types.Policy` that cannot be trained."""

    def __init__(self, lm: Any, model: Model, prompts: Prompts, answers: Answers) -> None:
        self._lm = lm
        self._name = f"lm-eval's {model.name}"
        self._chat = _is_chat(lm, model)
        self._prompts = prompts.in_chat() if self._chat else prompts
        self._answers = answers

    @classmethod
    def load(cls, model: Model, prompts: Prompts, answers: Path) -> BackendPolicy:
        """The model of lm-eval that the options name; UserError if it cannot be made."""
        from lm_eval.api.registry import get_model

        assert model.backend is not None
        check_backend(model.backend)
        try:
            kind = get_model(model.backend)
            lm = kind.create_from_arg_obj(_where(kind) | model.args)
        except ImportError as error:
            raise UserError(
                f"lm-eval's {model.backend} needs a package that is not here "
                f"({_brief(error)}); pip install 'goodhart-bench[api]' for servers, for others "
                f"'lm-eval[{model.backend}]'."
            ) from None
        except Exception as error:  # any of thirty backends, each with its own
            raise UserError(
                f"lm-eval cannot make {model.backend} with {model.args} ({_brief(error)})."
            ) from None
        return cls(lm, model, prompts, Answers(answers))

    def generate(
        self, prompts: Sequence[str], n: int, sampling: Sampling
    ) -> list[list[Generation]]:
        """`n` sampled answers to each prompt, in order. Backends do not tell how many tokens."""
        rounds = [self._round(prompts, k, sampling, self._prompts.question) for k in range(n)]
        return [[Generation(row[i], 0) for row in rounds] for i in range(len(prompts))]

    def invert(self, commands: Sequence[str], sampling: Sampling) -> list[Generation]:
        """One reconstructed task text for each command."""
        texts = self._round(commands, 0, sampling, self._prompts.inverse)
        return [Generation(text, 0) for text in texts]

    def train(self, pairs: Sequence[tuple[str, str]], training: Training) -> float:
        raise UserError(NOT_TRAINED)

    def frozen(self) -> AbstractContextManager[None]:
        return nullcontext()

    def save_adapter(self, folder: Path) -> None:
        raise UserError(NOT_TRAINED)

    def load_adapter(self, folder: Path) -> None:
        raise UserError(NOT_TRAINED)

    def divergence(self, prompts: Sequence[str], n: int, sampling: Sampling) -> list[list[float]]:
        raise UserError(NOT_TRAINED)

    def _round(
        self, texts: Sequence[str], sample: int, sampling: Sampling, ask: Callable[[str], str]
    ) -> list[str]:
        """One answer to each text. A round has a seed of its own: with one seed for all samples a
        server would give the same answer again and again."""
        seed = derive(sampling.seed, sample)
        found = {i: self._answers.take(seed, sample, text) for i, text in enumerate(texts)}
        missing = [i for i, answer in found.items() if answer is None]

        def keep(i: int, answer: str) -> None:
            if found[i] is None:
                self._answers.keep(seed, sample, texts[i], answer)
                found[i] = answer

        fruitless = 0
        while missing:
            _seed(self._lm, seed)
            questions = {i: self._context(ask(texts[i])) for i in missing}
            failure = self._ask_once(questions, self._settings(sampling), keep)
            left = [i for i in missing if found[i] is None]
            fruitless = fruitless + 1 if len(left) == len(missing) else 0
            if fruitless == TRIES:
                raise UserError(
                    f"{self._name} has not answered {TRIES} times in a row ({_brief(failure)})."
                )
            if left:
                time.sleep(min(2.0**fruitless, LONGEST_PAUSE))
            missing = left
        return [self._prompts.answer(found[i] or "") for i in range(len(texts))]

    def _ask_once(
        self, questions: Mapping[int, Any], settings: Mapping[str, Any], keep: Keep
    ) -> Exception | None:
        """Ask each question; `keep` is told every answer as soon as it is there. What broke it
        off, if anything did that may pass; UserError if it will not, OSError if it is a full disk,
        which no other answer gets by."""
        from lm_eval.api.instance import Instance

        self._lm.cache_hook = _Arrivals(questions, keep)
        requests = [
            Instance("generate_until", {}, (context, deepcopy(dict(settings))), i)
            for i, context in questions.items()
        ]
        try:
            answers = self._lm.generate_until(requests)
        except Exception as error:  # any of thirty backends, each with its own
            if is_disk_full(error):
                raise
            if not _may_pass(error):
                raise UserError(f"{self._name} failed ({_brief(error)}).") from error
            return error
        for i, answer in zip(questions, answers, strict=False):  # shorter if it broke off
            keep(i, answer)
        return None

    def _context(self, question: str) -> Any:
        """A question as the backend wants it: with the chat template around it, or bare."""
        if not self._chat:
            return question
        return self._lm.apply_chat_template([{"role": "user", "content": question}])

    def _settings(self, sampling: Sampling) -> dict[str, Any]:
        return {
            "until": [self._prompts.stop] if self._prompts.stop else [],
            "max_gen_toks": sampling.max_new_tokens,
            "temperature": sampling.temperature,
            "do_sample": sampling.temperature > 0,
        }


class _Arrivals:
    """Stands where lm-eval puts its cache of answers: backends tell it each one as it comes."""

    def __init__(self, questions: Mapping[int, Any], keep: Keep) -> None:
        self._keep = keep
        self._waiting: dict[Any, list[int]] = {}
        for i, context in questions.items():
            self._waiting.setdefault(context, []).append(i)

    def add_partial(self, attr: str, request: Any, answer: str) -> None:
        """lm-eval's interface; a request is (context, settings)."""
        if waiting := self._waiting.get(request[0]):
            self._keep(waiting.pop(0), answer)


def _where(kind: type) -> dict[str, str]:
    """lm-eval's transformers backends take a GPU for granted."""
    if "HFLM" not in {base.__name__ for base in kind.__mro__}:
        return {}
    import torch

    return {} if torch.cuda.is_available() else {"device": "cpu"}


def _is_chat(lm: Any, model: Model) -> bool:
    """Whether questions go through a chat template: as the options say, or where the backend
    takes nothing else or its tokenizer has a template."""
    if model.chat is not None:
        return model.chat
    template = getattr(getattr(lm, "tokenizer", None), "chat_template", None)
    return bool(template) or "chat" in (model.backend or "")


def _seed(lm: Any, seed: int) -> None:
    """Seed whatever the backend draws from, here and in what it sends."""
    import random

    import numpy as np

    random.seed(seed)
    np.random.seed(seed % 2**32)
    if torch := sys.modules.get("torch"):
        torch.manual_seed(seed)
    if hasattr(lm, "_seed"):
        lm._seed = seed % 2**31


def _may_pass(error: Exception) -> bool:
    """Whether the same request may succeed later: the network's and a busy server's errors."""
    response = getattr(error, "response", None)
    status = getattr(error, "status", None) or getattr(response, "status_code", None)
    if isinstance(status, int) and status:
        return status >= 500 or status in _PASSING
    names = {f"{kind.__module__}.{kind.__name__}" for kind in type(error).__mro__}
    return isinstance(error, OSError) or "aiohttp.client_exceptions.ClientError" in names


def _brief(error: Exception | None) -> str:
    if error is None:
        return "it gave no answer and no reason"
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:300]}" if text else type(error).__name__
