"""The argparse personality against Python's argparse itself, with dnsrecon's kinds of options."""

from __future__ import annotations

import argparse
from typing import NoReturn

from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.parsers import Parser, RefusedError
from tasks.spec import Option, ToolSpec, VersionProbe

FLAGS = ["-a", "-v", "--verbose", "--iw"]
VALUED = ["-d", "--domain", "--dictionary", "-D", "--db"]


class _Strict(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise ValueError(message)


def stdlib(words: list[str]) -> list[tuple[str, str | None]] | None:
    seen: list[tuple[str, str | None]] = []

    class Note(argparse.Action):
        def __call__(self, _parser, _namespace, values, option_string=None):
            value = values if isinstance(values, str) else None
            seen.append((self.option_strings[0], value))

    parser = _Strict(add_help=False)
    for name in FLAGS:
        parser.add_argument(name, action=Note, nargs=0, dest=f"flag{name}")
    for name in VALUED:
        parser.add_argument(name, action=Note, dest=f"value{name}")
    try:
        parser.parse_args(list(words))
    except ValueError:
        return None
    return seen


SAMPLE = Parser(
    ToolSpec(
        tool="sample",
        version="1",
        version_probe=VersionProbe(argv=("sample",), pattern="(.*)"),
        personality="argparse",
        options=tuple(
            [Option(name=name, repeatable=True) for name in FLAGS]
            + [Option(name=name, arity="one", repeatable=True) for name in VALUED]
        ),
    )
)
WORD = st.one_of(
    st.sampled_from(["--", "-", "h", "-av", "-avd", "-d=x", "-dx", "-5", "-a b", "--x", "---iw"]),
    st.sampled_from(["-ad=x", "-vx", "-a=1", "--d", "--db=", "", "--=x"]),
    st.builds(
        lambda name, cut, rest: name[: max(2, cut)] + rest,
        st.sampled_from(FLAGS + VALUED),
        st.integers(1, 12),
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
    assert expected == [(a.name, a.value) for a in command.arguments], words
