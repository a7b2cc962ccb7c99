"""Quotes of the shell: the words of a plain line, and the escapes of $'...'.

Most commands hold no more than words and simple quotes; they are split here at once, and only
the others are put to the parser in `tasks/bash`.
"""

from __future__ import annotations

import re

_ANSI = {
    "a": "\a",
    "b": "\b",
    "e": "\x1b",
    "E": "\x1b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
    "\\": "\\",
    "'": "'",
    '"': '"',
    "?": "?",
}
_ANSI_ESCAPE = re.compile(
    r"\\(?:x([0-9A-Fa-f]{1,2})|u([0-9A-Fa-f]{1,4})|U([0-9A-Fa-f]{1,8})|([0-7]{1,3})|c(.)|(.))",
    re.DOTALL,
)
# Characters that mean nothing to the shell in any place; brackets, braces, tildes, "#", "!" and
# "=" in the first word (an assignment) are not among them, nor is any character outside ASCII.
_BARE = r"[\w./:,@%+^?=-]"
_PLAIN_LINE = re.compile(
    rf"[ \t]*[\w./:,@%+-]+(?:[ \t]+(?:{_BARE}++|'[^'\n]*'|\"[^\"$`\\\n]*\")+)*[ \t]*", re.ASCII
)
_WORD = re.compile(r"(?:[^\s'\"]|'[^']*'|\"[^\"]*\")+")
_QUOTED = re.compile(r"'([^']*)'|\"([^\"]*)\"")
_RESERVED = frozenset(
    [
        "if",
        "then",
        "else",
        "elif",
        "fi",
        "do",
        "done",
        "case",
        "esac",
        "while",
        "until",
        "for",
        "in",
        "function",
        "time",
        "select",
        "coproc",
    ]
)


def plain_words(line: str) -> list[str] | None:
    """The words of a line that holds one program call and nothing to expand; None for others."""
    if not _PLAIN_LINE.fullmatch(line):
        return None
    if "'" not in line and '"' not in line:
        words = line.split()
    else:
        words = [
            _QUOTED.sub(lambda match: match[1] or match[2] or "", word)
            if "'" in word or '"' in word
            else word
            for word in _WORD.findall(line)
        ]
    if words[0] in _RESERVED or any(word[0] in "/." and "?" in word for word in words if word):
        return None
    return words


def ansi_c(text: str) -> str:
    """What $'text' stands for; like a string of C it ends at a NUL."""
    return _ANSI_ESCAPE.sub(_ansi, text).partition("\0")[0]


def _ansi(match: re.Match[str]) -> str:
    hex2, hex4, hex8, octal, control, char = match.groups()
    code = hex2 or hex4 or hex8
    if code:
        number = int(code, 16)
        return chr(number) if number < 0x110000 else match[0]
    if octal:
        return chr(int(octal, 8) & 0xFF)
    if control:
        return chr(ord(control.upper()) & 0x1F)
    return _ANSI.get(char, "\\" + char)
