"""The shell's [[ ... ]]: tests of files and strings, with && || ! and parentheses."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tasks.bash.tree import Word

if TYPE_CHECKING:
    from tasks.bash.parser import Parser

_UNARY = re.compile(r"-[a-hknoprstuvwxzGLNORS]")
_BINARY = frozenset(
    ["=", "==", "!=", "=~", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-nt", "-ot", "-ef"]
)


def conditional(parser: Parser) -> tuple[Word, ...]:
    """The words of a test up to its ]], which is taken. Raises BashSyntaxError."""
    words: list[Word] = []
    _or(parser, words)
    token = parser.peek()
    if not token.word or token.word.raw != "]]":
        raise parser.complaint()
    parser.take(token)
    return tuple(words)


def _or(parser: Parser, words: list[Word]) -> None:
    _and(parser, words)
    while parser.accept("||"):
        _and(parser, words)


def _and(parser: Parser, words: list[Word]) -> None:
    _term(parser, words)
    parser.newlines()
    while parser.accept("&&"):
        _term(parser, words)
        parser.newlines()


def _term(parser: Parser, words: list[Word]) -> None:
    parser.newlines()
    if parser.accept("("):
        _or(parser, words)
        parser.expect(")")
        return
    first = _word(parser)
    if first.raw == "!":
        _term(parser, words)
    elif _UNARY.fullmatch(first.raw):
        words.append(_word(parser))
    else:
        words.append(first)
        _right_side(parser, words)


def _right_side(parser: Parser, words: list[Word]) -> None:
    """A comparison after its first word, if there is one: [[ word ]] is a test too."""
    token = parser.peek()
    if token.kind in ("<", ">"):
        parser.take(token)
        words.append(_word(parser))
    elif token.word and token.word.raw in _BINARY:
        parser.take(token)
        words.append(_word(parser, pattern=token.word.raw in ("=~", "==", "!=", "=")))


def _word(parser: Parser, *, pattern: bool = False) -> Word:
    if pattern:
        start = parser.peek()
        if start.kind in ("word", "fd", "("):
            parser.skip_blanks()
            return parser.word(assigns=False, pattern=True)
    token = parser.peek()
    if token.kind != "word" or not token.word or token.word.raw == "]]":
        raise parser.complaint()
    parser.take(token)
    return token.word
