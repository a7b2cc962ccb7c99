"""nmap's parser, against its known traps and against the C library itself."""

from __future__ import annotations

import ctypes
import ctypes.util

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.parsers import Parser, RefusedError
from tasks.spec import Operand, Option, ToolSpec, VersionProbe

OPTIONS = """
options:
  - {name: -p, arity: one, type: ports, once: true}
  - {name: -sV}
  - {name: -sS, conflicts: [-sT]}
  - {name: -sT}
  - {name: -sC}
  - {name: -Pn}
  - {name: -PS, arity: optional, type: ports}
  - {name: -oN, aliases: [-o], arity: one, type: path}
  - {name: -T, arity: one, choices: ["0", "1", "2", "3", "4", "5"]}
  - {name: -O, arity: optional}
  - {name: -v, repeatable: true, neutral: true}
  - {name: -A}
  - {name: --reason}
  - {name: --script, arity: one}
  - {name: --script-args, arity: one}
  - {name: --privileged}
  - {name: --proxies, arity: one}
  - {name: --help, aliases: [-h], informs: true}
operands: [{name: target, type: hosts, most: null}]
requires: [[target]]
"""


@pytest.fixture(scope="module")
def nmap(tool):
    return tool("getopt_long_only", OPTIONS)


@pytest.mark.parametrize("spelled", ["--reason", "-reason", "--reas", "-rea", "-r"])
def test_long_options_take_one_dash_and_abbreviations(nmap, spelled):
    assert nmap.pairs(f"{spelled} h") == [("--reason", None), ("target", "h")]


@pytest.mark.parametrize(
    ("line", "pairs"),
    [
        ("-p 80 h", [("-p", "80"), ("target", "h")]),
        ("-p80 h", [("-p", "80"), ("target", "h")]),
        ("h -p 80", [("target", "h"), ("-p", "80")]),
        ("-sSV h", [("-sS", None), ("-sV", None), ("target", "h")]),
        ("-s V h", [("-sV", None), ("target", "h")]),
        ("-PS22,80 h", [("-PS", "22,80"), ("target", "h")]),
        ("-PS h", [("-PS", None), ("target", "h")]),
        ("-O2 h", [("-O", "2"), ("target", "h")]),
        ("-O 2", [("-O", None), ("target", "2")]),
        ("-vv h", [("-v", None), ("-v", None), ("target", "h")]),
        ("-Av h", [("-A", None), ("-v", None), ("target", "h")]),
        ("--script=x h", [("--script", "x"), ("target", "h")]),
        ("-script x h", [("--script", "x"), ("target", "h")]),
        ("--script -sV h", [("--script", "-sV"), ("target", "h")]),
        ("--oN f h", [("-oN", "f"), ("target", "h")]),
        ("-oN=f h", [("-oN", "f"), ("target", "h")]),
        ("-- -sV", [("target", "-sV")]),
    ],
)
def test_spellings(nmap, line, pairs):
    assert nmap.pairs(line) == pairs


def test_an_output_option_swallows_the_target(nmap):
    assert nmap.pairs("-oN 127.0.0.1") == [("-oN", "127.0.0.1")]
    assert nmap.fault("-oN 127.0.0.1") == "missing operand"


def test_a_bad_output_format_is_a_file_name(nmap):
    assert nmap.pairs("-oZ x") == [("-oN", "Z"), ("target", "x")]


def test_a_scan_type_without_dash_is_a_host(nmap):
    assert nmap.pairs("sV h") == [("target", "sV"), ("target", "h")]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("-p=8000 h", "unknown flag"),  # an ambiguous long option, not -p with a value
        ("--scr h", "unknown flag"),
        ("--sV h", "unknown flag"),
        ("--scan-version h", "unknown flag"),
        ("-sQ h", "unknown flag"),
        ("--reason=1 h", "bad value"),
        ("h --script", "missing value"),
        ("h -p", "missing value"),
        ("-p 80 -p 443 h", "duplicate"),
        ("-p 80,x h", "bad value"),
        ("-p 70000 h", "bad value"),
        ("-T9 h", "bad value"),
        ("-sS -sT h", "conflict"),
        ("-sV", "missing operand"),
        ("--help", ""),
        ("-sV h", ""),
    ],
)
def test_faults(nmap, line, fault):
    assert nmap.fault(line) == fault


