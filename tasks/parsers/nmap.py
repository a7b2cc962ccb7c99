"""nmap: getopt_long_only, and what nmap itself looks at before it scans.

Traps: only the first letter after -P counts (`-Pnx` is -Pn), -P alone is -PE; numbers end where
they cease to be numbers (`--ttl abc` is 0); a time of 100 without a unit is refused as a relic of
milliseconds; nothing is read after -V.
Source: nmap 7.93 nmap.cc (parse_options, apply_delayed_options, validate_scan_lists).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path

from tasks.parsers import getopt_long_only
from tasks.parsers.grammar import Grammar, RefusedError
from tasks.syntax import nmap_ports, nmap_scripts
from tasks.types import Argument, Command, Fault
from tasks.unknown import is_unknown
from tasks.values import STRTOD, normalise, seconds, validate

_PING = re.compile(r"-P[nN0DIEMPR]")
# The least seconds of a time, and how many are too many to be meant when no unit is given.
_TIMES = {
    "--max-rtt-timeout": (0.005, 50),
    "--min-rtt-timeout": (0, 50),
    "--initial-rtt-timeout": (0.000001, 50),
    "--scan-delay": (0, 100),
    "--max-scan-delay": (0, 100),
    "--host-timeout": (0, 1500),
}
_ORDERED = (
    ("--min-rate", "--max-rate"),
    ("--min-parallelism", "--max-parallelism"),
    ("--min-hostgroup", "--max-hostgroup"),
)
_MOST_HOSTS = 100000
_WITHOUT_TARGET = ("--iflist", "--script-help")
_SCRIPTED = ("--script", "-sC", "-A", "-sV")
_NOT_SYN = ("-sT", "-sA", "-sW", "-sM", "-sN", "-sF", "-sX", "-sU", "-sI", "-sO", "-sY", "-sZ")
_IPV4 = re.compile(r"[\d.,*-]+(?:/\d+)?")
_ADDRESS_RANGE = re.compile(r"\d+\.\d+\.\d+\.\d+\s*-\s*\d+\.\d+.*")


def parse(grammar: Grammar, words: Sequence[str]) -> list[Argument]:
    """The arguments in order; operands have no name yet. Raises RefusedError."""
    return getopt_long_only.parse(grammar, [_ping(word) for word in words])


def _ping(word: str) -> str:
    match = _PING.match(word)
    return "-PE" if word == "-P" else match[0] if match else word


def check(_: Grammar, command: Command) -> None:
    """Refuse values that must fit others, and those that are more than a word of the spec."""
    names = {argument.name for argument in command.arguments}
    for fault, problem in _problems(command, names):
        raise RefusedError(fault, problem)


def _problems(command: Command, names: set[str]) -> Iterator[tuple[Fault, str]]:
    yield from _value_problems(command, names)
    yield from _target_problems(command, names)
    yield from _company_problems(command, names)


def _value_problems(command: Command, names: set[str]) -> Iterator[tuple[Fault, str]]:
    for argument in command.arguments:
        problem = _problem(argument, names)
        if problem and not is_unknown(argument.value or ""):
            yield Fault.BAD_VALUE, problem


def _problem(argument: Argument, names: set[str]) -> str | None:
    name, value = argument.name, argument.value or ""
    if name in _TIMES:
        return _problem_of_time(name, value)
    if (name == "-PO" and value) or (name == "-p" and "-sO" in names):
        return nmap_ports.problem(value, last=255)
    if name == "target":
        return _problem_of_target(value, names)
    if name == "--script-args" and names.isdisjoint(_SCRIPTED):
        return None  # nobody reads them
    rule = _RULES.get(name)
    return rule(value) if rule else _problem_of_file(argument, value)


def _problem_of_file(argument: Argument, value: str) -> str | None:
    if argument.spelled == "-o" and value[:1] in ("", *"NAXGS"):
        return f"-o: nmap takes {value!r} for -o{value[:1]} and a file; name the format, as in -oN"
    return None


def _problem_of_mtu(value: str) -> str | None:
    number = int(normalise("atoi", value))
    return None if number > 0 == number % 8 else f"--mtu: {value!r} is not a multiple of 8 above 0"


def _problem_of_scan_flags(value: str) -> str | None:
    if not value[:1].isdecimal():
        return None  # the letters of the flags are looked for, wherever they stand
    problem = validate("c_number32", value)
    if problem or not 0 <= int(normalise("c_number32", value)) <= 255:
        return f"--scanflags: {value!r} is not a number from 0 to 255, nor flags such as SYNFIN"
    return None


def _problem_of_top_ports(value: str) -> str | None:
    number = _number(value)
    if not 1 <= number <= 65536 or number % 1:
        return f"--top-ports: {value!r} is not a whole number from 1 to 65536"
    return None


def _problem_of_hostgroup(value: str) -> str | None:
    if int(normalise("atoi", value)) % (1 << 32) > _MOST_HOSTS:
        return f"--min-hostgroup: {value} is more than {_MOST_HOSTS}"
    return None


def _problem_of_script_args(value: str) -> str | None:
    is_open = value.count("{") > value.count("}")
    return "--script-args: a brace is not closed" if is_open else None


def _problem_of_mac(value: str) -> str | None:
    return None if _is_address(value) else f"--spoof-mac: {value!r} is no address and no vendor"


def _is_address(value: str) -> bool:
    """The digits of up to six bytes, or a part of a vendor's name."""
    digits = value.replace(":", "")
    if re.fullmatch(r"0|(?:[0-9A-Fa-f]{2}){1,6}", digits):
        return True
    return any(value.lower() in word for word in _vendors()) and not value.isdigit()


