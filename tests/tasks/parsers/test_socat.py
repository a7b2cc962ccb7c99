"""socat's options and addresses."""

from __future__ import annotations

import pytest

from tasks.parsers import RefusedError, parser_for
from tasks.syntax.socat_address import address_text
from tasks.types import Fault

PARSER = parser_for("socat")


def fault(*words: str) -> Fault | None:
    try:
        PARSER.check(PARSER.parse(words, " ".join(words)))
    except RefusedError as refused:
        return refused.fault
    return None


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("TCP4-L:80,FORK,reuseaddr", "tcp4-listen:80,fork,so-reuseaddr"),
        ("-", "stdio"),
        ("1", "fd:1"),
        ("./a", "gopen:./a"),
        ("tcp:[::1]:80", "tcp-connect:[::1]:80"),
        ("EXEC:'a b',pty", "exec:a b,pty"),
        ("a/b!!STDOUT", "gopen:a/b!!stdout"),
    ],
)
def test_canonical(text: str, canonical: str) -> None:
    assert address_text(text) == canonical


@pytest.mark.parametrize(
    "text",
    ["tcp:a", "tcp:a:1:2", "foo:1", "a", "99", "tcp:a:1,zz", "tcp:a:1,fork=x", "udp:a:1,nodelay",
     "tcp:a:1,b9600=1", "tcp:a:1,bind", 'exec:"a', "pty:x", "-:x", "a/b!!"],
)  # fmt: skip
def test_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        address_text(text)


def test_options_of_other_groups_after_g() -> None:
    assert fault("-", "udp:a:1,nodelay") is Fault.BAD_VALUE
    assert fault("-g", "-", "udp:a:1,nodelay") is None


def test_options_are_single() -> None:
    assert fault("-dd", "-v", "-x", "-T5", "-t", "5", "-", "-") is None
    assert fault("-vx", "-", "-") is Fault.UNKNOWN_FLAG
    assert fault("-", "-", "-v") is Fault.EXTRA_OPTION
    assert fault("-") is Fault.MISSING_OPERAND
    assert fault("-u", "-U", "-", "-") is Fault.CONFLICT
    assert fault("-b", "10k", "-", "-") is Fault.BAD_VALUE
