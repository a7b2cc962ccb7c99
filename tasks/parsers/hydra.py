"""hydra: getopt, and two ways to name the target that mean the same.

    hydra -l root -p toor -s 2222 10.0.0.1 ssh        -> host, service, -s
    hydra -l root -p toor ssh://10.0.0.1:2222         -> host, service, -s

With -M FILE there is no host and no URL: `hydra -M hosts.txt ssh`. What follows, or the value of
-m, is for the service's module; for web services it is a path, which is "/" when left out.
Source: hydra 9.4 hydra.c, main; checked with `hydra -d`, which prints what it understood.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from tasks.parsers import getopt
from tasks.parsers.grammar import Grammar, RefusedError
from tasks.types import Argument, Command, Fault

_URL = re.compile(
    r"(?P<service>[^:/]+)://(?P<host>\[[^\]]*\]|[^:/]*)(?::(?P<port>[^/]*))?(?P<module>/.*)?"
)


def parse(grammar: Grammar, words: Sequence[str]) -> list[Argument]:
    """The arguments with operands `host`, `service` and `module`. Raises RefusedError."""
    arguments = [_renamed(argument) for argument in getopt.parse(grammar, words)]
    operands = [argument.spelled for argument in arguments if not argument.name]
    arguments = [argument for argument in arguments if argument.name]
    if not operands:
        return arguments
    has_list = any(argument.name == "-M" for argument in arguments)
    if "://" in operands[0] and not has_list:
        arguments += _from_url(operands)
    else:
        arguments += _from_words(operands, has_list)
    is_web = any(a.name == "service" and (a.value or "").startswith("http") for a in arguments)
    return [a for a in arguments if not (is_web and a.name == "module" and a.value == "/")]


# What the services want, as far as it is not a login and a password.
_PASSWORD_ONLY_NAMES = """
redis adam6500 cisco oracle-listener s7-300 snmp vnc
"""
_PASSWORD_ONLY = frozenset(_PASSWORD_ONLY_NAMES.split())
_NO_LOGIN = _PASSWORD_ONLY | {"cisco-enable", "cobaltstrike", "ldap2", "ldap2s", "ldap3", "ldap3s"}
_LOGIN_ONLY = frozenset({"rsh", "oracle-sid", "sid"})
_NO_PASSWORD = _LOGIN_ONLY | {"smtp-enum"}
_FORM = re.compile(r"https?-(?:(?:get|post)-form|form-(?:get|post))")
_WEB = re.compile(r"https?-(?:get|head|post)")
_NEEDS_DN = re.compile(r"ldap3-(?:crammd5|digestmd5)s?")
_LOGINS = frozenset({"-l", "-L", "-C"})
_PASSWORDS = frozenset({"-p", "-P", "-x", "-e", "-C"})
_LENGTHS = re.compile(r"(\d{1,3}):(\d{1,3}):(.+)", re.DOTALL)
_SETS = {"a": 26, "A": 26, "1": 10}
_MOST_PASSWORDS = 4_294_967_295


def check(_: Grammar, command: Command) -> None:
    """Refuse what a service does not want, forms and networks of a wrong shape, and -x likewise."""
    none = ("-e", "")  # of none of n, s and r
    names = {a.name for a in command.arguments if (a.name, a.value) != none}
    if not names.isdisjoint(("-R", "-h")):
        return
    service = (command.values("service") or ("",))[0] or ""
    if "-U" in names:
        if not service and not command.values("host"):
            raise RefusedError(Fault.MISSING_OPERAND, "-U needs a service")
        return
    if service:
        _check_logins(service, names)
        _check_module(service, command)
    for value in command.values("-x"):
        _check_lengths(value or "", are_sets="-y" not in names)
    for value in command.values("host"):
        _check_network(value or "")


def _check_logins(service: str, names: set[str]) -> None:
    has_login = not names.isdisjoint(_LOGINS)
    given = names & _PASSWORDS
    if service in _PASSWORD_ONLY and has_login:
        raise RefusedError(Fault.CONFLICT, f"{service} has no logins: -l, -L and -C are refused")
    if service in _LOGIN_ONLY and has_login and given - {"-e"}:
        raise RefusedError(Fault.CONFLICT, f"{service} has no passwords")
    if service in _NO_LOGIN and "-C" in names:
        raise RefusedError(Fault.CONFLICT, f"{service} refuses -C")
    if service in _NO_LOGIN and not given - (set() if has_login else {"-e"}):
        raise RefusedError(Fault.MISSING_OPTION, f"{service} needs -p, -P or -x")
    if service in _LOGIN_ONLY and not has_login and not given:
        raise RefusedError(Fault.MISSING_OPTION, f"{service} needs -l or -L")
    if service not in _NO_LOGIN | _LOGIN_ONLY and not has_login:
        raise RefusedError(Fault.MISSING_OPTION, "hydra needs -l, -L or -C")
    if service not in _NO_PASSWORD and not given:
        raise RefusedError(Fault.MISSING_OPTION, "hydra needs -p, -P, -e, -x or -C")


def _check_module(service: str, command: Command) -> None:
    module = (command.values("module") or ("",))[-1] or ""
    problem = None
    if _FORM.fullmatch(service):
        problem = _problem_of_form(module)
    elif _WEB.fullmatch(service) and module and not re.match(r"/|https?://", module):
        problem = f"{module!r} does not begin with a slash"
    elif _NEEDS_DN.fullmatch(service) and not module:
        raise RefusedError(Fault.MISSING_OPTION, f"{service} needs -m with the DN")
    elif service == "pcnfs" and not command.values("-s"):
        raise RefusedError(Fault.MISSING_OPTION, "pcnfs needs -s with the port")
    if problem:
        raise RefusedError(Fault.BAD_VALUE, problem)


def _problem_of_form(text: str) -> str | None:
    """Of "/path:variables[:options ...]:condition", where \\: is a colon."""
    parts = [part for part in re.split(r"(?<!\\):", text) if part]
    if not text.startswith("/"):
        return f"{text!r} does not begin with a slash"
    variables = parts[1] if len(parts) > 1 else ""
    if not re.search(r"\^(?:USER|PASS)(?:64)?\^", variables):
        return f"{variables!r} has none of ^USER^, ^PASS^, ^USER64^ and ^PASS64^"
    if len(parts) < 3:
        return f"{text!r} has no condition, such as :F=incorrect"
    wrong = [part for part in parts[2:-1] if not re.match(r"[cCgGhH12]=", part)]
    return f"{wrong[0]!r} is no option of a form" if wrong else None


def _check_lengths(text: str, *, are_sets: bool) -> None:
    match = _LENGTHS.fullmatch(text)
    low, high = (int(match[1]), int(match[2])) if match else (0, 0)
    if not match or not 1 <= low <= high <= 127:
        raise RefusedError(Fault.BAD_VALUE, f"-x: {text!r} is not MIN:MAX:CHARACTERS")
    size = sum(_SETS.get(char, 1) if are_sets else 1 for char in match[3])
    if size**high > _MOST_PASSWORDS:
        raise RefusedError(Fault.BAD_VALUE, f"-x: {text!r} are more than 4 billion passwords")


def _check_network(text: str) -> None:
    host, slash, bits = text.partition("/")
    is_network = re.fullmatch(r"\d+\.\d+\.\d+\.\d+", host) and bits.isdigit()
    if slash and not (is_network and 16 <= int(bits) <= 31):
        raise RefusedError(Fault.BAD_VALUE, f"{text!r} is not a network from /16 to /31")


def _renamed(argument: Argument) -> Argument:
    return replace(argument, name="module") if argument.name == "-m" else argument


def _from_words(operands: Sequence[str], has_list: bool) -> list[Argument]:
    names = ("service", "module") if has_list else ("host", "service", "module")
    if len(operands) > len(names):
        extra = operands[len(names)]
        raise RefusedError(Fault.EXTRA_OPTION, f"hydra does not know what {extra!r} is for")
    return [Argument(name, word, word) for name, word in zip(names, operands, strict=False)]


def _from_url(operands: Sequence[str]) -> list[Argument]:
    url, *rest = operands
    match = _URL.fullmatch(url)
    if not match:
        raise RefusedError(Fault.BAD_VALUE, f"{url!r} is not SERVICE://HOST[:PORT][/OPTIONS]")
    if rest:
        raise RefusedError(Fault.EXTRA_OPTION, f"hydra takes nothing after {url}: {rest[0]!r}")
    module = match["module"] or ""
    found = {
        "service": match["service"],
        "host": match["host"].strip("[]"),
        "-s": match["port"],  # of -s and a port in the URL, the URL's counts
        "module": module if match["service"].startswith("http") else module[1:],
    }
    return [Argument(name, value, url) for name, value in found.items() if value]
