"""What the analysis reads of a run, apart from how the run store keeps it in files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from harness.types import GradedSample
from tasks.types import Task

BASE = "base"  # the arm name of samples drawn before any training


@dataclass(frozen=True, slots=True)
class Arm:
    """One competitor: its trainer's name, the proxy it optimises (or is the control of), and
    what its trainer declared in `needs`."""

    name: str
    proxy: str
    signals: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CycleRow:
    """One training cycle of one cell, as its trainer reported it; cycles count from 1."""

    arm: str
    seed: int
    cycle: int
    candidates: int
    accepted: int
    scores: Mapping[str, float]  # proxy name -> mean over the cycle's candidates
    generated_tokens: int
    loss: float | None  # nats a token; None when nothing was trained on


@dataclass(frozen=True, slots=True)
class Divergence:
    """KL from the base policy along one command sampled at temperature 1, in nats."""

    arm: str
    seed: int
    cycle: int
    task: str
    kl: float


@dataclass(frozen=True, slots=True)
class Rescored:
    """One command of cycle `writer` as the policy of cycle `scorer` scores it; one of the two is 0,
    the other the last cycle."""

    arm: str
    seed: int
    cycle: int
    scorer: int
    writer: int
    task: str
    proxies: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class FailedCell:
    """A cell that has no result, and why."""

    arm: str
    seed: int
    reason: str


@dataclass(frozen=True, slots=True)
class Study:
    """A finished run, ready for analysis.

    `samples` holds the cycle-0 samples of each seed once, under the arm "base" (splits "heldout"
    and "calibration"), and each arm's held-out samples of later cycles, which may be of a subset
    of the tasks. `trained` is what trainers drew prompts from, `evaluated` what was measured.
    `sandbox` names the provider that ran the commands; when nothing was executed it is None and
    `remedy` says what to install. `provenance` goes into the footers as it is.
    """

    samples: Iterable[GradedSample]
    cycles: Sequence[CycleRow]
    arms: Sequence[Arm]
    trained: Sequence[Task]
    evaluated: Sequence[Task]
    sandbox: str | None
    remedy: str = ""
    divergences: Sequence[Divergence] = ()
    rescored: Sequence[Rescored] = ()
    failures: Sequence[FailedCell] = ()
    provenance: Mapping[str, str] = field(default_factory=dict)
