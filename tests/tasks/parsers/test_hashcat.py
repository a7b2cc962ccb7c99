"""hashcat's own rules: inputs by attack mode, and what goes with what."""

from __future__ import annotations

import pytest

from tasks.parsers import RefusedError, parser_for
from tasks.types import Fault

PARSER = parser_for("hashcat")


def fault(text: str) -> Fault | None:
    try:
        PARSER.check(PARSER.parse(text.split(), text))
    except RefusedError as refused:
        return refused.fault
    return None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-m1000 h w", None),
        ("h", None),
        ("-a 1 h a", Fault.MISSING_OPERAND),
        ("-a 1 h a b", None),
        ("-a 1 h a b c", Fault.EXTRA_OPTION),
        ("-a 6 h w", None),
        ("-a 2 h w", Fault.BAD_VALUE),
        ("--keyspace -a 3 ?d", None),
        ("--keyspace -a 3 h ?d", Fault.EXTRA_OPTION),
        ("--stdout w", None),
        ("-b h", Fault.EXTRA_OPTION),
        ("-r x -a 3 h ?d", Fault.CONFLICT),
        ("-i h w", Fault.CONFLICT),
        ("-1 ab -a 3 h", Fault.MISSING_OPERAND),
        ("-i --increment-min 5 --increment-max 3 -a 3 h ?d", Fault.BAD_VALUE),
        ("--debug-mode 1 h w", Fault.MISSING_OPTION),
        ("--debug-mode 0 h w", None),
        ("--outfile-format 1,1 h w", Fault.BAD_VALUE),
        ("--stdin-timeout-abort 5 h w", Fault.CONFLICT),
        ("-m 999 h w", Fault.BAD_VALUE),
        ("-n 5 h w", Fault.MISSING_OPTION),
    ],
)
def test_faults(text: str, expected: Fault | None) -> None:
    assert fault(text) is expected
