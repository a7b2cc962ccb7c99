"""Mutators and variant makers: each makes what its name says, and the same ones every time."""

from __future__ import annotations

import shlex

import pytest

from tasks.anatomy import dissect
from tasks.mutators import MUTATORS, hard_negatives, mutants, siblings_of
from tasks.types import Intent, Requirement, Task, WrongCommand
from tasks.variants import MAKERS, variants


def task(id: str, ports: str, host: str, **changes: object) -> Task:
    """The ports of a host, with versions."""
    return Task.model_validate(
        {
            "id": id,
            "family": "nmap.example",
            "tool": "nmap",
            "split": "heldout",
            "prompt": f"service versions behind ports {ports} of {host}",
            "params": {"ports": ports, "host": host},
            "intent": Intent(
                tool="nmap",
                require=(
                    Requirement(name="-sV"),
                    Requirement(name="-p", ports=ports),
                    Requirement(name="target", hosts=host),
                ),
                allow=("-Pn",),
            ),
            "correct": (f"nmap -sV -p {ports} {host}", f"nmap -p{ports} -sV {host}"),
            "wrong": (WrongCommand.model_validate({"command": "nmap", "fault": "missing option"}),)
            * 3,
            **changes,
        }
    )


ONE = task("one", "22,80", "10.0.0.5")
TWO = task("two", "443", "10.0.9.9")
MADE = mutants(ONE, [TWO])


def test_a_command_is_taken_apart() -> None:
    anatomy = dissect("gobuster dir -u http://a.lab -w list.txt --delay=5s")
    assert anatomy is not None
    assert anatomy.first == 2
    assert [(p.argument.name, p.start, p.stop, p.head) for p in anatomy.parts] == [
        ("--url", 2, 4, ""),
        ("--wordlist", 4, 6, ""),
        ("--delay", 6, 7, "--delay="),
    ]


@pytest.mark.parametrize("text", ["nmap 10.0.0.1 > out.txt", "sudo nmap 10.0.0.1", "nmap --zap"])
def test_what_is_more_than_one_call_is_not_taken_apart(text: str) -> None:
    assert dissect(text) is None


@pytest.mark.parametrize(
    ("name", "commands"),
    [
        ("drop-required-option", {"nmap -p 22,80 10.0.0.5", "nmap -sV 10.0.0.5"}),
        ("operand-dropped", {"nmap -sV -p 22,80"}),
        ("dropped-value", {"nmap -sV -p 10.0.0.5"}),
        ("wrong-value", {"nmap -sV -p 443 10.0.0.5"}),
        ("wrong-target", {"nmap -sV -p 22,80 10.0.9.9"}),
        ("extra-target", {"nmap -sV -p 22,80 10.0.0.5 10.0.9.9"}),
        ("value-off-by-one", {"nmap -sV -p 22,81 10.0.0.5", "nmap -sV -p 22,80 10.0.0.6"}),
        ("wrong-subcommand", set()),
    ],
)
def test_a_mutator_makes_what_its_name_says(name: str, commands: set[str]) -> None:
    assert set(MADE[name]) == commands


@pytest.mark.parametrize("name", sorted(set(MUTATORS) - {"wrong-subcommand"}))
def test_every_mutator_finds_something_and_no_right_command(name: str) -> None:
    assert MADE[name]
    assert not set(MADE[name]) & set(ONE.correct)


def test_invented_flags_are_of_words_of_the_prompt() -> None:
    flags = {w for c in MADE["invented-flag"] for w in shlex.split(c) if w.startswith("--")}
    assert flags <= {"--service-versions", "--versions-behind", "--behind-ports"}


def test_swaps_keep_the_value_and_extras_are_not_allowed_ones() -> None:
    assert all("22,80" in c or "-p" in c.split() for c in MADE["swap-sibling-option"])
    assert not any("-Pn" in command.split() for command in MADE["extra-effect-option"])


def test_a_block_of_addresses_is_not_counted_up() -> None:
    block = task("block", "22", "10.0.0.8/29")
    assert mutants(block, [TWO])["value-off-by-one"] == ["nmap -sV -p 23 10.0.0.8/29"]


def test_the_same_values_in_another_order_are_no_wrong_value() -> None:
    other = task("other", "80,22", "10.0.0.6")
    assert mutants(ONE, [other])["wrong-value"] == []


def test_mutants_are_repeatable_and_differ_between_tasks() -> None:
    assert mutants(ONE, [TWO]) == MADE
    assert hard_negatives(ONE, [TWO], 8) == hard_negatives(ONE, [TWO], 8)
    assert [w.mutator for w in hard_negatives(ONE, [TWO], 8)] != [
        w.mutator for w in hard_negatives(TWO, [ONE], 8)
    ]


def test_hard_negatives_are_of_many_mutators() -> None:
    chosen = hard_negatives(ONE, [TWO], 8)
    assert len({w.command for w in chosen}) == 8
    assert len({w.mutator for w in chosen}) == 8


def test_an_impossible_task_has_no_mutants() -> None:
    impossible = task("no", "1", "10.0.0.7", possible=False)
    assert mutants(impossible, [TWO]) == {}
    assert siblings_of(impossible, [ONE, TWO, impossible]) == []


def test_siblings_are_of_the_family_before_the_tool() -> None:
    kin = task("kin", "1", "10.0.0.7", family="nmap.other")
    assert list(siblings_of(ONE, [kin, ONE, TWO])) == [TWO]
    assert list(siblings_of(kin, [kin, ONE, TWO])) == [ONE, TWO]


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("order", "nmap -p 22,80 -sV 10.0.0.5"),
        ("gluing", "nmap -sV -p22,80 10.0.0.5"),
        ("requoting", "nmap '-sV' '-p' '22,80' '10.0.0.5'"),
        ("requoting", 'nmap "-sV" "-p" "22,80" "10.0.0.5"'),
        ("neutral-option", "nmap --reason -sV -p 22,80 10.0.0.5"),
    ],
)
def test_a_maker_makes_what_its_name_says(name: str, command: str) -> None:
    assert command in variants(ONE)[name]


def test_aliases_and_defaults_are_stated() -> None:
    url = Requirement(name="--url", url="http://a.lab/")
    words = Requirement(name="--wordlist", equals="w")
    intent = Intent(tool="gobuster", subcommand="dir", require=(url, words))
    right = ("gobuster dir -u http://a.lab/ -w w", "gobuster dir -w w -u http://a.lab/")
    dirs = task("dirs", "1", "h", tool="gobuster", intent=intent, correct=right)
    made = variants(dirs)
    assert "gobuster dir --url http://a.lab/ -w w" in made["alias"]
    assert any("--threads 10" in command for command in made["stated-default"])
    assert set(made) == set(MAKERS)
