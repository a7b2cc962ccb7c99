"""Programs that run another program: sudo, timeout, env ... with their own options.

Each takes its options, then perhaps operands of its own (timeout's duration), then the command.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tasks.quoting import UndecidedError

SHELLS = frozenset({"bash", "sh", "dash"})
COMMAND_STRING = re.compile(r"-[eilux]*c")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
# Variables that change only how a tool prints.
_HARMLESS = re.compile(r"(LANG|LC_[A-Z]+|TERM|COLUMNS|LINES|NO_COLOR|PAGER)=")


@dataclass(frozen=True, slots=True)
class Wrapper:
    """Options with a value, options without one, operands before the command, and options with
    which it is not decided what is run."""

    valued: frozenset[str] = frozenset()
    flags: frozenset[str] = frozenset()
    operands: int = 0
    undecided: Mapping[str, str] = field(default_factory=dict)
    assignments: bool = False  # NAME=value before the command


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


WRAPPERS: Mapping[str, Wrapper] = {
    "sudo": Wrapper(
        valued=_names(
            "-C -D -g -h -p -R -r -t -T -U -u --close-from --chdir --group --host --prompt "
            "--chroot --role --type --command-timeout --other-user --user"
        ),
        flags=_names(
            "-A -b -E -H -K -k -n -P -S --askpass --background --preserve-env --set-home "
            "--non-interactive --preserve-groups --stdin"
        ),
        assignments=True,
    ),
    "timeout": Wrapper(
        valued=_names("-k -s --kill-after --signal"),
        flags=_names("-v --verbose --foreground --preserve-status"),
        operands=1,
    ),
    "env": Wrapper(
        valued=_names("-C --chdir -u --unset"),
        flags=_names("-i --ignore-environment -v --debug"),
        undecided={"-S": "env -S splits a string", "--split-string": "env -S splits a string"},
        assignments=True,
    ),
    "nice": Wrapper(valued=_names("-n --adjustment")),
    "ionice": Wrapper(valued=_names("-c -n --class --classdata"), flags=_names("-t --ignore")),
    "nohup": Wrapper(),
    "stdbuf": Wrapper(valued=_names("-i -o -e --input --output --error")),
    "xargs": Wrapper(
        valued=_names("-d -n -P -s -L --delimiter --max-args --max-procs --max-chars --max-lines"),
        flags=_names("-0 -p -t -x --null --verbose --exit"),
        undecided=dict.fromkeys(
            _names("-I -i -r -a --no-run-if-empty --replace --arg-file"),
            "xargs runs its command only for words that it reads",
        ),
    ),
    "proxychains": Wrapper(valued=_names("-f"), flags=_names("-q")),
    "proxychains4": Wrapper(valued=_names("-f"), flags=_names("-q")),
    "time": Wrapper(flags=_names("-p")),
    "command": Wrapper(flags=_names("-p")),
}


def unwrap(words: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The words without leading wrappers, and the wrappers' names. Raises UndecidedError."""
    names: list[str] = []
    while (name := words[0].rpartition("/")[2]) in WRAPPERS:
        names.append(name)
        words = _inner(name, WRAPPERS[name], words[1:])
    return tuple(words), tuple(names)


def check_assignment(text: str) -> None:
    """UndecidedError if a variable set for the command may change what it does."""
    if not _HARMLESS.match(text):
        raise UndecidedError(f"the effect of setting {text.partition('=')[0]} is not known")


def _inner(name: str, wrapper: Wrapper, words: Sequence[str]) -> Sequence[str]:
    position = 0
    while position < len(words) and words[position].startswith("-"):
        word = words[position]
        position += 1
        if word == "--":
            break
        position += _option(name, wrapper, word)
    position += wrapper.operands
    while wrapper.assignments and position < len(words) and _ASSIGNMENT.match(words[position]):
        check_assignment(words[position])
        position += 1
    if position >= len(words):
        raise UndecidedError(f"{name} is given no command to run")
    return words[position:]


def _option(name: str, wrapper: Wrapper, word: str) -> int:
    """How many further words belong to an option of a wrapper."""
    is_long = word.startswith("--")
    spelled = word.partition("=")[0] if is_long else word[:2]
    if spelled in wrapper.undecided:
        raise UndecidedError(wrapper.undecided[spelled])
    if spelled in wrapper.valued:
        has_value = "=" in word if is_long else len(word) > 2
        return 0 if has_value else 1
    is_cluster = not is_long and all(f"-{letter}" in wrapper.flags for letter in word[1:])
    is_niceness = name == "nice" and word.lstrip("-").isdigit()
    if is_cluster or is_niceness or spelled in wrapper.flags:
        return 0
    raise UndecidedError(f"{name} has an option {word} that is not known here")
