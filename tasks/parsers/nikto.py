"""nikto: Perl's Getopt::Long, the form of an address, and the format that a file's name must tell.

Traps: a host of digits and dots must have four numbers of up to three digits; `-o report` is
refused, as no format is stated and the name has none; `-o report.html` and `-Format HTML` are the
same.
Source: nikto 2.1.5 plugins/nikto_core.plugin, general_config and resolve.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from tasks.parsers import perl_getopt
from tasks.parsers.grammar import Grammar, RefusedError
from tasks.types import Argument, Command, Fault

_ADDRESS = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
_FORMAT = re.compile(r"te?xt|html?|csv|nbe|xml|msf", re.IGNORECASE)


def parse(grammar: Grammar, words: Sequence[str]) -> list[Argument]:
    """The arguments in order; operands have no name yet. Raises RefusedError."""
    return perl_getopt.parse(grammar, words)


def check(_: Grammar, command: Command) -> None:
    """Refuse what is no address though no name either, and a file whose name tells no format when
    -Format does not."""
    for host in command.values("-host"):
        bare = re.sub(r"\s", "", host or "")
        if re.fullmatch(r"[\d.]+", bare) and not _ADDRESS.fullmatch(bare):
            raise RefusedError(Fault.BAD_VALUE, f"-host: {bare!r} is no IP address")
    if command.values("-Format"):
        return
    for name in command.values("-output"):
        if not _FORMAT.search((name or "").rpartition(".")[2]):
            reason = f"-output: {name!r} tells no format, and there is no -Format"
            raise RefusedError(Fault.MISSING_OPTION, reason)
