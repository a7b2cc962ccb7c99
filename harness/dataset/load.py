"""A suite or a run in memory, as `datasets` has it. For what is large: `write`, then
`datasets.load_dataset`, which maps the files into memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.dataset.source import tables

if TYPE_CHECKING:
    from datasets import DatasetDict

    from harness.record import Run
    from tasks.suite import Suite


def load(source: Suite | Run, config: str = "") -> DatasetDict:
    """The splits of one configuration: of a suite "tasks", of a run "samples", "candidates" or
    "estimates"; the first if none is named. KeyError for another."""
    import pyarrow as pa
    from datasets import Dataset, DatasetDict

    all_tables = tables(source)
    config = config or all_tables[0].config
    if config not in {table.config for table in all_tables}:
        raise KeyError(config)
    return DatasetDict(
        {
            table.split: Dataset(pa.Table.from_batches(table.batches(), table.schema))
            for table in all_tables
            if table.config == config
        }
    )
