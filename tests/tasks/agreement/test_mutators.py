"""Each mutator changes what it says, and nothing else."""

from __future__ import annotations

import re
import shlex
from random import Random

import pytest

from tasks.agreement.mutators import (
    DEVELOPMENT,
    HELD_OUT,
    Bench,
    mutants_of,
    mutators,
)
from tasks.agreement.toolbox import Line, Toolbox
from tasks.errors import UserError

ALL = {**DEVELOPMENT, **HELD_OUT}
NMAP = "-n -p 80 10.0.0.1"
SEEDS = range(40)


def mutants(kind: str, tool: str = "nmap", base: str = NMAP, sub: str = "") -> list[list[str]]:
    """The words of what a mutator makes of one line under many seeds."""
    box = Toolbox(tool)
    line = box.line(sub, base)
    made = (ALL[kind](Bench(box, Random(seed)), line) for seed in SEEDS)
    return [shlex.split(text) for text in made if text is not None]


def distance(one: str, other: str) -> int:
    """Levenshtein's."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        last, row[0] = row[0], i
        for j, b in enumerate(other, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (a != b))
    return row[-1]


def added(words: list[str], base: str = NMAP) -> list[str]:
    """The words that the line had not."""
    left = base.split()
    return [w for w in words[1:] if not (w in left and (left.remove(w) or True))]  # type: ignore[func-returns-value]


@pytest.mark.parametrize(
    "kind",
    sorted(
        set(ALL) - {"wrong subcommand", "broken quote", "shell ending", "wrapped", "other quotes"}
    ),
)
def test_every_mutator_works_on_an_ordinary_line(kind: str) -> None:
    made = mutants(kind)
    assert len(made) > len(SEEDS) / 2
    assert all(words[0] == "nmap" for words in made)
    assert sum(words != ["nmap", *NMAP.split()] for words in made) > len(made) * 0.8


def test_unknown_flags_are_one_letter_away() -> None:
    flags = Toolbox("nmap").grammar("").options
    for words in mutants("unknown flag"):
        (flag,) = added(words)
        assert flag not in flags
        assert min(distance(flag, known) for known in flags) == 1


def test_flags_of_another_tool_are_none_of_this_one() -> None:
    for words in mutants("another tool's flag"):
        assert added(words)[0] not in Toolbox("nmap").grammar("").options


def test_a_wrong_subcommand_leaves_the_options() -> None:
    base = "-d a.example -w /dev/null"
    for words in mutants("wrong subcommand", "gobuster", base, "dns"):
        assert words[-4:] == base.split()
        assert words[1] != "dns"
    assert mutants("wrong subcommand") == []


def test_a_dropped_value_leaves_the_flag_last() -> None:
    options = Toolbox("nmap").grammar("").options
    for words in mutants("dropped value"):
        assert words[:-1] == ["nmap", *NMAP.split()]
        assert options[words[-1]].arity == "one"


def test_a_target_is_swallowed() -> None:
    options = Toolbox("nmap").grammar("").options
    for words in mutants("swallowed target"):
        assert words[-1] == "10.0.0.1"
        assert options[words[-2]].arity == "one"


def test_dashes_are_swapped() -> None:
    options = Toolbox("nmap").grammar("").options
    names = {flag.lstrip("-") for flag in options}
    for words in mutants("dash swap"):
        assert any(w.lstrip("-+") in names or w.lstrip("-+")[:1] in names for w in added(words))


def test_case_is_flipped() -> None:
    flags = {flag.lower() for flag in Toolbox("nmap").grammar("").options}
    for words in mutants("case flip"):
        assert added(words)[0].lower() in flags


def test_an_option_is_given_twice() -> None:
    for words in mutants("duplicate"):
        assert sum(w.startswith(("-n", "-p")) for w in words) == 3


def test_an_abbreviation_is_the_beginning_of_a_flag() -> None:
    flags = Toolbox("nmap").grammar("").options
    for words in mutants("abbreviation"):
        assert any(flag.startswith(added(words)[0]) for flag in flags)


def test_a_quote_is_left_open() -> None:
    box = Toolbox("nmap")
    line = box.line("", NMAP)
    for seed in SEEDS:
        text = DEVELOPMENT["broken quote"](Bench(box, Random(seed)), line) or ""
        assert text.replace("'", "").replace('"', "") == line.text
        with pytest.raises(ValueError, match="quotation"):
            shlex.split(text)


def test_one_part_is_missing() -> None:
    lengths = {len(words) for words in mutants("missing part")}
    assert lengths == {3, 4}  # of five words, one or an option with its value


@pytest.mark.parametrize("kind", ["broken value", "extreme value", "empty value"])
def test_only_a_value_is_another(kind: str) -> None:
    options = Toolbox("nmap").grammar("").options
    for words in mutants(kind):
        flags = [w.split("=")[0] for w in words if w.startswith("--") or w in options]
        assert all(flag in options for flag in flags if flag.strip("-"))
        assert words[-1] == "10.0.0.1"


def test_letters_are_transposed() -> None:
    known = [sorted(flag) for flag in Toolbox("nmap").grammar("").options]
    for words in mutants("transposed letters"):
        assert sorted(added(words)[0].split("=")[0]) in known or len(added(words)) != 1


def test_an_operand_more() -> None:
    for words in mutants("unexpected operand"):
        assert len(words) == 6


def test_gluing_is_changed_and_the_value_stays() -> None:
    for words in mutants("gluing changed"):
        assert not (words.count("-p") and len(words) == 5)


def test_options_move_behind_the_target() -> None:
    for words in mutants("options last"):
        assert words[4] == "10.0.0.1"
        assert words[5].startswith("-")
    for words in mutants("behind --"):
        assert "--" in words


def test_switches_are_joined() -> None:
    letters = {f[1] for f in Toolbox("nmap").grammar("").options if len(f) == 2}
    for words in mutants("joined switches"):
        assert set(added(words)[0][1:3]) <= letters


def test_a_value_is_split() -> None:
    assert all(set(words) & {"b", "x=1", "zzq"} for words in mutants("split value"))


def test_conflicts_come_from_the_spec() -> None:
    options = Toolbox("nmap").grammar("").options
    pairs = [
        [o.name for o in map(options.get, words) if o and o.name not in ("-n", "-p")]
        for words in mutants("conflicting options")
    ]
    conflicts = [p for p in pairs if len(p) == 2 and p[1] in options[p[0]].conflicts]
    assert len(conflicts) > len(pairs) / 4


def test_values_are_exchanged() -> None:
    for words in mutants("exchanged values", base="-n -p 80 --ttl 7 10.0.0.1"):
        assert sorted(words[1:]) == sorted(["-n", "-p", "80", "--ttl", "7", "10.0.0.1"])
        assert words[words.index("--ttl") + 1] == "80"


@pytest.mark.parametrize(
    ("kind", "changed"),
    [
        ("padded value", r" .+|.+ "),
        ("rewritten number", r"(~|#|<=)?\d+(\.0|e0|,000|k|%)?|0x[0-9a-f]+"),
        ("changed unit", r"\d+( ?[a-zA-Z]*)"),
    ],
)
def test_a_value_is_written_otherwise(kind: str, changed: str) -> None:
    for words in mutants(kind, "fping", "-c 5 10.0.0.1"):
        values = (text for word in words for text in (word, word.partition("=")[2]))
        assert any(re.fullmatch(changed, value) for value in values), words


def test_an_order_is_another_and_nothing_else() -> None:
    for words in mutants("reordered"):
        assert sorted(words[1:]) == sorted(NMAP.split())


def test_names_lose_or_gain_a_separator() -> None:
    known = {re.sub("[-_]", "", flag) for flag in Toolbox("nmap").grammar("").options}
    for words in mutants("separator in a name"):
        flag = added(words)[0].partition("=")[0]
        assert re.sub("[-_]", "", flag) in known


def test_lists_are_divided_otherwise() -> None:
    for words in mutants("separator in a list", "masscan", "-p80 10.0.0.1"):
        assert any(re.search(r",,|[\w.][ ;|:/,]+\w", word) for word in words), words


def test_an_option_and_its_value_in_one_word() -> None:
    assert all(any(" " in word for word in words) for words in mutants("one word"))


def test_a_dash_of_a_word_processor() -> None:
    for words in mutants("typographic sign"):
        assert any(word[0] in "\N{EN DASH}\N{EM DASH}\N{MINUS SIGN}" for word in words)


def test_a_mark_ends_the_line() -> None:
    assert all(
        re.search(r"\d([.,:]|\.\.\.|\.\))$", words[-1]) for words in mutants("trailing mark")
    )


def test_an_operand_is_another() -> None:
    for words in mutants("changed operand"):
        assert words[:4] == ["nmap", "-n", "-p", "80"]
        assert len(words) == 5


def test_letters_are_doubled() -> None:
    known = set(Toolbox("nmap").grammar("").options)
    for words in mutants("doubled letter"):
        flag = added(words)[0].partition("=")[0]
        assert any(flag[:at] + flag[at + 1 :] in known for at in range(len(flag)))


def test_names_lose_a_part() -> None:
    known = [set(flag.strip("-").split("-")) for flag in Toolbox("nmap").grammar("").options]
    for words in mutants("lost part of a name"):
        parts = set(added(words)[0].partition("=")[0].strip("-").split("-"))
        assert any(parts < whole for whole in known)


def test_a_value_stands_before_its_flag() -> None:
    options = Toolbox("nmap").grammar("").options
    for words in mutants("flag behind its value"):
        assert added(words)[-1] in options


def test_a_value_is_many_times_as_long() -> None:
    assert all(max(map(len, words)) >= 8 for words in mutants("long value"))


def test_a_value_has_a_letter_of_another_script() -> None:
    assert all(not " ".join(words).isascii() for words in mutants("other script"))


@pytest.mark.parametrize(("kind", "tool"), [("shell ending", 0), ("wrapped", -1)])
def test_the_command_itself_stays(kind: str, tool: int) -> None:
    for words in mutants(kind):
        text = " ".join(words)
        assert f"nmap {NMAP}" in text
        assert (words[0] == "nmap") == (tool == 0)


def test_quotes_are_others() -> None:
    box = Toolbox("nmap")
    line = box.line("", NMAP)
    made = [ALL["other quotes"](Bench(box, Random(seed)), line) for seed in SEEDS]
    assert all(text and re.search(r"""["'\\]""", text) for text in made if text != line.text)
    assert len(set(made)) > len(SEEDS) / 4


def test_the_groups_have_nothing_in_common() -> None:
    assert not set(DEVELOPMENT) & set(HELD_OUT)
    assert mutators("all") == ALL
    with pytest.raises(UserError, match="--mutators: there is no group 'heldout'"):
        mutators("heldout")


def test_mutants_are_distinct_and_one_kind_leaves_the_others_as_they_are() -> None:
    box = Toolbox("dig")
    both = list(mutants_of(box, DEVELOPMENT, 5, 0))
    assert len({text for _, text in both}) == len(both)
    some = {kind: DEVELOPMENT[kind] for kind in ("case flip", "dash swap")}
    alone = list(mutants_of(box, some, 5, 0))
    assert {m for m in both if m[0] in some} >= set(alone[:5])


def test_a_line_without_words_has_mutants_too() -> None:
    box = Toolbox("dig")
    bare = Line(("dig",), ())
    for mutate in ALL.values():
        mutate(Bench(box, Random(1)), bare)
