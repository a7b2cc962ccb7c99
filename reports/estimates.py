"""`estimates.csv`: every estimate of a result in a row of its own, for other programs.

Values are those of `result.json`, unrounded: shares and changes are fractions. `table` and
`quantity` are its keys ("correctness", "all.change"), `arm` to `fault` say whose estimate it is.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from io import StringIO
from typing import Any

LABELS = ("arm", "cycle", "proxy", "tool", "fault")
NUMBERS = ("value", "low", "high", "detectable", "tasks", "families", "seeds", "samples_per_task")
HEADER = ("run", "table", *LABELS, "quantity", *NUMBERS)

Row = dict[str, Any]


def table(results: Mapping[str, Mapping[str, Any]]) -> str:
    """The estimates of one run or several, by name."""
    text = StringIO()
    writer = csv.DictWriter(text, HEADER, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for run, result in results.items():
        writer.writerows({"run": run} | row for row in estimates(result))
    return text.getvalue()


def estimates(result: Mapping[str, Any]) -> Iterator[Row]:
    """Every estimate of a result with the table that it stands in and its labels."""
    for key, value in result.items():
        yield from ({"table": key} | row for row in _found(value, {}, ()))


def _found(value: Any, labels: Row, path: tuple[str, ...]) -> Iterator[Row]:
    """The estimates at or below a value; labels come from the rows on the way."""
    if isinstance(value, list):
        for each in value:
            yield from _found(each, labels, path)
    elif isinstance(value, dict) and {"value", "low", "high"} <= value.keys():
        yield labels | value | {"quantity": ".".join(path)}
    elif isinstance(value, dict):
        own = {key: value[key] for key in LABELS if isinstance(value.get(key), str | int)}
        for key, each in value.items():
            yield from _found(each, labels | own, (*path, key))
