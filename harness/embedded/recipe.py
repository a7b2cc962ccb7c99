"""The recipe of the embedded model as checked data; `recipe.yaml` explains each key."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Literal

import yaml
from pydantic import PositiveFloat, PositiveInt, ValidationError

from tasks.errors import UserError
from tasks.types import Record

RECIPE = Path(__file__).parent / "recipe.yaml"

Kind = Literal["invent", "drop", "foreign", "value"]


class TokenizerRecipe(Record):
    vocabulary: PositiveInt
    pairs: PositiveInt


class TrainingRecipe(Record):
    processes: PositiveInt
    steps: PositiveInt
    batch_size: PositiveInt
    matrix_learning_rate: PositiveFloat
    learning_rate: PositiveFloat
    warmup_steps: int
    forward_share: float


class NoiseRecipe(Record):
    levels: tuple[float, ...]
    kinds: dict[Kind, float]


class Recipe(Record):
    seed: int
    made_up: int
    tokenizer: TokenizerRecipe
    model: dict[str, int]
    training: TrainingRecipe
    noise: NoiseRecipe

    @classmethod
    def load(cls, path: Path = RECIPE) -> Recipe:
        """UserError, naming the file and the key, if it is not a recipe."""
        try:
            return cls.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
        except (OSError, yaml.YAMLError, ValidationError) as error:
            raise UserError(f"{path}: not a recipe: {' '.join(str(error).split())}") from None

    def __hash__(self) -> int:
        return hash(self.digest)

    @property
    def digest(self) -> str:
        """sha256 of the recipe's content, whatever its comments say."""
        return sha256(self.model_dump_json().encode()).hexdigest()
