"""hashcat: getopt_long, and how many inputs each attack and each purpose takes.

    hashcat -a 0 HASHES [WORDLIST ...]      -a 1 HASHES LEFT RIGHT      -a 3 HASHES [MASK]
    hashcat -a 6 HASHES WORDLIST [MASK]     -a 7 HASHES MASK [WORDLIST]

Traps: `-m1000` is `-m 1000`; `--keyspace` and `--stdout` take no hashes; numbers are digits only.
Source: hashcat 6.2.6 src/user_options.c, user_options_sanity.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from tasks.parsers import getopt_long
from tasks.parsers.grammar import Grammar, RefusedError
from tasks.types import Argument, Command, Fault
from tasks.unknown import is_unknown
from tasks.values import normalise, validate

_LIST = re.compile(r"\s*([+-]?\d*)")
_DEVICES = {"--backend-devices": 63, "--opencl-device-types": 3}
# What ends before hashcat looks at its devices.
_NO_DEVICE = (
    "--backend-info",
    "--show",
    "--left",
    "--keyspace",
    "--identify",
    "--hash-info",
    "--example-hashes",
)
_MODES = ("--hash-type", "--attack-mode")
_RULES = ("--rules-file", "--generate-rules")
_CHARSETS = tuple(f"--custom-charset{number}" for number in range(1, 5))
_ALONE = ("--benchmark", "--hash-info", "--example-hashes", "--backend-info", "--brain-server")
_ANY = 1 << 20
# Least and most inputs by attack mode: after hashes, and where there are none.
_WITH_HASHES = {"0": (1, _ANY), "1": (3, 3), "3": (1, _ANY), "6": (2, _ANY), "7": (2, _ANY)}
_WITH_HASHES["9"] = (2, _ANY)
_KEYSPACE = {"0": (1, 1), "1": (2, 2), "3": (1, 1), "6": (2, 2), "7": (2, 2), "9": (1, 1)}
_STDOUT = {"0": (0, _ANY), "1": (2, 2), "3": (1, 1), "9": (1, _ANY)}
_STDOUT |= dict.fromkeys("67", (1, _ANY))


def parse(grammar: Grammar, words: Sequence[str]) -> list[Argument]:
    """The arguments in order; operands have no name yet. Raises RefusedError."""
    return [_mode(argument) for argument in getopt_long.parse(grammar, words)]


def _mode(argument: Argument) -> Argument:
    """The numbers of modes are choices; of what was written hashcat keeps 32 bits."""
    text = argument.value or ""
    if argument.name not in _MODES or validate("uint32", text):
        return argument
    return replace(argument, value=normalise("uint32", text))


def check(grammar: Grammar, command: Command) -> None:
    """What goes with which attack. Raises RefusedError."""
    names = {argument.name for argument in command.arguments}
    attack = _value(command, "--attack-mode", "0")
    if names & {"--help", "--version"} or is_unknown(attack):
        return
    _check_rules(command, names, attack)
    _check_devices(command, names)
    _check_masks(command, names, attack)
    _check_order(command)
    _check_output(command, names)
    _check_stdin(command, names, attack)
    _check_inputs(command, names, attack)


def _value(command: Command, name: str, default: str) -> str:
    return next(iter(command.values(name)), None) or default


def _number(command: Command, name: str, default: int) -> int:
    """The number given; the default for one that only a running shell knows."""
    text = _value(command, name, str(default))
    return default if is_unknown(text) else int(normalise("uint32", text))


def _check_rules(command: Command, names: set[str], attack: str) -> None:
    has_rules = not names.isdisjoint(_RULES)
    if has_rules and attack not in ("0", "9"):
        raise RefusedError(Fault.CONFLICT, "hashcat applies rules in attack modes 0 and 9 only")
    debugs = _number(command, "--debug-mode", 0) > 0
    if debugs and attack != "0":
        raise RefusedError(Fault.CONFLICT, "hashcat --debug-mode is for attack mode 0 only")
    if (debugs or "--loopback" in names) and not has_rules:
        option = "--debug-mode" if debugs else "--loopback"
        raise RefusedError(Fault.MISSING_OPTION, f"hashcat {option} needs rules")


def _check_devices(command: Command, names: set[str]) -> None:
    """Numbers of devices and their types, with whatever follows the digits."""
    if not names.isdisjoint(_NO_DEVICE):
        return
    for option, greatest in _DEVICES.items():
        texts = _value(command, option, "1")
        for text in () if is_unknown(texts) else texts.strip(",").split(","):
            match = _LIST.match(text)
            if not match or not match[1].strip("+-") or not 1 <= int(match[1]) <= greatest:
                reason = f"{option}: {text!r} is not from 1 to {greatest}"
                raise RefusedError(Fault.BAD_VALUE, reason)


def _check_masks(command: Command, names: set[str], attack: str) -> None:
    if "--increment" in names and attack in ("0", "9"):
        raise RefusedError(Fault.CONFLICT, f"hashcat increments no mask in attack mode {attack}")
    threshold = _number(command, "--markov-threshold", 0)
    if threshold and attack in ("0", "1", "9"):
        reason = f"hashcat has no --markov-threshold in attack mode {attack}"
        raise RefusedError(Fault.CONFLICT, reason)
    if names.isdisjoint(_CHARSETS):
        return
    if attack in ("0", "1", "9"):
        raise RefusedError(Fault.CONFLICT, f"hashcat has no charsets in attack mode {attack}")
    if attack == "3" and len(command.values("input")) == 1 and "--stdout" not in names:
        raise RefusedError(Fault.MISSING_OPERAND, "hashcat wants a mask beside a custom charset")


def _check_order(command: Command) -> None:
    """A least value must not exceed its greatest."""
    for low, least, high, greatest in (
        ("--increment-min", 1, "--increment-max", 256),
        ("--bitmap-min", 16, "--bitmap-max", 18),
        ("--generate-rules-func-min", 1, "--generate-rules-func-max", 4),
        ("--veracrypt-pim-start", 0, "--veracrypt-pim-stop", 0),
    ):
        start, end = _number(command, low, least), _number(command, high, greatest)
        if start > end:
            raise RefusedError(Fault.BAD_VALUE, f"hashcat: {low} {start} is more than {high} {end}")


def _check_stdin(command: Command, names: set[str], attack: str) -> None:
    """Words are read from standard input where the straight attack is given none."""
    hashes = 0 if "--stdout" in names else 1
    from_stdin = attack == "0" and len(command.values("input")) <= hashes
    if "--stdin-timeout-abort" in names and not from_stdin:
        reason = "hashcat --stdin-timeout-abort is for words from standard input only"
        raise RefusedError(Fault.CONFLICT, reason)


def _check_output(command: Command, names: set[str]) -> None:
    fields = _value(command, "--outfile-format", "")
    if is_unknown(fields):
        return
    numbers = [field for field in fields.split(",") if field]
    if len(set(numbers)) < len(numbers):
        raise RefusedError(Fault.BAD_VALUE, f"--outfile-format: {fields!r} has a field twice")
    if fields and numbers != ["1"] and "--left" in names:
        raise RefusedError(Fault.CONFLICT, "hashcat --left writes --outfile-format 1 only")
    stamps = {"5", "6"}.intersection(numbers)
    if stamps and "--show" in names:
        reason = f"hashcat --show has no time to write: --outfile-format {stamps.pop()}"
        raise RefusedError(Fault.CONFLICT, reason)
    if len(command.values("--backend-info")) > 2:
        raise RefusedError(Fault.BAD_VALUE, "hashcat takes -I twice at most")


def _check_inputs(command: Command, names: set[str], attack: str) -> None:
    given = len(command.values("input"))
    least, most = _inputs(names, attack)
    if given < least:
        raise RefusedError(Fault.MISSING_OPERAND, f"hashcat wants {least} inputs here, not {given}")
    if given > most:
        raise RefusedError(Fault.EXTRA_OPTION, f"hashcat takes {most} inputs here, not {given}")


def _inputs(names: set[str], attack: str) -> tuple[int, int]:
    """The least and most inputs."""
    if not names.isdisjoint((*_ALONE, "--restore")):
        return 0, 0
    if "--identify" in names:
        return 1, _ANY
    if "--keyspace" in names:
        return _KEYSPACE[attack]
    if "--stdout" in names:
        return _STDOUT[attack]
    return _WITH_HASHES[attack]
