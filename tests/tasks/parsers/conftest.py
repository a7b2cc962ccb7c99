"""A parser for a small spec written in the test."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import yaml

from tasks.parsers import Parser, RefusedError
from tasks.spec import ToolSpec

Pairs = list[tuple[str, str | None]]


class Tool:
    """A parser and short ways to ask it."""

    def __init__(self, spec: ToolSpec) -> None:
        self.parser = Parser(spec)

    def pairs(self, line: str) -> Pairs:
        """(canonical name, value) of every argument of a line split at blanks."""
        command = self.parser.parse(line.split(), line)
        return [(argument.name, argument.value) for argument in command.arguments]

    def fault(self, line: str) -> str:
        """The kind of mistake, "" if there is none."""
        try:
            self.parser.check(self.parser.parse(line.split(), line))
        except RefusedError as refused:
            return refused.fault.value
        return ""

    def reason(self, line: str) -> str:
        """What is said of the mistake."""
        with pytest.raises(RefusedError) as caught:
            self.parser.check(self.parser.parse(line.split(), line))
        return caught.value.reason


@pytest.fixture(scope="session")
def tool() -> Callable[[str, str], Tool]:
    """make(personality, YAML of the other keys) -> Tool."""

    def make(personality: str, text: str) -> Tool:
        head: dict[str, Any] = {
            "tool": "sample",
            "version": "1",
            "version_probe": {"argv": ["sample"], "pattern": "(.*)"},
            "personality": personality,
        }
        return Tool(ToolSpec.model_validate(head | yaml.safe_load(text)))

    return make
