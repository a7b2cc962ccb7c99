"""What came of one command, in lines a person can read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Row = Mapping[str, Any]

MOST_EVENTS = 12
MOST_OUTPUT = 400  # characters of what the command printed


def seen(execution: Row) -> list[str]:
    """How a command ended, what reached the lab, and the beginning of what it printed."""
    events = list(_events(execution["observation"]))
    lines = [_ending(execution), *events[:MOST_EVENTS]]
    if len(events) > MOST_EVENTS:
        lines.append(f"and {len(events) - MOST_EVENTS} more")
    if not events:
        lines.append("nothing reached the lab")
    if execution.get("programs") == []:
        lines.append("no program was started")
    for stream in ("stdout", "stderr"):
        if said := execution[stream].strip():
            lines.append(f"{stream}: {_shortened(said)}")
    return lines


def _ending(execution: Row) -> str:
    if execution["ending"] == "exited":
        return f"exit status {execution['exit_code']}"
    return f"{execution['ending']}: {execution['detail']}".rstrip(": ")


def _events(observation: Row) -> Iterator[str]:
    for event in observation["dns"]:
        yield f"dns: {event['type']} {event['name']}, asked of {event['server']}"
    for event in observation["http"]:
        scheme = "https" if event["tls"] else "http"
        query = f"?{event['query']}" if event["query"] else ""
        host = f"{event['host'] or event['address']}:{event['port']}"
        yield f"{scheme}: {event['method']} {host}{event['path']}{query}"
    for event in observation["logins"]:
        came = "let in" if event["success"] else "refused"
        yield f"login: {event['service']} {event['user']} / {event['password']}, {came}"
    for event in observation["connections"]:
        name = f" ({event['name']})" if event["name"] else ""
        port = f":{event['port']}" if event["port"] else ""  # ICMP has none
        yield f"{event['protocol']}: {event['address']}{port}{name}"


def _shortened(text: str) -> str:
    return text if len(text) <= MOST_OUTPUT else f"{text[:MOST_OUTPUT]} …"
