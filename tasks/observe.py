"""Was it seen that a command did what the task asks for? The observed verdict of one that was run.

An observation is plain data with the lists `connections`, `http`, `dns` and `logins`; see
`sandbox/types.py` for their fields, and docs/lab.md for the vocabulary of expectations. The
command's own output decides nothing, except that a tool which says it lacks a privilege has not
been tested at all.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl

from tasks.addresses import host_set, port_set
from tasks.types import Expectation, Fault, Level, LevelResult, Status, Task

Event = Mapping[str, Any]

_PRIVILEGE = re.compile(
    r"requires? root privileges|requires root|must be root|operation not permitted|"
    r"dnet: Failed to open device|only works if you are root",
    re.IGNORECASE,
)
_SIGNALLED = 128  # and more: a signal ended it
_MOST_HOSTS = 4096  # a larger block is asked for as a whole by no task


def observed(
    task: Task, observation: Mapping[str, Any], exit_code: int | None, stdout: str, stderr: str
) -> LevelResult:
    """PASS if every expectation of the task was met, else FAIL with fault NO_EFFECT; for a task
    that is not possible, whose command reached the lab all the same, with NOT_POSSIBLE.

    UNDECIDABLE if the task has no expectations, if the tool said that it lacks a privilege, if the
    lab saw more than it kept, or if a signal ended what was to exit by itself: that may have been
    a limit of the sandbox.
    """
    if not task.observe:
        return _undecidable("the task says nothing of what must be seen")
    for expectation in task.observe:
        if expectation.nothing:
            unmet = _touched(observation)
        elif expectation.exit is not None:
            unmet = _ended_otherwise(expectation.exit, exit_code)
        else:
            unmet = _unseen(expectation, observation, exit_code, f"{stderr}\n{stdout}")
        if unmet:
            return unmet
    return LevelResult(Level.OBSERVE, Status.PASS, "what the task asks for was seen")


def _unseen(
    expectation: Expectation, observation: Mapping[str, Any], exit_code: int | None, output: str
) -> LevelResult | None:
    """Why the lab did not see all of one expectation; None if it did."""
    missing = _missing(expectation, observation)
    if missing is None:
        return None
    said = _PRIVILEGE.search(output)
    if said:
        return _undecidable(f"the tool lacks a privilege: {said[0]}")
    if observation.get("truncated"):
        return _undecidable(f"{missing} was not among what was kept of a long observation")
    ended = "" if exit_code is None else f" (exit code {exit_code})"
    return _failed(Fault.NO_EFFECT, f"the lab did not see {missing}{ended}")


def _touched(observation: Mapping[str, Any]) -> LevelResult | None:
    """What reached the lab first, where nothing may; None if nothing did."""
    for event in observation.get("connections", ()):
        what = f"{event['protocol']} to {event['address']} port {event['port']}"
        return _failed(Fault.NOT_POSSIBLE, f"nothing was to reach the lab, but it saw {what}")
    return None


def _ended_otherwise(wanted: int, exit_code: int | None) -> LevelResult | None:
    if exit_code is None or exit_code >= _SIGNALLED:
        return _undecidable("the command was ended before it was done")
    if exit_code != wanted:
        return _failed(Fault.NO_EFFECT, f"the exit code is {exit_code}, not {wanted}")
    return None


def _failed(fault: Fault, reason: str) -> LevelResult:
    return LevelResult(Level.OBSERVE, Status.FAIL, reason, fault)


def _undecidable(reason: str) -> LevelResult:
    return LevelResult(Level.OBSERVE, Status.UNDECIDABLE, reason)


def _missing(expectation: Expectation, observation: Mapping[str, Any]) -> str | None:
    """What of one expectation was not seen, in words; None if all of it was."""
    if expectation.connection is not None:
        return _missing_connection(expectation.connection, observation)
    for kind, events in (("http", "http"), ("dns", "dns"), ("login", "logins")):
        wanted = getattr(expectation, kind)
        if wanted is None:
            continue
        seen = observation.get(events, ())
        if any(_matches(kind, wanted, event, observation) for event in seen):
            return None
        fields = " ".join(f"{key}={value}" for key, value in wanted.items())
        return f"a {kind} event with {fields}"
    return None


def _missing_connection(wanted: Mapping[str, Any], observation: Mapping[str, Any]) -> str | None:
    """Each host x port must have been tried; a host may be an address, a block or a name."""
    tried: set[tuple[str, int]] = set()
    for event in observation.get("connections", ()):
        if wanted.get("protocol") in (None, event["protocol"]):
            tried.add((event["address"], int(event["port"])))
            tried.add((event.get("name", ""), int(event["port"])))
    for event in observation.get("http", ()):
        if wanted.get("protocol") in (None, "tcp"):
            tried.add((event["host"].lower(), int(event["port"])))
    at_all = {host for host, _ in tried}
    for host in _hosts(wanted):
        for port in _ports(wanted):
            if (host, port) not in tried if port is not None else host not in at_all:
                return f"a connection to {host}" + (f" port {port}" if port is not None else "")
    return None


def _hosts(wanted: Mapping[str, Any]) -> Sequence[str]:
    text = str(wanted.get("host", wanted.get("address", "")))
    ranges, names = host_set(text)
    if sum(high - low + 1 for low, high in ranges) > _MOST_HOSTS:
        raise ValueError(f"a task expects connections to more than {_MOST_HOSTS} hosts: {text}")
    spans = [str(ipaddress.IPv4Address(n)) for low, high in ranges for n in range(low, high + 1)]
    return [*spans, *names]


def _ports(wanted: Mapping[str, Any]) -> Sequence[int | None]:
    if "port" not in wanted:
        return (None,)
    return [n for _, low, high in port_set(str(wanted["port"])) for n in range(low, high + 1)]


def _matches(
    kind: str, wanted: Mapping[str, Any], event: Event, observation: Mapping[str, Any]
) -> bool:
    return all(_field(kind, key, value, event, observation) for key, value in wanted.items())


def _field(
    kind: str, key: str, value: str | int, event: Event, observation: Mapping[str, Any]
) -> bool:
    """Whether one field of an event has the wanted value. "header:NAME" is a header of a request;
    `host` is the name asked for or the address."""
    if key.startswith("header:"):
        return str(event.get("headers", {}).get(key[len("header:") :].lower())) == str(value)
    if key == "host":
        return str(value).lower() in _names_of(event, observation)
    same = _SAME.get((kind, key), _equal)
    return same(str(value), event.get(key))


def _names_of(event: Event, observation: Mapping[str, Any]) -> set[str]:
    """The address of an event, the Host header, and the names that led to the address."""
    address = str(event.get("address", ""))
    names = {c.get("name", "") for c in observation.get("connections", ())
             if c["address"] == address}  # fmt: skip
    return {address, str(event.get("host", "")).lower(), *names} - {""}


def _equal(wanted: str, seen: object) -> bool:
    if isinstance(seen, bool):
        return wanted.lower() == str(seen).lower()
    return wanted == str(seen)


def _same_name(wanted: str, seen: object) -> bool:
    """DNS names without regard to case and the last dot; an address is its reverse name."""
    try:
        wanted = ipaddress.ip_address(wanted).reverse_pointer
    except ValueError:
        wanted = wanted.lower().rstrip(".")
    return wanted == str(seen).lower().rstrip(".")


def _same_form(wanted: str, seen: object) -> bool:
    """Query strings and form bodies: as written, or the same fields in any order."""
    if wanted == seen:
        return True
    fields = parse_qsl(wanted, keep_blank_values=True)
    return bool(fields) and sorted(fields) == sorted(parse_qsl(str(seen), keep_blank_values=True))


_SAME: Mapping[tuple[str, str], Callable[[str, object], bool]] = MappingProxyType(
    {
        ("dns", "name"): _same_name,
        ("dns", "type"): lambda wanted, seen: wanted.upper() == str(seen).upper(),
        ("http", "method"): lambda wanted, seen: wanted.upper() == str(seen).upper(),
        ("http", "query"): _same_form,
        ("http", "body"): _same_form,
    }
)
