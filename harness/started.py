"""Did a tool that a command line calls ever start? What the kernel told of a run says so."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from sandbox.inside import ENVIRONMENT

if TYPE_CHECKING:
    from harness.record import Row

FOLDERS = frozenset(ENVIRONMENT["PATH"].split(":"))


def never_started(execution: Row) -> list[str]:
    """The tools with a spec that the line calls and the command did not start, as `nmap` in
    `false && nmap ...`; nothing where it is not known. A file of that name which the command made
    itself is not the tool."""
    from tasks.shell import BashSyntaxError, UndecidedError, read
    from tasks.spec import load_specs

    if execution.get("programs") is None or execution["unlisted"]:
        return []
    try:
        calls = read(execution["command"]).calls
    except (BashSyntaxError, UndecidedError):
        return []
    called = dict.fromkeys(call.name for call in calls if call.undecided is None)
    started = {_tool(program["path"]) for program in execution["programs"]}
    return [name for name in called if name in load_specs() and name not in started]


def _tool(path: str) -> str:
    file = PurePosixPath(path)
    return file.name if str(file.parent) in FOLDERS else ""
