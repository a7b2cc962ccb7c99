"""The static check against the fast binaries themselves: examples, and random command lines.

Each random line is an example with one to three words dropped, doubled, swapped or put in from
another line of the same tool, so that options lose their values and values become operands.
"""

from __future__ import annotations

import random
import shlex
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness.asking import RAW
from sandbox import open_sandbox, providers
from sandbox.types import Sandbox
from tasks.agreement.binary import Said, read_answer
from tasks.interview import Answer, wording
from tests.tasks.test_examples import EXAMPLES, examples, static

FAST = ("curl", "dig", "ffuf", "gobuster")
WORKERS = 4
LINES = 150
# What curl -s says only with its exit code, and what other words hide from a line.
MOST_APART = 2

pytestmark = [
    pytest.mark.slow,
    pytest.mark.sandbox,
    pytest.mark.skipif(
        not any(provider.usable for provider in providers()), reason="no sandbox can be used here"
    ),
]


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    box = open_sandbox(workers=WORKERS, raw=RAW)
    yield box
    box.close()


def disagreements(box: Sandbox, tool: str, lines: list[str]) -> list[str]:
    """The lines of which the binary clearly says something else than the static check."""

    def ask(line: str) -> Said:
        done = box.run(line)
        answer = Answer(done.exit_code, done.stdout, done.stderr)
        return read_answer(wording(tool), answer, traffic=False).said

    with ThreadPoolExecutor(WORKERS) as pool:
        said = list(pool.map(ask, lines))
    verdicts = {Said.ACCEPTED: "takes", Said.REFUSED: "refuses"}
    pairs = zip(lines, said, strict=True)
    return [line for line, s in pairs if s in verdicts and verdicts[s] != static(line)]


@pytest.mark.parametrize("tool", FAST)
def test_the_binary_says_of_the_examples_what_is_kept(box: Sandbox, tool: str) -> None:
    path = next(path for path in EXAMPLES if path.stem == tool)
    lines = [command for _, command in examples(path)]
    assert disagreements(box, tool, random.Random(tool).sample(lines, 60)) == []


@pytest.mark.parametrize("tool", FAST)
def test_the_binary_agrees_on_random_lines(box: Sandbox, tool: str) -> None:
    found = disagreements(box, tool, random_lines(tool))
    assert len(found) <= MOST_APART, found


def random_lines(tool: str) -> list[str]:
    """The same lines each time."""
    source = random.Random(f"{tool} 1")
    path = next(path for path in EXAMPLES if path.stem == tool)
    parsed = [shlex.split(command) for _, command in examples(path)]
    known = [words[1:] for words in parsed if len(words) > 2]
    lines: list[str] = []
    while len(lines) < LINES:
        words = list(source.choice(known))
        for _ in range(source.randint(1, 3)):
            _mutate(source, words, source.choice(known))
        lines.append(shlex.join([tool, *words]))
    return lines


def _mutate(source: random.Random, words: list[str], other: list[str]) -> None:
    at = source.randrange(len(words)) if words else 0
    kind = source.choice(("drop", "double", "swap", "put in", "put in"))
    if kind == "put in":
        words.insert(at, source.choice(other))
    elif kind == "drop":
        del words[at : at + 1]
    elif kind == "double":
        words[at:at] = words[at : at + 1]
    elif words:
        words.append(words.pop(at))
