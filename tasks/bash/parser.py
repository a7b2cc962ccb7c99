"""The shell's grammar by recursive descent, as bash 5.2 reads it.

    parse("nmap -p 80 h | grep open")  -> a Sequence; BashSyntaxError where `bash -n` complains

Source: bash 5.2 parse.y. Not followed: aliases, and options that change the syntax (posix,
extglob), which are off in a shell that runs one line.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from tasks.bash.conditional import conditional
from tasks.bash.tree import (
    AndOr,
    BashSyntaxError,
    Compound,
    Pipeline,
    Redirection,
    Sequence,
    Simple,
    Text,
    Word,
)
from tasks.bash.words import ASSIGNMENT, WordReader

_BLANK = re.compile(r"(?:[ \t]|\\\n)+")
_OPERATOR = re.compile(
    r"&&|&>>|&>|&|\|\||\|&|\||;;&|;;|;&|;|<<<|<<-|<<|<&|<>|<|>>|>&|>\||>|\(|\)|\n"
)
_FD = re.compile(r"(?:\d+|\{[A-Za-z_]\w*\})(?=[<>](?!\())", re.ASCII)
_REDIRECTIONS = frozenset(["<", ">", ">>", "<<", "<<-", "<<<", "<&", ">&", "<>", ">|", "&>", "&>>"])
_CLOSING = frozenset(["then", "do", "done", "fi", "elif", "else", "esac", "in", "}", "]]"])
_RESERVED = _CLOSING | frozenset(
    ["if", "case", "while", "until", "for", "select", "function", "coproc", "{", "[[", "!"]
)
# Builtins that take NAME=(...) as a word.
_DECLARES = frozenset(["alias", "declare", "eval", "export", "let", "local", "readonly", "typeset"])


@dataclass(frozen=True, slots=True)
class Token:
    """An operator, a word, or the end of the text (kind "end")."""

    kind: str  # "word", "fd", "end", or the operator itself
    end: int
    word: Word | None = None

    @property
    def reserved(self) -> str:
        """The word if it is written as a reserved word is, without quotes; else nothing."""
        return self.word.raw if self.word and self.word.raw in _RESERVED else ""


def parse(text: str) -> Sequence:
    """All commands in a text. Raises BashSyntaxError."""
    return Parser(text).script()


class Parser(WordReader):
    """A text, and how far it was read."""

    def __init__(self, text: str, position: int = 0) -> None:
        super().__init__(text, position)
        self._heredocs: list[Redirection] = []
        self._peeked: tuple[int, bool, Token] | None = None

    # Tokens

    def peek(self, *, assigns: bool = False) -> Token:
        """The next token, left where it is."""
        if self._peeked and self._peeked[:2] == (self.position, assigns):
            return self._peeked[2]
        start = self.position
        token = self._read(assigns)
        self.position = start
        self._peeked = (start, assigns, token)
        return token

    def _read(self, assigns: bool) -> Token:
        if blank := _BLANK.match(self.text, self.position):
            self.position = blank.end()
        if self.text.startswith("#", self.position):
            line_end = self.text.find("\n", self.position)
            self.position = len(self.text) if line_end < 0 else line_end
        if self.position >= len(self.text):
            return Token("end", self.position)
        if fd := _FD.match(self.text, self.position):
            return Token("fd", fd.end(), Word(fd[0], (), fd.start() + 1))
        operator = _OPERATOR.match(self.text, self.position)
        is_process = self.text.startswith(("<(", ">("), self.position)
        if operator and not is_process:
            return Token(operator[0], operator.end())
        word = self.word(assigns=assigns)
        return Token("word", self.position, word)

    def take(self, token: Token) -> None:
        """Go on behind a token that was peeked at."""
        self.position = token.end
        if token.kind == "\n":
            for heredoc in self._heredocs:
                self._read_body(heredoc)
            self._heredocs.clear()

    def accept(self, kind: str) -> bool:
        """Take the next token if it is that operator or reserved word."""
        token = self.peek()
        if kind in (token.kind, token.reserved):
            self.take(token)
            return True
        return False

    def expect(self, kind: str) -> None:
        """BashSyntaxError unless the next token is that operator or reserved word."""
        if not self.accept(kind):
            raise self.complaint()

    def complaint(self) -> BashSyntaxError:
        """That the next token has no place where it stands."""
        token = self.peek()
        self.skip_blanks()
        return self.unexpected(self.text[self.position : token.end])

    def skip_blanks(self) -> None:
        """Go on to the next character that is no blank."""
        blank = _BLANK.match(self.text, self.position)
        self.position = blank.end() if blank else self.position

    def newlines(self) -> None:
        """Skip line ends."""
        while self.accept("\n"):
            pass

    def _read_body(self, heredoc: Redirection) -> None:
        delimiter = "".join(
            part.text if isinstance(part, Text) else part.source for part in heredoc.target.parts
        )
        is_literal = any(isinstance(p, Text) and p.quoted for p in heredoc.target.parts)
        lines = []
        while self.position < len(self.text):
            end = self.text.find("\n", self.position)
            end = len(self.text) if end < 0 else end
            line = self.text[self.position : end]
            self.position = min(end + 1, len(self.text))
            line = line.lstrip("\t") if heredoc.operator == "<<-" else line
            if line == delimiter:
                break
            lines.append(line + "\n")
        body = "".join(lines)
        heredoc.body = _heredoc_word(body, is_literal)

    # Lists

    def script(self) -> Sequence:
        """Everything, line by line."""
        items: list[AndOr] = []
        self.newlines()
        while self.peek().kind != "end":
            items += self._list(line_ends=False)
            if self.peek().kind not in ("\n", "end"):
                raise self.complaint()
            self.newlines()
        return Sequence(tuple(items))

    def commands(self) -> Sequence:
        """The list of commands within a compound one; it must hold one."""
        self.newlines()
        return Sequence(tuple(self._list(line_ends=True)))

    def _list(self, *, line_ends: bool) -> list[AndOr]:
        items = [self._and_or()]
        while True:
            token = self.peek()
            if token.kind not in (";", "&") and not (line_ends and token.kind == "\n"):
                return items
            self.take(token)
            if line_ends:
                self.newlines()
            if not self._begins_command():
                return items
            items.append(self._and_or())

    def _begins_command(self) -> bool:
        token = self.peek(assigns=True)
        if token.kind == "word":
            return token.reserved not in _CLOSING
        return token.kind in ("fd", "(") or token.kind in _REDIRECTIONS

    def _and_or(self) -> AndOr:
        pipelines = [self._pipeline()]
        operators = []
        while (token := self.peek()).kind in ("&&", "||"):
            self.take(token)
            operators.append(token.kind)
            self.newlines()
            pipelines.append(self._pipeline())
        ending = self.peek().kind
        return AndOr(tuple(pipelines), tuple(operators), ending if ending in (";", "&") else "")

    def _pipeline(self) -> Pipeline:
        is_prefixed, negated = False, False
        while prefix := self._prefix():
            is_prefixed, negated = True, negated ^ (prefix == "!")
        if is_prefixed and self.peek().kind in (";", "\n", "end"):
            return Pipeline((), negated)
        commands = [self._command()]
        while (token := self.peek()).kind in ("|", "|&"):
            self.take(token)
            self.newlines()
            commands.append(self._command())
        return Pipeline(tuple(commands), negated)

    def _prefix(self) -> str:
        """`!` and `time` with its options, taken."""
        token = self.peek()
        prefix = token.word.raw if token.word and token.word.raw in ("!", "time") else ""
        if not prefix:
            return ""
        self.take(token)
        if prefix == "time":
            for option in ("-p", "--"):
                following = self.peek()
                if following.word and following.word.raw == option:
                    self.take(following)
        return prefix

    # Commands

    def _command(self) -> Simple | Compound:
        compound = self._compound()
        if compound:
            return _redirected(compound, self._redirections())
        token = self.peek(assigns=True)
        if token.reserved == "function":
            return self._function()
        if token.reserved == "coproc":
            return self._coproc()
        if token.reserved:
            raise self.complaint()
        return self._simple()

    def _compound(self) -> Compound | None:
        """A compound command without what may follow it; None if none begins here."""
        token = self.peek(assigns=True)
        if token.kind == "(":
            return self._parenthesis(token)
        reader = _COMPOUNDS.get(token.reserved)
        if reader is None:
            return None
        self.take(token)
        return reader(self)

    def _simple(self) -> Simple | Compound:
        assignments: list[Word] = []
        words: list[Word] = []
        redirections: list[Redirection] = []
        while True:
            declares = bool(words) and words[0].raw in _DECLARES
            token = self.peek(assigns=not words or declares)
            if token.kind == "fd" or token.kind in _REDIRECTIONS:
                redirections.append(self._redirection())
            elif token.word:
                self.take(token)
                is_first = not words and ASSIGNMENT.match(token.word.raw) is not None
                (assignments if is_first else words).append(token.word)
            elif token.kind == "(" and len(words) == 1 and not assignments and not redirections:
                return self._function_body(words[0].raw)
            elif assignments or words or redirections:
                return Simple(tuple(assignments), tuple(words), tuple(redirections))
            else:
                raise self.complaint()

    def _redirections(self) -> tuple[Redirection, ...]:
        found = []
        while (token := self.peek()).kind == "fd" or token.kind in _REDIRECTIONS:
            found.append(self._redirection())
        if found and token.kind == "word":  # no reserved word is seen after a redirection
            raise self.complaint()
        return tuple(found)

    def _redirection(self) -> Redirection:
        token = self.peek()
        fd = token.word.raw if token.kind == "fd" and token.word else ""
        if fd:
            self.take(token)
            token = self.peek()
        self.take(token)
        following = self.peek()
        digits = following.word.raw if following.kind == "fd" and following.word else ""
        if token.kind in (">&", "<&") and following.word and digits.isdigit():
            self.take(following)  # `2>&1>x` is two redirections
            target = following.word
        else:
            target = self._any_word()
        redirection = Redirection(token.kind, fd, target)
        if token.kind in ("<<", "<<-"):
            self._heredocs.append(redirection)
        return redirection

    def _any_word(self) -> Word:
        token = self.peek()
        if token.kind != "word" or not token.word:
            raise self.complaint()
        self.take(token)
        return token.word

    # Compound commands

    def _parenthesis(self, token: Token) -> Compound:
        start = token.end - 1
        if self.text.startswith("((", start) and self._arithmetic(start):
            return Compound("((")
        self.position = token.end
        body = self.commands()
        self.expect(")")
        return Compound("(", bodies=(body,))

    def _arithmetic(self, start: int) -> bool:
        """((...)); if the parentheses do not close together, they are subshells."""
        self.position = start + 2
        self.matched("(", ")", start)
        if self.text.startswith(")", self.position):
            self.position += 1
            return True
        return False

    def _brace_group(self) -> Compound:
        body = self.commands()
        self.expect("}")
        return Compound("{", bodies=(body,))

    def _if(self) -> Compound:
        bodies = [self.commands()]
        self.expect("then")
        bodies.append(self.commands())
        while self.accept("elif"):
            bodies.append(self.commands())
            self.expect("then")
            bodies.append(self.commands())
        if self.accept("else"):
            bodies.append(self.commands())
        self.expect("fi")
        return Compound("if", bodies=tuple(bodies))

    def _while(self) -> Compound:
        condition = self.commands()
        self.expect("do")
        body = self.commands()
        self.expect("done")
        return Compound("while", bodies=(condition, body))

    def _for(self) -> Compound:
        token = self.peek()
        if token.kind == "(":
            return self._counting(token)
        name = self._any_word().raw
        if not self.accept(";"):
            self.newlines()
            words = self._in()
        else:
            words = None
        return Compound("for", name, words, (self._loop_body(),))

    def _counting(self, token: Token) -> Compound:
        """for ((a; b; c))"""
        start = token.end - 1
        if not self.text.startswith("((", start) or not self._arithmetic(start):
            raise self.complaint()
        if self.text.count(";", start, self.position) != 2:
            raise BashSyntaxError("for ((...)) needs three expressions with ; between them")
        if not self.accept(";"):
            self.newlines()
        return Compound("for", bodies=(self._loop_body(),))

    def _in(self) -> tuple[Word, ...] | None:
        """The words after `in` and the end of their line; None if there is no `in`."""
        token = self.peek()
        if not token.word or token.word.raw != "in":
            return None
        self.take(token)
        words = []
        while (token := self.peek()).word and token.kind == "word":
            self.take(token)
            words.append(token.word)
        if token.kind not in (";", "\n"):
            raise self.complaint()
        self.take(token)
        return tuple(word for word in words if word)

    def _loop_body(self) -> Sequence:
        self.newlines()
        closing = "}" if self.accept("{") else "done"
        if closing == "done":
            self.expect("do")
        body = self.commands()
        self.expect(closing)
        return body

    def _case(self) -> Compound:
        words = [self._any_word()]
        self.newlines()
        token = self.peek()
        if not token.word or token.word.raw != "in":
            raise self.complaint()
        self.take(token)
        self.newlines()
        bodies = []
        while not self.accept("esac"):
            words += self._patterns()
            self.newlines()
            if self._begins_command():
                bodies.append(self.commands())
            if self.peek().kind not in (";;", ";&", ";;&"):
                self.expect("esac")
                break
            self.take(self.peek())
            self.newlines()
        return Compound("case", words=tuple(words), bodies=tuple(bodies))

    def _patterns(self) -> list[Word]:
        self.accept("(")
        words = [self._any_word()]
        while self.accept("|"):
            words.append(self._any_word())
        self.expect(")")
        return words

    def _function(self) -> Compound:
        """function NAME [()] BODY"""
        self.take(self.peek(assigns=True))
        name = self._any_word().raw
        if self.peek().kind == "(" and not self.text.startswith("((", self.peek().end - 1):
            position = self.position
            self.accept("(")
            if not self.accept(")"):
                self.position = position
        return self._body(name)

    def _function_body(self, name: str) -> Compound:
        """NAME () BODY, after the name"""
        self.expect("(")
        self.expect(")")
        return self._body(name)

    def _body(self, name: str) -> Compound:
        self.newlines()
        body = self._compound()
        if body is None:
            raise self.complaint()
        body = _redirected(body, self._redirections())
        return Compound("function", name, bodies=(_alone(body),))

    def _coproc(self) -> Compound:
        self.take(self.peek(assigns=True))
        body: Simple | Compound | None = self._compound()
        name = ""
        if body is None:
            token = self.peek(assigns=True)
            position = self.position
            if token.kind == "word" and not token.reserved:
                self.take(token)
                body, name = self._compound(), token.word.raw if token.word else ""
            if body is None:
                self.position, name = position, ""
                body = self._command()
        if isinstance(body, Compound):
            body = _redirected(body, self._redirections())
        return Compound("coproc", name, bodies=(_alone(body),))

    def _test(self) -> Compound:
        return Compound("[[", words=conditional(self))

    # Substitutions

    def substitution(self) -> Sequence:
        """The commands up to a closing parenthesis, which is taken."""
        inner = Parser(self.text, self.position)
        inner.newlines()
        found = Sequence(()) if inner.peek().kind == ")" else inner.commands()
        inner.expect(")")
        self.position = inner.position
        known = {heredoc.target.column for heredoc in self._heredocs}
        # Heredocs whose text did not begin yet go on after the line that holds the substitution.
        self._heredocs += [h for h in inner._heredocs if h.target.column not in known]
        return found

    def later(self, text: str) -> Sequence | None:
        """The commands in backticks; None if the shell would complain when it runs them."""
        try:
            return parse(text)
        except BashSyntaxError:
            return None


_COMPOUNDS: dict[str, Callable[[Parser], Compound]] = {
    "{": Parser._brace_group,
    "if": Parser._if,
    "while": Parser._while,
    "until": Parser._while,
    "for": Parser._for,
    "select": Parser._for,
    "case": Parser._case,
    "[[": Parser._test,
}


def _alone(command: Simple | Compound) -> Sequence:
    return Sequence((AndOr((Pipeline((command,), negated=False),), (), ""),))


def _redirected(compound: Compound, redirections: tuple[Redirection, ...]) -> Compound:
    return Compound(compound.kind, compound.name, compound.words, compound.bodies, redirections)


def _heredoc_word(body: str, is_literal: bool) -> Word:
    """The lines of a heredoc as one quoted word; unless literal, with what is expanded in it."""
    if is_literal or not re.search(r"[$`\\]", body):
        return Word(body, (Text(body, quoted=True),), 0)
    escaped = body.replace('"', '\\"')
    try:
        return Parser(f'"{escaped}"').word(assigns=False)
    except BashSyntaxError:
        return Word(body, (Text(body, quoted=True),), 0)
