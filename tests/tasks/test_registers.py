"""Registers: words change as people type them, values never do."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.families import load_families
from tasks.registers import REGISTERS, capital, shortened, slip, small, typed

SENTENCE = "Scan {host} with cookie sid={token}, without redirects to /Admin. Thanks!"
VALUES = ("{host}", "sid={token},", "/Admin.")


@pytest.mark.parametrize("register", REGISTERS, ids=lambda register: register.__name__)
@given(seed=st.integers(0, 1000))
def test_a_register_keeps_values_and_the_number_of_words(register: object, seed: int) -> None:
    changed = register(SENTENCE, random.Random(seed))  # type: ignore[operator]
    assert all(value in changed for value in VALUES)
    assert len(changed.split()) == len(SENTENCE.split())


def test_registers_are_what_they_are_called() -> None:
    rng = random.Random(0)
    assert small("Scan {host}. Thanks.", rng) == "scan {host}. thanks"
    assert shortened(SENTENCE, rng).startswith("Scan {host} w/ cookie")
    assert capital("scan {host}", random.Random(1)) in {"SCAN {host}"}
    once = slip("please scan {host}", rng)
    assert sorted(once) == sorted("please scan {host}")
    assert once != "please scan {host}"
    assert slip("let gobuster do {host}", rng) == "let gobuster do {host}"


def test_most_sentences_are_as_written_and_all_registers_occur() -> None:
    plain = [f"please check whether {n} Of the hosts is up, thanks" for n in range(1000)]
    changed = [typed(sentence) for sentence in plain]
    same = sum(a == b for a, b in zip(plain, changed, strict=True))
    assert 600 <= same <= 760
    assert any(text.startswith("pls") for text in changed)
    assert any(text.startswith("PLEASE") for text in changed)
    assert typed(plain[0]) == changed[0]


def test_slots_of_families_survive() -> None:
    for family in load_families()[::7]:
        for sentences in family.sentences.values():
            for sentence in sentences[:50]:
                assert sentence.count("{") == sentence.count("}")
