"""Families and pools: splits that cannot overlap, enough phrasings, and errors a person can use."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.errors import UserError
from tasks.families import SENTENCE_SHARES, Family, load_families, read_families
from tasks.pools import VALUE_SHARES, Draws, load_pools, split_of
from tasks.types import Fault

FAMILIES = load_families()
SPLITS = tuple(SENTENCE_SHARES)


def names(families: tuple[Family, ...]) -> list[str]:
    return [family.name for family in families]


POSSIBLE = [family for family in FAMILIES if family.possible]


def test_every_tool_has_families_and_a_quarter_is_unseen() -> None:
    by_tool = Counter(family.tool for family in POSSIBLE)
    assert min(by_tool.values()) >= 3
    assert all(family.name.startswith(family.tool + ".") for family in POSSIBLE)
    unseen = [family for family in POSSIBLE if family.unseen]
    assert 0.2 <= len(unseen) / len(POSSIBLE) <= 0.3
    assert len(set(names(FAMILIES))) == len(FAMILIES)


def test_impossible_families_are_of_several_tools_and_try_to_tempt() -> None:
    impossible = [family for family in FAMILIES if not family.possible]
    assert len(impossible) >= 6
    assert len({family.tool for family in impossible}) >= 5
    for family in impossible:
        assert family.name.startswith("impossible.")
        drawn = family.draw("heldout", random.Random(0))
        assert family.tool in drawn.prompt.lower()
        assert {wrong.fault for wrong in drawn.wrong} == {Fault.NOT_POSSIBLE}


@pytest.mark.parametrize("family", FAMILIES, ids=names(FAMILIES))
def test_a_family_has_many_sentences_and_splits_share_none(family: Family) -> None:
    sentences = family.sentences
    assert sum(len(found) for found in sentences.values()) >= 200
    assert len(sentences["heldout"]) >= 12
    assert len(sentences["calibration"]) >= 4
    for a, b in itertools.combinations(SPLITS, 2):
        assert not set(sentences[a]) & set(sentences[b])


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("pool", sorted(load_pools()))
def test_a_pool_has_values_for_every_split(pool: str, split: str) -> None:
    rng = random.Random(0)
    values = {load_pools()[pool].draw(Draws(split, rng)) for _ in range(200)}
    assert len(values) >= 2


@given(seed=st.integers(0, 10**6), index=st.integers(0, len(FAMILIES) - 1))
def test_draws_of_two_splits_share_neither_prompt_nor_value(seed: int, index: int) -> None:
    family = FAMILIES[index]
    drawn = {split: family.draw(split, random.Random(seed)) for split in SPLITS}
    for a, b in itertools.combinations(SPLITS, 2):
        assert drawn[a].prompt != drawn[b].prompt
        assert not set(drawn[a].params.values()) & set(drawn[b].params.values())


@given(seed=st.integers(0, 10**6), index=st.integers(0, len(FAMILIES) - 1))
def test_a_draw_is_complete_and_repeatable(seed: int, index: int) -> None:
    drawn, again = (FAMILIES[index].draw("corpus", random.Random(seed)) for _ in range(2))
    assert drawn.prompt == again.prompt
    assert drawn.correct == again.correct
    assert len(set(drawn.correct)) >= (2 if FAMILIES[index].possible else 0)
    assert len({wrong.command for wrong in drawn.wrong} - set(drawn.correct)) >= 3
    for text in (drawn.prompt, *drawn.correct):
        assert "{" not in text.replace("%{", "")
        assert "[" not in text
    assert drawn.intent.tool == FAMILIES[index].tool


@given(seed=st.integers(0, 10**6))
def test_values_of_one_draw_differ(seed: int) -> None:
    pool = load_pools()["port_list"]
    draws = Draws("heldout", random.Random(seed))
    ports = ",".join(pool.draw(draws) for _ in range(2)).split(",")
    assert len(set(ports)) == len(ports)
    assert all(split_of(port, VALUE_SHARES) == "heldout" for port in ports)


def test_a_pool_that_is_too_small_says_so() -> None:
    pool, draws = load_pools()["header"], Draws("calibration", random.Random(0))
    with pytest.raises(UserError, match="'header' has too few values for the calibration"):
        list(iter(lambda: pool.draw(draws), None))


FAMILY = """
tool: nmap
families:
  - name: nmap.example
    params: {host: HOST}
    phrasing: {templates: ["TEMPLATE"], verb: [scan, probe]}
    correct: ["nmap {host}", "nmap -v {host}"]
    intent: {require: [{name: target, hosts: "{host}"}]}
    wrong:
      - {command: "nmap", fault: missing operand}
      - {command: "nmap {other.host}", fault: wrong target}
      - {command: "nmap --scan {host}", fault: unknown flag}
"""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("HOST", "planet", "nmap.example: params: no pool is named 'planet'"),
        ("TEMPLATE", "[verb] {port}", "no parameter or choice is named 'port'"),
        ("TEMPLATE", "[word] {host}", "no fragment is named 'word'"),
        ("name: nmap.example", "nmae: nmap.example", r"families.0.name: Field required"),
        ("tool: nmap", "tool: [", "is not YAML"),
        ("tool: nmap", "", "nmap.example: neither the family nor the file names its tool"),
        (', "nmap -v {host}"', "", "nmap.example: give two `correct` commands or more"),
    ],
)
def test_a_broken_file_is_explained(tmp_path: Path, old: str, new: str, message: str) -> None:
    text = FAMILY.replace(old, new).replace("HOST", "ip").replace("TEMPLATE", "[verb] {host}")
    path = tmp_path / "nmap.yaml"
    path.write_text(text)
    with pytest.raises(UserError, match=message):
        read_families(path)


def test_a_folder_of_families_may_bring_its_own_pools(tmp_path: Path) -> None:
    text = FAMILY.replace("HOST", "planet").replace("TEMPLATE", "[verb] {host}")
    (tmp_path / "nmap.yaml").write_text(text)
    (tmp_path / "pools.yaml").write_text(
        "words: {world: [mars, venus, pluto]}\npools: {planet: ['<world>-<1-99>.{domain}']}\n"
    )
    (family,) = load_families(tmp_path)
    drawn = family.draw("corpus", random.Random(0))
    assert drawn.params["host"].partition("-")[0] in ("mars", "venus", "pluto")


def test_broken_pools_are_explained(tmp_path: Path) -> None:
    (tmp_path / "nmap.yaml").write_text(FAMILY)
    for text, message in (
        ("pools: [", "pools.yaml is not YAML"),
        ("pols: {}", "pools.yaml: pols: Extra inputs"),
        ("pools: {planet: ['<world>']}", "no word list or earlier pool is named 'world'"),
    ):
        load_pools.cache_clear()
        (tmp_path / "pools.yaml").write_text(text)
        with pytest.raises(UserError, match=message):
            read_families(tmp_path / "nmap.yaml")
