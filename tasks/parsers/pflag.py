"""cobra and pflag: a subcommand, long options in full, letters with glued values.

Traps: `-url X` is `-u rl` and an operand; no abbreviations; options may precede the subcommand,
but a switch that the root command does not know swallows the word after it; without a subcommand
there is help.
Source: cobra 1.6 command.go (Find, stripFlags), pflag 1.0.5 flag.go.
"""

from __future__ import annotations

from collections.abc import Sequence

from tasks.parsers.go_flag import switch
from tasks.parsers.grammar import Grammar, RefusedError, Words, operand
from tasks.types import Argument, Fault


def split(grammar: Grammar, words: Sequence[str]) -> tuple[Grammar, list[str]]:
    """The subcommand's grammar and the words without its name; the tool's own if there is none."""
    position = _first_operand(grammar, words)
    if position is None:
        return grammar, list(words)
    name = words[position]
    if name not in grammar.subcommands:
        known = ", ".join(dict.fromkeys(g.subcommand or "" for g in grammar.subcommands.values()))
        reason = f"{grammar.tool} has no subcommand {name!r}; it has {known}"
        raise RefusedError(Fault.WRONG_TOOL, reason)
    return grammar.subcommands[name], [*words[:position], *words[position + 1 :]]


def _first_operand(grammar: Grammar, words: Sequence[str]) -> int | None:
    """Where cobra looks for the subcommand: what is not a flag and follows no flag with a value,
    as far as the root command knows its flags."""
    position = 0
    while position < len(words):
        word = words[position]
        if word == "--":
            return None
        if not word.startswith("-"):
            return position
        is_whole = "=" not in word and (word.startswith("--") or len(word) == 2)
        option = grammar.options.get(word)
        is_switch = option is not None and option.arity != "one"
        position += 2 if is_whole and not is_switch else 1
    return None


def parse(grammar: Grammar, words: Sequence[str]) -> list[Argument]:
    """The arguments in order; operands have no name yet. Raises RefusedError."""
    arguments: list[Argument] = []
    left = Words(words)
    while left:
        word = left.take()
        if word == "--":
            arguments += map(operand, left.rest())
        elif word.startswith("--"):
            arguments += _long(grammar, word, left)
        elif word.startswith("-") and word != "-":
            arguments += _letters(grammar, word, left)
        else:
            arguments.append(operand(word))
    if grammar.subcommands:
        informing = [option.name for option in grammar.canonical.values() if option.informs]
        arguments += [Argument(name, None, name) for name in informing]
    return arguments


def _long(grammar: Grammar, word: str, left: Words) -> list[Argument]:
    spelled, equals, value = word.partition("=")
    option = grammar.long.get(spelled[2:])
    if option is None:
        raise grammar.unknown(spelled)
    if option.arity == "none":
        return switch(option, spelled, value if equals else "true")
    if equals:
        return [Argument(option.name, value, spelled)]
    return [Argument(option.name, left.value(spelled) if option.arity == "one" else None, spelled)]


def _letters(grammar: Grammar, word: str, left: Words) -> list[Argument]:
    arguments: list[Argument] = []
    letters = word[1:]
    while letters:
        spelled, letters = f"-{letters[0]}", letters[1:]
        option = grammar.short.get(spelled[1])
        if option is None:
            raise grammar.unknown(spelled if spelled == word else f"{spelled} (in {word})")
        # `-f=value`; a lone `-f=` is the value "=".
        has_equals = letters[:1] == "=" and len(letters) > 1
        if option.arity == "none":
            arguments += switch(option, spelled, letters[1:] if has_equals else "true")
            if has_equals:
                break
            continue
        value = letters[1:] if has_equals else letters or left.value(spelled)
        arguments.append(Argument(option.name, value, spelled))
        break
    return arguments
