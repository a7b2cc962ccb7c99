"""Question one binary about one claim of its spec.

Three questions decide existence and arity, because exit codes do not (they miss 15% of unknown
flags): the flag before an option that cannot exist, which the binary names only if it has read
past the flag; the flag as the last word, where it misses its value; and `flag=zzq`, which a switch
refuses.

An abbreviation stated as an option is found where the complaint shows the whole name, which is
everywhere but in curl and dig.

How each tool is asked and words its complaints is data, in `tasks/probes/TOOL.yaml`.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

import yaml
from pydantic import ValidationError

from tasks.agreement.trial import Trial
from tasks.errors import UserError
from tasks.parsers import problem_of
from tasks.spec import Operand, Option
from tasks.types import Record

PROBES = Path(__file__).parent / "probes"
_CONTEXTS = 5  # whole commands that an option is tried in
_NUMBERS = ("1", "5", "50", "500", "5000", "0.5")


@dataclass(frozen=True, slots=True)
class Answer:
    """What one command line said. `exit_code` is None if it did not end in time."""

    exit_code: int | None
    stdout: str
    stderr: str

    @property
    def text(self) -> str:
        return f"{self.stdout}\n{self.stderr}"


Run = Callable[[str], Answer]


class Finding(StrEnum):
    """What the binary says of a claim."""

    AGREES = "agrees"
    EXPLAINED = "differs for a known reason"  # as `exceptions` in the tool's probes say
    UNDECIDED = "not decidable by the binary"
    DISAGREES = "disagrees"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One claim of a spec, the command that decided it, and the line in which the tool did."""

    subcommand: str  # "" for none
    flag: str  # as spelled: the canonical name or an alias
    claim: str
    finding: Finding
    probe: str
    exit_code: int | None
    said: str  # "" if the flag was taken without a word


class Wording(Record):
    """How one tool is asked and answers: `tasks/probes/TOOL.yaml`.

    In the patterns (regular expressions) {flag} is the option as spelled, {word} the same without
    dashes, {last} its last character, {other} a second option; what a pattern names is searched
    for in stdout and stderr.
    """

    # An option that does not exist: a binary that complains about it has read everything before
    # it, and took each option there as the spec says. Empty where no binary complains.
    sentinel: str
    first: tuple[str, ...] = ()  # words that stand before every probe
    glue: str = " "  # what stands between a long option and its value
    unknown: str  # the complaint about an option that does not exist
    missing: str | None  # about a missing value; None if it says nothing of it
    unwanted: str | None = None  # about `{flag}=zzq` of a switch; None if there is no such form
    conflict: str | None = None  # about two options together
    repeated: str | None = None  # about one option given twice
    # Any other complaint about the command line itself (a bad value, an operand too few or too
    # many, an option that needs another), as against a failure in doing the work.
    refused: str | None = None
    # What documents name and the spec leaves out all the same, each with the reason.
    left_out: Mapping[str, str] = {}
    complete: tuple[str, ...] = ("",)  # makes a command whole, so that combinations are looked at
    # For one option or operand ("-x", or "SUBCOMMAND -x"): a value, where the sample of its type
    # will not do, and what makes a line with it whole, where `complete` and `trial.bases` do not;
    # it stands where {} is, or else first.
    values: Mapping[str, str] = {}
    beside: Mapping[str, tuple[str, ...]] = {}
    # What differs from run to run in a line that the tool says, and is not kept: a regex.
    noise: str | None = None
    # "FLAG CLAIM" or "SUBCOMMAND FLAG CLAIM": why a probe cannot confirm it though it holds;
    # * stands for anything.
    exceptions: Mapping[str, str] = {}
    trial: Trial = Trial()  # how the agreement ledger tries it
    # Where `spec extract` looks for names, beside the tool's file.
    help: tuple[str, ...] = ("--help", "-h", "")  # words after which the tool tells its options
    subcommand_help: tuple[str, ...] = ("--help",)  # the same after a subcommand
    man: tuple[str, ...] = ("{tool}", "{tool}-{subcommand}")  # manual pages
    sources: tuple[str, ...] = ()  # files of the image with option names, as "usr/share/x/y.py"
    completion: str | None = None  # "gobuster __complete {subcommand} --"
    subcommands: tuple[str, ...] = ()  # to be asked about, where there is no spec yet

    def value(self, subcommand: str, name: str) -> str | None:
        """The value to ask with, if the sample of the type will not do."""
        return self.values.get(f"{subcommand} {name}", self.values.get(name))

    def reason(self, subcommand: str, flag: str, claim: str) -> str:
        """Why a probe cannot confirm the claim; "" if it should."""
        known = self.exceptions.items()
        return next((why for key, why in known if covers(key, subcommand, flag, claim)), "")


