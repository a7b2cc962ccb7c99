"""dig's own parser: @server, +option, -letter, and words that are a type, a class or a name.

Traps: `+trac` is `+trace` but `+sho` is nothing; an unknown type becomes a host name; `-t MX`,
`-q NAME` and `-c IN` are other ways to write the bare words; `+noall` undoes what came before.
Source: BIND 9.18 bin/dig/dig.c (parse_args, dash_option, plus_option).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from tasks.parsers.grammar import Grammar, RefusedError, Words, ambiguous
from tasks.types import Argument, Command, Fault

_TYPE_NAMES = """
A A6 AAAA AFSDB ANY APL ATMA AVC AXFR CAA CDNSKEY CDS CERT CNAME CSYNC DHCID DLV DNAME DNSKEY DOA
DS EID EUI48 EUI64 GID GPOS HINFO HIP HTTPS IPSECKEY ISDN KEY KX L32 L64 LOC LP MAILA MAILB MB
MD MF MG MINFO MR MX NAPTR NID NIMLOC NINFO NS NSAP NSAP-PTR NSEC NSEC3 NSEC3PARAM NULL NXT
OPENPGPKEY PTR PX RESINFO RKEY RP RRSIG RT SIG SINK SMIMEA SOA SPF SRV SSHFP SVCB TA TALINK TKEY
TLSA TSIG TXT UID UINFO UNSPEC URI WKS X25 ZONEMD
"""
TYPES = frozenset(_TYPE_NAMES.split())
CLASSES = frozenset({"IN", "CH", "HS", "CHAOS", "HESIOD", "NONE", "RESERVED0"})

_CHARACTER = r"(?:\\(?:[01]\d\d|2[0-4]\d|25[0-5]|\D)|[^.\\])"
_NAME = re.compile(rf"{_CHARACTER}{{1,63}}(?:\.{_CHARACTER}{{1,63}})*", re.DOTALL)
_BARE = {"-q": "name", "-t": "type", "-c": "class"}
_READ_TOGETHER = "+http"  # all that begin so are told from each other whatever their case
# What +all and +noall switch: the sections that are printed.
_SECTIONS = ("comments", "question", "answer", "authority", "additional", "stats", "cmd")


def parse(grammar: Grammar, words: Sequence[str]) -> list[Argument]:
    """The arguments with operands `server`, `name`, `type` and `class`. Raises RefusedError."""
    arguments: list[Argument] = []
    left = Words(words)
    while left:
        word = left.take()
        if word.startswith("@"):
            arguments.append(Argument("server", word[1:], word))
        elif word.startswith("+"):
            arguments = _with_plus(arguments, _plus(grammar, word))
        elif word.startswith("-"):
            arguments += _dash(grammar, word[1:], left)
            if _informs(grammar, arguments[-1]):
                _look_for_letters(grammar, left)
        elif not word.startswith("%"):  # dig skips these
            arguments.append(_bare(word))
    return arguments


def check(_: Grammar, command: Command) -> None:
    """Refuse a name that is no domain name: dig looks at it before it asks."""
    for argument in command.arguments:
        if argument.name in ("name", "-x"):
            name = (argument.value or "").removesuffix(".")
            if argument.value != "." and not _NAME.fullmatch(name):
                reason = f"{argument.value!r} is not a legal domain name"
                raise RefusedError(Fault.BAD_VALUE, reason)


def _bare(word: str) -> Argument:
    upper = word.upper()
    if _is_type(upper):
        return Argument("type", word, word)
    is_numbered = upper.startswith("CLASS") and upper[5:].isdigit() and int(upper[5:]) < 65536
    is_class = upper in CLASSES or is_numbered
    return Argument("class" if is_class else "name", word, word)


def _is_type(upper: str) -> bool:
    """IXFR is one only with a serial number."""
    numbered = upper.startswith("TYPE") and upper[4:].isdigit() and int(upper[4:]) < 65536
    return upper in TYPES or numbered or upper.startswith("IXFR=")


def _dash(grammar: Grammar, letters: str, left: Words) -> Iterator[Argument]:
    if not letters:
        raise grammar.unknown("-")
    while letters:
        spelled, letters = f"-{letters[0]}", letters[1:]
        option = grammar.options.get(spelled)
        if option is None and spelled not in _BARE:
            raise grammar.unknown(f"{spelled}{letters}")
        if option is not None and option.arity == "none":
            argument = Argument(option.name, None, spelled)
            yield argument
            if _informs(grammar, argument) and letters:
                _look_for_letters(grammar, Words([f"-{letters}"]))
            if _informs(grammar, argument) or not letters:
                return
            continue
        value = letters or left.value(spelled)
        name = _BARE.get(spelled) or (option.name if option else spelled)
        if name == "type" and not _is_type(value.upper()):
            raise RefusedError(Fault.BAD_VALUE, f"{value!r} is not a DNS record type")
        yield Argument(name, value, spelled)
        return


def _informs(grammar: Grammar, argument: Argument) -> bool:
    option = grammar.option(argument.name)
    return option is not None and option.informs


def _look_for_letters(grammar: Grammar, left: Words) -> None:
    """What follows -h or -v is not read; letters that dig lacks are refused all the same."""
    while left:
        letters = left.take()
        if not letters.startswith("-"):
            continue
        for i, letter in enumerate(letters[1:], start=2):
            option = grammar.options.get(f"-{letter}")
            if option is None and f"-{letter}" not in _BARE:
                raise grammar.unknown(f"-{letters[i - 1 :]}")
            if option is None or option.arity != "none":
                if i == len(letters) and left:
                    left.take()  # its value
                break


def _plus(grammar: Grammar, word: str) -> Argument:
    body, _, value = word[1:].partition("=")
    is_negated = body[:2].lower() == "no" and not _hits(grammar, body)
    hits = _hits(grammar, body[2:] if is_negated else body)
    if not hits:
        raise grammar.unknown(f"+{body}")
    if len({grammar.options[hit].name for hit in hits}) > 1:
        raise ambiguous(grammar, f"+{body}", hits)
    option = grammar.options[hits[0]]
    if is_negated and not option.negatable:
        raise grammar.unknown(f"+{body}")
    if is_negated:
        return Argument(f"+no{option.name[1:]}", None, word)
    if option.arity == "none":
        return Argument(option.name, None, word)  # dig ignores a value after "="
    if not value and option.arity == "one":
        raise RefusedError(Fault.MISSING_VALUE, f"+{body} needs =VALUE")
    return Argument(option.name, value or None, word)


def _hits(grammar: Grammar, name: str) -> list[str]:
    """The spellings that a word may stand for. Case is of no matter, but in the letters by which
    dig tells one option from the others."""
    whole = f"+{name.lower()}"
    if whole in grammar.options and _is_told_apart(grammar, whole, f"+{name}"):
        return [whole]
    hits = [s for s in grammar.options if name and s.startswith(f"+{name.lower()}")]
    return [hit for hit in hits if _is_told_apart(grammar, hit, f"+{name}")]


def _is_told_apart(grammar: Grammar, spelling: str, word: str) -> bool:
    own = grammar.options[spelling].name
    others = [s for s, option in grammar.options.items() if option.name != own]
    if spelling.startswith(_READ_TOGETHER):
        others = [other for other in others if not other.startswith(_READ_TOGETHER)]
    shared = max((_shared(spelling, other) for other in others), default=0)
    return word[: shared + 1] == spelling[: len(word)][: shared + 1]


def _shared(one: str, other: str) -> int:
    """How many letters two words begin with in common."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((i for i, (a, b) in pairs if a != b), min(len(one), len(other)))


def _with_plus(arguments: list[Argument], added: Argument) -> list[Argument]:
    """+all and +noall undo earlier choices of sections."""
    if added.name in ("+all", "+noall"):
        undone = {f"+{no}{section}" for section in (*_SECTIONS, "all") for no in ("", "no")}
        arguments = [a for a in arguments if a.name not in undone]
    return [*arguments, added]
