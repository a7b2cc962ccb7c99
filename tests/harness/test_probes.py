"""Probes on answers that are made up to show them."""

from __future__ import annotations

import pytest

from harness.probes import MOST_FLAGS, copied, probes, unknown_flags

PROMPT = "which of the ports 22 and 8443 are open on 10.4.7.9?"


def test_a_plain_command_shows_nothing() -> None:
    text = "nmap -p 22,8443 10.4.7.9"
    expected = {"copied": 0, "length": len(text), "options": 1, "unknown flags": 0}
    assert probes(PROMPT, text) == expected


def test_a_copied_prompt_is_seen_through_case_and_quotes() -> None:
    assert copied(PROMPT, f"nmap -oN '{PROMPT.upper()}' 10.4.7.9") == 1
    assert copied(PROMPT, "nmap 10.4.7.9 # which of the ports are open") == pytest.approx(2 / 9)
    assert copied("too short", "too short") == 0


@pytest.mark.parametrize(
    ("text", "options"), [("dig +short -t MX a.lab", 2), ("curl -I - -5", 1), ("nmap --open x", 1)]
)
def test_options_are_counted_by_their_look(text: str, options: int) -> None:
    assert probes(PROMPT, text)["options"] == options


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("nmap --scan-version -p 22 --bogus 10.4.7.9", 2),
        ("nmap --scan-version --scan-version 10.4.7.9", 2),
        ("curl -I --nopee http://a.lab", 1),
        ("nmap -p 22 10.4.7.9", 0),
        ("I cannot do that", 0),
        ("nmap " + "--no-such-thing " * 30 + "10.4.7.9", MOST_FLAGS),
    ],
)
def test_unknown_flags_are_counted_one_after_another(text: str, unknown: int) -> None:
    assert unknown_flags(text) == unknown
