"""One form for what means the same: commands of the suite and of the specs, written otherwise."""

from __future__ import annotations

import random
import shlex

import pytest

from tasks.checker import canonical_text, check
from tasks.shell import read
from tasks.spec import load_specs
from tasks.suite import load_suite

SEED = 7


def commands() -> list[str]:
    """Two right commands of every family, each a plain call."""
    by_family: dict[str, list[str]] = {}
    for task in load_suite("recon").split("heldout"):
        if task.possible:
            by_family.setdefault(task.family, []).append(task.correct[0])
    return [line for lines in by_family.values() for line in lines[:2]]


def requoted(words: list[str], draw: random.Random) -> str:
    """The same words in other quotes."""
    return " ".join(_quoted(word, draw) for word in words)


def _quoted(word: str, draw: random.Random) -> str:
    if draw.random() < 0.4 and word:
        return "".join(char if char.isalnum() else "\\" + char for char in word)
    if draw.random() < 0.5 and not set(word) & set('"$`\\'):
        return f'"{word}"'
    if draw.random() < 0.5 and "'" not in word:
        half = len(word) // 2
        return f"'{word[:half]}''{word[half:]}'"
    return shlex.quote(word)


@pytest.mark.parametrize("line", commands())
def test_quotes_do_not_matter(line: str) -> None:
    draw = random.Random(f"{SEED}{line}")
    words = list(read(line).calls[0].argv)
    form = canonical_text(line)
    assert form is not None
    for _ in range(5):
        other = requoted(words, draw)
        assert canonical_text(other) == form, other


@pytest.mark.parametrize("line", commands())
def test_wrappers_and_silent_redirections_do_not_matter(line: str) -> None:
    form = canonical_text(line)
    for other in (f"sudo {line}", f"timeout 9 {line} 2>/dev/null", f"bash -c {shlex.quote(line)}"):
        assert canonical_text(other) == form


@pytest.mark.parametrize("line", commands())
def test_the_form_of_a_pipeline_is_that_of_its_calls(line: str) -> None:
    form = canonical_text(line)
    assert canonical_text(f"{line} | grep -c 'a b'") == f"{form} | grep -c 'a b'"
    assert canonical_text(f"{line}&&{line}") == f"{form} && {form}"


@pytest.mark.parametrize("tool", sorted(load_specs()))
def test_order_and_aliases_of_switches_do_not_matter(tool: str) -> None:
    """Of each tool three switches at a time, added to a command it takes."""
    draw = random.Random(f"{SEED}{tool}")
    spec = load_specs()[tool]
    bases = [line for line in commands() if line.split()[0] == tool and "'" not in line]
    switches = [
        option
        for option in spec.options
        if option.arity == "none" and not (option.conflicts or option.needs or option.informs)
    ]
    if not bases or len(switches) < 3:
        pytest.skip("no family or too few switches")
    compared = 0
    for _ in range(30):
        chosen = draw.sample(switches, 3)
        head, _, rest = bases[0].partition(" ")
        forms = set()
        for _ in range(4):
            draw.shuffle(chosen)
            flags = " ".join(draw.choice(option.spellings) for option in chosen)
            # dirb wants its URL before any option.
            line = f"{bases[0]} {flags}" if tool == "dirb" else f"{head} {flags} {rest}"
            verdict = check(line)
            forms.add(verdict.canonical if verdict.status == "pass" else None)
        if None not in forms:
            compared += 1
            assert len(forms) == 1, forms
    assert compared


def test_what_is_not_known_is_told_from_what_is_written() -> None:
    forms = {canonical_text(f"nmap {word}") for word in ("$IP", "$HOST", "h", "h$IP")}
    forms |= {canonical_text(f"curl -d {word} h") for word in ("$IP", "'$IP'")}
    assert len(forms) == 6
    assert None not in forms


def test_a_line_that_is_more_than_calls_is_its_own_form() -> None:
    line = "for p in 22 80; do nmap -p $p h; done"
    assert canonical_text(line) == line
    assert canonical_text("for p in 22 80; do nmap --zzq $p h; done") is None
