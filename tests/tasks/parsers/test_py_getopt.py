"""The py_getopt personality against Python's getopt itself, with wfuzz's kinds of options."""

from __future__ import annotations

import getopt

from hypothesis import given, settings

from tests.tasks.parsers.differential import Reading, Sample, reading

SAMPLE = Sample(
    "py_getopt", ["-c", "-h", "--help", "--AA", "--AAA"], ["-z", "-w", "--hc", "--hh", "--zP"]
)
PARSER = SAMPLE.parser()
ODD = ["--", "-", "u", "-cz", "-ch", "-zx", "-z=x", "--x", "---help", "-cx", ""]


def stdlib(words: list[str]) -> Reading | None:
    letters = "".join(name[1] for name in SAMPLE.flags if len(name) == 2)
    letters += "".join(f"{name[1]}:" for name in SAMPLE.valued if len(name) == 2)
    long = [name[2:] for name in SAMPLE.flags if name[:2] == "--"]
    long += [f"{name[2:]}=" for name in SAMPLE.valued if name[:2] == "--"]
    try:
        options, operands = getopt.getopt(words, letters, long)
    except getopt.GetoptError:
        return None
    return [(name, value if name in SAMPLE.valued else None) for name, value in options], operands


@given(SAMPLE.lines(ODD))
@settings(max_examples=600)
def test_it_agrees_with_the_standard_library(words):
    assert reading(PARSER, words) == stdlib(words)
