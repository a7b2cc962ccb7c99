"""The filter expressions of tcpdump and tshark -f: whether libpcap takes one, and one form for all
spellings of it.

filter_text("host a && port 80 or 443") -> "((host a and port 80) or port 443)"
filter_text("port")                     -> ValueError

The grammar is libpcap 1.10.3's grammar.y, read by trying the alternatives in turn; the rules about
values are those of gencode.c. What depends on the link type of an interface (802.11, ATM, PF) is
taken as right. Host names are not looked up.

Trap: a bare value takes the qualifiers of what stands before it (`port 80 or 443`), so there must
be some: `tcp and 80` and `(port 80) or 443` are refused, and `10.0.0.1` alone is too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from tasks.syntax import pcap_values as values
from tasks.syntax.pcap_tokens import PROTOCOLS, Token, tokens, words
from tasks.syntax.pcap_values import NOTHING, Qualifier

_RELATIONS = (">", ">=", "=", "<=", "<", "!=")
_OPERATORS = ("+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>")
_DIRECTIONS = ("src", "dst", "addr1", "addr2", "addr3", "addr4", "ra", "ta")
_KINDS = ("host", "net", "port", "portrange")
_OF_PROTOCOL = ("proto", "protochain", "gateway")
_TAGS = {"vlan": 4095, "mpls": 1048575, "pppoes": 65535, "geneve": 16777215}
_BARE = ("inbound", "outbound", "pppoed", *_TAGS)
_NUMBERED = ("less", "greater", "ifindex", "rnr", "srnr")
_SIGNALS = words(
    """
    lane metac bcc oamf4ec oamf4sc sc ilmic oam oamf4 connectmsg metaconnect fisu lssu msu hfisu
    hlssu hmsu
    """
)
_FIELDS = ("vpi", "vci", "sio", "opc", "dpc", "sls", "hsio", "hopc", "hdpc", "hsls")
_PF_NAMES = ("ifname", "rset", "reason", "action")


class _NoMatchError(Exception):
    """This alternative of the grammar does not fit; another may."""


@dataclass(frozen=True, slots=True)
class _Node:
    """A part of the filter: its canonical text, and for a chain the operator and its parts."""

    text: str
    operator: str = ""  # "and" or "or"
    parts: tuple[str, ...] = ()


@lru_cache(maxsize=65536)
def filter_text(text: str) -> str:
    """The canonical form of a filter. Raises ValueError if libpcap refuses it."""
    found = tokens(text)
    if not found:
        return ""
    reader = _Reader(found)
    try:
        node, _ = reader.expression(NOTHING)
    except _NoMatchError:
        node = None
    if node is None or reader.at < len(found):
        furthest = found[reader.furthest].text if reader.furthest < len(found) else "its end"
        raise ValueError(f"the filter cannot be read at {furthest}")
    return node.text


class _Reader:
    """The tokens, and the rules of the grammar as methods.

    Each rule takes the qualifier that a bare value would have there, and returns what it read
    with the qualifier that holds after it.
    """

    def __init__(self, found: Sequence[Token]) -> None:
        self._tokens = found
        self.at = 0
        self.furthest = 0
        # The order of vlan and its like says where later primitives look.
        kinds = [token.kind for token in found]
        self._ordered = not _TAGS.keys().isdisjoint(kinds)
        if "mpls" in kinds and "vlan" in kinds[kinds.index("mpls") :]:
            raise ValueError("vlan may not come after mpls")

    def expression(self, before: Qualifier) -> tuple[_Node, Qualifier]:
        """A term, and any number of terms and bare values joined to it by and / or."""
        node, after = self._term(before)
        while self._peek() in ("and", "or"):
            operator = self._take()
            right, after = self._either(self._term, self._value, before=after)
            node = self._join(operator, node, right)
        return node, after

    def _term(self, before: Qualifier) -> tuple[_Node, Qualifier]:
        if self._peek() == "not":
            self._take()
            node, after = self._term(before)
            return _inverse(node), after
        return self._either(
            self._relation, self._headed, self._enclosed, self._other, self._protocol, before=before
        )

    def _headed(self, before: Qualifier) -> tuple[_Node, Qualifier]:
        """Qualifiers and a value: `tcp src port 80`."""
        start = self.at
        protocol = self._take() if self._peek() in PROTOCOLS else ""
        direction = kind = ""
        if self._peek() in _OF_PROTOCOL:
            kind = self._take()
        else:
            if self._peek() in _DIRECTIONS:
                direction = self._direction()
            if self._peek() in _KINDS:
                kind = self._take()
        if self.at == start or (protocol and self.at == start + 1):
            raise _NoMatchError
        return self._value(Qualifier(protocol, direction, kind))

    def _direction(self) -> str:
        first = self._take()
        if first in ("src", "dst") and self._peek() in ("and", "or"):
            operator, second = self._peek(), self._peek(1)
            if second in ("src", "dst") and second != first:
                self._take()
                self._take()
                return "" if operator == "or" else "src and dst"
        return first

    def _value(self, before: Qualifier) -> tuple[_Node, Qualifier]:
        """A bare value, or several in parentheses."""
        return self._either(self._number, self._simple, self._several, before=before)

    def _number(self, before: Qualifier) -> tuple[_Node, Qualifier]:
        return _Node(values.of_number(self._plain_number(), before)), before

    def _simple(self, before: Qualifier) -> tuple[_Node, Qualifier]:
        kind = self._peek()
        if kind == "not":
            self._take()
            node, after = self._value(before)
            return _inverse(node), after
        if kind == "NAME":
            return _Node(values.of_name(self._text(), before)), before
        if kind == "MAC":
            return _Node(values.of_mac(self._text(), before)), before
        if kind not in ("IP", "IP6"):
            raise _NoMatchError
        address, mask = self._text(), ""
        then = (self._peek(), self._peek(1))
        if then == ("/", "NUM") or (kind, *then) == ("IP", "mask", "IP"):
            self._take()
            mask = self._text()
        read = values.of_ipv4 if kind == "IP" else values.of_ipv6
        return _Node(read(address, mask, before)), before

    def _several(self, before: Qualifier) -> tuple[_Node, Qualifier]:
        """`(80 or 443 or not 22)`; a second pair of parentheses may hold one number only."""
        self._expect("(")
        node, after = self._either(self._number, self._simple, before=before)
        while self._peek() in ("and", "or"):
            operator = self._take()
            right, after = self._value(after)
            node = self._join(operator, node, right)
        self._expect(")")
        return node, after

    def _enclosed(self, before: Qualifier) -> tuple[_Node, Qualifier]:
        self._expect("(")
        node, _ = self.expression(before)
        self._expect(")")
        return node, before

    def _protocol(self, before: Qualifier) -> tuple[_Node, Qualifier]:
        if self._peek() not in PROTOCOLS:
            raise _NoMatchError
        name = self._take()
        if name in ("ether", "radio"):
            raise ValueError(f"{name} alone is no filter")
        return _Node(name), NOTHING

    def _relation(self, before: Qualifier) -> tuple[_Node, Qualifier]:
        left = self._arithmetic()
        if self._peek() not in _RELATIONS:
            raise _NoMatchError
        relation = self._take()
        return _Node(f"{left} {relation} {self._arithmetic()}"), NOTHING

    def _arithmetic(self) -> str:
        text = self._operand()
        while self._peek() in _OPERATORS:
            operator = self._take()
            constant = self._text(take=False) if self._peek() == "NUM" else ""
            if operator in ("/", "%") and constant == "0":
                raise ValueError("division by zero")
            if operator in ("<<", ">>") and constant and int(constant) > 31:
                raise ValueError("a shift by more than 31 bits")
            text += f" {operator} {self._operand()}"
        return text

    def _operand(self) -> str:
        kind = self._peek()
        if kind == "-":
            self._take()
            return f"-{self._operand()}"
        if kind == "(":
            self._take()
            text = self._arithmetic()
            self._expect(")")
            return f"({text})" if " " in text else text
        if kind in ("len", "NUM"):
            return self._text()
        if kind in PROTOCOLS and self._peek(1) == "[":
            return self._field()
        raise _NoMatchError

    def _field(self) -> str:
        """Bytes of a header: `tcp[13]`, `ip[2:2]`."""
        protocol = self._take()
        self._take()
        place, size = self._arithmetic(), "1"
        if self._peek() == ":":
            self._take()
            size = self._wanted("NUM")
        self._expect("]")
        if protocol not in values.INDEXED:
            raise ValueError(f"{protocol} has no bytes to look at with [ ]")
        if size not in ("1", "2", "4"):
            raise ValueError(f"{size} bytes: one can look at 1, 2 or 4")
        return f"{protocol}[{place}]" if size == "1" else f"{protocol}[{place}:{size}]"

    def _other(self, before: Qualifier) -> tuple[_Node, Qualifier]:
        return _Node(self._primitive()), NOTHING

    def _primitive(self) -> str:
        protocol = self._take() if self._peek() in PROTOCOLS else ""
        kind = self._peek()
        if kind in ("broadcast", "multicast"):
            return values.of_cast(protocol, self._take())
        if kind in ("type", "subtype", "dir"):
            return self._wireless()
        if protocol:
            raise _NoMatchError
        self._take()
        if kind in _NUMBERED:
            text = f"{kind} {self._wanted('NUM')}"
        elif kind == "byte":
            text = self._byte()
        elif kind in _BARE:
            text = kind + self._tag(kind)
        elif kind in _SIGNALS:
            text = kind
        elif kind in _FIELDS:
            text = f"{kind} {self._field_value()}"
        elif kind == "llc":
            text = self._llc()
        elif kind in _PF_NAMES:
            text = values.of_packet_filter(kind, self._wanted("NAME"))
        else:
            raise _NoMatchError
        return text

    def _byte(self) -> str:
        index = self._wanted("NUM")
        if self._peek() not in ("&", "|", "<", ">", "="):
            raise _NoMatchError
        return f"byte {index} {self._take()} {self._wanted('NUM')}"

    def _tag(self, kind: str) -> str:
        """The number after vlan and its like, which may be left out."""
        if kind not in _TAGS or self._peek() not in ("NUM", "("):
            return ""
        number = int(self._plain_number())
        if number > _TAGS[kind]:
            raise ValueError(f"{kind} {number} is more than {_TAGS[kind]}")
        return f" {number}"

    def _llc(self) -> str:
        if self._peek() == "rnr":
            return f"llc {self._take()}"
        if self._peek() != "NAME":
            return "llc"
        return values.of_llc(self._text())

    def _wireless(self) -> str:
        kind = self._take()
        if kind != "type":
            return values.of_wireless(kind, self._name_or_number(numbers=kind == "dir"))
        text = values.of_wireless(kind, self._name_or_number(numbers=True))
        if self._peek() == "subtype":
            self._take()
            main = text.partition(" ")[2]
            text += f" subtype {values.of_subtype(main, self._name_or_number(numbers=True))}"
        return text

    def _name_or_number(self, *, numbers: bool) -> str:
        kind = self._peek()
        if kind == "NAME" or (numbers and kind == "NUM"):
            return self._text()
        raise _NoMatchError

    def _field_value(self) -> str:
        """`5`, `> 5`, `(1 or > 7)`."""
        if self._peek() == "(" and self._peek(2) != ")":
            self._take()
            text = self._field_value()
            while self._peek() == "or":
                self._take()
                text += f" or {self._field_value()}"
            self._expect(")")
            return f"({text})"
        if self._peek() in _RELATIONS:
            return f"{self._take()} {self._wanted('NUM')}"
        return self._plain_number()

    def _plain_number(self) -> str:
        """A number in any number of parentheses."""
        if self._peek() == "(":
            self._take()
            text = self._plain_number()
            self._expect(")")
            return text
        return self._wanted("NUM")

    def _join(self, operator: str, left: _Node, right: _Node) -> _Node:
        """`left operator right`: a chain of one operator is one flat set of parts."""
        parts = [
            part
            for node in (left, right)
            for part in (node.parts if node.operator == operator else (node.text,))
        ]
        if not self._ordered:
            parts = sorted(set(parts))
        values.check_together(operator, parts)
        if len(parts) == 1:
            return _Node(parts[0])
        return _Node(f"({f' {operator} '.join(parts)})", operator, tuple(parts))

    def _either(
        self,
        *rules: Callable[[Qualifier], tuple[_Node, Qualifier]],
        before: Qualifier,
    ) -> tuple[_Node, Qualifier]:
        start = self.at
        for rule in rules:
            try:
                return rule(before)
            except _NoMatchError:
                self.at = start
        raise _NoMatchError

    def _peek(self, ahead: int = 0) -> str:
        at = self.at + ahead
        return self._tokens[at].kind if at < len(self._tokens) else ""

    def _take(self) -> str:
        """The kind of the next token, which is taken."""
        kind = self._peek()
        if not kind:
            raise _NoMatchError
        self.at += 1
        self.furthest = max(self.furthest, self.at)
        return kind

    def _text(self, *, take: bool = True) -> str:
        text = self._tokens[self.at].text
        if take:
            self._take()
        return text

    def _wanted(self, kind: str) -> str:
        if self._peek() != kind:
            raise _NoMatchError
        return self._text()

    def _expect(self, kind: str) -> None:
        self._wanted(kind)


def _inverse(node: _Node) -> _Node:
    text = node.text
    return _Node(text.removeprefix("not ") if text.startswith("not ") else f"not {text}")
