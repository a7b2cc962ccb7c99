"""Commands as people write them: the static check says of each what the binary said."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from tasks.parsers import RefusedError, parser_for

TOOLS = (
    "curl",
    "dig",
    "dirb",
    "dnsrecon",
    "ffuf",
    "gobuster",
    "hashcat",
    "hydra",
    "john",
    "medusa",
    "nikto",
    "nmap",
    "openssl",
    "smbclient",
    "socat",
    "sqlmap",
    "sslscan",
    "wfuzz",
    "whatweb",
)
EXAMPLES = [Path(__file__).with_name("examples") / f"{tool}.txt" for tool in TOOLS]


def examples(path: Path) -> list[tuple[str, str]]:
    """(verdict, command) of every line of a file."""
    lines = path.read_text(encoding="utf-8").splitlines()
    pairs = (line.split(maxsplit=1) for line in lines if not line.startswith("#"))
    return [(verdict, command) for verdict, command in pairs]


def static(command: str) -> str:
    """What the parser of the tool makes of a command."""
    tool, *words = shlex.split(command)
    parser = parser_for(tool)
    try:
        parser.check(parser.parse(words, command))
    except RefusedError:
        return "refuses"
    return "takes"


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_verdict_is_that_of_the_binary(path: Path) -> None:
    found = examples(path)
    assert len(found) >= 60
    assert [(static(command), command) for _, command in found] == found


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_both_verdicts_occur(path: Path) -> None:
    assert {verdict for verdict, _ in examples(path)} == {"takes", "refuses"}
