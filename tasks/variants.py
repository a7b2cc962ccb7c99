"""Valid variants: other ways to write a right command, which the checker must take as well.

    variants(task)  -> {"alias": ["nmap --version-scan ..."], "order": [...], ...}

Each maker states why what it makes means the same. None looks at the checker's opinion.
"""

from __future__ import annotations

import itertools
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType

from tasks.anatomy import Anatomy, dissect
from tasks.spec import Option
from tasks.types import Task

Maker = Callable[[Anatomy], Iterator[str]]

# Tools whose parser takes a value glued to its option: "-p80", and "--time=5".
_SHORT_GLUE = frozenset(
    {"curl", "fping", "gobuster", "hashcat", "hydra", "medusa", "nc", "nmap", "smbclient",
     "sqlmap", "tcpdump", "tshark", "wfuzz"}
)  # fmt: skip
_LONG_GLUE = frozenset(
    {"dnsrecon", "fping", "gobuster", "hashcat", "nikto", "nmap", "smbclient", "sqlmap", "tcpdump",
     "tshark", "wfuzz"}
)  # fmt: skip


# Tools that take the value of a long option only so: "--timeout=3".
_EQUALS_ONLY = frozenset({"john", "sslscan"})
# Tools that want their operands before any option.
_OPTIONS_LAST = frozenset({"dirb"})


def alias(anatomy: Anatomy) -> Iterator[str]:
    """Every other spelling that the spec has of an option."""
    for part in anatomy.parts:
        option = anatomy.option(part)
        spelled = anatomy.spelled(part)
        if not part.is_option or option is None or spelled not in option.spellings:
            continue
        for other in option.spellings:
            if other != spelled and not part.head:
                yield shlex.join(anatomy.with_option(part, other))


def order(anatomy: Anatomy) -> Iterator[str]:
    """Two neighbouring options change places; only of one repeated option does order matter."""
    options = [part for part in anatomy.parts if part.is_option]
    for left, right in itertools.pairwise(options):
        if left.stop == right.start and left.argument.name != right.argument.name:
            words = anatomy.words
            swapped = (*words[right.start : right.stop], *words[left.start : left.stop])
            yield shlex.join((*words[: left.start], *swapped, *words[right.stop :]))


def gluing(anatomy: Anatomy) -> Iterator[str]:
    """`-p 80` as `-p80`, `--time 5` as `--time=5`, where the tool's parser has it."""
    tool = anatomy.command.tool
    for part in anatomy.parts:
        spelled, value = anatomy.spelled(part), part.argument.value or ""
        if not part.is_separate or value[:1] in ("", "=", "-"):
            continue
        if len(spelled) == 2 and tool in _SHORT_GLUE:
            yield shlex.join(anatomy.replaced(part, spelled + value))
        elif spelled.startswith("--") and tool in _LONG_GLUE:
            yield shlex.join(anatomy.replaced(part, f"{spelled}={value}"))


def requoting(anatomy: Anatomy) -> Iterator[str]:
    """Every word in single quotes, and in double quotes where nothing in it is special there."""
    tool, *words = anatomy.words
    yield " ".join([tool, *("'" + word.replace("'", "'\\''") + "'" for word in words)])
    if not any(set(word) & set('"$`\\!') for word in words):
        yield " ".join([tool, *(f'"{word}"' for word in words)])


def stated_default(anatomy: Anatomy) -> Iterator[str]:
    """An option that the command leaves out, with the value that the tool takes without it."""
    for option in _beside(anatomy):
        if option.arity == "one" and option.default and not option.default_with:
            glue = f"{option.name}={option.default}"
            is_glued = option.name[:1] == "+" or anatomy.command.tool in _EQUALS_ONLY
            words = (glue,) if is_glued else (option.name, option.default)
            yield _with(anatomy, *words)


def neutral_option(anatomy: Anatomy) -> Iterator[str]:
    """An option that changes neither what is sent nor what is written."""
    for option in _beside(anatomy):
        if option.neutral and option.arity == "none":
            yield _with(anatomy, option.name)


def _with(anatomy: Anatomy, *words: str) -> str:
    """The command with words put where its tool takes an option."""
    if anatomy.command.tool in _OPTIONS_LAST:
        return shlex.join((*anatomy.words, *words))
    return shlex.join(anatomy.with_inserted(*words))


def _beside(anatomy: Anatomy) -> Iterator[Option]:
    """The options that the command does not have and that go with those that it has."""
    present = {argument.name for argument in anatomy.command.arguments}
    refused = {
        other
        for name in present
        for option in (anatomy.grammar.option(name),)
        if option
        for other in option.conflicts
    }
    for name, option in anatomy.grammar.canonical.items():
        is_free = name not in present and name not in refused
        if is_free and not (option.informs or option.needs or present & set(option.conflicts)):
            yield option


MAKERS: Mapping[str, Maker] = MappingProxyType(
    {
        "alias": alias,
        "order": order,
        "gluing": gluing,
        "requoting": requoting,
        "stated-default": stated_default,
        "neutral-option": neutral_option,
    }
)


def variants(task: Task) -> Mapping[str, Sequence[str]]:
    """Every variant of the first right command that can be taken apart, by maker."""
    anatomy = next((a for a in map(dissect, task.correct) if a), None)
    if not task.possible or anatomy is None:
        return {}
    return {name: list(dict.fromkeys(make(anatomy))) for name, make in MAKERS.items()}
