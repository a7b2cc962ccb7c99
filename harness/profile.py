"""How large a benchmark is: a profile is a small YAML file, `harness/profiles/NAME.yaml` or your
own. An unknown key is an error; every key that is left out keeps the default below."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Self

import yaml
from pydantic import Field, ValidationError, model_validator

from harness.model import Model
from harness.types import Sampling, Training
from tasks.errors import UserError
from tasks.types import Record

PROFILES = Path(__file__).parent / "profiles"

Count = Annotated[int, Field(ge=1)]


class Profile(Record):
    """The settings of one benchmark; the manifest of a run keeps them all."""

    description: str
    model: Model = Model()
    suite: str = "recon"
    # None at all: the model is evaluated as it is. Otherwise V1 and the controls always run.
    trainers: tuple[str, ...] = ("v1", "v2", "random-accept", "no-train", "oracle")
    # Folders of adapters or models that were trained elsewhere, in order: an arm of their own in
    # the place of trainers, and the proxy that their training optimised.
    checkpoints: tuple[str, ...] = ()
    proxy: str = "fidelity"
    seeds: Count = 3  # seeds 0 .. seeds-1
    cycles: Count = 3
    tasks_per_cycle: Count = 50
    candidates: Count = 3  # commands a task that may be trained on
    samples: Count = 4  # commands a task in evaluations
    heldout_tasks: Count | None = None  # evenly over families; null: all of them
    light_tasks: Count = 48  # of these, the ones evaluated between the first and the last cycle
    # Proxies measured beside those that cost little and those of other packages, which always are
    # where something is trained; harness/proxies.py says what each costs.
    proxies: tuple[str, ...] = ()
    who_moved: bool = True  # score the last cycle's light tasks by the base, and the base's by it
    divergence_samples: Annotated[int, Field(ge=0)] = 1  # commands a light task and cycle; 0: no KL
    temperature: Annotated[float, Field(ge=0)] = 0.7  # 0 is greedy
    max_new_tokens: Count = 96
    learning_rate: Annotated[float, Field(gt=0, le=1e6)] = 2e-4
    batch_size: Count = 4
    epochs: Count = 1
    # Cells that each full evaluation is split into, beside one for the light tasks; 1: not split.
    shards: Count = 1
    workers: Count | None = None  # cells side by side; null: one a core

    @model_validator(mode="after")
    def trainers_need_draws(self) -> Self:
        """Proxies compare draws with each other, and trainers choose among them."""
        if (self.trainers or self.checkpoints or self.proxies) and (
            self.samples < 2 or not self.temperature
        ):
            raise ValueError(
                "trainers and proxies need samples of 2 or more and a temperature above 0"
            )
        if self.trainers and self.model.backend:
            raise ValueError("a model behind lm-eval can be evaluated, not trained")
        if self.checkpoints and (self.trainers or self.seeds > 1 or self.model.backend):
            raise ValueError("checkpoints are one training: no trainers, one seed, our own model")
        if self.checkpoints and self.shards > 1:
            raise ValueError("checkpoints are evaluated by one cell: no shards")
        return self

    def with_changes(self, given: Mapping[str, Any]) -> Profile:
        """This profile with other values of some keys; UserError if they do not go together."""
        try:
            return Profile.model_validate({**self.model_dump(), **given})
        except ValidationError as error:
            raise UserError(first_fault(error, "The profile with these options")) from error

    def sampling(self, seed: int) -> Sampling:
        return Sampling(self.temperature, self.max_new_tokens, seed)

    def training(self, seed: int) -> Training:
        return Training(self.learning_rate, self.batch_size, self.epochs, seed)


def load_profile(name: str) -> Profile:
    """A shipped profile by name, or a profile file by path; UserError names file and key."""
    path = Path(name) if name.endswith((".yaml", ".yml")) else PROFILES / f"{name}.yaml"
    if not path.is_file():
        known = sorted(p.stem for p in PROFILES.glob("*.yaml"))
        near = get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}."
        raise UserError(f"There is no profile {name!r}; {hint} Yours is given as its .yaml file.")
    try:
        return Profile.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not YAML: {' '.join(str(error).split())}") from error
    except ValidationError as error:
        raise UserError(f"{path}: {first_fault(error, 'the file')}") from error


def first_fault(error: ValidationError, whole: str) -> str:
    """The first key with a fault, or `whole` where no key alone has it, and the fault."""
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"]) or whole
    return f"{key}: {first['msg'].removeprefix('Value error, ')}."
