"""The py_getopt personality against Python's getopt itself, with wfuzz's kinds of options."""

from __future__ import annotations

import getopt

from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.parsers import Parser, RefusedError
from tasks.spec import Operand, Option, ToolSpec, VersionProbe

FLAGS = ["-c", "-h", "--help", "--AA", "--AAA"]
VALUED = ["-z", "-w", "--hc", "--hh", "--zP"]


def stdlib(words: list[str]) -> tuple[list[tuple[str, str | None]], list[str]] | None:
    letters = "".join(name[1] for name in FLAGS if len(name) == 2)
    letters += "".join(f"{name[1]}:" for name in VALUED if len(name) == 2)
    long = [name[2:] for name in FLAGS if name[:2] == "--"]
    long += [f"{name[2:]}=" for name in VALUED if name[:2] == "--"]
    try:
        options, operands = getopt.getopt(words, letters, long)
    except getopt.GetoptError:
        return None
    return [(name, value if name in VALUED else None) for name, value in options], operands


SAMPLE = Parser(
    ToolSpec(
        tool="sample",
        version="1",
        version_probe=VersionProbe(argv=("sample",), pattern="(.*)"),
        personality="py_getopt",
        options=tuple(
            [Option(name=name, repeatable=True) for name in FLAGS]
            + [Option(name=name, arity="one", repeatable=True) for name in VALUED]
        ),
        operands=(Operand(name="operand", most=None),),
    )
)
WORD = st.one_of(
    st.sampled_from(["--", "-", "u", "-cz", "-ch", "-zx", "-z=x", "--x", "---help", "-cx", ""]),
    st.builds(
        lambda name, cut, rest: name[: max(2, cut)] + rest,
        st.sampled_from(FLAGS + VALUED),
        st.integers(1, 8),
        st.sampled_from(["", "", "=", "=5", "x"]),
    ),
)


@given(st.lists(WORD, max_size=5))
@settings(max_examples=600)
def test_it_agrees_with_the_standard_library(words):
    expected = stdlib(words)
    try:
        command = SAMPLE.parse(words, "")
    except RefusedError:
        assert expected is None, words
        return
    options = [(a.name, a.value) for a in command.arguments if a.name != "operand"]
    assert expected == (options, list(command.values("operand"))), words
