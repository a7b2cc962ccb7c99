"""Lines drawn from a spec are right by it, use every spelling, and are the same every time."""

from __future__ import annotations

import shlex
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.agreement.generate import Generator
from tasks.agreement.toolbox import Toolbox, is_right
from tasks.checker import check
from tasks.types import Status

TOOLS = ("nmap", "gobuster", "dig", "curl", "ffuf")


@pytest.mark.parametrize("tool", TOOLS)
@settings(max_examples=25)
@given(seed=st.integers())
def test_what_is_drawn_passes_the_static_check(tool: str, seed: int) -> None:
    line = Generator(Toolbox(tool), 0).draw(Random(seed))
    verdict = check(line.text)
    assert verdict.status is Status.PASS, (line.text, verdict.last.reason)


@pytest.mark.parametrize("tool", TOOLS)
def test_every_spelling_is_in_a_line_or_named_as_unused(tool: str) -> None:
    box = Toolbox(tool)
    generator = Generator(box, 0)
    lines = generator.valid(1)
    used = {
        (line.subcommand, piece.flag) for line in lines for piece in line.pieces if piece.option
    }
    wanted = {
        (sub, flag)
        for sub in box.subcommands
        for option in box.options(sub)
        for flag in option.spellings
    }
    unused = {(sub, f) for sub, f in wanted if f"{sub} {f}".strip() in generator.unused}
    assert unused | used >= wanted
    assert len(unused) < len(wanted) / 10


def test_the_same_seed_draws_the_same_lines() -> None:
    texts = [
        [line.text for line in Generator(Toolbox("ffuf"), seed).valid(30)] for seed in (1, 1, 2)
    ]
    assert texts[0] == texts[1] != texts[2]


def test_there_are_as_many_lines_as_wanted() -> None:
    assert len({line.text for line in Generator(Toolbox("dig"), 0).valid(90)}) >= 90


def test_options_stand_in_all_forms_that_the_parser_takes() -> None:
    box = Toolbox("nmap")
    option = next(o for o in box.options("") if o.name == "--max-retries")
    words = {box.piece("", option, "--max-retries", Random(i)).words[0] for i in range(200)}  # type: ignore[union-attr]
    assert "--max-retries" in words
    assert any(word.startswith("--max-retries=") for word in words)
    assert any(word.startswith("-max-retr") for word in words)
    assert not any(word.startswith("--max-r=") for word in words)  # is ambiguous


def test_an_option_that_hides_the_rest_stands_alone() -> None:
    for line in Generator(Toolbox("nmap"), 0).valid(40):
        if "--help" in line.names or "-h" in line.names:
            assert len(line.pieces) == 1


def test_a_base_is_cut_into_options_and_operands() -> None:
    line = Toolbox("nmap").line("", "-n -p 80 --open 10.0.0.1 10.0.0.2")
    assert [(p.flag, p.value) for p in line.pieces] == [
        ("-n", None),
        ("-p", "80"),
        ("--open", None),
        ("", "10.0.0.1"),
        ("", "10.0.0.2"),
    ]
    assert line.first_operand() == 3
    assert is_right(line)
    assert shlex.split(line.text) == list(line.words)


def test_options_stand_behind_the_operands_where_the_tool_wants_them_there() -> None:
    box = Toolbox("nmap")
    box.trial = box.trial.model_copy(update={"options_last": True})
    for seed in range(20):
        line = Generator(box, 0).draw(Random(seed))
        first, last = box.room(line)
        assert all(piece.option for piece in line.pieces[first:last])
        assert line.pieces[first - 1].option is None
