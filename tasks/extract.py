"""Exactly one command from a model's text.

The rule, in this order:
1. With fenced code blocks, only the first one that is not empty is looked at.
2. The first line that begins with a known tool or wrapper is the command, after a shell prompt
   ("$ ", "# ", "> ", "user@host:~$ "), a list number or a label ("Command: ") is taken off;
   lines that end in a backslash go on.
3. Failing that, the first inline code span in the text that begins with one.
4. Failing that, the only line there is, or the first line of the code block: a later level will
   say what is wrong with it. Prose of several lines without any of these holds no command.
"""

from __future__ import annotations

import re
from collections.abc import Collection

_FENCE = re.compile(r"^[ \t]*(```+|~~~+)[^\n]*\n(.*?)(?:^[ \t]*\1|\Z)", re.DOTALL | re.MULTILINE)
_SPAN = re.compile(r"`([^`\n]+)`")
_PROMPT = re.compile(r"(?:[\w.-]+@[\w.-]+:[^$#\s]*)?[$#>%]\s+|\d+[.)]\s+|[-*]\s+")
_LABEL = re.compile(r"(?:\*\*)?[A-Za-z][A-Za-z ]{0,24}:(?:\*\*)?\s+")
_ASSIGNMENT = re.compile(r"(?:[A-Za-z_]\w*=\S*\s+)+")
_CONTINUED = re.compile(r"\\\n[ \t]*")


def extract(text: str, names: Collection[str]) -> str | None:
    """The one command line in the text; None if there is none. `names`: tools and wrappers."""
    text = text.replace("\r\n", "\n")
    block = next((body for _, body in _FENCE.findall(text) if body.strip()), None)
    lines = _lines(text if block is None else block)
    for line in lines:
        command = _command(line, names)
        if command:
            return command
    for span in _SPAN.findall(text):
        command = _command(span, names)
        if command:
            return command
    if block is not None:
        lines = [line for line in lines if not line.startswith("#")]
    elif len(lines) > 1:
        return None
    return _bare(lines[0]) if lines else None


def _lines(text: str) -> list[str]:
    joined = _CONTINUED.sub(" ", text)
    return [line for line in map(str.strip, joined.split("\n")) if line.strip("`")]


def _bare(line: str) -> str:
    """The line without a prompt and without the backticks around it."""
    match = _PROMPT.match(line)
    line = line[match.end() :] if match else line
    return line.strip("`").strip() if line.startswith("`") and line.endswith("`") else line


def _command(line: str, names: Collection[str]) -> str | None:
    """The command of a line that holds one of the named programs at its beginning."""
    bare = _bare(line)
    label = _LABEL.match(bare)
    for candidate in (bare, _bare(bare[label.end() :]) if label else ""):
        assigned = _ASSIGNMENT.match(candidate)
        words = candidate[assigned.end() if assigned else 0 :].split(None, 1)
        if words and words[0].strip("\"'").rpartition("/")[2] in names:
            return candidate
    return None
