"""Ask everywhere that a tool's options may be named: what may be an option, and who says so."""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tasks.interview import Interview
from tasks.proposal import program
from tasks.proposal.man import man_pages, paragraphs, read_page
from tasks.proposal.text import Candidate, candidates, entry, plain

# Lines in which parsers name options when they are given the beginning of one.
_NAMING = re.compile(
    r"(?i)ambiguous|possibilit|could match|requires|expect|does ?n[o']t (?:allow|take)|needless"
)
_NAME = re.compile(r"--?[A-Za-z0-9][\w-]*")
_BARE_LIST = re.compile(r"is ambiguous \(([\w, -]+)\)")  # Perl's Getopt::Long
_COMMANDS = re.compile(r"(?im)^available commands:\n((?:[ \t]+.*\n)+)")


@dataclass(frozen=True, slots=True)
class Scope:
    """A tool or one of its subcommands, under question."""

    interview: Interview
    subcommand: str  # "" for none

    @property
    def tool(self) -> str:
        return self.interview.head.split()[0]

    @property
    def dashes(self) -> str:
        """How its long options begin."""
        return "-" if re.match(r"-\w{2}", self.interview.words.sentinel) else "--"


def gather(scope: Scope, root: Path | None, workers: int = 1) -> list[Candidate]:
    """Every option that some source names. `root` is the image's file tree, None if not at hand:
    then the manual and the program itself are no sources."""
    found = [*in_help(scope), *in_completion(scope), *in_ambiguity(scope, workers)]
    if root is not None:
        found += in_manual(scope, root)
        found += in_program(scope, root)
    return [candidate for candidate in found if _is_wanted(candidate, scope)]


def _is_wanted(candidate: Candidate, scope: Scope) -> bool:
    """Not "-xyz" out of running text where it may be three letters, nor "+x" where no option is
    written so, nor the sentinel."""
    name = candidate.name
    if name == scope.interview.words.sentinel or not name.strip("-+"):
        return False
    if name[0] == "+" and scope.interview.words.sentinel[:1] != "+":
        return False
    is_cluster = name[0] == "-" and name[1] != "-" and len(name) > 2
    return candidate.entry or not is_cluster or scope.dashes == "-"


def help_texts(scope: Scope) -> Iterator[str]:
    """What the tool prints when it is asked for help in each of the ways it knows."""
    words = scope.interview.words
    for line in words.subcommand_help if scope.subcommand else words.help:
        yield plain(scope.interview.ask(line).answer.text)


def in_help(scope: Scope) -> Iterator[Candidate]:
    for text in help_texts(scope):
        yield from candidates(text.splitlines(), "help")


def subcommands(scope: Scope) -> tuple[str, ...]:
    """The subcommands that the tool's help lists, as cobra prints them."""
    for text in help_texts(scope):
        block = _COMMANDS.search(text)
        if block:
            return tuple(line.split()[0] for line in block[1].splitlines())
    return ()


def in_completion(scope: Scope) -> Iterator[Candidate]:
    """What the tool itself completes `--` to; cobra names the required options first, and the
    others when those are given."""
    asked = scope.interview.words.completion
    if asked is None:
        return
    head = asked.format(subcommand=scope.subcommand).split()
    known: dict[str, Candidate] = {}
    while True:
        given = [f"{name}=x" for name in known if name.startswith("--")]
        seen = len(known)
        for last in ("--", "-"):
            command = " ".join([*head, *given[:4], last])
            for line in scope.interview.run(command).stdout.splitlines():
                for found in entry(line, "completion"):
                    known.setdefault(found.name, found)
        if len(known) == seen:
            break
    yield from known.values()


def in_ambiguity(scope: Scope, workers: int) -> Iterator[Candidate]:
    """The names in a parser's complaints about `--a`, `--b` ..., which are beginnings of them."""
    if not re.fullmatch(r"--?\w{2,}", scope.interview.words.sentinel):
        return
    starts = [scope.dashes + letter for letter in string.ascii_letters + string.digits]
    questions = [start + tail for start in starts for tail in ("", "=zzq")]
    with ThreadPoolExecutor(workers) as pool:
        answers = pool.map(scope.interview.ask, questions)
        for question, asked in zip(questions, answers, strict=True):
            beginning = question.partition("=")[0]
            for line in plain(asked.answer.text).splitlines():
                if _NAMING.search(line):
                    yield from _named(line, beginning, scope.dashes)


def _named(line: str, beginning: str, dashes: str) -> Iterator[Candidate]:
    names: Iterable[str] = _NAME.findall(line)
    bare = _BARE_LIST.search(line)
    if bare:
        names = [dashes + name for name in bare[1].split(", ")]
    for name in names:
        if name.lower().startswith(beginning.lower()) and name != beginning:
            yield Candidate(name, "ambiguity", entry=True)


def in_manual(scope: Scope, root: Path) -> Iterator[Candidate]:
    for pattern in scope.interview.words.man:
        if ("{subcommand}" in pattern) != bool(scope.subcommand):
            continue
        name = pattern.format(tool=scope.tool, subcommand=scope.subcommand)
        for page in man_pages(root, name):
            yield from candidates(paragraphs(read_page(page)), "man")


def in_program(scope: Scope, root: Path) -> Iterator[Candidate]:
    """The program's own strings; of no use for one subcommand of several."""
    if scope.subcommand:
        return
    path = program.program(root, scope.tool)
    files = [root / name for name in scope.interview.words.sources]
    for file in [path, *files] if path else files:
        yield from program.candidates(file, scope.dashes)
