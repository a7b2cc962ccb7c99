"""Words as bash reads them: quotes, backslashes, and everything that begins with a dollar sign.

Source: bash 5.2 parse.y, read_token_word, parse_matched_pair and parse_comsub.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod

from tasks.bash.tree import BashSyntaxError, Output, Part, Sequence, Text, Variable, Word
from tasks.quoting import ansi_c

_PLAIN = re.compile(r"[^\\'\"`$<>()|&; \t\n\[]+")
_IN_DOUBLE = re.compile(r'[^\\"`$]+')
_ANSI = re.compile(r"\$'((?:[^'\\]|\\.)*)'", re.DOTALL)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SPECIAL = frozenset("0123456789@*#?!$-")
ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\[.*\])?\+?=", re.DOTALL)
_INSIDE = re.compile(r"[^\\'\"`$(){}\[\]<>]+")


class WordReader(ABC):
    """A place in a text from which words are read."""

    def __init__(self, text: str, position: int = 0) -> None:
        self.text = text
        self.position = position

    @abstractmethod
    def substitution(self) -> Sequence:
        """The commands up to a closing parenthesis, which is taken."""

    def word(self, *, assigns: bool, pattern: bool = False) -> Word:
        """The word that begins here. With `assigns`, NAME[...] and NAME=(...) are part of it;
        a `pattern` is the right side of =~, where parentheses and bars are too."""
        start = self.position
        parts: list[Part] = []
        while self.position < len(self.text):
            char = self.text[self.position]
            if match := _PLAIN.match(self.text, self.position):
                self.position = match.end()
                parts.append(Text(match[0], quoted=False))
            elif char in "<>" and self.text.startswith("(", self.position + 1):
                parts.append(self._process())
            elif char in "[(" and self._takes(char, start, assigns, pattern):
                parts.append(self._bracketed(char, pattern))
            elif char == "|" and pattern:
                parts.append(self._raw(1))
            elif char in "<>()|&; \t\n":
                break
            elif char == "[":
                parts.append(self._raw(1))
            else:
                parts += self._quoted(char)
        return Word(self.text[start : self.position], tuple(parts), start + 1)

    def _raw(self, length: int) -> Text:
        self.position += length
        return Text(self.text[self.position - length : self.position], quoted=False)

    def _takes(self, char: str, start: int, assigns: bool, pattern: bool) -> bool:
        """Whether a bracket goes on with the word instead of standing for itself or ending it."""
        before = self.text[start : self.position]
        if char == "(" and pattern:
            return True
        if not assigns or not before:
            return False
        if char == "[":
            return _NAME.fullmatch(before) is not None
        match = ASSIGNMENT.match(before)
        return match is not None and match.end() == len(before)

    def _bracketed(self, char: str, pattern: bool) -> Part:
        start = self.position
        self.position += 1
        if char == "(" and not pattern:
            self._array()
        else:
            self.matched(char, "]" if char == "[" else ")", start, expands=True)
        return Text(self.text[start : self.position], quoted=True)

    def _array(self) -> None:
        """The words of NAME=(a b), up to the closing parenthesis."""
        start = self.position
        while self.position < len(self.text):
            char = self.text[self.position]
            if char in " \t\n":
                self.position += 1
            elif char == "#":
                end = self.text.find("\n", self.position)
                self.position = len(self.text) if end < 0 else end
            elif char == ")":
                self.position += 1
                return
            elif char in "|&;(" or (char in "<>" and self.text[self.position + 1 :][:1] != "("):
                raise self.unexpected(char)
            else:
                self.word(assigns=False)
        raise self.unclosed("(", start)

    def _quoted(self, char: str) -> list[Part]:
        """What begins with a backslash, a quote, a backtick or a dollar sign."""
        start = self.position
        if char == "\\":
            escaped = self.text[start + 1 : start + 2]
            self.position = start + 2 if escaped else start + 1
            return [] if escaped == "\n" else [Text(escaped or "\\", quoted=True)]
        if char == "'":
            end = self.text.find("'", start + 1)
            if end < 0:
                raise self.unclosed("'", start)
            self.position = end + 1
            return [Text(self.text[start + 1 : end], quoted=True)]
        if char == '"':
            return self._double()
        return [self._backticks(quoted=False)] if char == "`" else self._dollar(quoted=False)

    def _double(self) -> list[Part]:
        """Between double quotes a backslash is special only before $ ` " \\ and a line end."""
        start = self.position
        self.position += 1
        parts: list[Part] = [Text("", quoted=True)]
        while self.position < len(self.text):
            char = self.text[self.position]
            if match := _IN_DOUBLE.match(self.text, self.position):
                self.position = match.end()
                parts.append(Text(match[0], quoted=True))
            elif char == '"':
                self.position += 1
                return parts
            elif char == "\\":
                escaped = self.text[self.position + 1 : self.position + 2]
                self.position += 2
                if escaped != "\n":
                    kept = escaped if escaped in '$`"\\' else "\\" + escaped
                    parts.append(Text(kept, quoted=True))
            elif char == "`":
                parts.append(self._backticks(quoted=True))
            else:
                parts += self._dollar(quoted=True)
        raise self.unclosed('"', start)

    def _backticks(self, *, quoted: bool) -> Output:
        """The shell looks into backticks only when it runs them, so a mistake in them is none."""
        start = self.position
        end = start + 1
        while end < len(self.text) and self.text[end] != "`":
            end += 2 if self.text[end] == "\\" else 1
        if end >= len(self.text):
            raise self.unclosed("`", start)
        self.position = end + 1
        inner = re.sub(r"\\([$`\\])", r"\1", self.text[start + 1 : end])
        return Output(self.text[start : end + 1], self.later(inner), quoted)

    @abstractmethod
    def later(self, text: str) -> Sequence | None:
        """The commands in a text that is parsed when it runs; None if it has a mistake."""

    def _dollar(self, *, quoted: bool) -> list[Part]:
        start = self.position
        after = self.text[start + 1 : start + 2]
        if after == "'" and not quoted:
            match = _ANSI.match(self.text, start)
            if not match:
                raise self.unclosed("'", start + 1)
            self.position = match.end()
            return [Text(ansi_c(match[1]), quoted=True)]
        if after == '"' and not quoted:
            self.position += 1
            return self._double()
        if after and after in "({[":
            return [self._dollar_bracket(after, quoted=quoted)]
        if match := _NAME.match(self.text, start + 1):
            self.position = match.end()
            return [Variable(f"${match[0]}", match[0], quoted)]
        self.position += 2 if after and after in _SPECIAL else 1
        source = self.text[start : self.position]
        return [Variable(source, "", quoted) if len(source) > 1 else Text("$", quoted)]

    def _dollar_bracket(self, bracket: str, *, quoted: bool) -> Part:
        start = self.position
        self.position += 2
        if bracket == "(" and not self.text.startswith("(", start + 2):
            script = self.substitution()
            return Output(self.text[start : self.position], script, quoted)
        closing = {"(": ")", "{": "}", "[": "]"}[bracket]
        is_brace = bracket == "{"
        self.matched("" if is_brace else bracket, closing, start + 1, expands=is_brace)
        source = self.text[start : self.position]
        if not is_brace:
            return Output(source, None, quoted)
        name = source[2:-1]
        return Variable(source, name if _NAME.fullmatch(name) else "", quoted)

    def _process(self) -> Output:
        start = self.position
        self.position += 2
        script = None
        if self.text.startswith("(", self.position):
            self.matched("(", ")", start + 1)  # read like arithmetic
        else:
            script = self.substitution()
        return Output(self.text[start : self.position], script, quoted=True, is_file=True)

    def matched(self, opening: str, closing: str, start: int, *, expands: bool = False) -> None:
        """Up to the bracket that closes the one at `start`; quotes hide brackets. Within ${...}
        and subscripts the shell `expands`: it reads what begins with a dollar sign there."""
        depth = 1
        while self.position < len(self.text):
            char = self.text[self.position]
            if match := _INSIDE.match(self.text, self.position):
                self.position = match.end()
            elif char == "\\":
                self.position += 2
            elif char in "'\"`" or (char == "$" and expands):
                self._quoted(char)
            elif expands and char in "<>" and self.text.startswith("(", self.position + 1):
                self._process()
            else:
                self.position += 1
                depth += (char == opening) - (char == closing)
                if depth == 0:
                    return
        raise self.unclosed(self.text[start], start)

    def unclosed(self, what: str, start: int) -> BashSyntaxError:
        return BashSyntaxError(f"the shell misses the end of the {what} at column {start + 1}")

    def unexpected(self, what: str) -> BashSyntaxError:
        shown = repr(what) if what.strip() else "the end of the line"
        return BashSyntaxError(f"the shell does not expect {shown} at column {self.position + 1}")
