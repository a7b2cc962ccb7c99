"""sqlmap's parser: against Python's optparse itself, and sqlmap's own rewriting."""

from __future__ import annotations

import optparse

import pytest
from hypothesis import given, settings

from tests.tasks.parsers.differential import Reading, Sample, reading

OPTIONS = """
options:
  - {name: -u, aliases: [--url], arity: one, type: url}
  - {name: -v, arity: one, neutral: true}
  - {name: --batch}
  - {name: --data, arity: one}
  - {name: --dbms, arity: one}
  - {name: --dbs}
  - {name: --level, arity: one, choices: ["1", "2", "3", "4", "5"]}
  - {name: -h, aliases: [--help], informs: true}
requires: [[-u]]
"""


@pytest.fixture(scope="module")
def sqlmap(tool):
    return tool("sqlmap", OPTIONS)


@pytest.mark.parametrize(
    ("line", "pairs"),
    [
        ("-u h --batch", [("-u", "h"), ("--batch", None)]),
        ("-uh", [("-u", "h")]),
        ("--url=h", [("-u", "h")]),
        ("-url h -batch", [("-u", "h"), ("--batch", None)]),
        ("--bat --url h", [("--batch", None), ("-u", "h")]),
        ("http://h/?a=1 --dbs", [("-u", "http://h/?a=1"), ("--dbs", None)]),
        ("-u h -vvv", [("-u", "h")]),
        ("-u h -v 3", [("-u", "h"), ("-v", "3")]),
        ("-u h --data-raw=x", [("-u", "h"), ("--data", "x")]),
        ("-u --batch", [("-u", "--batch")]),
    ],
)
def test_sqlmap_spellings(sqlmap, line, pairs):
    assert sqlmap.pairs(line) == pairs


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("-u=h", "bad value"),
        ("-u h --db", "unknown flag"),  # --dbs or --dbms
        ("-u h --databases", "unknown flag"),
        ("-u", "missing value"),
        ("--batch", "missing option"),
        ("-u h --batch=1", "bad value"),
        ("-u h --level 9", "bad value"),
        ("-hh", ""),
    ],
)
def test_sqlmap_faults(sqlmap, line, fault):
    assert sqlmap.fault(line) == fault


SAMPLE = Sample(
    "optparse", ["-b", "--batch", "--banner"], ["-u", "--url", "--user", "--users-file"]
)
PARSER = SAMPLE.parser()
ODD = ["--", "-", "h", "-bu", "-bb", "-u=x", "-ux", "--x", "---batch", "-bx"]


class _Strict(optparse.OptionParser):
    def error(self, msg: str) -> None:
        raise ValueError(msg)


def stdlib(words: list[str]) -> Reading | None:
    seen: list[tuple[str, str | None]] = []

    def note(option: optparse.Option, _spelled: str, value: str | None, _parser: object) -> None:
        seen.append((str(option), value))

    parser = _Strict(add_help_option=False)
    for name in SAMPLE.flags:
        parser.add_option(name, action="callback", callback=note)
    for name in SAMPLE.valued:
        parser.add_option(name, action="callback", callback=note, type="string")
    try:
        _, operands = parser.parse_args(list(words))
    except ValueError:
        return None
    return seen, operands


@given(SAMPLE.lines(ODD))
@settings(max_examples=400)
def test_it_agrees_with_the_standard_library(words):
    assert reading(PARSER, words) == stdlib(words)
