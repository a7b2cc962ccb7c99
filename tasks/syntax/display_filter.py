"""Display filters, as tshark -Y takes them: fields, comparisons, functions, sets and slices.

display_text('http.request && ip.src eq 10.0.0.1') -> 'http.request and ip.src == 10.0.0.1'
display_text("tcp port 80")                        -> ValueError: that is a capture filter

Values are held against the types of common fields; an unlisted field takes any value.
Source: Wireshark 4.0 epan/dfilter (scanner.l, grammar.lemon) and the binary.
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address

from tasks.syntax.tshark_names import field_type

_COMPARISONS = {
    **{sign: sign for sign in ("==", "!=", "===", "!==", ">", "<", ">=", "<=", "~")},
    **{"eq": "==", "any_eq": "==", "ne": "!=", "all_ne": "!=", "all_eq": "===", "any_ne": "!=="},
    **{"~=": "!==", "gt": ">", "lt": "<", "ge": ">=", "le": "<="},
    **{"contains": "contains", "matches": "~"},
}
_JOINS = {"and": "and", "&&": "and", "or": "or", "||": "or"}
_ARITHMETIC = {"+", "-", "*", "/", "%", "&", "bitand", "bitwise_and"}
_FUNCTIONS = {"len", "count", "upper", "lower", "string", "max", "min", "abs"}
_TOKEN = re.compile(
    r"""\s+
    | (?P<string>[rR]?"(?:[^"\\]|\\.)*") | (?P<char>'(?:[^'\\]|\\[^x0-7]|\\x[0-9a-fA-F]+|\\[0-7]+)')
    | (?P<sign>===|!==|==|!=|~=|>=|<=|&&|\|\||\.\.|[<>!~()\[\]{},+*/%&\#])
    | (?P<word>[-:.A-Za-z0-9_]*[A-Za-z0-9_:](?:/[0-9]+(?:\.[0-9]+){0,3})?)
    | (?P<minus>-)""",
    re.VERBOSE,
)
_RANGE = re.compile(r"(.*[^.])\.\.([^.].*)")
_NUMBER = re.compile(r"[+-]?(?:0[xX][0-9a-fA-F]+|0[bB][01]+|\d+)")
_FLOAT = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_BYTES = re.compile(r":?[0-9A-Fa-f]{1,2}(?:[:.-]?[0-9A-Fa-f]{2})*:?")
_MAC = re.compile(
    r"[0-9A-Fa-f]{1,2}(?:[:.-][0-9A-Fa-f]{1,2}){5}|[0-9A-Fa-f]{4}(?:\.[0-9A-Fa-f]{4}){2}"
)


@lru_cache(maxsize=65536)
def display_text(text: str) -> str:
    """The filter with one spelling of each operator. Raises ValueError if tshark refuses it."""
    reader = _Reader(_words(text))
    if not reader.words:
        return ""
    shown = reader.tests()
    if reader.at < len(reader.words):
        raise ValueError(f"{reader.words[reader.at]!r} has no place there in a display filter")
    return shown


def _words(text: str) -> list[str]:
    words = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if not match:
            raise ValueError(f"{text[at : at + 12]!r} has no place in a display filter")
        if match.lastgroup:
            words += _split_range(match[0]) if match.lastgroup == "word" else [match[0]]
        at = match.end()
    return words


def _split_range(word: str) -> list[str]:
    """ "443..500" is three words."""
    found = _RANGE.fullmatch(word)
    return [found[1], "..", found[2]] if found else [word]


class _Reader:
    """The words of a filter, and the rules of the grammar; each returns canonical text."""

    def __init__(self, words: list[str]) -> None:
        self.words = words
        self.at = 0

    def tests(self) -> str:
        """Tests joined by and / or."""
        parts = [self._test()]
        while self._peek() in _JOINS:
            parts += [_JOINS[self._take()], self._test()]
        return " ".join(parts)

    def _test(self) -> str:
        word = self._peek()
        if word in ("not", "!"):
            self._take()
            return f"not {self._test()}"
        if word == "(":
            self._take()
            inner = self.tests()
            self._expect(")")
            return f"({inner})"
        quantifier = ""
        if word in ("any", "all") and self._peek(1) and self._peek(1) not in _COMPARISONS:
            quantifier = f"{self._take()} "
        left, kind = self._operand()
        if self._peek() == "in":
            self._take()
            return f"{quantifier}{left} in {self._set(kind)}"
        if self._peek() not in _COMPARISONS:
            self._check_existence(left, kind, quantifier)
            return left
        text = quantifier + left
        while self._peek() in _COMPARISONS:
            operator = _COMPARISONS[self._take()]
            right, right_kind = self._operand()
            _check_pair(left, kind, operator, right, right_kind)
            text += f" {operator} {right}"
            left, kind = right, right_kind
        return text

    def _check_existence(self, left: str, kind: str | None, quantifier: str) -> None:
        if kind is None or quantifier:
            raise ValueError(f"{left} is neither a field nor a protocol")

    def _operand(self) -> tuple[str, str | None]:
        """A field, function, value or a calculation; with the type of a field, None for a value."""
        text, kind = self._entity()
        while self._peek() in _ARITHMETIC:
            operator = self._take()
            right, right_kind = self._entity()
            if "protocol" in (kind, right_kind):
                raise ValueError("one cannot calculate with a protocol")
            text, kind = f"{text} {operator} {right}", kind if kind is not None else right_kind
        return text, kind

    def _entity(self) -> tuple[str, str | None]:
        word = self._take()
        if word == "-":
            text, kind = self._entity()
            return f"-{text}", kind
        if word in _JOINS or word in _COMPARISONS or re.fullmatch(r"[^\w\"':.-]+", word):
            raise ValueError(f"{word!r} has no place there in a display filter")
        if self._peek() == "(":
            return self._call(word), ""
        kind = None if word[0] in "\"'" or word[:2] in ('r"', 'R"') else field_type(word)
        if kind is None and self._peek() in ("[", "#"):
            raise ValueError(f"{word} is no field")
        if self._peek() == "#":
            self._take()
            word += f"#{self._take()}"
        if self._peek() == "[":
            word, kind = word + self._slice(), "bytes"
        return word, kind

    def _call(self, name: str) -> str:
        if name not in _FUNCTIONS:
            raise ValueError(f"there is no function {name}")
        self._take()
        parts = [self._operand()[0]]
        while self._peek() == ",":
            self._take()
            parts.append(self._operand()[0])
        self._expect(")")
        return f"{name}({', '.join(parts)})"

    def _slice(self) -> str:
        text = self._take()
        while self._peek() not in ("]", ""):
            text += self._take()
        self._expect("]")
        if not re.fullmatch(r"\[-?\d*(?:[:-]-?\d*)?(?:,-?\d*(?:[:-]-?\d*)?)*", text) or text == "[":
            raise ValueError(f"{text}] is no slice")
        return f"{text}]"

    def _set(self, kind: str | None) -> str:
        self._expect("{")
        parts = []
        while True:
            low, low_kind = self._entity()
            _check_pair("", kind, "==", low, low_kind)
            if self._peek() == "..":
                self._take()
                low += f"..{self._entity()[0]}"
            parts.append(low)
            if self._peek() != ",":
                break
            self._take()
        self._expect("}")
        return f"{{{', '.join(sorted(set(parts)))}}}"

    def _peek(self, ahead: int = 0) -> str:
        at = self.at + ahead
        return self.words[at] if at < len(self.words) else ""

    def _take(self) -> str:
        word = self._peek()
        if not word:
            raise ValueError("the display filter ends too early")
        self.at += 1
        return word

    def _expect(self, word: str) -> None:
        if self._take() != word:
            raise ValueError(f"{self.words[self.at - 1]!r} stands where {word} is wanted")


def _check_pair(
    left: str, kind: str | None, operator: str, right: str, right_kind: str | None
) -> None:
    """Whether the value on the right is one of the field's type."""
    if kind is None and right_kind is None:
        raise ValueError(f"{left} and {right} are both values")
    quoted = right[-1] == '"'
    if operator == "~" and not quoted:
        raise ValueError(f"matches wants a quoted pattern, not {right}")
    if kind is None or right_kind is not None or operator == "~":
        return
    if operator == "contains":
        if kind in ("protocol", "bytes") and not quoted and not _BYTES.fullmatch(right):
            raise ValueError(f"{right} is not a byte string")
        return
    problem = _problem_of(right.strip('"'), kind, quoted)
    if problem:
        raise ValueError(f"{right} is not {problem}")


def _problem_of(value: str, kind: str, quoted: bool) -> str:
    """What the value is not, "" if it fits the type."""
    problem = ""
    if kind[:1] in "us" and kind[1:].isdecimal():
        number = _NUMBER.fullmatch(value)
        if number:
            bits = int(kind[1:]) if kind[0] == "u" else int(kind[1:]) - 1
            digits = int(value, 8) if re.fullmatch("0[0-7]+", value) else int(value, 0)
            problem = "" if digits < 1 << bits else f"a number of {kind[1:]} bits"
        elif not quoted and value[0] != "'":
            problem = "a number"
    elif kind == "bool":
        words = ("True", "False", "TRUE", "FALSE")
        fits = _NUMBER.fullmatch(value) or value in words or quoted
        problem = "" if fits else "0, 1, True or False"
    elif kind == "ipv4":
        problem = "" if _is_address(value) else "an IPv4 address"
    elif kind == "ipv6":
        problem = "" if _is_address(value, six=True) else "an IPv6 address"
    elif kind == "ether":
        problem = "" if _MAC.fullmatch(value) else "an Ethernet address"
    elif kind == "float":
        problem = "" if _FLOAT.fullmatch(value) else "a number"
    elif kind == "time":
        problem = "" if quoted or value[:1].isdigit() or value[:1] in ".-" else "a time"
    elif kind in ("bytes", "protocol") and not quoted:
        problem = "" if _BYTES.fullmatch(value) or value[0] == "'" else "a byte string"
    return problem


def _is_address(text: str, *, six: bool = False) -> bool:
    address, slash, bits = text.partition("/")
    try:
        (IPv6Address if six else IPv4Address)(address)
    except AddressValueError:
        return False
    return not slash or (bits.isdecimal() and int(bits) <= (128 if six else 32))
