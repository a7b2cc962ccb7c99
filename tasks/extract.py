"""Exactly one command from a model's text.

The rule, in this order:
1. With fenced code blocks, only the first one that is not empty is looked at.
2. The first line that begins with a known tool or wrapper is the command, after a shell prompt
   ("$ ", "# ", "> ", "user@host:~$ "), a list number or a label ("Command: ") is taken off;
   lines that end in a backslash go on, and so do those that leave a quote or heredoc open.
3. Failing that, the first inline code span in the text that begins with one and goes on.
4. Failing that, the only line there is, or the first line of the code block: a later level will
   say what is wrong with it. Prose of several lines without any of these holds no command, and
   neither does a line that is a sentence ("I cannot help with that.", "nmap cannot do this").
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from contextlib import suppress

from tasks.bash.parser import parse
from tasks.bash.tree import BashSyntaxError
from tasks.prose import is_prose, speaks_of

_FENCE = re.compile(r"^[ \t]*(```+|~~~+)[^\n]*\n(.*?)(?:^[ \t]*\1|\Z)", re.DOTALL | re.MULTILINE)
_SPAN = re.compile(r"`([^`\n]+)`")
_PROMPT = re.compile(r"(?:[\w.-]+@[\w.-]+:[^$#\s]*)?[$#>%]\s+|\d+[.)]\s+|[-*]\s+")
_LABEL = re.compile(r"(?:\*\*)?[A-Za-z][A-Za-z ]{0,24}:(?:\*\*)?\s+")
_ASSIGNMENT = re.compile(r"(?:[A-Za-z_]\w*=\S*\s+)+")
_HEREDOC = re.compile(r"<<-?\s*['\"\\]?(\w+)")
_LONGEST = 60  # lines of one command
_CONTINUED = re.compile(r"\\\n[ \t]*")


def extract(text: str, names: Collection[str]) -> str | None:
    """The one command line in the text; None if there is none. `names`: tools and wrappers."""
    text = text.replace("\r\n", "\n")
    block = _block(text)
    source = _CONTINUED.sub(" ", text if block is None else block)
    command = next(_commands(source, text, names), None)
    if command:
        return command
    lines = _lines(source)
    if block is not None:
        lines = [line for line in lines if not line.startswith("#")]
    elif len(lines) > 1:
        return None
    line = _bare(lines[0]) if lines else ""
    return None if is_prose(line) else line or None


def command_lines(text: str, names: Collection[str]) -> list[str]:
    """Every line and code span that begins with one of the named programs, in all of the text."""
    text = text.replace("\r\n", "\n")
    return list(_commands(_CONTINUED.sub(" ", text), text, names))


def _block(text: str) -> str | None:
    return next((body for _, body in _FENCE.findall(text) if body.strip()), None)


def _commands(source: str, text: str, names: Collection[str]) -> Iterator[str]:
    """The commands on the lines of a source, then those in the text's code spans. A span of one
    word names a program and does not call it."""
    lines = source.split("\n")
    for i, line in enumerate(lines):
        command = _command(line.strip(), names)
        if command:
            yield _completed(command, lines[i + 1 :]) if _may_go_on(command) else command
    for span in _SPAN.findall(text) if "`" in text else ():
        command = _command(span, names) if " " in span.strip() else None
        if command:
            yield command


def _may_go_on(command: str) -> bool:
    return command.count("'") % 2 + command.count('"') % 2 > 0 or "<<" in command


def _completed(command: str, following: list[str]) -> str:
    """The command with the lines that its quotes or its heredoc go on to; if they never end, the
    line alone, which a later level will complain of."""
    left = following[:_LONGEST]
    heredoc = _HEREDOC.search(command)
    if heredoc and heredoc[1] in (line.strip() for line in left):
        end = [line.strip() for line in left].index(heredoc[1])
        return "\n".join((command, *left[: end + 1]))
    for end in range(len(left) + 1):
        text = "\n".join((command, *left[:end]))
        with suppress(BashSyntaxError):
            parse(text)
            return text
    return command


def _lines(source: str) -> list[str]:
    return [line for line in map(str.strip, source.split("\n")) if line.strip("`")]


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
            return None if speaks_of(words) else candidate
    return None
