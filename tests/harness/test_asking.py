"""Where tools are only asked about their command line, the sandbox has no raw sockets."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from harness.cli import app
from sandbox.types import SandboxError


@pytest.mark.parametrize(
    ("line", "raw"),
    [
        (["spec", "verify", "hping3"], False),
        (["spec", "extract", "hping3"], False),
        (["agreement", "--tool", "hping3"], False),
        (["sandbox", "run", "true"], True),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_who_opens_it_with_raw_sockets(
    monkeypatch: pytest.MonkeyPatch, line: list[str], raw: bool
) -> None:
    asked: list[bool] = []

    def refuse(name: str, workers: int, *, raw: bool = True) -> None:
        asked.append(raw)
        raise SandboxError("none here")

    monkeypatch.setattr("sandbox.open_sandbox", refuse)
    assert CliRunner().invoke(app, line).exit_code != 0
    assert asked == [raw]
