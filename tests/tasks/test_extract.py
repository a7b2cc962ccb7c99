"""One command out of what a model says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.extract import extract

NAMES = frozenset({"nmap", "curl", "sudo"})


@pytest.mark.parametrize(
    "text",
    [
        "nmap -sV h",
        "  nmap -sV h\n",
        "$ nmap -sV h",
        "# nmap -sV h",
        "user@kali:~$ nmap -sV h",
        "`nmap -sV h`",
        "Command: nmap -sV h",
        "**Command:** `nmap -sV h`",
        "1. nmap -sV h",
        "```bash\nnmap -sV h\n```",
        "```\n$ nmap -sV h\n```",
        "Sure! Here it is:\n\n```sh\n# scan it\nnmap -sV h\n```\nIt scans.",
        "Use this:\nnmap -sV h\nThat scans the host.",
        "You can run `nmap -sV h` to do it.\nIt scans.",
        "nmap \\\n  -sV \\\n  h",
        "nmap -sV h\nnmap -sT i",
        "The `-sV` option helps:\n`nmap -sV h`",
        "```bash\nnmap -sV h\n",
    ],
)
def test_one_command_is_found(text):
    assert " ".join((extract(text, NAMES) or "").split()) == "nmap -sV h"


@pytest.mark.parametrize("text", ["", " \n ", "```\n```", "I will not do that.\nSorry for that."])
def test_there_may_be_none(text):
    assert extract(text, NAMES) is None


def test_wrappers_and_assignments_begin_a_command():
    assert extract("Run:\nsudo nmap h", NAMES) == "sudo nmap h"
    assert extract("Run:\nLANG=C nmap h", NAMES) == "LANG=C nmap h"
    assert extract("Run:\n/usr/bin/nmap h", NAMES) == "/usr/bin/nmap h"


def test_a_tool_named_in_prose_is_no_command():
    text = "To scan, nmap is best.\nThe tool nmap -sV h would do."
    assert extract(text, NAMES) is None


def test_the_only_line_is_taken_as_it_is():
    assert extract("nnmap -sV h", NAMES) == "nnmap -sV h"


@pytest.mark.parametrize(
    "command",
    [
        "curl -d '{\n  \"a\": 1\n}' http://h/",
        'curl -d "a\nb" http://h/',
        "nmap -iL - <<EOF\n10.0.0.1\n\nEOF",
    ],
)
def test_quotes_and_heredocs_go_over_lines(command):
    assert extract(command, NAMES) == command
    assert extract(f"Run this:\n\n```\n{command}\n```\nIt's done.", NAMES) == command


def test_a_quote_that_never_ends_stays_on_its_line():
    assert extract("nmap 'h\nThat is all.", NAMES) == "nmap 'h"


@given(st.text(max_size=200))
def test_any_text_gives_one_line_or_nothing(text):
    found = extract(text, NAMES)
    assert found is None or (found and "\n" not in found)
