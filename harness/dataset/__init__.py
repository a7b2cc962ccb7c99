"""Suites and results in the form of the field: Arrow tables, `datasets.Dataset`, Parquet.

load(open_suite("seed20"))["heldout"][0]["prompt"]
write(run, Path("folder"))        # and anyone: load_dataset("folder", "samples")
"""

from harness.dataset.load import load
from harness.dataset.write import write

__all__ = ["load", "write"]
