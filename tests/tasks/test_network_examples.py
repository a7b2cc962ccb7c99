"""Commands of the network tools as people post them; a leading "! " marks one that is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks.checker import check
from tasks.types import Status

TOOLS = ("fping", "hping3", "masscan", "nc", "tcpdump", "tshark")
LINES = [
    line
    for tool in TOOLS
    for line in (Path(__file__).parent / "examples" / f"{tool}.txt").read_text().splitlines()
]


@pytest.mark.parametrize("line", LINES)
def test_the_check_says_of_it_what_the_binary_says(line: str) -> None:
    command = line.removeprefix("! ")
    verdict = check(command)
    expected = Status.FAIL if line.startswith("! ") else Status.PASS
    assert verdict.status is expected, verdict.last.reason
