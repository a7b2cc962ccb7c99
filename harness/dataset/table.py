"""What is exported: tables with a fixed schema whose rows are made one by one, as they are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

import pyarrow as pa

Row = dict[str, Any]
TEXT, FLAG, WHOLE, REAL = pa.string(), pa.bool_(), pa.int32(), pa.float64()

BATCH = 8_192  # rows that are in memory at a time


class Column(NamedTuple):
    """A column, and what it holds, in words for the card."""

    name: str
    type: pa.DataType
    about: str


@dataclass(frozen=True)
class Table:
    """One split of one configuration, in the words of `datasets`. `rows` starts from the beginning
    each time that it is called; a column that a row lacks is null."""

    config: str
    split: str
    columns: Sequence[Column]
    rows: Callable[[], Iterator[Row]]

    @property
    def schema(self) -> pa.Schema:
        return pa.schema([(column.name, column.type) for column in self.columns])

    @property
    def file(self) -> str:
        """Its place in an exported folder."""
        return f"{self.config}/{self.split}.parquet"

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The rows in batches of at most BATCH."""
        rows, schema = self.rows(), self.schema
        while batch := list(islice(rows, BATCH)):
            yield pa.RecordBatch.from_pylist(batch, schema=schema)
