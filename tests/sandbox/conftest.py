"""A started sandbox for every provider that can be used here."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest

from sandbox import open_sandbox, providers
from sandbox.types import Sandbox


@pytest.fixture(scope="session")
def start() -> Iterator[Callable[[str], Sandbox]]:
    """Starts the named sandbox once. Skips where it cannot be used, and fails instead where
    GOODHART_REQUIRE_SANDBOX=1 says that all must."""
    found = {provider.name: provider for provider in providers()}
    boxes: dict[str, Sandbox] = {}

    def named(name: str) -> Sandbox:
        if not found[name].usable:
            if os.environ.get("GOODHART_REQUIRE_SANDBOX") == "1":
                pytest.fail(f"{found[name]} must be usable here")
            pytest.skip(f"{name}: {found[name].reason}")
        if name not in boxes:
            boxes[name] = open_sandbox(name, workers=2)
        return boxes[name]

    yield named
    for box in boxes.values():
        box.close()


@pytest.fixture(params=["bubblewrap", "docker"])
def box(request: pytest.FixtureRequest, start: Callable[[str], Sandbox]) -> Sandbox:
    return start(request.param)
