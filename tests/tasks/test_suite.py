"""Suites: what is shipped is sound and regenerates, and broken files are explained."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tasks.errors import UserError
from tasks.generate import generate
from tasks.suite import SUITES, Suite, load_suite, read_suite
from tests.tasks.test_families import FAMILY


@pytest.fixture(scope="module")
def recon() -> Suite:
    return load_suite("recon")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of seed20 to break."""
    return Path(shutil.copytree(SUITES / "seed20", tmp_path / "seed20"))


def edit_row(folder: Path, line: int, **changes: object) -> None:
    """Change keys of one row; None takes a key out."""
    path = folder / "tasks.jsonl"
    rows = [json.loads(text) for text in path.read_text().splitlines()]
    row = rows[line - 1] | changes
    rows[line - 1] = {key: value for key, value in row.items() if value is not None}
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def test_recon_is_large_enough_and_a_quarter_of_its_families_unseen(recon: Suite) -> None:
    heldout = recon.split("heldout")
    assert len([t for t in heldout if t.possible]) >= 600
    assert len([t for t in heldout if not t.possible]) >= 36
    assert len(recon.split("train")) >= 600
    assert len(recon.split("calibration")) >= 200
    assert len({task.tool for task in heldout}) >= 20
    families = {task.family for task in heldout if task.possible}
    assert recon.about.phrasings >= 4
    assert 0.2 <= len(recon.unseen_families & families) / len(families) <= 0.3


def test_recon_is_what_its_families_generate(recon: Suite, tmp_path: Path) -> None:
    folder = tmp_path / "recon"
    folder.mkdir()
    shutil.copy(recon.folder / "suite.yaml", folder)
    generate(folder)
    assert read_suite(folder).digest == recon.digest


def test_seed20_is_twenty_tasks_shared_by_its_splits() -> None:
    suite = load_suite("seed20")
    assert suite.about.shared
    prompts = [task.prompt for task in suite.split("heldout")]
    assert len(set(prompts)) == 20
    assert prompts == [task.prompt for task in suite.split("train")]


def test_a_written_suite_cannot_be_generated(copy: Path) -> None:
    with pytest.raises(UserError, match=r"'seed20' is written by hand"):
        generate(copy)


ABOUT = """
name: mine
version: "1"
description: mine
license: mine
made: for a test
splits: {heldout: heldout.jsonl}
generated: {seed: 1, rows: {heldout: ROWS}}
"""


def drawn(folder: Path, rows: int, families: str) -> Path:
    """A suite folder with families of its own."""
    (folder / "families").mkdir()
    (folder / "suite.yaml").write_text(ABOUT.replace("ROWS", str(rows)))
    if families:
        (folder / "families" / "nmap.yaml").write_text(families)
    return folder


def test_a_suite_is_drawn_from_its_own_families(tmp_path: Path) -> None:
    text = FAMILY.replace("HOST", "ip").replace("TEMPLATE", "[verb] {host}, NUMBER")
    templates = ", ".join(f'"[verb] {{host}}, {n}"' for n in range(30))
    text = text.replace('"[verb] {host}, NUMBER"', templates)
    generate(drawn(tmp_path, 3, text))
    assert {task.family for task in read_suite(tmp_path).split("heldout")} == {"nmap.example"}


@pytest.mark.parametrize(
    ("families", "message"),
    [
        ("", "holds no family"),
        (FAMILY, "nmap.example has . sentences for heldout, and suite.yaml asks for 3 rows"),
        (FAMILY + FAMILY.partition("families:")[2], "is the name of more than one family"),
        (FAMILY.replace("nmap", "zmap"), "zmap"),
    ],
)
def test_families_that_make_no_suite_are_explained(
    tmp_path: Path, families: str, message: str
) -> None:
    text = families.replace("HOST", "ip").replace("TEMPLATE", "[verb] {host}")
    with pytest.raises(UserError, match=message):
        generate(drawn(tmp_path, 1 if "zmap" in text else 3, text))


def test_an_unknown_name_is_explained() -> None:
    with pytest.raises(UserError, match="did you mean 'recon'"):
        load_suite("recoon")


def test_a_missing_split_is_explained(recon: Suite, copy: Path) -> None:
    path = copy / "suite.yaml"
    path.write_text(path.read_text().replace("train: tasks.jsonl, ", ""))
    with pytest.raises(UserError, match="no split 'train'; it has heldout, calibration"):
        read_suite(copy).split("train")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"correct": ["nmap x"]}, r"line 3: correct: a possible task has two correct"),
        ({"promt": "x"}, r"line 3: promt: Extra inputs are not permitted"),
        ({"prompt": None}, r"line 3: prompt: Field required"),
        (
            {"intent": {"tool": "nmap", "require": [{"nmae": "-p"}]}},
            r"line 3: intent.require.0.nmae",
        ),
        ({"split": "train"}, r"line 3: split is 'train', but the file is that of 'heldout'"),
    ],
)
def test_a_malformed_row_is_explained(copy: Path, changes: dict[str, object], message: str) -> None:
    edit_row(copy, 3, **changes)
    with pytest.raises(UserError, match=message):
        read_suite(copy)


@pytest.mark.parametrize(("row", "message"), [("{", "line 1: not JSON"), ("[]", "JSON object")])
def test_a_row_that_is_no_object_is_explained(copy: Path, row: str, message: str) -> None:
    (copy / "tasks.jsonl").write_text(row)
    with pytest.raises(UserError, match=message):
        read_suite(copy)


def test_a_missing_file_is_explained(copy: Path) -> None:
    (copy / "tasks.jsonl").unlink()
    with pytest.raises(UserError, match=r"tasks.jsonl: No such file.*names it for heldout"):
        read_suite(copy)
