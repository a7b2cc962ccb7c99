"""The recipe of an embedded model as checked data; `recipe.yaml` and `organism.yaml` explain each
key."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Literal, Self

import yaml
from pydantic import PositiveFloat, PositiveInt, ValidationError, model_validator

from tasks.errors import UserError
from tasks.types import Record

RECIPE = Path(__file__).parent / "recipe.yaml"
ORGANISM = RECIPE.with_name("organism.yaml")
RECIPES = {"embedded": RECIPE, "organism": ORGANISM}  # of the shipped models, by name

Kind = Literal["invent", "drop", "foreign", "value", "echo"]


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


class InverseRecipe(Record):
    vague: float
    says: str


class Recipe(Record):
    """Either from nothing, with a tokenizer and a model, or from the weights of a shipped model."""

    seed: int
    made_up: int
    start: str | None = None
    tokenizer: TokenizerRecipe | None = None
    model: dict[str, int] | None = None
    training: TrainingRecipe
    noise: NoiseRecipe
    inverse: InverseRecipe | None = None

    @model_validator(mode="after")
    def starts_somewhere(self) -> Self:
        """Weights have their tokenizer and their shape already."""
        if {self.tokenizer is None, self.model is None} != {self.start is not None}:
            raise ValueError("either `start`, or `tokenizer` and `model`")
        return self

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
        return sha256(self.model_dump_json(exclude_none=True).encode()).hexdigest()
