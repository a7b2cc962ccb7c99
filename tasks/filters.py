"""Programs that only choose what of another's output is shown: grep, head, sort ...

nmap -p 80 h | grep open     does to the network and the files what `nmap -p 80 h` does
"""

from __future__ import annotations

import re

from tasks.shell import Call
from tasks.unknown import is_unknown

# Each filter, and which of its words make it write a file or run a program.
_FILTERS = {
    "cat": None,
    "column": None,
    "cut": None,
    "egrep": None,
    "fgrep": None,
    "grep": None,
    "head": None,
    "jq": None,
    "less": re.compile(r"-[a-zA-Z]*[oO]|--log-file|--LOG-FILE|\+"),
    "more": re.compile(r"\+"),
    "nl": None,
    "rev": None,
    "sort": re.compile(r"-[a-zA-Z]*[oT]|--o|--t|--c"),
    "tac": None,
    "tail": None,
    "tr": None,
    "uniq": re.compile(r"[^-+]"),  # a second operand is a file that is written
    "wc": None,
}


def only_shows(call: Call) -> bool:
    """Whether a call is of a filter that writes no file and runs no program."""
    if call.name not in _FILTERS or call.wrappers or call.doubts or call.redirections:
        return False
    writes = _FILTERS[call.name]
    return not any(is_unknown(word) or (writes and writes.match(word)) for word in call.argv[1:])
