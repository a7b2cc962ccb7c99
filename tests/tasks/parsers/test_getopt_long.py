"""GNU getopt_long: against its known traps and against the C library itself."""

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
  - {name: --interface, aliases: [-i], arity: one}
  - {name: --immediate-mode}
  - {name: --colour, aliases: [--color, -c], arity: optional}
  - {name: --number, aliases: ["-#"]}
  - {name: -v, repeatable: true}
  - {name: -n}
operands: [{name: filter, most: null, joined: true}]
"""


@pytest.fixture(scope="module")
def tool_(tool):
    return tool("getopt_long", OPTIONS)


@pytest.mark.parametrize(
    ("line", "pairs"),
    [
        ("--interface lo", [("--interface", "lo")]),
        ("--int=lo", [("--interface", "lo")]),
        ("-ilo", [("--interface", "lo")]),
        ("-nilo tcp", [("-n", None), ("--interface", "lo"), ("filter", "tcp")]),
        ("-interface lo", [("--interface", "nterface"), ("filter", "lo")]),
        ("-vvn#", [("-v", None), ("-v", None), ("-n", None), ("--number", None)]),
        ("--col red", [("--colour", None), ("filter", "red")]),
        ("--col=red", [("--colour", "red")]),
        ("-cred", [("--colour", "red")]),
        ("-c red", [("--colour", None), ("filter", "red")]),
        ("tcp -n port 80", [("filter", "tcp port 80"), ("-n", None)]),
        ("-- -n", [("filter", "-n")]),
        ("-i --", [("--interface", "--")]),
    ],
)
def test_spellings(tool_, line, pairs):
    assert tool_.pairs(line) == pairs


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("--i lo", "unknown flag"),  # --interface or --immediate-mode
        ("--c", ""),  # two spellings of one option
        ("--interfaces lo", "unknown flag"),
        ("--number=5", "bad value"),
        ("--interface", "missing value"),
        ("-ni", "missing value"),
        ("-z", "unknown flag"),
    ],
)
def test_faults(tool_, line, fault):
    assert tool_.fault(line) == fault


# The C library is asked about the same options. `colour` and `color` share a value, so that they
# are one option to it; `port` and `port-ratio` are a whole name and a longer one.
SHORT = {"p": "one", "A": "none", "O": "optional", "v": "none", "#": "none"}
LONG = {
    "reason": ("none", 1000),
    "script": ("one", 1001),
    "script-args": ("one", 1002),
    "colour": ("optional", 1003),
    "color": ("optional", 1003),
    "port": ("one", 1004),
    "port-ratio": ("one", 1005),
    "append": ("optional", 1006),
    "all": ("none", 1007),
}
ARITIES = {"none": 0, "one": 1, "optional": 2}


class _LongOption(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_char_p),
        ("has_arg", ctypes.c_int),
        ("flag", ctypes.c_void_p),
        ("val", ctypes.c_int),
    ]


def _spec() -> ToolSpec:
    longs: dict[int, list[str]] = {}
    for name, (_, value) in LONG.items():
        longs.setdefault(value, []).append(name)
    options = [Option(name=f"-{k}", arity=a, repeatable=True) for k, a in SHORT.items()]
    options += [
        Option(
            name=f"--{first}",
            aliases=tuple(f"--{name}" for name in rest),
            arity=LONG[first][0],
            repeatable=True,
        )
        for first, *rest in longs.values()
    ]
    return ToolSpec(
        tool="sample",
        version="1",
        version_probe=VersionProbe(argv=("sample",), pattern="(.*)"),
        personality="getopt_long",
        options=tuple(options),
        operands=(Operand(name="operand", most=None),),
    )


SAMPLE = Parser(_spec())
NAMES = {option_value: f"--{name}" for name, (_, option_value) in reversed(LONG.items())}


def glibc(words: list[str]) -> list[tuple[str, str | None]] | None:
    """The (option, value) pairs as getopt_long sees them; None if it refuses."""
    libc = ctypes.CDLL(ctypes.util.find_library("c"))
    table = (_LongOption * (len(LONG) + 1))(
        *[_LongOption(n.encode(), ARITIES[a], None, value) for n, (a, value) in LONG.items()]
    )
    letters = ":" + "".join(k + ":" * ARITIES[arity] for k, arity in SHORT.items())
    argv = (ctypes.c_char_p * (len(words) + 2))(b"sample", *[w.encode() for w in words], None)
    ctypes.c_int.in_dll(libc, "optind").value = 0
    optarg = ctypes.c_char_p.in_dll(libc, "optarg")
    pairs = []
    while True:
        code = libc.getopt_long(len(words) + 1, argv, letters.encode(), table, None)
        if code == -1:
            break
        if code in (ord("?"), ord(":")):
            return None
        name = NAMES[code] if code >= 1000 else f"-{chr(code)}"
        pairs.append((name, optarg.value.decode() if optarg.value is not None else None))
    rest = ctypes.c_int.in_dll(libc, "optind").value
    return pairs + [("operand", argv[i].decode()) for i in range(rest, len(words) + 1)]


WORD = st.one_of(
    st.sampled_from(["--", "-", "h", "10.0.0.1", "=", "-p=80", "--=", "--=5", "---"]),
    st.builds(
        lambda dashes, name, cut, rest: dashes + name[: max(1, cut)] + rest,
        st.sampled_from(["-", "--", ""]),
        st.sampled_from([*LONG, *SHORT, "vA", "p80", "O#v", "zz"]),
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
    seen = [(a.name, a.value) for a in command.arguments]
    assert expected is not None
    options = [pair for pair in seen if pair[0] != "operand"]
    operands = [pair for pair in seen if pair[0] == "operand"]
    assert options + operands == expected
