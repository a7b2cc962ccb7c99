"""The argparse personality against Python's argparse itself, with dnsrecon's kinds of options."""

from __future__ import annotations

import argparse
from typing import NoReturn

from hypothesis import given, settings

from tests.tasks.parsers.differential import Reading, Sample, reading

SAMPLE = Sample(
    "argparse",
    ["-a", "-v", "--verbose", "--iw"],
    ["-d", "--domain", "--dictionary", "-D", "--db"],
    has_operands=False,
)
PARSER = SAMPLE.parser()
ODD = [
    "--",
    "-",
    "h",
    "-av",
    "-avd",
    "-d=x",
    "-dx",
    "-5",
    "-a b",
    "--x",
    "---iw",
    "-ad=x",
    "-vx",
    "-a=1",
    "--d",
    "--db=",
    "",
    "--=x",
]


class _Strict(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise ValueError(message)


def stdlib(words: list[str]) -> Reading | None:
    seen: list[tuple[str, str | None]] = []

    class Note(argparse.Action):
        def __call__(self, _parser, _namespace, values, option_string=None):
            value = values if isinstance(values, str) else None
            seen.append((self.option_strings[0], value))

    parser = _Strict(add_help=False)
    for name in SAMPLE.flags:
        parser.add_argument(name, action=Note, nargs=0, dest=f"flag{name}")
    for name in SAMPLE.valued:
        parser.add_argument(name, action=Note, dest=f"value{name}")
    try:
        parser.parse_args(list(words))
    except ValueError:
        return None
    return seen, []


@given(SAMPLE.lines(ODD))
@settings(max_examples=600)
def test_it_agrees_with_the_standard_library(words):
    assert reading(PARSER, words) == stdlib(words)
