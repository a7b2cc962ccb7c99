"""Requirements on normalised arguments."""

from __future__ import annotations

from typing import Any

import pytest

from tasks.intent import judge
from tasks.parsers import RefusedError, parser_for
from tasks.types import Intent


def fault(line: str, *require: dict[str, Any], **more: Any) -> str:
    """The kind of mistake that a command makes against an intent, "" for none."""
    tool, *words = line.split()
    parser = parser_for(tool)
    command = parser.parse(words, line)
    intent = Intent.model_validate({"tool": tool, "require": list(require)} | more)
    try:
        judge(intent, command, parser.scope(command.subcommand))
    except RefusedError as refused:
        return refused.fault.value
    return ""


URL = {"name": "url", "url": "http://h/"}
TARGET = {"name": "target", "hosts": "h"}


NAME = {"name": "name", "equals": "n"}
HEADERS = [{"name": "-H", "header": "c: d"}, {"name": "-H", "header": "a: b"}]
TIMEOUT = {"name": "--host-timeout", "duration": "90"}
VERSIONS = {"any": [{"name": "-sV"}, {"name": "-A"}]}
PORTS = {"any": [{"name": "-F"}, {"name": "-p", "ports": "2"}]}


@pytest.mark.parametrize(
    ("line", "require", "expected"),
    [
        ("curl -A x h", [{"name": "--user-agent", "equals": "x"}, URL], ""),
        ("curl -A x h", [{"name": "-A", "equals": "x"}, URL], ""),
        ("curl -A y h", [{"name": "-A", "equals": "x"}, URL], "wrong value"),
        ("curl h", [{"name": "-A", "equals": "x"}, URL], "missing option"),
        ("curl -A x h/a", [{"name": "-A"}, URL], "wrong target"),
        ("curl -m 5.0 h", [{"name": "--max-time", "number": 5}, URL], ""),
        ("curl -m 6 h", [{"name": "--max-time", "number": 5}, URL], "wrong value"),
        ("curl -H A:b -H C:d h", [*HEADERS, URL], ""),
        ("curl -H A:b h", [{"name": "-H", "header": "c: d"}, URL], "wrong value"),
        ("curl -H A:b -H C:d h", [{"name": "-H", "header": "a: b"}, URL], "extra option"),
        ("curl h i", [URL], "wrong target"),
        ("curl h", [{"name": "-X", "equals": "GET"}, URL], ""),
        ("curl h", [{"name": "-X", "equals": "PUT"}, URL], "missing option"),
        ("curl -d a=b h", [{"name": "-X", "equals": "POST"}, {"name": "-d"}, URL], ""),
        ("curl -d a=b -X PUT h", [{"name": "-d"}, URL], "extra option"),
        ("nmap --host-timeout 90ms h", [TIMEOUT, TARGET], "wrong value"),
        ("nmap --host-timeout 1.5m h", [TIMEOUT, TARGET], ""),
        ("nmap 10.0.0.0/30", [{"name": "target", "hosts": "10.0.0.0-3"}], ""),
        ("nmap 10.0.0.0-1 10.0.0.2,3", [{"name": "target", "hosts": "10.0.0.0/30"}], ""),
        ("nmap 10.0.0.0-2", [{"name": "target", "hosts": "10.0.0.0/30"}], "wrong target"),
        ("nmap -p 1-3 h", [{"name": "-p", "ports": "3,2,1"}, TARGET], ""),
        ("nmap -sV h", [VERSIONS, TARGET], ""),
        ("nmap -A h", [VERSIONS, TARGET], ""),
        ("nmap h", [VERSIONS, TARGET], "missing option"),
        ("nmap -p 1 h", [PORTS, TARGET], "wrong value"),
        ("dig n MX", [{"name": "name", "equals": "N."}, {"name": "type", "equals": "mx"}], ""),
        ("dig n", [NAME, {"name": "type", "equals": "A"}], ""),
        ("dig n", [NAME, {"name": "type", "equals": "MX"}], "missing operand"),
        ("dig n MXX", [NAME], "wrong target"),
        ("dig m", [NAME], "wrong target"),
    ],
)  # fmt: skip
def test_requirements(line, require, expected):
    assert fault(line, *require) == expected


def test_neutral_options_and_stated_defaults_are_no_effect():
    assert fault("nmap -v -T3 h", TARGET) == ""
    assert fault("curl -s h", URL) == ""


def test_what_is_allowed_and_what_is_forbidden():
    assert fault("nmap -Pn h", TARGET) == "extra option"
    assert fault("nmap -Pn h", TARGET, allow=["-Pn"]) == ""
    assert fault("nmap -v h", TARGET, forbid=["-v"]) == "extra option"
    assert fault("curl -s h", URL, forbid=["-s"]) == "extra option"


def test_what_is_missing_is_said_before_what_is_too_much():
    assert fault("nmap -sT h", {"name": "-sV"}, TARGET) == "missing option"
