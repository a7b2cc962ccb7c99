"""Runs a tutorial as its reader would: types the commands, writes the files, compares the output.

What a fenced block is, is said by the language after its opening fence:

- `sh`: commands, run by bash, which stops at the first that fails;
- `text`: what the commands of the last `sh` printed: its lines occur in that order, and "..."
  stands for anything;
- `toml`, `yaml`, `python`: a file, whose name is the comment in the first line.

A further word after `sh`, such as `sandbox`, says what the block needs. Any other block, and any
code that is merely indented, is an error: nobody would know whether it still works.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

FILES = ("toml", "yaml", "python")
_FENCE = re.compile(r"^```(.*)$")
_NAME = re.compile(r"# (\S+)")


@dataclass(frozen=True)
class Block:
    """One fenced block; `line` is that of its opening fence."""

    language: str
    needs: str
    text: str
    line: int


def blocks(markdown: str) -> Iterator[Block]:
    """The fenced blocks in order. AssertionError for code that would go unseen."""
    opening: tuple[str, int] | None = None
    body: list[str] = []
    for number, line in enumerate(markdown.splitlines(), start=1):
        fence = _FENCE.match(line)
        if fence and opening is None:
            opening, body = (fence[1], number), []
        elif fence and opening is not None:
            language, _, needs = opening[0].partition(" ")
            yield Block(language, needs, "\n".join(body) + "\n", opening[1])
            opening = None
        elif opening is not None:
            body.append(line)
        else:
            assert not line.startswith(("    ", "\t")), f"line {number}: indented, never run"
    assert opening is None, f"line {opening[1]}: the block is not closed"  # type: ignore[index]


def run(
    markdown: str, folder: Path, environment: Mapping[str, str], have: Collection[str] = ()
) -> str:
    """Work through a tutorial in an empty folder; everything that its commands printed.

    Commands that need what is not in `have` are left out, and what they print. AssertionError with
    the line at fault.
    """
    printed: str | None = ""
    everything = ""
    for block in blocks(markdown):
        where = f"line {block.line}"
        if block.needs and block.needs not in have:
            printed = None
        elif block.language == "sh":
            printed = typed(block.text, folder, environment, where)
            everything += printed
        elif block.language == "text":
            if printed is not None:
                compare(block.text, printed, where)
        else:
            assert block.language in FILES, f"{where}: a block of {block.language or 'no language'}"
            write(block.text, folder, where)
    return everything


def typed(commands: str, folder: Path, environment: Mapping[str, str], where: str) -> str:
    """What the commands print, errors included."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands],
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{where}: exit status {done.returncode}:\n{done.stdout}"
    return done.stdout


def write(text: str, folder: Path, where: str) -> None:
    name = _NAME.match(text)
    assert name, f"{where}: the first line does not name the file"
    path = folder / name[1]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def compare(shown: str, printed: str, where: str) -> None:
    """Every line that is shown was printed, in that order; runs of spaces count as one."""
    lines = iter([" ".join(line.split()) for line in printed.splitlines()])
    for line in shown.splitlines():
        wanted = " ".join(line.split())
        if wanted in ("", "..."):
            continue
        pattern = re.compile(".*".join(re.escape(part) for part in wanted.split("...")))
        assert any(pattern.fullmatch(each) for each in lines), (
            f"{where}: {line!r} was not printed there, but:\n{printed}"
        )
