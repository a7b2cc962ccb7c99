"""What the agreement ledger must know of one tool beside its spec, as data in the tool's probes."""

from __future__ import annotations

from collections.abc import Mapping

from tasks.types import Record


class Trial(Record):
    """How one tool is tried: key `trial` of `tasks/probes/TOOL.yaml`.

    An example::

        trial:
          bases: {"": [-p 1 127.0.0.1, --open -p 1 10.0.0.1-2]}
          values: {--interface: [lo]}
          apart: {-iL: reads its file before it reads on}
          accepted: "Nmap done|Starting Nmap"
          silent: {unknown flag: any word that it does not know is left alone}
    """

    # Whole commands without the tool's name, by subcommand ("" for none), that end at once:
    # other options are added before their first operand. Without one, they are made of the spec.
    bases: Mapping[str, tuple[str, ...]] = {}
    # Of an option or operand: values to draw instead of those of its type.
    values: Mapping[str, tuple[str, ...]] = {}
    # Options that leave the rest of the command unread or make it slow, and why: each is tried in
    # a valid command of its own and in no mutant.
    apart: Mapping[str, str] = {}
    # Options stand behind the operands: the tool reads none before them.
    options_last: bool = False
    # What the tool says only after it has taken its command line; a regular expression. Traffic
    # in the lab and exit code 0 say so of every tool.
    accepted: str | None = None
    # Whether traffic shows that the command line was taken.
    traffic: bool = True
    # Usage text that the tool shows for a wrong command and, with exit code 0, when it is asked for
    # help: a refusal with any other exit code; a regular expression.
    usage: str | None = None
    # Why a refusal of a command that only asks for help tells nothing.
    help_fails: str | None = None
    # What goes wrong in doing the work and ends in a complaint about the command line all the same
    # ("Failed to resolve", then "No targets were specified"); a regular expression. With it, a
    # complaint of the kind `refused` tells nothing, nor does exit code 0.
    excuse: str | None = None
    # What execution cannot see, and why: a fault ("unknown flag"), or "SUBCOMMAND: fault".
    silent: Mapping[str, str] = {}
