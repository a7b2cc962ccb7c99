"""The questions that one spec raises: every claim it makes, as something to ask the binary.

for question in questions(spec, words, run): evidence = question()

What the spec says of abbreviations, glued values and negations is what its own parser makes of
them, so these claims hold the parser against the binary too.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from tasks.interview import Answer, Asked, Evidence, Interview, Run, Wording, is_letter
from tasks.parsers import Grammar, Parser, RefusedError, problem_of
from tasks.spec import Operand, Option, ToolSpec, Value
from tasks.types import Fault
from tasks.values import validate

Question = Callable[[], Evidence]

MOST_CHOICES = 64
# Values that some types refuse; the first that the spec refuses is put to the binary.
_ODD = ("zzq", "-1", "1.5", "999999999999", "a b", "127.0.0.1", "5", "@")


def questions(
    spec: ToolSpec, words: Wording, run: Run, only: Collection[str] = ()
) -> Iterator[Question]:
    """One question for each claim, in the order of the spec; of some subcommands `only`, if any
    are named."""
    parser = Parser(spec)
    scopes = [("", spec.options), *((sub.name, sub.options) for sub in spec.subcommands)]
    for name, own in scopes:
        if only and name not in only:
            continue
        head = f"{spec.tool} {name}".strip()
        grammar = parser.scope(name or None)
        keeps_unknown = any(option.is_wildcard for option in own)
        interview = Interview(head, words, run, _whole(spec, parser, name, words), keeps_unknown)
        scope = _Scope(interview, parser, grammar)
        for option in own:
            yield from scope.of_option(option)
        if name or not spec.subcommands:
            yield from scope.of_company()


def _whole(spec: ToolSpec, parser: Parser, name: str, words: Wording) -> str:
    """The least line that the spec takes; of a tool with subcommands, that of the first one."""
    shown = spec.subcommands[0].name if spec.subcommands and not name else name
    interview = Interview(spec.tool, words, _never)
    least = _least(interview, parser.scope(shown or None))
    return " ".join(least if shown == name else [shown, *least])


def _never(command: str) -> Answer:
    raise AssertionError(f"{command} was only to be written")


def _least(interview: Interview, grammar: Grammar, leave_out: Sequence[str] = ()) -> list[str]:
    """The least that the spec wants on the line: one of each required group, and the operands."""
    words: list[str] = []
    for group in grammar.requires:
        option = grammar.options.get(group[0])
        if option and tuple(group) != tuple(leave_out):
            words.append(interview.with_value(option, option.name))
    required = {name for group in grammar.requires for name in group[:1] if group != leave_out}
    for operand in grammar.operands:
        count = max(operand.least, int(operand.name in required))
        if operand.name not in leave_out:
            words += [shlex.quote(interview.good_value(operand))] * count
    return words


@dataclass(frozen=True)
class _Scope:
    """A tool or a subcommand: its interview, and its parser as the spec describes it."""

    interview: Interview
    parser: Parser
    grammar: Grammar

    @property
    def words(self) -> Wording:
        return self.interview.words

    def of_option(self, option: Option) -> Iterator[Question]:
        """Everything that the spec says of one option."""
        interview = self.interview
        for flag in option.spellings:
            yield partial(interview.arity, option, flag)
            has_equals = flag.startswith("--") or not self.words.sentinel.startswith("--")
            if option.arity == "none" and self.words.unwanted and has_equals:
                yield partial(interview.refuses_value, flag)
            if not option.is_wildcard:
                yield from self._of_spelling(option, flag)
        if option.arity != "none":
            yield from self._of_values(option)
        if option.once:
            yield partial(interview.once, option)
        elif not option.informs:
            yield partial(self._twice, option)
        for other in option.conflicts:
            yield partial(interview.conflict, option, self.grammar.canonical[other])
        for need in option.needs:
            yield partial(self._needs, option, need)

    def _of_spelling(self, option: Option, flag: str) -> Iterator[Question]:
        """Gluing, abbreviations and the negation, as the spec's parser has them."""
        value = self.interview.good_value(option)
        if option.arity == "one":
            glued = f"{flag}{'' if is_letter(flag) else '='}{value}"
            taken = self._parses_as(option, [glued], value)
            if taken is not None:
                claim = f"takes a glued value: {glued}" if taken else f"is not {glued}"
                yield partial(self._reads, option.name, claim, shlex.quote(glued), taken)
        for short, taken in self._abbreviations(option, flag, value):
            claim = f"may {'' if taken else 'not '}be shortened to {short}"
            alone = self.interview.keeps_unknown and not taken  # its value would be an operand
            with_value = short if alone else self.interview.with_value(option, short)
            yield partial(self._reads, option.name, claim, with_value, taken, short)
        negated = _negation(flag)
        if option.arity == "none" and negated and negated not in self.grammar.options:
            if self._parses_as(option, [negated], None):
                claim = f"may be negated: {negated}"
                yield partial(self._reads, option.name, claim, negated, True)
            elif not option.negatable:
                yield partial(self._reads, option.name, f"is not {negated}", negated, False)

    def _abbreviations(self, option: Option, flag: str, value: str) -> Iterator[tuple[str, bool]]:
        """The shortest spelling that the parser takes for the option, and one that is too short;
        or, where there are no abbreviations, the flag less its last letter."""
        dashes = len(flag) - len(flag.lstrip("-+"))
        if len(flag) - dashes < 3:
            return
        rest = [value] if option.arity == "one" else []
        refused = ""
        for end in range(dashes + (1 if dashes == 2 else 2), len(flag)):
            short = flag[:end]
            taken = None
            if short not in self.grammar.options:
                glue = [f"{short}={value}"] if flag[0] == "+" and rest else [short, *rest]
                taken = self._parses_as(option, glue, value if rest else None)
            if taken:
                yield short, True
                break
            if taken is False:
                refused = short
        if refused:
            yield refused, False

    def _parses_as(self, option: Option, words: list[str], value: str | None) -> bool | None:
        """Whether the parser takes the words for the option with that value; None if it takes
        them for something else."""
        try:
            command = self.parser.read(self.grammar, words, "")
        except RefusedError as refused:
            return False if refused.fault in (Fault.UNKNOWN_FLAG, Fault.BAD_VALUE) else None
        named = [a for a in command.arguments if self.grammar.option(a.name) is option]
        is_all = len(named) == len(command.arguments) == 1
        return True if is_all and value in (None, named[0].value) else None

    def _reads(self, name: str, claim: str, words: str, expected: bool, flag: str = "") -> Evidence:
        """Whether the binary reads past the words."""
        flag = flag or words.partition("=")[0]
        if self.interview.keeps_unknown:
            return self._reads_alone(name, claim, words, expected, flag)
        asked = self.interview.ask(words, self.words.sentinel)
        line = asked.unknown(flag) or asked.missing(flag) or asked.unwanted(flag)
        line = line or ("" if asked.read_on else asked.complaint)
        if line:
            return self.interview.settle(asked, name, claim, not expected, line)
        if asked.read_on or not self.words.sentinel:
            return self.interview.settle(asked, name, claim, expected, asked.read_on)
        return self.interview.settle(asked, name, claim, None, "")

    def _reads_alone(
        self, name: str, claim: str, words: str, expected: bool, flag: str
    ) -> Evidence:
        """Whether the binary takes the words in the sentinel's place, which it complains of."""
        asked = self.interview.in_sentinels_place(name, words)
        line = asked.unknown(flag) or asked.missing(flag) or asked.unwanted(flag)
        if line:
            return self.interview.settle(asked, name, claim, not expected, line)
        taken = None if asked.complaint else expected
        return self.interview.settle(asked, name, claim, taken, asked.complaint)

    def _of_values(self, option: Option) -> Iterator[Question]:
        """Values that the spec takes, and values that it refuses."""
        good = self.interview.good_value(option)
        for value in dict.fromkeys((*_accepted(option), good)):
            yield partial(self._takes, option, value)
        for value in _refused(option, good):
            yield partial(self._refuses, option, value)
            if not (option.once or option.repeatable):
                yield partial(self._overrides, option, value)

    def _takes(self, option: Option, value: str) -> Evidence:
        asked, line, _ = self._whole(option, value)
        taken = None if self.words.refused is None and not line else not line
        return self.interview.settle(asked, option.name, f"takes the value {value!r}", taken, line)

    def _refuses(self, option: Option, value: str) -> Evidence:
        """In a line that is taken with a good value: else it might be refused for anything."""
        good, complaint, rest = self._whole(option, self.interview.good_value(option))
        claim = f"refuses the value {value!r}"
        if complaint:
            return self.interview.settle(good, option.name, claim, None, complaint)
        given = self.interview.with_value(option, option.name, value)
        asked = self.interview.ask_in(rest, given, *self._needed(option))
        line = asked.complaint
        refused = None if self.words.refused is None and not line else bool(line)
        return self.interview.settle(asked, option.name, claim, refused, line)

    def _overrides(self, option: Option, value: str) -> Evidence:
        """A value that is refused, before a good one of the same option."""
        unchecked = option.unchecked_before
        passes = unchecked == "all" or (
            unchecked == "limits" and validate(option.type, value) is None
        )
        claim = f"{value!r} is {'passed over' if passes else 'refused'} before another value"
        good, complaint, rest = self._whole(option, None, twice=True)
        if complaint or self.words.refused is None:
            return self.interview.settle(good, option.name, claim, None, complaint)
        pair = [self.interview.with_value(option, option.name, text) for text in (value, None)]
        asked = self.interview.ask_in(rest, *pair, *self._needed(option))
        line = asked.complaint
        return self.interview.settle(asked, option.name, claim, bool(line) != passes, line)

    def _whole(
        self, option: Option, value: str | None, twice: bool = False
    ) -> tuple[Asked, str, str]:
        """The first whole line that is taken with the option, or else the last one; its complaint;
        and the rest of the line."""
        given = self.interview.with_value(option, option.name, value)
        given = f"{given} {given}" if twice else given
        for rest in self.interview.contexts_of(option.name):
            asked = self.interview.ask_in(rest, given, *self._needed(option))
            line = asked.complaint
            if not line:
                break
        return asked, line, rest

    def _needed(self, option: Option, without: str = "") -> list[str]:
        """What the spec wants beside the option."""
        words = []
        for need in option.needs:
            name, equals, value = need.partition("=")
            known = self.grammar.canonical.get(name)
            if known and need != without:
                words.append(self.interview.with_value(known, name, value if equals else None))
        return words

    def _twice(self, option: Option) -> Evidence:
        claim = "may be given twice"
        if self.words.refused is None and self.words.repeated is None:
            given = self.interview.with_value(option, option.name)
            return self._reads(option.name, claim, f"{given} {given}", True, option.name)
        once, complaint, _ = self._whole(option, None)
        if complaint:
            return self.interview.settle(once, option.name, claim, None, complaint)
        asked, line, _ = self._whole(option, None, twice=True)
        return self.interview.settle(asked, option.name, claim, not line, line)

    def _needs(self, option: Option, need: str) -> Evidence:
        given = self.interview.with_value(option, option.name)
        for rest in self.interview.contexts_of(option.name):
            asked = self.interview.ask_in(rest, given, *self._needed(option, need))
            line = asked.complaint
            if line:
                break
        refused = None if self.words.refused is None and not line else bool(line)
        return self.interview.settle(
            asked, option.name, f"is refused without {need}", refused, line
        )

    def of_company(self) -> Iterator[Question]:
        """What must be on the line, and how many operands it takes."""
        for group in self.grammar.requires:
            yield partial(self._requires, group)
        for operand in self.grammar.operands:
            if operand.least:
                yield partial(self._requires, (operand.name,))
            for value in _refused(operand, self.interview.good_value(operand)):
                yield partial(self._operand, operand, value, taken=False)
            for value in _accepted(operand):
                yield partial(self._operand, operand, value, taken=True)
        if all(operand.most is not None for operand in self.grammar.operands):
            yield self._too_many

    def _requires(self, group: Sequence[str]) -> Evidence:
        claim = f"is refused without {' or '.join(group)}"
        return self._lacking(group[0], claim, _least(self.interview, self.grammar, group))

    def _too_many(self) -> Evidence:
        most = sum(operand.most or 0 for operand in self.grammar.operands)
        words = _least(self.interview, self.grammar, [o.name for o in self.grammar.operands])
        for operand in self.grammar.operands:
            words += [shlex.quote(self.interview.good_value(operand))] * (operand.most or 0)
        name = self.grammar.operands[-1].name if most else "operand"
        return self._lacking(name, f"takes no more than {most} operands", [*words, "zzq"])

    def _operand(self, operand: Operand, value: str, *, taken: bool) -> Evidence:
        words = _least(self.interview, self.grammar, [operand.name])
        words += [shlex.quote(value)] * max(1, operand.least)
        if not taken:
            claim = f"refuses the value {value!r}"
            return self._lacking(operand.name, claim, words)
        asked = self.interview.ask(*words)
        line = asked.complaint
        agrees = None if self.words.refused is None and not line else not line
        claim = f"takes the value {value!r}"
        return self.interview.settle(asked, operand.name, claim, agrees, line)

    def _lacking(self, name: str, claim: str, words: Sequence[str]) -> Evidence:
        """That the words are refused, if what is whole is not."""
        whole = self.interview.ask(self.interview.whole)
        if whole.complaint:
            return self.interview.settle(whole, name, claim, None, whole.complaint)
        asked = self.interview.ask(*words)
        line = asked.complaint
        refused = None if self.words.refused is None and not line else bool(line)
        return self.interview.settle(asked, name, claim, refused, line)


def _negation(flag: str) -> str:
    """ "--no-keepalive" of "--keepalive", "+noall" of "+all"; "" if it has none."""
    if flag.startswith("--"):
        return f"--no-{flag[2:]}"
    return f"+no{flag[1:]}" if flag.startswith("+") else ""


def _accepted(value: Value) -> list[str]:
    """Each choice and each end of the range."""
    ends = [f"{end:g}" for end in (value.min, value.max) if end is not None and end < 1e6]
    return [t for t in (*value.choices[:MOST_CHOICES], *ends) if problem_of(value, t) is None]


def _refused(value: Value, good: str) -> list[str]:
    """One value that breaks each thing that is said: type, choices or pattern, least, most."""
    odd = [text for text in _ODD if problem_of(value, text) is not None and text != good]
    typed = [text for text in odd if validate(value.type, text) is None]
    untyped = [text for text in odd if text not in typed]
    numbers = []
    if value.min is not None and value.min > 0:
        numbers.append(f"{value.min - 1:g}")
    if value.max is not None and value.max < 1e9:
        numbers.append(f"{int(value.max) + 1}")
    if numbers and not value.pattern and not value.choices:
        typed = []
    return list(dict.fromkeys([*untyped[:1], *typed[:1], *numbers]))
