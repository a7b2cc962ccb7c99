"""Did the lab see what the task asks for? The observed verdict of a command that was run.

An observation is plain data with the lists `connections`, `http`, `dns` and `logins`; see
`sandbox/types.py` for their fields. The command's own output decides nothing, except that a tool
which says it lacks a privilege has not been tested at all.
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
_MOST_HOSTS = 4096  # a larger block is asked for as a whole by no task


def observed(
    task: Task, observation: Mapping[str, Any], exit_code: int | None, stdout: str, stderr: str
) -> LevelResult:
    """PASS if every expectation of the task was seen, else FAIL with fault NO_EFFECT.

    UNDECIDABLE if the task expects nothing, if the tool said that it lacks a privilege, or if the
    lab saw more than it kept.
    """
    if not task.observe:
        return _undecidable("the task says nothing of what must be seen")
    for expectation in task.observe:
        missing = _missing(expectation, observation)
        if missing is None:
            continue
        said = _PRIVILEGE.search(f"{stderr}\n{stdout}")
        if said:
            return _undecidable(f"the tool lacks a privilege: {said[0]}")
        if observation.get("truncated"):
            return _undecidable(f"{missing} was not among what was kept of a long observation")
        ended = "" if exit_code is None else f" (exit code {exit_code})"
        reason = f"the lab did not see {missing}{ended}"
        return LevelResult(Level.OBSERVE, Status.FAIL, reason, Fault.NO_EFFECT)
    return LevelResult(Level.OBSERVE, Status.PASS, "the lab saw what the task asks for")


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
