"""The command in a model's answer, for everyone who reads one: proxies compare it, trainers train
on it, the checker judges it and the sandbox runs it. The rule is that of tasks/extract.py."""

from __future__ import annotations

from functools import cache

from tasks.extract import extract
from tasks.spec import load_specs
from tasks.wrappers import SHELLS, WRAPPERS


def command_of(answer: str) -> str:
    """The one command of an answer, without prose, fence and prompt; an answer that holds none,
    such as a refusal, is itself what was said."""
    return extract(answer, _names()) or answer


@cache
def _names() -> frozenset[str]:
    """What a command may begin with, as the checker has it."""
    return frozenset({*load_specs(), *WRAPPERS, *SHELLS})
