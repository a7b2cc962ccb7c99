"""Ruby's GetoptLong and popt, on sample options; the rules were put to whatweb and smbclient."""

from __future__ import annotations

import pytest

from tasks.parsers import Parser, RefusedError
from tasks.spec import Operand, Option, ToolSpec, VersionProbe


def sample(personality: str) -> Parser:
    return Parser(
        ToolSpec(
            tool="sample",
            version="1",
            version_probe=VersionProbe(argv=("sample",), pattern="(.*)"),
            personality=personality,
            options=(
                Option(name="--verbose", aliases=("-v",), repeatable=True),
                Option(name="--user", aliases=("-u",), arity="one"),
                Option(name="--user-agent", aliases=("-U",), arity="one"),
                Option(name="--info", aliases=("-I", "--inform"), arity="optional"),
            ),
            operands=(Operand(name="target", most=None),),
        )
    )


def read(personality: str, line: str) -> list[tuple[str, str | None]] | str:
    try:
        command = sample(personality).parse(line.split(), line)
    except RefusedError as refused:
        return refused.fault.value
    return [(a.name, a.value) for a in command.arguments]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("a -v b", [("target", "a"), ("--verbose", None), ("target", "b")]),
        ("--verb --user=x", [("--verbose", None), ("--user", "x")]),
        ("--use x", "unknown flag"),  # --user or --user-agent
        ("--user x", [("--user", "x")]),
        ("-vux", [("--verbose", None), ("--user", "x")]),
        ("-u=x", [("--user", "=x")]),
        ("-I a", [("--info", "a")]),
        ("-I -v", [("--info", None), ("--verbose", None)]),
        ("--inf a", "unknown flag"),  # two spellings of one option
        ("--verbose=1", "bad value"),
        ("-u", "missing value"),
        ("-- -v", [("target", "-v")]),
        ("--=x", "unknown flag"),
        ("-", [("target", "-")]),
    ],
)
def test_ruby(line, expected):
    assert read("ruby_getoptlong", line) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("--user=x --user-agent y", [("--user", "x"), ("--user-agent", "y")]),
        ("--use x", "unknown flag"),
        ("-u=x", [("--user", "x")]),
        ("-vux", [("--verbose", None), ("--user", "x")]),
        ("-v=x", "unknown flag"),
        ("--verbose=x a", [("target", "a")]),
        ("a -u", [("target", "a")]),
        ("-- -v", [("target", "-v")]),
    ],
)
def test_popt(line, expected):
    assert read("popt", line) == expected
