"""Write a suite or a run as a folder that `datasets.load_dataset` reads: Parquet and a card.

FOLDER/README.md
       samples/heldout.parquet
       samples/calibration.parquet
       candidates/train.parquet
"""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from harness.dataset.card import card
from harness.dataset.source import tables
from harness.dataset.table import Table
from harness.record import Run
from tasks.errors import UserError
from tasks.suite import Suite


def write(source: Suite | Run, folder: Path) -> list[tuple[Table, int]]:
    """Write every table that has rows, and the card; the tables and their numbers of rows.
    UserError if the folder is not new or empty. Memory does not grow with the rows."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UserError(f"{folder} is not empty; give a new folder.")
    counts = [(table, write_table(table, folder)) for table in tables(source)]
    written = [(table, count) for table, count in counts if count]
    (folder / "README.md").write_text(card(source, written), encoding="utf-8")
    return written


def write_table(table: Table, folder: Path) -> int:
    """Write one table, unless it is empty; its number of rows."""
    path = folder / table.file
    path.parent.mkdir(parents=True, exist_ok=True)
    count = 0
    with pq.ParquetWriter(path, table.schema, compression="zstd") as file:
        for batch in table.batches():
            # write_batch would keep a row group of a million rows in memory
            file.write_table(pa.Table.from_batches([batch]))
            count += batch.num_rows
    if not count:
        path.unlink()
        if not any(path.parent.iterdir()):
            path.parent.rmdir()
    return count