@cache
def _vendors() -> tuple[str, ...]:
    """The words that are in the names of many vendors in nmap-mac-prefixes."""
    folder = Path(nmap_ports.__file__).parent
    return tuple((folder / "nmap_vendors.txt").read_text(encoding="utf-8").split())


def _problem_of_time(name: str, value: str) -> str | None:
    least, suspicious = _TIMES[name]
    if seconds(value) < least:
        return f"{name}: {value} is too short"
    if value[-1:] in tuple("0123456789.") and seconds(value) >= suspicious:
        return f"{name}: {value} seconds? nmap wants a unit"
    return None


def _problem_of_decoys(value: str) -> str | None:
    decoys = value.lower().split(",")
    if decoys.count("me") > 1:
        return "-D: ME is given twice"
    for decoy in decoys:
        count = decoy.removeprefix("rnd:")
        if decoy.startswith("rnd:") and not 0 < _number(count) <= 127:
            return f"-D: {decoy!r} is not RND:NUMBER, up to 127"
    return None


def _problem_of_name(value: str) -> str | None:
    """Why a target can have no address. nmap goes on with the others, if there are any."""
    if re.search(r"\s", value):
        return f"{value!r} is one word, not several targets"
    if "/" in value and not re.fullmatch(r"[^/]*/\d+", value):
        return f"{value!r} is not a target: what follows the slash must be a netmask"
    if _ADDRESS_RANGE.fullmatch(value):
        return f"{value!r} is not a range: write 10.0.0.1-5"
    return validate("hosts", value)


def _problem_of_target(value: str, names: set[str]) -> str | None:
    if "-6" not in names and value.count(":") > 1 and "/" not in value:
        return f"{value!r} is an IPv6 address, for which nmap needs -6"
    bits = value.partition("/")[2]
    if "-6" not in names and bits.isdigit() and int(bits) > 32:
        return f"/{bits} is not a netmask from /0 to /32"
    return None


def _target_problems(command: Command, names: set[str]) -> Iterator[tuple[Fault, str]]:
    targets = [value or "" for value in command.values("target")]
    if any(map(is_unknown, targets)) or not names.isdisjoint(_WITHOUT_TARGET):
        return
    problems = [_problem_of_name(target) for target in targets]
    if "-6" in names:
        problems = [f"{target} is no IPv6 target" for target in targets if _IPV4.fullmatch(target)]
        problems += [None] * (len(targets) - len(problems))
    if problems and all(problems) and names.isdisjoint(("-iL", "-iR")):
        yield Fault.BAD_VALUE, str(problems[0])


def _company_problems(command: Command, names: set[str]) -> Iterator[tuple[Fault, str]]:
    if "--resume" in names and len(command.arguments) > 1:
        yield Fault.CONFLICT, "nmap refuses --resume beside anything else"
    if names >= {"-A", "--privileged"} and not names.isdisjoint(("-sL", "-sn")):
        # Without privileges -A leaves out what would need a port scan.
        yield Fault.CONFLICT, "nmap refuses -A without a port scan"
    if "--defeat-rst-ratelimit" in names and "-sS" not in names and not names.isdisjoint(_NOT_SYN):
        yield Fault.CONFLICT, "--defeat-rst-ratelimit works with a SYN scan only"
    for least, most in _ORDERED:
        low, high = command.values(least), command.values(most)
        if low and high and _number(low[-1] or "") > _number(high[-1] or "") > 0:
            yield Fault.CONFLICT, f"{least} is more than {most}"


def _number(text: str) -> float:
    """The number that a text begins with, 0 if it begins with none."""
    match = STRTOD.match(text)
    return float(normalise("c_float", match[0])) if match else 0


_RULES: dict[str, Callable[[str], str | None]] = {
    "--script": nmap_scripts.problem,
    "--script-help": nmap_scripts.problem,
    "--script-args": _problem_of_script_args,
    "--mtu": _problem_of_mtu,
    "--scanflags": _problem_of_scan_flags,
    "--top-ports": _problem_of_top_ports,
    "--min-hostgroup": _problem_of_hostgroup,
    "--spoof-mac": _problem_of_mac,
    "-D": _problem_of_decoys,
}
