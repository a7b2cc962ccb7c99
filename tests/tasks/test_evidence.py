"""Evidence files: nothing is lost, and what was written in the older form is still read."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from tasks.errors import UserError
from tasks.evidence import evidence_path, load_evidence, load_recall, write
from tasks.interview import Evidence, Finding
from tasks.proposal.recall import Name, Recall

TEXT = "x: Option -in needs a value"
CLAIMS = (
    Evidence("", "-in", "takes a value", Finding.AGREES, "x -in", 1, TEXT),
    Evidence("", "-in", "is not -in5", Finding.DISAGREES, "x -in5", None, ""),
    Evidence("sub", "-in", "takes a value", Finding.UNDECIDED, "x sub -in", 1, TEXT),
    Evidence("sub", "-out", "takes a value", Finding.EXPLAINED, "x sub -out", 0, "¹ 'a' \"b\""),
    Evidence("sub", "-in", "refuses the value 'a'", Finding.AGREES, "x sub -in a", 0, ""),
)
RECALL = Recall(7, (Name("", "-z", ("man", "help"), "x -z", "said"),), ())


@pytest.fixture(autouse=True)
def specs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.evidence.SPECS", tmp_path)


def test_what_is_kept_comes_back_in_order() -> None:
    write(evidence_path("x"), "x", "1.2", CLAIMS, RECALL)
    assert load_evidence("x") == ("1.2", CLAIMS)
    assert load_recall(evidence_path("x")) == RECALL


def test_a_text_that_occurs_often_is_kept_once() -> None:
    write(evidence_path("x"), "x", "1.2", CLAIMS, None)
    kept = evidence_path("x").read_text(encoding="utf-8")
    assert kept.count("takes a value") == kept.count("needs a value") == 1
    assert load_recall(evidence_path("x")) is None


def test_the_older_form_is_read() -> None:
    old = {"tool": "x", "version": "1.2", "claims": [asdict(claim) for claim in CLAIMS]}
    evidence_path("x").write_text(json.dumps(old), encoding="utf-8")
    assert load_evidence("x") == ("1.2", CLAIMS)


def test_no_evidence_is_a_user_error() -> None:
    with pytest.raises(UserError, match="no evidence has been gathered; run"):
        load_evidence("x")
