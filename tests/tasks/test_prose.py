"""Sentences are told from commands."""

from __future__ import annotations

import pytest

from tasks.prose import is_prose, speaks_of
from tasks.suite import load_suite


@pytest.mark.parametrize(
    "line",
    [
        "I cannot help with that.",
        "This is not possible with nmap.",
        "Not possible.",
        "N/A",
        "None",
        "can't",
        "I’m sorry, I can’t help with that",
        "Unfortunately, nmap does not support this; use `-sV`",
        "which of ports 22 and 8443 are open on 10.4.7.9?",
        "There is no option for that (nmap 7.93).",
    ],
)
def test_sentences(line):
    assert is_prose(line)


@pytest.mark.parametrize(
    "line",
    [
        "which nmap",
        "scan h with nmap",
        "for h in a b; do nmap $h; done",
        "while read -r h; do nmap $h; done < hosts",
        "if true; then nmap h; fi",
        "echo this is a test of the tool",
        "find . -name not -or -name a",
        "do-it",
        "nnmap -sV h",
        "[target]",
        "",
    ],
)
def test_what_may_be_a_command_stays_one(line):
    assert not is_prose(line)


def test_no_answer_of_the_suite_is_prose():
    for task in load_suite("recon").tasks:
        right = task.correct if task.possible else ()
        for line in (*right, *(wrong.command for wrong in task.wrong)):
            assert not is_prose(line), line
            assert not speaks_of(line.split(None, 1)), line


@pytest.mark.parametrize(
    ("words", "is_speech"),
    [
        ("nmap cannot do that.", True),
        ("nmap can't do that", True),
        ("nmap is the tool for this", True),
        ("nmap cannot crack hashes.", True),
        ("dig asks name servers; it fetches no pages.", True),
        ("dig mail.example. any", False),
        ("dig example.", False),
        ("nmap does", False),
        ("nmap is -p 80", False),
        ("nmap -p 80 is", False),
        ("nmap", False),
    ],
)
def test_sentences_about_a_tool(words, is_speech):
    assert speaks_of(words.split(None, 1)) is is_speech
