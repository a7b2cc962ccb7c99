"""john (core): `--name=value` or `--name:value` with one dash or two, abbreviated to taste.

Traps: a value in the next word is a password file; nothing may be given twice but lists of users,
groups and shells; `--wordlist=` misses its value; options may stand after files.
Source: John the Ripper 1.9.0 src/getopt.c (opt_process) and src/options.c.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from tasks.parsers.grammar import Grammar, RefusedError, by_prefix, operand
from tasks.types import Argument, Command, Fault
from tasks.unknown import is_unknown
from tasks.values import normalise

_NAME = re.compile(r"--?([^=:]+)(?:([=:])(.*))?", re.DOTALL)
_NODE = re.compile(r"\s*\+?(\d+)(?:-\s*\+?(\d+))?/\s*\+?(\d+)")
_LIST = ("--users", "--groups", "--shells", "--salts")  # which of a file's hashes are loaded
_CANDIDATES = ("--wordlist", "--stdin", "--incremental", "--external")
_WITHOUT_FILES = ("--restore", "--status", "--test", "--stdout")
_MAY_LACK_FILES = (*_WITHOUT_FILES, "--make-charset")


def parse(grammar: Grammar, words: Sequence[str]) -> list[Argument]:
    """The arguments in order; operands have no name yet. Raises RefusedError."""
    return [_option(grammar, w) if w.startswith("-") else operand(w) for w in words]


def _option(grammar: Grammar, word: str) -> Argument:
    match = _NAME.fullmatch(word)
    if not match:
        raise grammar.unknown(word)
    name, _, value = match.groups()
    spelled = f"--{name}"
    option = by_prefix(grammar, grammar.long, name, spelled)
    if option.arity == "none" and value:
        raise RefusedError(Fault.BAD_VALUE, f"{spelled} takes no value")
    if option.arity == "one" and not value:
        raise RefusedError(Fault.MISSING_VALUE, f"{spelled} needs a value after '='")
    return Argument(option.name, value or None, spelled)


def check(grammar: Grammar, command: Command) -> None:
    """What goes with files, and what needs a source of candidates. Raises RefusedError."""
    names = {argument.name for argument in command.arguments}
    has_files = "file" in names
    if "--stdout" in names and names.isdisjoint(_CANDIDATES):
        raise RefusedError(Fault.MISSING_OPTION, f"john --stdout needs {' or '.join(_CANDIDATES)}")
    needless = names.intersection(_WITHOUT_FILES)
    if has_files and needless:
        reason = f"john takes no password files beside {needless.pop()}"
        raise RefusedError(Fault.EXTRA_OPTION, reason)
    wants_files = not names.isdisjoint(_LIST) or names.isdisjoint(_MAY_LACK_FILES)
    if names and wants_files and not has_files:
        raise RefusedError(Fault.MISSING_OPERAND, "john needs password files")
    fork = next(iter(command.values("--fork")), None)
    for node in command.values("--node"):
        if node and not is_unknown(node) and not is_unknown(fork or ""):
            _check_node(node, int(normalise("atoi", fork)) if fork else None)


def _check_node(text: str, processes: int | None) -> None:
    """A node's numbers lie within the total; each process that is forked is a node of its own,
    and without them the nodes do not make up all of the total."""
    match = _NODE.match(text)
    if not match:
        raise RefusedError(Fault.BAD_VALUE, f"--node: {text!r} is not MIN-MAX/TOTAL or N/TOTAL")
    first, total = int(match[1]), int(match[3])
    last = int(match[2] or first)
    nodes = last - first + 1
    if total < 2 or not 1 <= first <= last <= total or (processes is None and nodes >= total):
        raise RefusedError(Fault.BAD_VALUE, f"--node: {text!r} is no part of {total} nodes")
    if processes and ((match[2] and nodes != processes) or first + processes - 1 > total):
        reason = f"--node: {text!r} is not for {processes} processes, as --fork wants them"
        raise RefusedError(Fault.CONFLICT, reason)
