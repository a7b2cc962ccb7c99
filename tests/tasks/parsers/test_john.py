"""john's own parser: a value needs '=' or ':', names may be short, nothing comes twice."""

from __future__ import annotations

import pytest

from tasks.parsers import RefusedError, parser_for
from tasks.types import Fault

PARSER = parser_for("john")


def fault(text: str) -> Fault | None:
    try:
        PARSER.check(PARSER.parse(text.split(), text))
    except RefusedError as refused:
        return refused.fault
    return None


def test_all_spellings_mean_the_same() -> None:
    spellings = ("--wordlist=w f", "-wordlist:w f", "-w=w f", "f --w:w")
    found = {
        frozenset((a.name, a.value) for a in PARSER.parse(text.split(), text).arguments)
        for text in spellings
    }
    assert found == {frozenset({("--wordlist", "w"), ("file", "f")})}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("f", None),
        ("", None),
        ("--wordlist w f", Fault.MISSING_VALUE),
        ("--words=w f", Fault.UNKNOWN_FLAG),
        ("--s f", Fault.UNKNOWN_FLAG),
        ("--single=x f", Fault.BAD_VALUE),
        ("--wordlist=a --wordlist=b f", Fault.DUPLICATE),
        ("--users=a --users=b f", None),
        ("--rules f", Fault.MISSING_OPTION),
        ("--stdout", Fault.MISSING_OPTION),
        ("--stdout=126 --stdin", Fault.BAD_VALUE),
        ("--stdout --stdin f", Fault.EXTRA_OPTION),
        ("--show", Fault.MISSING_OPERAND),
        ("--node=1-4/4 f", Fault.BAD_VALUE),
        ("--node=2/4 f", None),
        ("--format=BCRYPT f", None),
        ("--format=raw-md5 f", Fault.BAD_VALUE),
    ],
)
def test_faults(text: str, expected: Fault | None) -> None:
    assert fault(text) is expected
