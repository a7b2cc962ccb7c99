"""Datasheets: counted, not claimed, and current where one is shipped."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tasks.datasheet import FILE, datasheet, write_datasheet
from tasks.errors import UserError
from tasks.sound import Count, Figures, SoundRecord, read_record, write_record
from tasks.suite import SUITES, read_suite, suite_names


@pytest.mark.parametrize("name", suite_names())
def test_a_shipped_datasheet_is_current(name: str) -> None:
    path = SUITES / name / FILE
    if not path.exists():
        pytest.skip(f"{name} ships no datasheet")
    record = read_record(path.parent)
    assert record is not None
    assert path.read_text(encoding="utf-8") == datasheet(read_suite(name), record.figures)


def test_a_datasheet_has_the_counts_of_the_rows_and_the_kill_rates(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(SUITES / "seed20", tmp_path / "seed20"))
    (folder / "sound.json").unlink(missing_ok=True)
    suite = read_suite(folder)
    with pytest.raises(UserError, match="no record for these rows"):
        write_datasheet(suite)
    figures = Figures(mutators={"case-flip": Count(tried=200, right=199)}, negatives=11, makers=5)
    record = SoundRecord(rows=suite.digest, checker="", problems=(), figures=figures)
    write_record(folder, record)
    text = write_datasheet(suite)
    assert (folder / FILE).read_text(encoding="utf-8") == text
    assert "| heldout | 20 | 0 |" in text
    assert "| mutants fail | case-flip | 199 | 200 | 99.50% |" in text
