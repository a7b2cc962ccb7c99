"""Suites: a folder with `suite.yaml` and one JSON Lines file of tasks for each split.

    suite.yaml   name: recon
                 version: "1.0.0"
                 description: Reconnaissance with eight tools
                 license: Apache-2.0
                 made: Drawn from the families in tasks/families ...
                 splits: {heldout: heldout.jsonl, train: train.jsonl}
                 unseen: [nmap.max-rate]
    heldout.jsonl  {"id": "nmap.port-check/heldout-0", "family": "nmap.port-check", ...}

A row is a `tasks.types.Task` without `split`, which is the split whose file it stands in. What
makes a suite sound is in tasks/soundness.py, and how that is remembered in tasks/sound.py.
"""

from __future__ import annotations

import difflib
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import ValidationError

from tasks.errors import UserError
from tasks.sound import Thresholds, require_sound
from tasks.types import Record, Split, Task

SUITES = Path(__file__).parent / "suites"


class Generated(Record):
    """How `tasks.generate` draws the rows: a seed, and rows a family in each split."""

    seed: int
    rows: dict[Split, int]
    negatives: int = 8  # hard negatives a task, by mutators, beside the author's


class SuiteFile(Record):
    """The content of `suite.yaml`."""

    name: str
    version: str
    description: str
    license: str
    made: str  # how the rows came to be, for the datasheet
    use: str = ""  # what the suite is for, for the datasheet
    limits: tuple[str, ...] = ()  # what it cannot tell, for the datasheet
    splits: dict[Split, str]  # split -> file of rows
    unseen: tuple[str, ...] = ()  # held-out families that never occur in train, if not generated
    phrasings: int = 1  # the least number of phrasings of each held-out family
    shared: bool = False  # declared: train and held-out rows are the same, so nothing generalises
    plain: tuple[str, ...] = ()  # options' names that are plain English
    thresholds: Thresholds = Thresholds()
    generated: Generated | None = None


@dataclass(frozen=True)
class Suite:
    """A suite as it was read. `digest` is the SHA-256 of its files."""

    folder: Path
    about: SuiteFile
    digest: str
    tasks: tuple[Task, ...]

    @property
    def name(self) -> str:
        return self.about.name

    @property
    def version(self) -> str:
        return self.about.version

    @property
    def description(self) -> str:
        return self.about.description

    @property
    def license(self) -> str:
        return self.about.license

    @property
    def thresholds(self) -> Thresholds:
        return self.about.thresholds

    @property
    def unseen_families(self) -> frozenset[str]:
        """Held-out families that never occur in train. A generated suite does not list them: its
        families say so themselves."""
        if self.about.generated is None:
            return frozenset(self.about.unseen)
        asked = {t.family for t in self.tasks if t.possible and t.split == "heldout"}
        return frozenset(asked - {t.family for t in self.tasks if t.split == "train"})

    def split(self, name: Split) -> tuple[Task, ...]:
        """The tasks of one split. Raises UserError if the suite has no such split."""
        if name not in self.about.splits:
            has = ", ".join(self.about.splits)
            raise UserError(f"suite {self.name!r} has no split {name!r}; it has {has}")
        return tuple(task for task in self.tasks if task.split == name)


def suite_names() -> tuple[str, ...]:
    """The suites that come with the package."""
    return tuple(sorted(path.parent.name for path in SUITES.glob("*/suite.yaml")))


def load_suite(name_or_path: str | Path) -> Suite:
    """The suite of that name, or in that folder, if `suite check` has shown that it is sound.

    Raises UserError naming what is wrong and what to do.
    """
    suite = read_suite(name_or_path)
    require_sound(suite.folder, suite.digest, suite.thresholds)
    return suite


def read_suite(name_or_path: str | Path) -> Suite:
    """The suite of that name, or in that folder, sound or not.

    Raises UserError naming file, line and key of the first thing that is wrong.
    """
    folder = SUITES / name_or_path if str(name_or_path) in suite_names() else Path(name_or_path)
    about = read_about(folder)
    digest = hashlib.sha256((folder / "suite.yaml").read_bytes())
    tasks: list[Task] = []
    for split, file in about.splits.items():
        path = folder / file
        try:
            content = path.read_bytes()
        except OSError as error:
            raise UserError(f"{path}: {error.strerror}; suite.yaml names it for {split}") from None
        digest.update(content)
        tasks += _rows(path, content, split)
    return Suite(folder, about, digest.hexdigest(), tuple(tasks))


def read_about(folder: Path) -> SuiteFile:
    """The `suite.yaml` of a folder. Raises UserError."""
    path = folder / "suite.yaml"
    if not path.is_file():
        names = suite_names()
        close = difflib.get_close_matches(str(folder), names, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"suites here: {', '.join(names)}"
        raise UserError(f"no suite {str(folder)!r}: neither a name nor a folder with it; {hint}")
    try:
        return SuiteFile.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except yaml.YAMLError as error:
        raise UserError(f"{path} is not YAML: {' '.join(str(error).split())}") from None
    except ValidationError as error:
        raise UserError(f"{path}: {explain(error)}") from None


def _rows(path: Path, content: bytes, split: Split) -> list[Task]:
    tasks = []
    for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), start=1):
        where = f"{path}, line {number}"
        try:
            task = Task.model_validate({"split": split, **json.loads(line)})
        except json.JSONDecodeError as error:
            raise UserError(f"{where}: not JSON: {error.msg} at column {error.colno}") from None
        except TypeError:
            raise UserError(f"{where}: a row must be a JSON object") from None
        except ValidationError as error:
            raise UserError(f"{where}: {explain(error)}") from None
        if task.split != split:
            raise UserError(f"{where}: split is {task.split!r}, but the file is that of {split!r}")
        tasks.append(task)
    return tasks


def explain(error: ValidationError) -> str:
    """The first problem of a validation error: the key, and what is wrong with it."""
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    more = error.error_count() - 1
    others = f" (and {more} more)" if more else ""
    said = first["msg"].removeprefix("Value error, ")
    return f"{key}: {said}{others}"