def covers(key: str, subcommand: str, flag: str, claim: str) -> bool:
    """Whether a key of `exceptions` speaks of the claim."""
    pattern = re.compile(re.escape(key).replace(r"\*", ".*"))
    of_any = f"{flag} {claim}"
    return any(pattern.fullmatch(text) for text in (of_any, f"{subcommand} {of_any}"))


def is_letter(flag: str) -> bool:
    """Whether a value is glued to the flag with nothing between: -x, and -PO in nmap."""
    return bool(re.fullmatch("-[^-]{1,2}", flag))


@cache
def samples() -> Mapping[str, str]:
    """A value of each type that every tool takes: `tasks/probes/samples.yaml`."""
    loaded: dict[str, str] = yaml.safe_load((PROBES / "samples.yaml").read_text(encoding="utf-8"))
    return loaded


@cache
def wording(tool: str) -> Wording:
    """How to question one tool. UserError names the file, if it is missing, and the key."""
    return _read(PROBES / f"{tool}.yaml", tool)


def has_wording(tool: str) -> bool:
    """Whether the tool has a probes file of its own."""
    return (PROBES / f"{tool}.yaml").is_file()


@cache
def default_wording() -> Wording:
    """The wordings of the common parsers together, for a tool with no file of its own."""
    return _read(PROBES / "defaults.yaml", "any tool")


def _read(path: Path, tool: str) -> Wording:
    try:
        return Wording.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; it says how {tool} words its complaints") from None
    except yaml.YAMLError as error:
        raise UserError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from None
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise UserError(f"{path}: {key}: {first['msg']}") from None


@dataclass(frozen=True, slots=True)
class Asked:
    """One question put to the binary, and how to read the answer.

    `unknown`, `missing` and `unwanted` are the line that says so of the flag, "" if none does.
    """

    words: Wording
    command: str
    answer: Answer

    def unknown(self, flag: str) -> str:
        return self._line(self.words.unknown, flag)

    def missing(self, flag: str) -> str:
        return self._line(self.words.missing, flag)

    def unwanted(self, flag: str) -> str:
        return self._line(self.words.unwanted, flag)

    def refused_together(self, flag: str, other: str) -> str:
        if flag == other:
            return self._line(self.words.repeated, flag)
        return self._line(self.words.conflict, flag, other)

    @property
    def read_on(self) -> str:
        """The complaint about the sentinel: all words before it were taken."""
        return self.unknown(self.words.sentinel) if self.words.sentinel else ""

    @property
    def complaint(self) -> str:
        """Any complaint about the command line, whatever flag it names; "" if there is none."""
        words = self.words
        patterns = (words.unknown, words.missing, words.unwanted, words.refused, words.conflict)
        return self._first((*patterns, words.repeated))

    @property
    def unknown_any(self) -> str:
        """The complaint about any option that does not exist."""
        return self._first((self.words.unknown,))

    @property
    def lines(self) -> list[str]:
        """What the tool said."""
        lines = self.answer.text.splitlines()
        noise = self.words.noise
        return [re.sub(noise, "", line) for line in lines] if noise else lines

    def _first(self, patterns: Iterable[str | None]) -> str:
        for pattern in filter(None, patterns):
            regex = _anyone(pattern)
            for line in self.lines:
                if regex.search(line):
                    return line.strip()
        return ""

    def of_longer(self, flag: str) -> str:
        """The complaint about an option whose name only begins with the flag."""
        lines = (
            self._line(pattern, flag, end=r"[\w-]+")
            for pattern in (self.words.missing, self.words.unwanted)
        )
        return next(filter(None, lines), "")

    def _line(
        self, pattern: str | None, flag: str, other: str = "", end: str = r"(?![\w-])"
    ) -> str:
        if pattern is None:
            return ""
        names = {
            "flag": re.escape(flag) + end,
            "word": re.escape(flag.lstrip("-")) + end,
            "other": re.escape(other) + end,
            "last": re.escape(flag[-1]),
        }
        regex = re.sub(r"\{(flag|word|other|last)\}", lambda match: names[match[1]], pattern)
        return next((line.strip() for line in self.lines if re.search(regex, line)), "")


