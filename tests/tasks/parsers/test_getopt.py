"""hydra's parser: POSIX getopt, and its two ways to name a target."""

from __future__ import annotations

import pytest

OPTIONS = """
options:
  - {name: -l, arity: one}
  - {name: -p, arity: one}
  - {name: -s, arity: one, type: port}
  - {name: -M, arity: one, type: path}
  - {name: -m, arity: one}
  - {name: -f}
  - {name: -V, neutral: true}
  - {name: -h, informs: true}
operands:
  - {name: host, type: hosts}
  - {name: service, choices: [ssh, ftp, http-get, imap]}
  - {name: module}
requires: [[host, -M], [service]]
"""


@pytest.fixture(scope="module")
def hydra(tool):
    return tool("hydra", OPTIONS)


SAME = [
    "-l a -p b -s 2222 10.0.0.1 ssh",
    "-l a -p b ssh://10.0.0.1:2222",
    "10.0.0.1 ssh -la -pb -s2222",
    "-la -s 23 ssh://10.0.0.1:2222 -pb",
]


@pytest.mark.parametrize("line", SAME)
def test_both_target_forms_are_one(hydra, line):
    expected = {("-l", "a"), ("-p", "b"), ("-s", "2222"), ("host", "10.0.0.1"), ("service", "ssh")}
    assert set(hydra.pairs(line)) == expected
    assert hydra.fault(line) == ""


@pytest.mark.parametrize(
    ("line", "module"),
    [
        ("http-get://h/private", "/private"),
        ("h http-get /private", "/private"),
        ("-m /private h http-get", "/private"),
        ("http-get://h/", None),
        ("h http-get /", None),
        ("http-get://h", None),
        ("imap://h/PLAIN", "PLAIN"),
        ("imap://h/", None),
    ],
)
def test_module_parameters(hydra, line, module):
    assert dict(hydra.pairs(line)).get("module") == module


def test_a_long_word_is_letters(hydra):
    assert hydra.pairs("-login root") == [("-l", "ogin"), ("host", "root")]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("--login root h ssh", "unknown flag"),
        ("-l a -p b h ssh x y", "extra option"),
        ("-l a -p b ssh://h x", "extra option"),
        ("-l a h", "missing operand"),
        ("-l a ssh:h", "bad value"),
        ("-l a h telnet9", "bad value"),
        ("-M f ssh://h", "bad value"),
        ("-l a -p b -M f ssh", ""),
        ("-s abc h ssh", "bad value"),
        ("h ssh -l", "missing value"),
        ("-l a", "missing operand"),
        ("-h", ""),
    ],
)
def test_faults(hydra, line, fault):
    assert hydra.fault(line) == fault
