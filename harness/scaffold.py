"""The first files of an outside package: what `suite new`, `trainer new` and `proxy new` write.

`harness/scaffolds/KIND/` holds them as templates; `package` in a path becomes the Python package.
It stands in `src`, since a folder that has the name of a package and is none hides the package from
whoever works beside it.
"""

from __future__ import annotations

import keyword
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from harness.registry import Registry
from tasks.errors import UserError

SCAFFOLDS = Path(__file__).parent / "scaffolds"
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


def write_package(kind: str, name: str, home: Path, taken: Registry[Any]) -> Path:
    """Write a package for a suite, trainer or proxy of that name into the new folder `home/name`,
    which is returned. UserError if the name cannot be used or the folder is there."""
    package = package_name(name, taken)
    folder = home / name
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        raise UserError(f"{folder} is there already; take another name or --into.") from None
    values = {"name": name, "package": package, "class_name": class_name(name)}
    for template in sorted((SCAFFOLDS / kind).rglob("*.j2")):
        place = template.relative_to(SCAFFOLDS / kind).with_suffix("")
        parts = [part.replace("package", package) for part in place.parts]
        path = folder.joinpath(*parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(rendered(template, values), encoding="utf-8")
    return folder


def package_name(name: str, taken: Registry[Any]) -> str:
    """The Python package for that name. UserError if either is no name, or one that is taken."""
    package = name.replace("-", "_")
    if not _NAME.fullmatch(name) or keyword.iskeyword(package):
        raise UserError(f"{name!r} is no name for a package; take small letters, digits and -.")
    if name in taken:
        raise UserError(f"There is a {taken.kind} {name!r} already; take another name.")
    if find_spec(package) is not None:
        raise UserError(f"{package!r} is a Python package here already; take another name.")
    return package


def class_name(name: str) -> str:
    """my-trainer -> MyTrainer"""
    return "".join(part.capitalize() for part in name.split("-"))


def rendered(template: Path, values: dict[str, str]) -> str:
    """A template's text with the values put in; a name without a value is an error."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(undefined=StrictUndefined, keep_trailing_newline=True)
    return environment.from_string(template.read_text(encoding="utf-8")).render(values)