@cache
def _anyone(pattern: str) -> re.Pattern[str]:
    """A pattern of the probes, for whatever flag it names."""
    return re.compile(re.sub(r"\{(?:flag|word|other|last)\}", ".*?", pattern))


@dataclass(frozen=True, slots=True)
class Interview:
    """One tool, or one of its subcommands, under question. Each method settles one claim."""

    head: str  # "nmap", "gobuster dir"
    words: Wording
    run: Run
    whole: str = ""  # the least that the spec wants on the line
    # An unknown option may be the name of an algorithm, so it is kept; the last one is looked up
    # when the line is read, and hides those before it.
    keeps_unknown: bool = False

    @property
    def subcommand(self) -> str:
        return self.head.partition(" ")[2]

    @property
    def contexts(self) -> tuple[str, ...]:
        """What makes a command whole, several ways."""
        given = () if self.subcommand else filter(None, self.words.complete)
        known = (*given, *self.words.trial.bases.get(self.subcommand, ()))
        return tuple(dict.fromkeys((*known[: _CONTEXTS - 1], self.whole)))

    def contexts_of(self, name: str) -> tuple[str, ...]:
        """What makes a command with that option or operand whole."""
        beside = self.words.beside
        own = beside.get(f"{self.subcommand} {name}", beside.get(name))
        return self.contexts if own is None else own

    def arity(self, option: Option, flag: str) -> Evidence:
        """The flag exists and takes no value, one, or one that may be left out."""
        if option.is_wildcard:
            return self._stands_for_values(option)
        if option.arity == "one":
            return self._takes_one(option, flag)
        if option.arity == "optional":
            return self._may_take_one(option, flag)
        return self._takes_none(option, flag)

    def refuses_value(self, flag: str) -> Evidence:
        """`flag=value` is refused."""
        asked = self.ask(f"{flag}=zzq")
        line = asked.unwanted(flag)
        return self.settle(asked, flag, "refuses a value", bool(line), line)

    def once(self, option: Option) -> Evidence:
        """Giving the option twice is refused."""
        return self._refused_together(option, option, "may be given once only")

    def conflict(self, option: Option, other: Option) -> Evidence:
        """The two options are refused together, wherever the line is whole."""
        return self._refused_together(option, other, f"is refused beside {other.name}")

    def _stands_for_values(self, option: Option) -> Evidence:
        flag = self.with_value(option, option.name)
        asked = self.in_sentinels_place(option.name, flag)
        line = asked.unknown(flag)
        return self.settle(asked, option.name, "is written as its value", not line, line)

    def _takes_none(self, option: Option, flag: str) -> Evidence:
        claim = "takes no value"
        if self.keeps_unknown:
            alone = self.in_sentinels_place(option.name, flag)
            if alone.unknown(flag):
                return self.settle(alone, flag, claim, False, alone.unknown(flag))
        asked = self.ask(flag, self.words.sentinel)
        line = asked.unknown(flag) or asked.missing(flag)
        if not line and not asked.read_on:
            # It swallowed the sentinel, or it acts at once, as --version does.
            asked = self.ask(flag)
            line = asked.unknown(flag) or asked.missing(flag)
        return self.settle(asked, flag, claim, not line, line or asked.read_on)

    def _takes_one(self, option: Option, flag: str) -> Evidence:
        claim = "takes a value"
        bare = self.ask(flag)
        missing = bare.missing(flag)
        if missing and not bare.unknown(flag):
            return self.settle(bare, flag, claim, True, missing)
        if self.words.missing is None:
            bare = self.ask(flag, self.words.sentinel)
            missing = "" if bare.read_on or bare.unknown(flag) else "(takes the next word)"
        # dig has one complaint for both: only with a value can they be told apart.
        given = self.ask(self.with_value(option, flag), self.words.sentinel)
        line = given.unknown(flag)
        read_on = given.read_on or not self.words.sentinel
        taken = bool(missing and read_on and not line)
        return self.settle(given, flag, claim, taken, line or given.read_on)

    def _may_take_one(self, option: Option, flag: str) -> Evidence:
        claim = "takes a value or none"
        alone = self._takes_none(option, flag)
        if alone.finding is not Finding.AGREES:
            return alone
        glued = self.ask(
            self.with_value(option, flag, self.good_value(option)), self.words.sentinel
        )
        line = glued.unwanted(flag) or glued.unknown(flag)
        return self.settle(glued, flag, claim, not line, line or glued.read_on)

    def _refused_together(self, option: Option, other: Option, claim: str) -> Evidence:
        pair = [self.with_value(o, o.name) for o in (option, other)]
        for rest in self.contexts_of(option.name):
            asked = self.ask_in(rest, *pair)
            line = asked.refused_together(option.name, other.name)
            line = line or self._only_together(rest, *pair)
            if line:
                break
        return self.settle(asked, option.name, claim, bool(line), line)

    def _only_together(self, rest: str, one: str, other: str) -> str:
        """The complaint about two options of which neither is complained of alone."""
        if self.ask_in(rest, one).complaint or self.ask_in(rest, other).complaint:
            return ""
        return self.ask_in(rest, one, other).complaint

    def in_sentinels_place(self, name: str, *words: str) -> Asked:
        """The words where the sentinel is complained of, for some commands look a kept name up
        only if they use it: the first such line with that option that is taken, or else the last.
        """
        lines = (*self.contexts_of(name), *self.contexts)
        told = [rest for rest in lines if self.ask_in(rest, self.words.sentinel).read_on]
        for rest in told or [""]:
            asked = self.ask_in(rest, *words)
            if not asked.complaint:
                break
        return asked

    def ask_in(self, rest: str, *words: str) -> Asked:
        """The words in a whole line."""
        before, here, after = rest.rpartition("{}")
        return self.ask(before.strip(), *words, after.strip()) if here else self.ask(*words, rest)

    def ask(self, *words: str) -> Asked:
        command = " ".join([self.head, *self.words.first, *filter(None, words)])
        return Asked(self.words, command, self.run(command))

    def settle(
        self, asked: Asked, flag: str, claim: str, agrees: bool | None, said: str
    ) -> Evidence:
        """The evidence for a claim; `agrees` is None if the binary cannot tell."""
        if agrees is None or (asked.answer.exit_code is None and not said and not agrees):
            finding = Finding.UNDECIDED
        elif agrees:
            finding = Finding.AGREES
        elif self.words.reason(self.subcommand, flag, claim):
            finding = Finding.EXPLAINED
        else:
            finding = Finding.DISAGREES
        return Evidence(
            self.subcommand, flag, claim, finding, asked.command, asked.answer.exit_code, said[:200]
        )

    def sample(self, option: Option) -> str:
        return shlex.quote(self.good_value(option))

    def good_value(self, declared: Option | Operand) -> str:
        """A value that the option or operand should take."""
        value = self.words.value(self.subcommand, declared.name)
        if value is not None:
            return value
        known = [*declared.choices[:1], samples()[declared.type], *_NUMBERS]
        known += [f"{end:g}" for end in (declared.min, declared.max) if end is not None]
        return next((text for text in known if problem_of(declared, text) is None), known[0])

    def with_value(self, option: Option, flag: str, value: str | None = None) -> str:
        """The flag with a value if it takes one, as the tool wants it written."""
        if option.arity == "none" or (option.arity == "optional" and value is None):
            return flag
        text = self.sample(option) if value is None else shlex.quote(value)
        if option.is_wildcard:
            return f"{option.name[:-1]}{text}"
        if option.arity == "optional":
            return f"{flag}{'' if is_letter(flag) else '='}{text}"
        glue = "=" if flag.startswith("+") else self.words.glue if flag[:2] == "--" else " "
        return f"{flag}{glue}{text}"
