"""The host's end of a lab: opens an observation window and collects what was seen in it."""

from __future__ import annotations

from typing import Any

from sandbox.channel import Channel
from sandbox.types import Connection, DnsQuery, HttpRequest, Login, Observation

START_S = 30.0  # an idle machine takes half a second
ANSWER_S = 15.0


class Lab:
    """One running lab. Raises SandboxError where it does not answer in time."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._fresh = False  # whether a window is open that nobody has used
        channel.answer(START_S)

    def begin(self) -> None:
        """Forget everything; what is seen from now on belongs to one command."""
        if not self._fresh:
            self._channel.ask("begin", ANSWER_S)
        self._fresh = False

    def collect(self) -> Observation:
        """What was seen since `begin`. Call it when the command's last process is dead.

        The lab then begins anew by itself, which spares the next command a question.
        """
        seen = self._channel.ask("collect", ANSWER_S)
        self._fresh = seen["settled"]
        return observation(seen)

    def close(self) -> None:
        self._channel.close()


def observation(seen: dict[str, Any]) -> Observation:
    """From plain data, as the lab sends it and `Observation.as_json` makes it."""
    return Observation(
        connections=tuple(Connection(**row) for row in seen["connections"]),
        http=tuple(HttpRequest(**row) for row in seen["http"]),
        dns=tuple(DnsQuery(**row) for row in seen["dns"]),
        logins=tuple(Login(**row) for row in seen["logins"]),
        truncated=seen["truncated"],
    )
