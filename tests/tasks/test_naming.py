"""Naming: a prompt says which tool is meant, once, where that is not evident."""

from __future__ import annotations

import re
from difflib import get_close_matches

import pytest

from tasks.families import load_families
from tasks.naming import EVIDENT, SPOKEN, named


@pytest.mark.parametrize("sentence", ["scan {host} with nmap", "Nmap {host}, please"])
def test_what_names_its_tool_stays(sentence: str) -> None:
    assert named(sentence, "nmap") == sentence


def test_an_evident_tool_need_not_be_named() -> None:
    assert named("fetch {url}", "curl") == "fetch {url}"


def test_a_name_is_put_in_repeatably_and_in_many_ways() -> None:
    made = {named(f"scan {{host}} {n}", "nmap").replace(str(n), "") for n in range(200)}
    assert len(made) == 7
    assert all("nmap" in text and "scan {host}" in text for text in made)
    assert named("scan {host}", "nmap") == named("scan {host}", "nmap")


def test_names_in_use_are_used() -> None:
    made = {named(f"listen on {n}", "nc") for n in range(100)}
    assert any("netcat" in text for text in made)


def test_every_family_of_a_tool_with_rivals_names_it() -> None:
    for family in load_families():
        spoken = SPOKEN.get(family.tool, (family.tool,))
        if family.tool not in EVIDENT:
            for text in family.sentences["calibration"]:
                words = re.findall(r"[a-z0-9]+", text.lower())  # a slip may have struck the name
                assert any(get_close_matches(name, words, cutoff=0.75) for name in spoken), text
