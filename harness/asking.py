"""Ask a tool in the sandbox: command lines in, what it said out, as `tasks.verify` wants it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sandbox.types import Ending, Execution, Limits, SandboxError
from tasks.interview import Answer

if TYPE_CHECKING:
    from sandbox.types import Sandbox

LIMITS = Limits(wall_s=10)  # a tool that has not complained by then is at work
# Where tools are only asked about their command line, they get no raw sockets: "can't open raw
# socket" is how fping, hping3, nmap and tcpdump say at once that they have taken it.
RAW = False


def asker(sandbox: Sandbox) -> Callable[[str], Answer]:
    """Runs a command line in the sandbox and tells what it said."""
    return lambda line: answer(sandbox.run(line, LIMITS))


def answer(execution: Execution) -> Answer:
    """An execution as the spec's interview reads it; SandboxError if the sandbox broke."""
    if execution.ending is Ending.INFRASTRUCTURE:
        raise SandboxError(f"The sandbox broke at {execution.command!r}: {execution.detail}.")
    return Answer(execution.exit_code, execution.stdout, execution.stderr)
