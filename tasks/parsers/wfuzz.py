"""wfuzz: Python's getopt, payloads that belong together, and FUZZ words to put them in.

    wfuzz -c -z file,words.txt --hc 404 http://shop.example/FUZZ
    wfuzz -w users.txt -w words.txt -d 'u=FUZZ&p=FUZ2Z' -u http://shop.example/login

Traps: options after the URL are operands, and too many; but for -z, -w, -H, -b, -p and a few more
an option may be given once; every FUZZ word (FUZZ, FUZ2Z ...) needs a payload and the other way
round; `-w FILE` is `-z file,FILE`; `-u URL` is the URL.
Source: wfuzz 3.1.0 ui/console/clparser.py and options.py.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from tasks.parsers import py_getopt
from tasks.parsers.grammar import Grammar, RefusedError
from tasks.syntax.wfuzz_payloads import payload_text
from tasks.types import Argument, Command, Fault
from tasks.unknown import is_unknown

PAYLOAD = ("-z", "-w")
PAYLOAD_PARTS = ("--zP", "--zD", "--zE", "--slice")
HELP_ON = ("-z", "-m", "-o", "-f")  # with the value "help"
FUZZED = ("url", "-d", "-b", "-H", "-X", "--basic", "--digest", "--ntlm", "--filter", "--prefilter")
MARKED = FUZZED[:-2]  # where {text} after a FUZZ word is its baseline
SCRIPTS = frozenset({"-A", "--AA", "--AAA", "--script"})
BASELINES = ("--hc", "--hl", "--hw", "--hh")

_WORD = re.compile(r"FUZ\d*Z")
_MARKER = re.compile(r"FUZ\d*Z(?:\[.*?\])?(\{.*?\})?")


def parse(grammar: Grammar, words: Sequence[str]) -> list[Argument]:
    """The arguments; the URL is the operand `url`, each payload one `-z`. Raises RefusedError."""
    arguments = py_getopt.parse(grammar, words)
    if any(given.name in HELP_ON and given.value == "help" for given in arguments):
        return [Argument("--help", None, "help")]
    asked = [a for a in arguments if (option := grammar.option(a.name)) and option.informs]
    if asked:
        return asked  # what else is there is not looked at
    options = (given for given in arguments if given.name and given.name != "-u")
    return [*_follow(_payloads(options)), *_url(arguments)]


def _follow(options: Iterator[Argument]) -> list[Argument]:
    """--follow as -L, once if both are given: wfuzz only refuses two of the same spelling."""
    kept = list(options)
    has_letter = any(given.name == "-L" for given in kept)
    return [
        replace(given, name="-L") if given.name == "--follow" else given
        for given in kept
        if given.name != "--follow" or not has_letter
    ]


def _url(arguments: Sequence[Argument]) -> list[Argument]:
    operands = [given for given in arguments if not given.name]
    options = [given for given in arguments if given.name == "-u"]
    for extra in operands[1:]:
        reason = f"wfuzz has too many arguments: {extra.spelled!r}; options go before the URL"
        raise RefusedError(Fault.EXTRA_OPTION, reason)
    if len(options) > 1:
        raise RefusedError(Fault.DUPLICATE, "wfuzz takes -u only once")
    if options and operands and (operands[0].value != "FUZZ" or options[0].value == "FUZZ"):
        raise RefusedError(Fault.CONFLICT, "wfuzz takes one URL, with -u or as its last word")
    return [replace(given, name="url") for given in options or operands]


def _payloads(arguments: Iterator[Argument]) -> Iterator[Argument]:
    """The options, with what belongs to one payload made one `-z NAME,VALUE,ENCODER`."""
    parts: dict[str, str] = {}
    for given in arguments:
        if given.name not in (*PAYLOAD, *PAYLOAD_PARTS):
            yield given
            continue
        if given.name in PAYLOAD and parts:
            yield from _payload(parts)
            parts = {}
        parts[given.name] = given.value or ""
    if parts:
        yield from _payload(parts)


def _payload(parts: dict[str, str]) -> Iterator[Argument]:
    if not parts.keys() & set(PAYLOAD):
        given = ", ".join(sorted(parts))
        raise RefusedError(Fault.MISSING_OPTION, f"wfuzz wants a payload (-z or -w) before {given}")
    text = parts["-z"] if "-z" in parts else f"file,{parts['-w']}"
    if any(map(is_unknown, parts.values())):
        yield Argument("-z", text, "-z")
        return
    try:
        text = payload_text(text, parts.get("--zD"), parts.get("--zE"), parts.get("--zP"))
    except ValueError as error:
        raise RefusedError(Fault.BAD_VALUE, f"-z: {error}") from None
    yield Argument("-z", text, "-z" if "-z" in parts else "-w")
    if "--slice" in parts:
        yield Argument("--slice", parts["--slice"], "--slice")


def check(grammar: Grammar, command: Command) -> None:
    """RefusedError if payloads and FUZZ words do not match, or options contradict each other."""
    names = Counter(argument.name for argument in command.arguments)
    informs = (option for option in map(grammar.option, names) if option)
    if any(option.informs for option in informs) or {"--recipe", "--dump-recipe"} & set(names):
        return
    if any(is_unknown(argument.value or "") for argument in command.arguments):
        return
    for needed, fault in (("url", Fault.MISSING_OPERAND), ("-z", Fault.MISSING_OPTION)):
        if needed not in names:
            raise RefusedError(fault, f"wfuzz needs a {'payload' if needed == '-z' else needed}")
    if "--dry-run" in names and (_level(command) > 0 or SCRIPTS & set(names)):
        raise RefusedError(Fault.CONFLICT, "wfuzz runs no script and goes no deeper in a dry run")
    if "-m" in names and names["-z"] == 1:
        raise RefusedError(Fault.MISSING_OPTION, "wfuzz wants several payloads for -m")
    _check_words(command, names)
    _check_baseline(command)


def _level(command: Command) -> int:
    return max((int(value or "0") for value in command.values("-R")), default=0)


def _check_words(command: Command, names: Counter[str]) -> None:
    texts = [value or "" for name in FUZZED for value in command.values(name)]
    found = {word for text in texts for word in _WORD.findall(text)}
    wanted = 0 if "-V" in names else 1 if "chain" in command.values("-m") else names["-z"]
    if len(found) != wanted:
        shown = ", ".join(sorted(found)) or "none"
        reason = f"wfuzz wants as many FUZZ words as payloads: {wanted}, not {len(found)} ({shown})"
        raise RefusedError(Fault.MISSING_OPERAND, reason)


def _check_baseline(command: Command) -> None:
    texts = [value or "" for name in MARKED for value in command.values(name)]
    baselines = {bool(mark[1]) for text in texts for mark in _MARKER.finditer(text)}
    if len(baselines) > 1:
        raise RefusedError(Fault.BAD_VALUE, "wfuzz wants a baseline for every FUZZ word or none")
    compared = [value or "" for name in BASELINES for value in command.values(name)]
    if True not in baselines and any("BBB" in text.split(",") for text in compared):
        raise RefusedError(Fault.BAD_VALUE, "wfuzz wants a baseline, as in FUZZ{a}, for BBB")
