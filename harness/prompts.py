"""How a model is asked, as data: a small YAML file, shown in the report and kept in the manifest.

    generate: "Task: {text}\nCommand line:"     # {text} is the task
    invert: "Command line: {text}\nTask:"       # {text} is the command
    stop: "\n"

A folder may hold its own `prompts.yaml`; a profile may name one; else it is `harness/prompts.yaml`.
"""

from __future__ import annotations

from pathlib import Path

import yaml
from pydantic import ValidationError

from harness.model import Model
from tasks.errors import UserError
from tasks.types import Record

PROMPTS = Path(__file__).parent / "prompts.yaml"


class Prompts(Record):
    """How a model is asked. `{text}` is the task in `generate` and the command in `invert`.

    `stop` is a text that ends an answer of a model without a chat template; "" is none.
    """

    generate: str
    invert: str
    stop: str = ""

    @classmethod
    def load(cls, path: Path) -> Prompts:
        """The prompts of a file; UserError if it holds none."""
        try:
            return cls.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
        except OSError as error:
            raise UserError(f"{path}: no prompts there ({error.strerror}).") from None
        except (yaml.YAMLError, ValidationError, UnicodeDecodeError) as error:
            reason = str(error).replace("\n", " ")
            raise UserError(f"{path}: not a prompts file ({reason}); see {PROMPTS}") from None

    def question(self, task: str) -> str:
        """What is said to have a command written for a task."""
        return self.generate.replace("{text}", task)

    def inverse(self, command: str) -> str:
        """What is said to have the task of a command told."""
        return self.invert.replace("{text}", command)

    def answer(self, said: str) -> str:
        """What is said up to the stop, without space around it."""
        return (said.partition(self.stop)[0] if self.stop else said).strip()

    def in_chat(self) -> Prompts:
        """The same for a model with a chat template, which itself says when its turn is over."""
        return self.model_copy(update={"stop": ""})


def prompts_of(model: Model) -> Prompts:
    """The prompts of a model: those it names, those in its folder, or the common ones."""
    if model.prompts is not None:
        return Prompts.load(Path(model.prompts))
    own = model.folder / PROMPTS.name if model.folder else PROMPTS
    return Prompts.load(own if own.is_file() else PROMPTS)
