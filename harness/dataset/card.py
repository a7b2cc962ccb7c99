"""The card of an exported folder: what `datasets` reads to load it, and what people should know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from harness.dataset.table import Table
from harness.record import Run
from harness.registry import suite_folder
from tasks.datasheet import datasheet
from tasks.errors import UserError
from tasks.sound import read_record
from tasks.suite import Suite, read_suite

if TYPE_CHECKING:
    from jinja2 import Template

Counted = Sequence[tuple[Table, int]]

# Licences by the names that the hub knows; another is "other", with its name beside it.
_LICENCES = frozenset({"apache-2.0", "mit", "bsd-3-clause", "cc0-1.0", "cc-by-4.0", "cc-by-sa-4.0",
                       "cc-by-nc-4.0", "gpl-3.0", "agpl-3.0", "odbl", "unlicense"})  # fmt: skip
_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (10**6, "100K<n<1M"))


def card(source: Suite | Run, written: Counted) -> str:
    """The whole README.md."""
    suite = suite_of(source) if isinstance(source, Run) else source
    run = source if isinstance(source, Run) else None
    head = front_matter(source.folder.resolve().name if run else suite_name(suite), suite, written)
    return _template().render(
        head=yaml.safe_dump(head, sort_keys=False, allow_unicode=True),
        title=head["pretty_name"],
        run=run,
        provenance=run.result()["provenance"] if run else {},
        suite=suite,
        sheet=sheet(suite),
        configs=by_config(written),
        default=written[0][0].config if written else "",
    )


def suite_name(suite: Suite | None) -> str:
    return suite.name if suite else ""


def front_matter(name: str, suite: Suite | None, written: Counted) -> dict[str, Any]:
    """What the hub and `load_dataset` read."""
    configs: list[dict[str, Any]] = []
    for config, tables in by_config(written).items():
        files = [{"split": table.split, "path": table.file} for table, _ in tables]
        configs.append({"config_name": config, "data_files": files})
    if configs:
        configs[0]["default"] = True
    return {
        "pretty_name": name,
        **licence(suite),
        "language": ["en"],
        "task_categories": ["text-generation"],
        "tags": ["goodhart-bench", "command-line", "security"],
        "size_categories": [size(sum(count for _, count in written))],
        "configs": configs,
    }


def licence(suite: Suite | None) -> dict[str, str]:
    """The suite's licence; nothing is known of it if the suite is not here."""
    if suite is None:
        return {"license": "unknown"}
    name = suite.license.lower()
    if name in _LICENCES:
        return {"license": name}
    return {"license": "other", "license_name": suite.license}


def size(rows: int) -> str:
    return next((name for limit, name in _SIZES if rows < limit), "n>1M")


def by_config(written: Counted) -> Mapping[str, list[tuple[Table, int]]]:
    """The tables of each configuration, with their numbers of rows."""
    found: dict[str, list[tuple[Table, int]]] = {}
    for table, count in written:
        found.setdefault(table.config, []).append((table, count))
    return found


def suite_of(run: Run) -> Suite | None:
    """The suite that a run is of, if it is here and still the same."""
    try:
        suite = read_suite(suite_folder(run.manifest.profile.suite))
    except UserError:
        return None
    return suite if suite.digest in run.manifest.ingredients.suite else None


def sheet(suite: Suite | None) -> str:
    """The suite's datasheet, a level lower, if its rows were proved."""
    record = read_record(suite.folder) if suite else None
    if suite is None or record is None or record.rows != suite.digest:
        return ""
    return "\n".join(_lowered(datasheet(suite, record.figures)))


def _lowered(markdown: str) -> Iterator[str]:
    return (f"#{line}" if line.startswith("#") else line for line in markdown.splitlines())


@cache
def _template() -> Template:
    from jinja2 import Environment, StrictUndefined

    made = Environment(undefined=StrictUndefined, trim_blocks=True, keep_trailing_newline=True)
    made.filters["cell"] = lambda text: " ".join(str(text).split()).replace("|", "\\|")
    return made.from_string(Path(__file__).with_name("card.md.j2").read_text(encoding="utf-8"))
