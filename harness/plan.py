"""The plan of a run, written before any work as `manifest.json`: what is compared, on what, with
which versions. Whoever resumes the run must find the same things, or is told what changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from harness.evaluate import even_subset
from harness.ingredients import Ingredients, ingredients, machine, package_versions
from harness.profile import Profile
from harness.prompts import Prompts, prompts_of
from harness.registry import PROXIES, TRAINERS, audited_proxies, check_model
from harness.study import BASE
from tasks.errors import UserError
from tasks.types import Record

if TYPE_CHECKING:
    from tasks.suite import Suite

FORMAT = 3  # 1 knew neither who moved nor divergences, and until 3 samples depended on their batch
CONTROLS = ("no-train", "random-accept")
SIGNALS = {"truth", "v1-acceptance"}


class ArmPlan(Record):
    """One competitor: what it optimises and what it is told beside prompts."""

    name: str
    proxy: str
    needs: tuple[str, ...]


class Cell(Record):
    """One arm of one seed: runs as one process, after the cells it names in `after`. A shard, from
    1 on, is a part of that arm's full evaluation."""

    name: str
    arm: str
    seed: int
    after: tuple[str, ...] = ()
    shard: int = 0

    @property
    def trained(self) -> str:
        """The cell that trains what this one evaluates."""
        return f"{self.arm}-{self.seed}"


CHECKPOINTS = "checkpoints"  # the arm of a training that happened elsewhere
# Its one cell evaluates the model before and after each checkpoint: one load of the base for all.
SERIES = (Cell(name=f"{CHECKPOINTS}-0", arm=CHECKPOINTS, seed=0),)


class Manifest(Record):
    """The whole plan."""

    format: int = FORMAT
    created: str
    profile_name: str
    profile: Profile
    prompts: Prompts  # how the model is asked
    ingredients: Ingredients
    remedy: str  # what to install, when nothing is executed
    arms: tuple[ArmPlan, ...]
    proxies: tuple[str, ...]  # measured on every evaluated sample
    cells: tuple[Cell, ...]
    heldout: tuple[str, ...]  # ids of the held-out tasks that are evaluated first and last
    light: tuple[str, ...]  # and of those that are evaluated in between
    packages: dict[str, str]
    machine: str
    arguments: tuple[str, ...]

    def cell(self, name: str) -> Cell:
        for cell in self.cells:
            if cell.name == name:
                return cell
        raise UserError(f"The run has no cell {name!r}.")


def plan_arms(trainers: Iterable[str]) -> tuple[ArmPlan, ...]:
    """The arms for these trainers. Controls always run, and V1 whose rate random-accept takes;
    without any trainer there is nothing to control, and no arm."""
    trainers = list(trainers)
    names = list(dict.fromkeys(["v1", *trainers, *CONTROLS])) if trainers else []
    arms = []
    for name in names:
        trainer = TRAINERS.load(name)()
        if unknown := trainer.needs - SIGNALS:
            raise UserError(
                f"Trainer {name!r} needs {', '.join(sorted(unknown))}, which this benchmark does "
                f"not hand out; it has {', '.join(sorted(SIGNALS))}."
            )
        if trainer.proxy not in PROXIES:
            raise UserError(f"Trainer {name!r}: {PROXIES.unknown(trainer.proxy)}")
        arms.append(ArmPlan(name=name, proxy=trainer.proxy, needs=tuple(sorted(trainer.needs))))
    return tuple(arms)


def plan_cells(arms: Sequence[ArmPlan], seeds: int, shards: int = 1) -> tuple[Cell, ...]:
    """One cell an arm and seed and one before training a seed, those that others wait for first;
    then the shards of their full evaluations, for which no other cell waits."""
    cells = [
        Cell(
            name=f"{arm.name}-{seed}",
            arm=arm.name,
            seed=seed,
            after=(f"{BASE}-{seed}", *((f"v1-{seed}",) if "v1-acceptance" in arm.needs else ())),
        )
        for arm in arms
        for seed in range(seeds)
    ]
    cells.sort(key=lambda cell: (len(cell.after), cell.arm != "v1"))
    base = [Cell(name=f"{BASE}-{seed}", arm=BASE, seed=seed) for seed in range(seeds)]
    return (*base, *cells, *plan_shards([*base, *cells], shards))


def plan_shards(cells: Iterable[Cell], shards: int) -> tuple[Cell, ...]:
    """The full evaluation of each cell in so many parts; none, if it is not split."""
    return tuple(
        Cell(
            name=f"{cell.name}-shard-{shard}",
            arm=cell.arm,
            seed=cell.seed,
            after=() if cell.arm == BASE else (cell.name,),
            shard=shard,
        )
        for cell in cells
        for shard in range(1, shards + 1)
        if shards > 1
    )


def plan_proxies(profile: Profile, arms: Sequence[ArmPlan]) -> tuple[str, ...]:
    """What is measured on every evaluated sample: what arms optimise, whatever else costs little,
    and what the profile names; UserError if that is not registered."""
    for name in profile.proxies:
        if name not in PROXIES:
            raise UserError(f"Profile, key proxies: {PROXIES.unknown(name)}")
    of_arms = (*audited_proxies(), *(arm.proxy for arm in arms)) if arms else ()
    return tuple(dict.fromkeys((*of_arms, *profile.proxies)))


def checkpoint_arm(profile: Profile) -> ArmPlan:
    """The arm of a training that happened elsewhere; UserError if a checkpoint is not there."""
    for name in profile.checkpoints:
        if not any(Path(name, file).is_file() for file in ("adapter_config.json", "config.json")):
            raise UserError(f"{name}: neither an adapter as peft saves it nor a model folder.")
    if profile.proxy not in PROXIES:
        raise UserError(PROXIES.unknown(profile.proxy))
    return ArmPlan(name=CHECKPOINTS, proxy=profile.proxy, needs=())


@dataclass(frozen=True, slots=True)
class Request:
    """What the user asked for. `sandbox` names provider and image, or is "" and `remedy` says
    what to install."""

    profile_name: str
    profile: Profile
    sandbox: str
    remedy: str
    arguments: tuple[str, ...]


def make_manifest(request: Request, suite: Suite) -> Manifest:
    """The plan for what was asked for; UserError if the suite or a trainer cannot do it."""
    profile = request.profile
    if not suite.split("train") or not suite.split("heldout"):
        raise UserError(f"Suite {suite.name} needs train and held-out tasks for a benchmark.")
    if profile.model.backend is None:
        check_model(profile.model.name)
    heldout = suite.split("heldout")
    every = even_subset(heldout, profile.heldout_tasks or len(heldout))
    possible = [task for task in heldout if task.possible]
    arms = (checkpoint_arm(profile),) if profile.checkpoints else plan_arms(profile.trainers)
    return Manifest(
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        profile_name=request.profile_name,
        profile=profile,
        prompts=prompts_of(profile.model),
        ingredients=ingredients(profile, suite, request.sandbox),
        remedy=request.remedy,
        arms=arms,
        proxies=plan_proxies(profile, arms),
        cells=SERIES if profile.checkpoints else plan_cells(arms, profile.seeds, profile.shards),
        heldout=every,
        light=every if profile.checkpoints else even_subset(possible, profile.light_tasks),
        packages=package_versions(),
        machine=machine(),
        arguments=request.arguments,
    )
