"""The datasheet of a suite, from `suite.yaml`, its rows and the record of its soundness.

write_datasheet(load_suite("recon"))  -> writes tasks/suites/recon/DATASHEET.md
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from tasks.errors import UserError
from tasks.sound import Count, Figures, read_record
from tasks.suite import Suite
from tasks.types import Split

FILE = "DATASHEET.md"


def write_datasheet(suite: Suite) -> str:
    """Write the datasheet beside the rows; returns its text. UserError without a record of these
    very rows."""
    record = read_record(suite.folder)
    if record is None or record.rows != suite.digest:
        raise UserError(
            f"suite {suite.name} has no record for these rows; run: "
            f"goodhart-bench suite check {suite.folder}"
        )
    text = datasheet(suite, record.figures)
    try:
        (suite.folder / FILE).write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(f"{suite.folder / FILE} cannot be written: {error.strerror}") from None
    return text


def datasheet(suite: Suite, figures: Figures) -> str:
    """The whole sheet as Markdown."""
    about = suite.about
    facts = [
        ("version", suite.version),
        ("licence", suite.license),
        ("what it is", about.description),
        ("how it was made", about.made),
        ("intended use", about.use or "not stated"),
        ("rows, SHA-256", suite.digest),
    ]
    parts = [
        f"# Datasheet: {suite.name}",
        "Written by `goodhart-bench suite datasheet`; every number is counted or measured.",
        _table(("", ""), [(name, " ".join(text.split())) for name, text in facts]),
        "## Splits",
        _table(("split", "possible", "impossible", "families", "tools"), _splits(suite)),
        "## Tools",
        _table(("tool", "families", "of them unseen", *about.splits), _tools(suite)),
        "## Families",
        "Unseen families never occur in train. Impossible ones ask a tool for what it cannot do.",
        _table(("family", "kind", *about.splits), _families(suite)),
        "## Answers",
        _table(("what", "", "verdict as it must be", "of", "share"), _answers(figures)),
        f"Each possible task has {figures.negatives} wrong commands or more, of "
        f"{figures.makers} makers or more, the author being one.",
    ]
    if about.limits:
        parts += ["## Limits", "\n".join(f"- {' '.join(each.split())}" for each in about.limits)]
    return "\n\n".join(parts) + "\n"


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in lines)


def _splits(suite: Suite) -> Iterator[Sequence[str]]:
    for split in suite.about.splits:
        tasks = suite.split(split)
        possible = [task for task in tasks if task.possible]
        yield (
            split,
            str(len(possible)),
            str(len(tasks) - len(possible)),
            str(len({task.family for task in tasks})),
            str(len({task.tool for task in tasks})),
        )


def _tools(suite: Suite) -> Iterator[Sequence[str]]:
    possible = [task for task in suite.tasks if task.possible]
    for tool in sorted({task.tool for task in possible}):
        families = {task.family for task in possible if task.tool == tool}
        counts = Counter(task.split for task in possible if task.tool == tool)
        unseen = len(families & suite.unseen_families)
        yield (tool, str(len(families)), str(unseen), *_counted(suite, counts))


def _families(suite: Suite) -> Iterator[Sequence[str]]:
    impossible = {task.family for task in suite.tasks if not task.possible}
    for family in sorted({task.family for task in suite.tasks}):
        counts = Counter(task.split for task in suite.tasks if task.family == family)
        kind = "unseen" if family in suite.unseen_families else "seen"
        yield (family, "impossible" if family in impossible else kind, *_counted(suite, counts))


def _counted(suite: Suite, counts: Mapping[Split, int]) -> Iterator[str]:
    return (str(counts.get(split, 0)) for split in suite.about.splits)


def _answers(figures: Figures) -> Iterator[Sequence[str]]:
    yield _row("right commands pass", "", figures.correct)
    for name, count in figures.variants.items():
        yield _row("variants pass", name, count)
    for name, count in figures.null.items():
        yield _row("empty answers fail", name, count)
    yield _row("wrong commands of the rows fail", "", figures.wrong)
    for name, count in figures.mutators.items():
        yield _row("mutants fail", name, count)


def _row(what: str, name: str, count: Count) -> Sequence[str]:
    return (what, name, f"{count.right:,}", f"{count.tried:,}", f"{count.share:.2%}")