def test_an_unknown_flag_is_answered_with_the_nearest(nmap):
    assert "did you mean --reason" in nmap.reason("--reasons h")


# The C library is asked about the same options. It knows neither -sV nor -oN as one word: nmap
# has them as -s and -o with an argument, or as long options, which is what is declared here.
SHORT = {"p": "one", "A": "none", "T": "one", "O": "optional", "v": "none", "n": "none"}
LONG = {
    "reason": "none",
    "script": "one",
    "script-args": "one",
    "privileged": "none",
    "port-ratio": "one",
    "oN": "one",
    "version-light": "none",
    "append": "optional",
}


class _LongOption(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_char_p),
        ("has_arg", ctypes.c_int),
        ("flag", ctypes.c_void_p),
        ("val", ctypes.c_int),
    ]


def glibc(words: list[str]) -> list[tuple[str, str | None]] | None:
    """The (option, value) pairs as getopt_long_only sees them; None if it refuses."""
    libc = ctypes.CDLL(ctypes.util.find_library("c"))
    arities = {"none": 0, "one": 1, "optional": 2}
    names = list(LONG)
    table = (_LongOption * (len(names) + 1))(
        *[_LongOption(n.encode(), arities[LONG[n]], None, 1000 + i) for i, n in enumerate(names)]
    )
    letters = ":" + "".join(k + ":" * arities[arity] for k, arity in SHORT.items())
    argv = (ctypes.c_char_p * (len(words) + 2))(b"sample", *[w.encode() for w in words], None)
    ctypes.c_int.in_dll(libc, "optind").value = 0
    optarg = ctypes.c_char_p.in_dll(libc, "optarg")
    pairs = []
    while True:
        code = libc.getopt_long_only(len(words) + 1, argv, letters.encode(), table, None)
        if code == -1:
            break
        if code in (ord("?"), ord(":")):
            return None
        name = names[code - 1000] if code >= 1000 else chr(code)
        pairs.append((name, optarg.value.decode() if optarg.value is not None else None))
    rest = ctypes.c_int.in_dll(libc, "optind").value
    return pairs + [("operand", argv[i].decode()) for i in range(rest, len(words) + 1)]


def _spec() -> ToolSpec:
    options = [Option(name=f"-{k}", arity=a, repeatable=True) for k, a in SHORT.items()]
    options += [Option(name=f"--{k}", arity=a, repeatable=True) for k, a in LONG.items()]
    return ToolSpec(
        tool="sample",
        version="1",
        version_probe=VersionProbe(argv=("sample",), pattern="(.*)"),
        personality="getopt_long_only",
        options=tuple(options),
        operands=(Operand(name="operand", most=None),),
    )


SAMPLE = Parser(_spec())
WORD = st.one_of(
    st.sampled_from(["--", "-", "h", "10.0.0.1", "=", "-p=80", "-oN=f"]),
    st.builds(
        lambda dashes, name, cut, rest: dashes + name[: max(1, cut)] + rest,
        st.sampled_from(["-", "--", ""]),
        st.sampled_from([*LONG, *SHORT, "vA", "p80", "zz"]),
        st.integers(1, 14),
        st.sampled_from(["", "", "=", "=5", "x"]),
    ),
)


@given(st.lists(WORD, max_size=5))
@settings(max_examples=400)
def test_it_agrees_with_the_c_library(words):
    expected = glibc(words)
    try:
        command = SAMPLE.parse(words, "")
    except RefusedError:
        assert expected is None
        return
    seen = [(a.name.lstrip("-"), a.value) for a in command.arguments]
    assert expected is not None
    options = [pair for pair in seen if pair[0] != "operand"]
    operands = [pair for pair in seen if pair[0] == "operand"]
    assert options + operands == expected
