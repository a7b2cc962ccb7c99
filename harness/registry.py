"""What can be chosen by name: trainers, proxies, suites, models, sandboxes and executors.

A name stands for a place "module:attribute" that is imported only when it is asked for, so that
listing names costs nothing. An outside package adds its own with an entry point::

    [project.entry-points."goodhart_bench.trainers"]
    mine = "my_package.trainer:Mine"
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from importlib import import_module
from importlib.metadata import entry_points
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

from tasks.errors import UserError

if TYPE_CHECKING:
    from harness.executors import Executor
    from harness.model import Model
    from harness.prompts import Prompts
    from harness.proxies import Proxy
    from harness.types import AdapterPolicy, Trainer
    from sandbox.types import Sandbox
    from tasks.suite import Suite

T = TypeVar("T")


class Registry(Generic[T]):
    """Parts of one kind by name; entry points of the group "goodhart_bench.GROUP" add to them."""

    def __init__(self, kind: str, group: str, builtin: Mapping[str, str]) -> None:
        self.kind = kind
        self.group = f"goodhart_bench.{group}"
        self.builtin = builtin

    def places(self) -> dict[str, str]:
        """Name -> "module:attribute"; a built-in name cannot be taken by an entry point."""
        found = {entry.name: entry.value for entry in entry_points(group=self.group)}
        return found | dict(self.builtin)

    def names(self) -> list[str]:
        """The built-in names, then those of other packages in order."""
        return [*self.builtin, *sorted(self.places().keys() - self.builtin.keys())]

    def __contains__(self, name: str) -> bool:
        return name in self.builtin or name in self.places()

    def load(self, name: str) -> T:
        """Import what the name stands for; UserError with the nearest names if there is none."""
        places = self.places()
        if name not in places:
            raise UserError(self.unknown(name))
        module, _, attribute = places[name].partition(":")
        try:
            loaded: T = attrgetter(attribute)(import_module(module))
        except (ImportError, AttributeError) as error:
            raise UserError(
                f"The {self.kind} {name!r} is registered as {places[name]!r}, which does not load: "
                f"{error}."
            ) from error
        return loaded

    def unknown(self, name: str) -> str:
        """The sentence for a name that is not there."""
        near = get_close_matches(name, self.places(), n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(self.places())}."
        return f"There is no {self.kind} {name!r}; {hint}"


TRAINERS: Registry[Callable[[], Trainer]] = Registry(
    "trainer",
    "trainers",
    {
        "v1": "trainers.v1:V1",
        "v2": "trainers.v2:V2",
        "random-accept": "trainers.random_accept:RandomAccept",
        "no-train": "trainers.no_train:NoTrain",
        "oracle": "trainers.oracle:Oracle",
    },
)

PROXIES: Registry[Proxy] = Registry(
    "proxy",
    "proxies",
    {
        "fidelity": "harness.proxies:fidelity",
        "reproducibility": "harness.proxies:reproducibility",
        "fidelity+reproducibility": "harness.proxies:fidelity_and_reproducibility",
        "fidelity-base": "harness.proxies:fidelity_by_base",
        "fidelity-canonical": "harness.proxies:fidelity_of_form",
        "reproducibility-base": "harness.proxies:reproducibility_by_base",
        "likelihood": "harness.proxies:likelihood",
        "self-certainty": "harness.proxies:self_certainty",
        "vote-share": "harness.proxies:vote_share",
    },
)

# Proxies that a policy scores, so that another policy's commands can be scored by it.
SCORED_BY_POLICIES = ("fidelity", "reproducibility", "fidelity+reproducibility")

# Built-in proxies that take as long as another evaluation: measured where a profile names them.
COSTLY_PROXIES = frozenset({"fidelity-base", "fidelity-canonical", "reproducibility-base"})

# The parts below are made by calling what the name stands for with that name; a model with its
# options (harness.model), its prompts (harness.prompts) and a seed.

SUITES: Registry[Callable[[str], Path]] = Registry(  # the folder of the suite of that name
    "suite",
    "suites",
    {"recon": "tasks.suite:SUITES.joinpath", "seed20": "tasks.suite:SUITES.joinpath"},
)

MODELS: Registry[Callable[..., AdapterPolicy]] = Registry(
    "model",
    "models",
    {
        "embedded": "harness.policy:CausalPolicy.load",
        "organism": "harness.policy:CausalPolicy.load",
    },
)

SANDBOXES: Registry[Callable[..., Sandbox]] = Registry(  # with workers= and raw= as well
    "sandbox",
    "sandboxes",
    {"docker": "sandbox:open_sandbox", "bubblewrap": "sandbox:open_sandbox"},
)

EXECUTORS: Registry[Callable[..., Executor]] = Registry(  # with an address, and whom to tell
    "executor",
    "executors",
    {
        "local": "harness.executors.local:LocalExecutor",
        "ray": "harness.executors.ray:RayExecutor",
    },
)


def open_suite(name: str) -> Suite:
    """The suite of that name, or in that folder, if it was shown to be sound; else UserError."""
    from tasks.suite import load_suite

    return load_suite(suite_folder(name))


def suite_folder(name: str) -> Path:
    """The folder of a registered suite, or the folder itself; UserError if it is neither."""
    if name in SUITES:
        return SUITES.load(name)(name)
    if not Path(name).exists():
        raise UserError(f"{SUITES.unknown(name)} A suite of your own is given as its folder.")
    return Path(name)


def check_model(name: str) -> None:
    """UserError unless the name may be a model's: registered, a model folder, or a hub name."""
    if name in MODELS or (Path(name) / "config.json").is_file():
        return
    if Path(name).exists():
        raise UserError(f"{name} is no model folder: it has no config.json.")
    if not re.fullmatch(r"[\w-][\w.-]*/[\w.-]+", name):
        raise UserError(
            f"{MODELS.unknown(name)} A model of your own is given as its folder, or as owner/name "
            "of the Hugging Face hub."
        )


def open_model(model: Model | str, seed: int, prompts: Prompts | None = None) -> AdapterPolicy:
    """A registered model, or any causal language model by folder or hub name "owner/name"; asked
    as its own prompts say, if none are given."""
    from harness.model import Model
    from harness.policy import CausalPolicy
    from harness.prompts import prompts_of

    model = Model.model_validate(model)
    check_model(model.name)
    load = MODELS.load(model.name) if model.name in MODELS else CausalPolicy.load
    return load(model, prompts or prompts_of(model), seed=seed)


def audited_proxies() -> tuple[str, ...]:
    """What is measured wherever something is trained, whether or not an arm optimises it: every
    built-in proxy that costs little, and every one that an installed package registers."""
    return tuple(name for name in PROXIES.names() if name not in COSTLY_PROXIES)
