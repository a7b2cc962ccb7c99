"""nikto's parser: its known traps, and Perl's own Getopt::Long where Perl is there."""

from __future__ import annotations

import json
import random
import shutil
import subprocess

import pytest

from tasks.parsers import Parser, RefusedError
from tasks.spec import Operand, Option, ToolSpec, VersionProbe

OPTIONS = """
options:
  - {name: -host, arity: one, type: host_or_url}
  - {name: -Help, informs: true}
  - {name: -port, arity: one, type: ports}
  - {name: -Pause, arity: one, type: float}
  - {name: -Plugins, arity: one}
  - {name: -no404}
  - {name: -nossl}
  - {name: -ssl}
  - {name: -Tuning, arity: one}
  - {name: -timeout, arity: one, type: int}
  - {name: -useproxy, arity: optional}
requires: [[-host]]
"""


@pytest.fixture(scope="module")
def nikto(tool):
    return tool("perl_getopt", OPTIONS)


@pytest.mark.parametrize(
    ("line", "pairs"),
    [
        ("-h x", [("-host", "x")]),
        ("--host=x", [("-host", "x")]),
        ("-ho x -p 80", [("-host", "x"), ("-port", "80")]),
        ("-host x -useproxy", [("-host", "x"), ("-useproxy", None)]),
        ("-useproxy http://p -host x", [("-useproxy", "http://p"), ("-host", "x")]),
        ("-useproxy -host x", [("-useproxy", None), ("-host", "x")]),
        ("-host -ssl", [("-host", "-ssl")]),
    ],
)
def test_spellings(nikto, line, pairs):
    assert nikto.pairs(line) == pairs


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("-h x -P 1", "unknown flag"),  # Pause or Plugins
        ("-h x -no", "unknown flag"),
        ("-url x", "unknown flag"),
        ("-HOST x", "unknown flag"),
        ("-h x -ssl=1", "bad value"),
        ("-h x -timeout abc", "bad value"),
        ("-h", "missing value"),
        ("-h=", "missing value"),
        ("-ssl", "missing option"),
        ("-Help", ""),
    ],
)
def test_faults(nikto, line, fault):
    assert nikto.fault(line) == fault


NAMES = {"host": "=s", "Help": "", "port": "=s", "Pause": "=s", "no404": "", "nossl": "",
         "ssl": "", "useproxy": ":s", "until": ":s", "update": ""}  # fmt: skip
PERL = """
use Getopt::Long; use JSON::PP;
my $json = JSON::PP->new->allow_nonref;
Getopt::Long::Configure('no_ignore_case');
$SIG{__WARN__} = sub {};
while (my $line = <STDIN>) {
  local @ARGV = @{$json->decode($line)};
  my @seen;
  my $ok = GetOptions(map { my $n = $_; ($n =~ s/[=:]s$//r) eq $n
      ? ($n => sub { push @seen, ["$_[0]", undef] })
      : ($n => sub { push @seen, ["$_[0]", $_[1] eq '' ? undef : $_[1]] }) } SPECS);
  print $json->encode($ok ? [\\@seen, [@ARGV]] : undef), "\\n";
}
"""


def perl(lines: list[list[str]]) -> list[object]:
    """What Getopt::Long makes of each line: options, operands; None where it refuses."""
    specs = ", ".join(f'"{name}{kind}"' for name, kind in NAMES.items())
    command = ["perl", "-e", PERL.replace("SPECS", f"({specs})")]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def _sample() -> Parser:
    arity = {"=s": "one", "": "none", ":s": "optional"}
    return Parser(
        ToolSpec(
            tool="sample",
            version="1",
            version_probe=VersionProbe(argv=("sample",), pattern="(.*)"),
            personality="perl_getopt",
            options=tuple(
                Option(name=f"-{name}", arity=arity[kind], repeatable=True)
                for name, kind in NAMES.items()
            ),
            operands=(Operand(name="operand", most=None),),
        )
    )


def _lines(count: int) -> list[list[str]]:
    draw = random.Random(7)

    def word() -> str:
        if draw.random() < 0.25:
            return draw.choice(["--", "-", "x", "80", "-x", "=", "--host=a", "-port=8"])
        name = draw.choice(list(NAMES))
        cut = name[: draw.randint(1, len(name))]
        return draw.choice(["-", "--"]) + cut + draw.choice(["", "", "", "=5", "=", "z"])

    return [[word() for _ in range(draw.randint(0, 5))] for _ in range(count)]


@pytest.mark.skipif(shutil.which("perl") is None, reason="Perl is not installed")
def test_it_agrees_with_perl():
    parser, lines = _sample(), _lines(1500)
    for words, expected in zip(lines, perl(lines), strict=True):
        try:
            command = parser.parse(words, "")
        except RefusedError:
            assert expected is None, words
            continue
        options = [[a.name[1:], a.value] for a in command.arguments if a.name != "operand"]
        assert expected == [options, list(command.values("operand"))], words
