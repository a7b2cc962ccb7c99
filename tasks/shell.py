"""From one command line to the words that the shell would pass to one program.

tree-sitter-bash says what is a command and what is a word (99.78% agreement with `bash -n` on
7,806 commands); quoting is then resolved here. Wrappers such as sudo are taken off. What needs a
running shell to decide (pipelines, several commands, variables, substitutions) is undecidable.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import tree_sitter
import tree_sitter_bash

from tasks.quoting import UndecidedError, resolve
from tasks.types import Argument
from tasks.wrappers import COMMAND_STRING, SHELLS, check_assignment, unwrap

_DEPTH = 3  # of `bash -c` in `bash -c`

# tree-sitter-bash 0.25.1 calls isalpha() on code points and so reads outside the C library's table:
# U+10D69A after "{" is a segmentation fault. To the shell every character outside ASCII is an
# ordinary one, so the parser is shown a dot for each; positions stay the same.
_ORDINARY = re.compile(r"[^\x01-\x7f]")

_REASONS = {
    "pipeline": "a pipeline: which command does the work is not decided here",
    "list": "several commands joined by && or ||",
    "for_statement": "a loop",
    "c_style_for_statement": "a loop",
    "while_statement": "a loop",
    "if_statement": "a condition",
    "case_statement": "a condition",
    "subshell": "a subshell",
    "compound_statement": "a group of commands",
    "function_definition": "a function definition",
    "negated_command": "a negated command",
    "test_command": "a shell test",
    "variable_assignment": "an assignment and no command",
    "variable_assignments": "an assignment and no command",
    "declaration_command": "a declaration",
    "herestring_redirect": "input given in the command line",
    "heredoc_redirect": "input given in the command line",
}


class BashSyntaxError(Exception):
    """The shell would refuse the line; the message says where."""


@dataclass(frozen=True, slots=True)
class Simple:
    """One program call: argv with quoting resolved, and the files that the shell opens.

    `redirections` are Arguments named ">", ">>" or "<" with the file as value. `wrappers` are
    the names of the programs taken off, outermost first.
    """

    argv: tuple[str, ...]
    redirections: tuple[Argument, ...]
    wrappers: tuple[str, ...]


@cache
def _parser() -> tree_sitter.Parser:
    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_bash.language()))


def read(line: str, depth: int = 0) -> Simple:
    """The program call in one command line, wrappers taken off.

    Raises BashSyntaxError, or UndecidedError with the reason.
    """
    if "\0" in line:
        raise BashSyntaxError("the line holds a NUL character")
    root = _parser().parse(_ORDINARY.sub(".", line).encode()).root_node
    if root.has_error:
        raise BashSyntaxError(_where(root, line))
    words, redirections = _words(_only_statement(root), line)
    argv, wrappers = unwrap(words)
    if argv[0].rpartition("/")[2] in SHELLS:
        inner = _nested(argv, depth)
        wrappers += (argv[0], *inner.wrappers)
        return Simple(inner.argv, redirections + inner.redirections, wrappers)
    return Simple(argv, redirections, wrappers)


def _nested(argv: tuple[str, ...], depth: int) -> Simple:
    """What `bash -c STRING` runs."""
    if len(argv) != 3 or not COMMAND_STRING.fullmatch(argv[1]):
        raise UndecidedError(f"{argv[0]} runs something other than one command string")
    if depth == _DEPTH:
        raise UndecidedError("shells inside shells")
    return read(argv[2], depth + 1)


def _where(root: tree_sitter.Node, line: str) -> str:
    for node in _all(root):
        column = node.start_point.column + 1
        if node.is_missing:
            return f"the shell expects {node.type} at column {column}"
        if node.type == "ERROR":
            return f"the shell cannot parse {_text(node, line)[:30]!r} at column {column}"
    return "the shell cannot parse the line"


def _all(node: tree_sitter.Node) -> Iterator[tree_sitter.Node]:
    yield node
    for child in node.children:
        if child.has_error or child.is_missing or child.type == "ERROR":
            yield from _all(child)


def _only_statement(root: tree_sitter.Node) -> tree_sitter.Node:
    statements = [child for child in root.named_children if child.type != "comment"]
    if not statements:
        raise BashSyntaxError("there is no command in the line")
    if any(child.type == "&" for child in root.children):
        raise UndecidedError("a command in the background")
    if len(statements) > 1:
        raise UndecidedError("several commands")
    return statements[0]


def _words(statement: tree_sitter.Node, line: str) -> tuple[list[str], tuple[Argument, ...]]:
    """The words and the redirections of a simple command."""
    redirections: list[Argument] = []
    if statement.type == "redirected_statement":
        body = statement.child_by_field_name("body")
        for node in statement.children_by_field_name("redirect"):
            redirections += _redirection(node, line)
        if body is None:
            raise UndecidedError("a redirection and no command")
        statement = body
    if statement.type != "command":
        raise UndecidedError(_REASONS.get(statement.type, f"a {statement.type.replace('_', ' ')}"))
    words = []
    for node in statement.children:
        text = _text(node, line)
        if node.type == "variable_assignment":
            check_assignment(text)
        elif node.type.endswith("redirect"):
            redirections += _redirection(node, line)
        elif node.type == "process_substitution":
            raise UndecidedError(f"{text} is the output of a command")
        elif node.is_named or node.type not in ("\n", ";"):
            words.append(resolve(text))
    return words, tuple(redirections)


def _text(node: tree_sitter.Node, line: str) -> str:
    return line[node.start_byte : node.end_byte]


def _redirection(node: tree_sitter.Node, line: str) -> list[Argument]:
    """A file that is written or read; none for /dev/null and for 2>&1."""
    if node.type != "file_redirect":
        raise UndecidedError(_REASONS.get(node.type, "a redirection"))
    spelled = _text(node, line)
    operator = next(child.type for child in node.children if not child.is_named)
    destination = node.child_by_field_name("destination")
    target = resolve(_text(destination, line)) if destination else ""
    if target == "/dev/null" or operator in (">&", "<&") or operator.endswith("&-"):
        return []
    kind = {"<": "<", ">>": ">>", "&>>": ">>"}.get(operator, ">")
    return [Argument(kind, target, spelled)]
