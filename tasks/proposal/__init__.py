"""Propose a spec: documents say what may be an option, the binary decides.

proposal = propose("nmap", Means(run))     # run: one command line -> Answer, in the sandbox
print(as_yaml(proposal))                   # a spec to be edited, and what was rejected and why
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from tasks.errors import UserError
from tasks.interview import Interview, Run, Wording, default_wording, has_wording, wording
from tasks.proposal.decide import Judged, Standing, decide
from tasks.proposal.gather import Scope, gather, subcommands
from tasks.spec import load_spec, spec_names

# Options that no tool has; a parser of single letters names only a letter.
_SENTINELS = ("--zzqx", "-zzqx", "-%", "-,")
# How a parser complains about an unknown option, and which personality that is.
_PERSONALITIES = (
    (r"unknown (?:shorthand )?flag", "pflag"),
    (r"flag provided but not defined", "go_flag"),
    (r"no such option", "optparse"),
    (r"unrecognized arguments", "argparse"),
    (r"Unknown option: zzqx", "perl_getopt"),
    (r"unrecognized option '?`?-zzqx", "getopt_long_only"),
    (r"unrecognized option", "getopt_long"),
    (r"(?:invalid|illegal) option -- ", "getopt"),
)
_VERSION = re.compile(r"\d+(?:\.\d+)+\w*")


@dataclass(frozen=True, slots=True)
class Means:
    """What there is to ask with: `run` executes a command line in the sandbox, from `workers`
    threads; `root` is the image's file tree, None if it is not at hand. `deep` tries every word
    in the program, which finds what no document names and takes minutes."""

    run: Run
    root: Path | None = None
    workers: int = 1
    deep: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """What a tool, or one subcommand, was found to accept."""

    subcommand: str  # "" for the tool itself
    judged: tuple[Judged, ...]

    def of(self, standing: Standing) -> list[Judged]:
        return [judged for judged in self.judged if judged.standing is standing]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A spec that is not one yet."""

    tool: str
    version: str
    version_argv: str
    personality: str
    parts: tuple[Part, ...]


def propose(tool: str, means: Means) -> Proposal:
    """Gather every option that some source names and put it to the binary. UserError if the tool
    is not there."""
    if means.run(f"command -v {tool}").exit_code != 0:
        raise UserError(f"the sandbox has no {tool}: add its package to sandbox/image/packages.txt")
    words = words_for(tool, means.run)
    version_argv, version = _version(tool, means.run)
    parts = tuple(survey(tool, words, means))
    return Proposal(tool, version, version_argv, _personality(tool, words, means.run), parts)


def words_for(tool: str, run: Run) -> Wording:
    """How to question the tool: its probes file, or the common wordings with a sentinel that the
    tool complains about."""
    if has_wording(tool):
        return wording(tool)
    for sentinel in _SENTINELS:
        words = default_wording().model_copy(update={"sentinel": sentinel})
        if Interview(tool, words, run).ask(sentinel).read_on:
            return words
    return default_wording()


def survey(tool: str, words: Wording, means: Means) -> list[Part]:
    """The tool itself, and then each subcommand without what the tool itself has."""
    top = Scope(Interview(tool, words, means.run), "")
    spec = load_spec(tool) if tool in spec_names() else None
    known = tuple(sub.name for sub in spec.subcommands) if spec else words.subcommands
    names = known or subcommands(top)
    if names and words.completion is None and "completion" in names:  # cobra
        words = words.model_copy(update={"completion": f"{tool} __complete {{subcommand}}"})
        top = Scope(Interview(tool, words, means.run), "")
    parts = [_part(top, means)]
    common = {judged.name for judged in parts[0].judged if judged.standing is Standing.TAKEN}
    for name in names:
        part = _part(Scope(Interview(f"{tool} {name}", words, means.run), name), means)
        own = tuple(judged for judged in part.judged if judged.name not in common)
        parts.append(replace(part, judged=own))
    return parts


def _part(scope: Scope, means: Means) -> Part:
    found = gather(scope, means.root, means.workers)
    if not means.deep:
        found = [candidate for candidate in found if candidate.source != "binary"]
    return Part(scope.subcommand, tuple(decide(scope.interview, found, means.workers)))


def _version(tool: str, run: Run) -> tuple[str, str]:
    """How the tool is asked for its version, and what it says; "" if it tells none."""
    for words in ("--version", "-V", "version", "-v", "-h", ""):
        command = f"{tool} {words}".strip()
        lines = run(command).text.splitlines()
        for line in lines:
            found = _VERSION.search(line)
            if found and re.search(rf"(?i)version|{re.escape(tool)}|^\W*v?\d", line):
                return command, found[0]
    return f"{tool} --version", ""


def _personality(tool: str, words: Wording, run: Run) -> str:
    """The parser that the tool's complaint sounds like; "" if it is one of its own."""
    interview = Interview(tool, words, run)
    for sentinel in ("-zzqx", words.sentinel):
        text = interview.ask(sentinel).answer.text
        for pattern, name in _PERSONALITIES:
            if re.search(pattern, text):
                if name == "getopt" and words.sentinel.startswith("--"):
                    break  # a letter's complaint; the long options have one of their own
                return name
    return ""
