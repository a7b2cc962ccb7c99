"""The tutorials: what they say, done; and the runner itself, which must notice what is not so."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

import sandbox
from tests.docs.tutorial import run

DOCS = Path(__file__).parents[2] / "docs"


def what_is_here() -> set[str]:
    """What blocks may need."""
    usable = any(provider.usable for provider in sandbox.providers())
    return {"sandbox"} if usable or os.environ.get("GOODHART_REQUIRE_SANDBOX") == "1" else set()


@pytest.mark.slow
@pytest.mark.parametrize("page", ["data", "proxies", "suites", "trainers"])
def test_a_reader_who_follows_it_gets_there(
    page: str, shell: Mapping[str, str], tmp_path: Path
) -> None:
    folder = tmp_path / "reader"
    folder.mkdir()
    run((DOCS / f"{page}.md").read_text(encoding="utf-8"), folder, shell, what_is_here())


def follow(markdown: str, folder: Path) -> str:
    return run(markdown, folder, os.environ)


def test_files_are_written_commands_run_and_outputs_compared(tmp_path: Path) -> None:
    page = "Say\n```yaml\n# a/b.yaml\nx: 1\n```\nand\n```sh\ncat a/b.yaml; echo 12 s\n```\n"
    assert follow(page + "```text\nx: 1\n... s\n```\n", tmp_path) == "# a/b.yaml\nx: 1\n12 s\n"


def test_what_needs_something_that_is_not_here_is_left_out_with_its_output(tmp_path: Path) -> None:
    page = "```sh oven\nfalse\n```\n```text\nbaked\n```\n```sh\necho on\n```\n"
    assert follow(page, tmp_path) == "on\n"
    with pytest.raises(AssertionError, match="exit status 1"):
        run(page, tmp_path, os.environ, {"oven"})


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ("```sh\nfalse\ntrue\n```", "line 1: exit status 1"),
        ("```sh\nfalse | true\n```", "line 1: exit status 1"),
        ("```sh\necho one\n```\n```text\ntwo\n```", "line 4: 'two' was not printed"),
        ("```sh\necho a\necho b\n```\n```text\nb\na\n```", "'a' was not printed"),
        ("```yaml\nx: 1\n```", "line 1: the first line does not name the file"),
        ("```ruby\nx\n```", "line 1: a block of ruby"),
        ("```\nx\n```", "line 1: a block of no language"),
        ("So:\n\n    goodhart-bench\n", "line 3: indented, never run"),
        ("```sh\ntrue\n", "line 1: the block is not closed"),
    ],
)
def test_a_tutorial_that_is_not_so_fails(page: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=said):
        follow(page, tmp_path)
