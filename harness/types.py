"""The words of the referee: outcomes, graded samples, policies, proxies and trainers.

A trainer sees prompts and a policy, never truth. What else it needs it declares in `needs`, and
is handed that and no more; every table shows it in the column "signals used".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from math import nan
from pathlib import Path
from typing import Protocol

from tasks.types import Prompt


class Outcome(StrEnum):
    """The five outcomes of a sample. Only CORRECT counts as right; INFRASTRUCTURE and TIMEOUT
    are nobody's wrong answer, so both denominators (all, and correct+wrong+unparseable) are
    printed."""

    CORRECT = "correct"
    WRONG = "wrong"
    UNPARSEABLE = "unparseable"
    TIMEOUT = "timeout"
    INFRASTRUCTURE = "infrastructure error"


@dataclass(frozen=True, slots=True)
class Generation:
    """One sampled continuation, special tokens removed, and its number of generated tokens.

    The last three are of the policy's full distributions at temperature 1, in nats; NaN where the
    policy does not tell. Float noise does not make two generations different.
    """

    text: str
    tokens: int
    log_likelihood: float = field(default=nan, compare=False)  # log p, summed over the tokens
    self_certainty: float = field(default=nan, compare=False)  # KL(uniform || p), mean of tokens
    entropy: float = field(default=nan, compare=False)  # of p, mean of tokens


@dataclass(frozen=True, slots=True)
class Sampling:
    """How to sample. The same seed gives the same generations."""

    temperature: float = 0.7  # 0 is greedy
    max_new_tokens: int = 96  # recon's longest task text is 93 of the embedded model's tokens
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Training:
    """Supervised fine-tuning of the LoRA adapter on (prompt, command) pairs."""

    learning_rate: float = 2e-4
    batch_size: int = 4
    epochs: int = 1
    seed: int = 0


class Policy(Protocol):
    """A model that generates commands from prompts, inverts commands to prompts, and trains."""

    def generate(
        self, prompts: Sequence[str], n: int, sampling: Sampling
    ) -> list[list[Generation]]:
        """`n` sampled commands for each prompt, in order."""

    def invert(self, commands: Sequence[str], sampling: Sampling) -> list[Generation]:
        """One reconstructed task text for each command."""

    def train(self, pairs: Sequence[tuple[str, str]], training: Training) -> float:
        """Train the adapter on (prompt, command) pairs; the mean loss, in nats a token."""

    def frozen(self) -> AbstractContextManager[None]:
        """Within it the adapter is off: the policy is its frozen base."""


class AdapterPolicy(Policy, Protocol):
    """A policy whose adapter can be kept, so that a killed cell goes on where it was."""

    def save_adapter(self, folder: Path) -> None:
        """Write the adapter's weights into a new folder."""

    def load_adapter(self, folder: Path) -> None:
        """Take the weights that `save_adapter` wrote, bit by bit."""

    def divergence(self, prompts: Sequence[str], n: int, sampling: Sampling) -> list[list[float]]:
        """KL(policy || frozen base) along `n` commands sampled at temperature 1 for each prompt:
        the full-vocabulary KL of each token, summed over the command, in nats."""


Similarity = Callable[[Sequence[str], Sequence[str]], list[float]]
"""Cosine of sentence embeddings of each pair (a[i], b[i]), in [-1, 1]."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One generated command and what a trainer learned about it."""

    prompt: Prompt
    command: str
    scores: Mapping[str, float] = field(default_factory=dict)  # proxy name -> value
    accepted: bool = False


@dataclass(frozen=True, slots=True)
class CycleReport:
    """What one training cycle did. Tokens are counted for every sequence that was generated."""

    candidates: tuple[Candidate, ...]
    generated_tokens: int
    loss: float | None  # None when nothing was trained on

    @property
    def acceptance(self) -> float:
        """Share of candidates accepted; 0 when there were none."""
        if not self.candidates:
            return 0.0
        return sum(c.accepted for c in self.candidates) / len(self.candidates)


@dataclass(frozen=True, slots=True)
class CycleContext:
    """What a trainer gets for one cycle besides prompts.

    `signals` holds exactly what the trainer's `needs` names: "truth" is a callable
    (prompt id, command) -> bool; "v1-acceptance" is V1's acceptance in this cycle, same seed.
    """

    policy: Policy
    similarity: Similarity
    sampling: Sampling
    training: Training
    candidates: int
    cycle: int
    seed: int
    signals: Mapping[str, object] = field(default_factory=dict)


class Trainer(Protocol):
    """One competitor. Stateless but for the policy's adapter, so that a cell can be resumed."""

    name: str
    proxy: str  # the registered proxy it optimises, or is the control of
    needs: frozenset[str]  # "truth", "v1-acceptance": every table shows it

    def cycle(self, prompts: Sequence[Prompt], context: CycleContext) -> CycleReport: ...


@dataclass(frozen=True, slots=True)
class GradedSample:
    """One evaluated sample after judging: a row of `samples.jsonl` joined with its execution."""

    arm: str  # trainer name; "base" is the model before training, shared by all arms of a seed
    seed: int
    cycle: int  # 0 is before training
    split: str  # "heldout" or "calibration"
    task: str
    family: str
    tool: str
    unseen: bool  # the family never occurs in the train split
    sample: int
    text: str  # what the model said
    proxies: Mapping[str, float]  # "fidelity", "reproducibility" ...
    outcome: Outcome
    fault: str | None
    static: str  # status of the static verdict
    observed: str  # "pass", "fail", "undecidable" or "not executed"
    possible: bool = True  # false: the right answer runs no tool; counted apart from correctness
    level: str = ""  # the last level of the static verdict
    probes: Mapping[str, float] = field(default_factory=dict)  # see harness.probes
    form: int = -1  # number of its canonical form among all answers to the task

    @property
    def correct(self) -> bool:
        return self.outcome is Outcome.CORRECT


SampleStream = Iterator[GradedSample]
