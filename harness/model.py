"""Which model, and how it is loaded: the `model:` of a profile. A name alone is enough::

    model: embedded

    model:
      name: mistralai/Mistral-7B-Instruct-v0.2   # or a folder
      dtype: bfloat16
      device_map: auto
      gradient_checkpointing: true

docs/models.md has the keys, with what was measured.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from tasks.types import Record

EMBEDDED = Path(__file__).parent / "embedded" / "model"
SHIPPED = {"embedded": EMBEDDED, "organism": EMBEDDED.with_name("organism")}  # names and folders


class Model(Record):
    """A causal language model of transformers and its LoRA adapter; or, with `backend`, a model
    that lm-eval reaches, which is evaluated and not trained."""

    name: str = "embedded"  # or organism, a folder, or owner/name of the hub
    revision: str | None = None  # of the hub
    prompts: str | None = None  # a prompts file, in place of the model's own or the common ones
    # null: bfloat16 on a GPU, else float32; auto: as the weights are stored
    dtype: Literal["auto", "float32", "bfloat16", "float16"] | None = None
    device_map: str | None = None  # "auto" spreads the layers over what there is; null: one device
    quantize: Literal["4bit"] | None = None  # bitsandbytes' NF4; needs the extra `4bit` and a GPU
    # that a cell asks a cluster for; null: one, where the cluster has any and the model is ours
    gpus: Annotated[int, Field(ge=0)] | None = None
    gradient_checkpointing: bool = False  # less memory in training, a third more time
    rank: Annotated[int, Field(ge=1)] = 16  # of the adapter; its alpha is twice the rank
    # names of the modules with an adapter; null: every linear layer of the language model
    targets: tuple[str, ...] | None = None
    template: dict[str, Any] = Field(
        default={}
    )  # variables of the chat template, such as enable_thinking
    backend: str | None = None  # a model type of lm-eval
    args: dict[str, Any] = Field(default={})  # its model_args
    # lm-eval's apply_chat_template; null: where the backend or its tokenizer has a template
    chat: bool | None = None

    @model_validator(mode="before")
    @classmethod
    def _name_alone(cls, given: object) -> object:
        return {"name": given} if isinstance(given, str) else given

    @property
    def folder(self) -> Path | None:
        """The folder that holds the model; None where the hub or a server does."""
        if self.backend is not None:
            named = self.args.get("pretrained")
            return Path(named) if isinstance(named, str) and Path(named).is_dir() else None
        if self.name in SHIPPED:
            return SHIPPED[self.name]
        return Path(self.name) if Path(self.name).is_dir() else None

    @property
    def is_served(self) -> bool:
        """Whether a server has it, so that more processes here would only ask the same one. A cell
        loads a model of lm-eval itself where its arguments name weights."""
        return self.backend is not None and (
            "pretrained" not in self.args or "base_url" in self.args
        )

    def __str__(self) -> str:
        return self.name


def of_backend(backend: str, args: dict[str, Any]) -> Model:
    """A model type of lm-eval with its arguments; named after both, for people."""
    what = args.get("model") or args.get("pretrained")
    return Model(name=f"{backend} {what}" if what else backend, backend=backend, args=args)
