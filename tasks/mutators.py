"""Hard negatives: commands one edit away from a right one, wrong by construction.

    mutants(task, siblings)  -> {"drop-required-option": ["nmap -p 22 10.0.0.1", ...], ...}

A mutator has a name and makes every mutant of its kind from a task's first right command, its
intent, its tool's spec and, for other values, the right commands of sibling tasks. What it
changes is always something that the intent requires (or does not ask for), so a mutant cannot be
right, whatever the checker says of it: `suite check` counts by mutator how many the checker
kills. Each mutator says in its text why its mutants are wrong. Random choices depend on the name
of the mutator and the task's id only.
"""

from __future__ import annotations

import difflib
import itertools
import random
import re
import shlex
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from types import MappingProxyType

from tasks.anatomy import Anatomy, Part, dissect
from tasks.canonical import is_default
from tasks.parsers import Grammar
from tasks.spec import Option, load_specs
from tasks.types import Requirement, Task, WrongCommand
from tasks.values import TARGET_TYPES

CHOICES = 3  # mutants that a mutator picks where there are very many of its kind

Words = tuple[str, ...]
Mutator = Callable[["Material"], Iterator[Words]]

_TESTS = tuple(n for n in Requirement.model_fields if n not in ("name", "any"))
_DIGITS = re.compile(r"\d+")
# Tools whose options may be written in either case (dig its "+" options only).
_CASE_BLIND = frozenset({"dig", "masscan", "john"})


@dataclass(frozen=True)
class Material:
    """What mutators work on: one right command, and what the task requires of it."""

    task: Task
    anatomy: Anatomy
    siblings: Sequence[Anatomy]
    rng: random.Random

    @cached_property
    def wanted(self) -> Mapping[str, bool]:
        """The canonical names that the intent requires; true if a value is asked for."""
        found: dict[str, bool] = {}
        for requirement in self.task.intent.require:
            for each in requirement.any or (requirement,):
                option = self.anatomy.grammar.options.get(each.name or "")
                name = option.name if option else each.name or ""
                tested = any(getattr(each, test) is not None for test in _TESTS)
                found[name] = found.get(name, False) or tested
        return found

    @cached_property
    def required(self) -> Sequence[Part]:
        """The parts without which the task is not done: the tool does not do that by default."""
        return [
            part
            for part in self.anatomy.parts
            if part.argument.name in self.wanted
            and not is_default(part.argument, self.anatomy.command, self.anatomy.grammar)
        ]

    @property
    def options(self) -> Sequence[Part]:
        return [part for part in self.required if part.is_option]

    @property
    def tested(self) -> Sequence[Part]:
        """The required parts whose value matters."""
        return [p for p in self.required if p.argument.value and self.wanted[p.argument.name]]

    def is_target(self, part: Part) -> bool:
        declared = self.anatomy.option(part) or self.anatomy.grammar.operand(part.argument.name)
        return declared is not None and declared.type in TARGET_TYPES

    @cached_property
    def idle(self) -> Sequence[Option]:
        """The tool's options that the task neither needs nor allows, and no command of it has."""
        names = {a.name for a in self.anatomy.command.arguments} | set(self.wanted)
        for entry in self.task.intent.allow:
            option = self.anatomy.grammar.options.get(entry.partition("=")[0])
            names.add(option.name if option else entry)
        known = self.anatomy.grammar.canonical
        return [option for name, option in known.items() if name not in names]

    def pick(self, found: Sequence[Words]) -> Iterable[Words]:
        """A few of many, in a repeatable order."""
        return self.rng.sample(found, min(CHOICES, len(found)))


def drop_required_option(given: Material) -> Iterator[Words]:
    """Without an option that the task requires, value and all."""
    for part in given.options:
        yield given.anatomy.replaced(part)


def operand_dropped(given: Material) -> Iterator[Words]:
    """Without an operand that the task requires."""
    for part in given.required:
        if not part.is_option:
            yield given.anatomy.replaced(part)


def dropped_value(given: Material) -> Iterator[Words]:
    """An option is left without its value, or takes the next word for it."""
    for part in given.tested:
        if part.is_separate:
            yield given.anatomy.replaced(part, given.anatomy.words[part.start])


def wrong_value(given: Material) -> Iterator[Words]:
    """An option with the value that a sibling task asks for."""
    yield from _other_values(given, [p for p in given.tested if not given.is_target(p)])


def wrong_target(given: Material) -> Iterator[Words]:
    """The host or URL that a sibling task asks for."""
    yield from _other_values(given, [p for p in given.tested if given.is_target(p)])


def _other_values(given: Material, parts: Iterable[Part]) -> Iterator[Words]:
    for part in parts:
        for sibling in given.siblings:
            if sibling.grammar is not given.anatomy.grammar:
                continue
            for value in sibling.command.values(part.argument.name)[:1]:
                if value and _essence(value) != _essence(part.argument.value or ""):
                    yield given.anatomy.with_value(part, value)


def _essence(value: str) -> Sequence[str]:
    """Two values with the same words may mean the same, in another order or spelling."""
    return sorted(re.findall(r"[a-z0-9]+", value.lower()))


def value_off_by_one(given: Material) -> Iterator[Words]:
    """The last number of a value is one higher: the next port, host or count. Blocks and ranges
    are left alone, since 10.0.0.8/29 and 10.0.0.9/29 are the same block."""
    for part in given.tested:
        value = part.argument.value or ""
        numbers = list(_DIGITS.finditer(value))
        if numbers and not (given.is_target(part) and re.search(r"/\d+$", value)):
            last = numbers[-1]
            higher = f"{int(last[0]) + 1:0{len(last[0])}d}"
            changed = value[: last.start()] + higher + value[last.end() :]
            yield given.anatomy.with_value(part, changed)


def swap_sibling_option(given: Material) -> Iterator[Words]:
    """Another option of the same arity in the place of a required one, the most alike first."""
    for part in given.options:
        option = given.anatomy.option(part)
        spelled = given.anatomy.spelled(part)
        if option is None:
            continue
        siblings = [
            min(other.spellings, key=lambda name: (_dashes(name) != _dashes(spelled), len(name)))
            for other in given.idle
            if other.arity == option.arity and not other.informs
        ]
        siblings.sort(key=lambda name: -difflib.SequenceMatcher(a=name, b=spelled).ratio())
        for name in siblings[:CHOICES]:
            yield given.anatomy.with_option(part, name)


def extra_effect_option(given: Material) -> Iterator[Words]:
    """An option beside the right ones that does more than was asked for. Options that may state
    what the tool does anyway (`+recurse`, `--no-x`) are not used."""
    found = [
        (option.name, f"extra-{given.rng.randint(1, 9)}.txt")
        if option.arity == "one"
        else (option.name,)
        for option in given.idle
        if not (option.neutral or option.informs or option.default or option.needs)
        and not option.name.startswith(("+", "--no-"))
        and (option.arity == "none" or (option.arity == "one" and option.type == "path"))
    ]
    for words in given.pick(found):
        yield given.anatomy.with_inserted(*words)


def unknown_flag_edit_1(given: Material) -> Iterator[Words]:
    """A required option with one letter deleted, doubled, swapped or replaced inside its name.

    What the tool may read as the same option is left out: other spellings and abbreviations."""
    for part in given.options:
        spelled = given.anatomy.spelled(part)
        edits = sorted(set(_edits(spelled, given.rng)))
        edits = [edit for edit in edits if _is_foreign(given.anatomy.grammar, edit)]
        found = [given.anatomy.with_option(part, edit) for edit in edits]
        yield from given.pick(found)


def _edits(spelled: str, rng: random.Random) -> Iterator[str]:
    dashes, name = _dashes(spelled), spelled.lstrip("-+")
    letters = "abcdefghijklmnopqrstuvwxyz"
    if len(name) == 1:
        yield from (dashes + letter for letter in letters if letter != name.lower())
        return
    for i in range(1, len(name)):
        head, tail = name[:i], name[i:]
        yield dashes + head + rng.choice(letters) + tail[1:]
        yield dashes + head[:-1] + tail[0] + head[-1] + tail[1:]
        yield dashes + head + head[-1] + tail
        if i < len(name) - 1:
            yield dashes + head + tail[1:]


def _dashes(spelled: str) -> str:
    return spelled[: len(spelled) - len(spelled.lstrip("-+"))]


@cache
def _names(grammar: Grammar) -> tuple[frozenset[str], frozenset[str]]:
    """The tool's spellings without dashes, negated ones too, and all that they begin with."""
    known = {word.lower() for word in grammar.words}
    known |= {f"no{word}" for word in known} | {f"no-{word}" for word in known}
    return frozenset(known), frozenset(w[:i] for w in known for i in range(1, len(w) + 1))


def _is_foreign(grammar: Grammar, spelled: str) -> bool:
    """Whether a spelling neither is, nor begins, nor is begun by one of the tool's."""
    name = spelled.lstrip("-+").lower()
    known, beginnings = _names(grammar)
    if len(name) == 1:
        return name not in known
    return name not in beginnings and not any(name[:i] in known for i in range(2, len(name)))


@cache
def _foreign_flags(grammar: Grammar) -> Sequence[str]:
    """The long options of all tools that this one would not know."""
    spelled = {
        spelling
        for spec in load_specs().values()
        for _, options, _ in spec.scopes()
        for option in options
        for spelling in option.spellings
        if spelling.startswith("--")
    }
    return sorted(name for name in spelled if _is_foreign(grammar, name))


def invented_flag(given: Material) -> Iterator[Words]:
    """A required option under a name made of words of the prompt: `--service-version`."""
    text = given.task.prompt.lower()
    for value in sorted(given.task.params.values(), key=len, reverse=True):
        text = text.replace(value.lower(), " . ")
    words = re.findall(r"[a-z]+|\.", text)
    pairs = [f"{a}-{b}" for a, b in itertools.pairwise(words) if "." not in (a, b)]
    names = [name for name in dict.fromkeys(pairs) if _is_foreign(given.anatomy.grammar, name)]
    found = [
        given.anatomy.with_option(part, f"{'+' if _is_plus(given, part) else '--'}{name}")
        for part in given.options
        for name in names
    ]
    yield from given.pick(found)


def _is_plus(given: Material, part: Part) -> bool:
    return given.anatomy.spelled(part).startswith("+")


def other_tool_flag(given: Material) -> Iterator[Words]:
    """A required option under a name that another tool has for something, and this one not."""
    names = _foreign_flags(given.anatomy.grammar)
    found = [given.anatomy.with_option(p, n) for p in given.options for n in names]
    yield from given.pick(found)


def other_tool(given: Material) -> Iterator[Words]:
    """The same words after another tool's name."""
    tools = [(tool,) for tool in load_specs() if tool != given.task.tool]
    for (tool,) in given.pick(tools):
        yield (tool, *given.anatomy.words[1:])


def wrong_subcommand(given: Material) -> Iterator[Words]:
    """The same words after another subcommand."""
    anatomy = given.anatomy
    if anatomy.grammar.subcommand:
        spec = load_specs()[given.task.tool]
        others = [(s.name,) for s in spec.subcommands if s.name != anatomy.grammar.subcommand]
        for words in given.pick(others):
            yield (*anatomy.words[: anatomy.first - 1], *words, *anatomy.words[anatomy.first :])


def case_flip(given: Material) -> Iterator[Words]:
    """A required option in the other case, where the tool tells upper case from lower case."""
    if given.task.tool in _CASE_BLIND:
        return
    for part in given.options:
        option = given.anatomy.option(part)
        spelled = given.anatomy.spelled(part)
        name = spelled.lstrip("-+")
        for flipped in (name.swapcase(), name[:1].swapcase() + name[1:]):
            edited = _dashes(spelled) + flipped
            other = given.anatomy.grammar.options.get(edited)
            is_right = other is not None and other.name in given.wanted  # "-f or -F"
            if flipped != name and option and edited not in option.spellings and not is_right:
                yield given.anatomy.with_option(part, edited)
            if len(name) == 1:
                break


def swallowed_target(given: Material) -> Iterator[Words]:
    """An option without its value stands before an operand, and takes it. Options for a target
    are left out, and those that their tool reads as the operand itself: `dig -q NAME` is
    `dig NAME`."""
    operands = [p for p in given.tested if not p.is_option and not p.head]
    for part in operands[:1]:
        names = [
            (option.name,)
            for option in given.idle
            if option.arity == "one" and option.name[:1] == "-" and option.type not in TARGET_TYPES
        ]
        words = given.anatomy.words
        for (name,) in given.pick(names):
            swallowing = (*words[: part.start], name, *words[part.start :])
            made = dissect(shlex.join(swallowing))
            if made is None or _meaning(made) != _meaning(given.anatomy):
                yield swallowing


def _meaning(anatomy: Anatomy) -> Collection[tuple[str, str | None]]:
    """What a command says, however it is spelled."""
    return {(argument.name, argument.value) for argument in anatomy.command.arguments}


def extra_target(given: Material) -> Iterator[Words]:
    """A second target, which the task does not name, behind the first."""
    for part in given.tested:
        if part.is_option or not given.is_target(part):
            continue
        first = given.anatomy.words[part.start : part.stop]
        for words in _other_values(given, [part]):
            yield (*words[: part.start], *first, *words[part.start :])


MUTATORS: Mapping[str, Mutator] = MappingProxyType(
    {
        "drop-required-option": drop_required_option,
        "operand-dropped": operand_dropped,
        "dropped-value": dropped_value,
        "wrong-value": wrong_value,
        "wrong-target": wrong_target,
        "value-off-by-one": value_off_by_one,
        "swap-sibling-option": swap_sibling_option,
        "extra-effect-option": extra_effect_option,
        "unknown-flag-edit-1": unknown_flag_edit_1,
        "invented-flag": invented_flag,
        "other-tool-flag": other_tool_flag,
        "other-tool": other_tool,
        "wrong-subcommand": wrong_subcommand,
        "case-flip": case_flip,
        "swallowed-target": swallowed_target,
        "extra-target": extra_target,
    }
)


def mutants(task: Task, siblings: Sequence[Task]) -> Mapping[str, Sequence[str]]:
    """Every mutant of the task's first right command that can be taken apart, by mutator."""
    anatomy = next((a for a in map(dissect, task.correct) if a), None)
    if not task.possible or anatomy is None:
        return {}
    others = [a for a in (dissect(sibling.correct[0]) for sibling in siblings) if a]
    found = {}
    for name, mutate in MUTATORS.items():
        rng = random.Random(f"{name}/{task.id}")
        made = mutate(Material(task, anatomy, others, rng))
        found[name] = list(dict.fromkeys(map(shlex.join, made)))
    return found


def siblings_of(task: Task, tasks: Sequence[Task]) -> Sequence[Task]:
    """The two tasks that lend values: the next ones of the family, or else of the tool. None for
    an impossible task, which has no right command to edit."""
    if not task.possible:
        return []
    for same in ("family", "tool"):
        kin = [t for t in tasks if t.possible and getattr(t, same) == getattr(task, same)]
        if len(kin) > 1:
            place = next(i for i, t in enumerate(kin) if t.id == task.id)
            return (*kin[place + 1 :], *kin[:place])[:2]
    return []


def hard_negatives(task: Task, siblings: Sequence[Task], count: int) -> Sequence[WrongCommand]:
    """`count` mutants of as many mutators as there are, chosen without looking at the checker."""
    rng = random.Random(f"negatives/{task.id}")
    taken = {*task.correct, *(wrong.command for wrong in task.wrong)}
    pools = {
        name: rng.sample(made, len(made)) for name, made in mutants(task, siblings).items() if made
    }
    order = rng.sample(sorted(pools), len(pools))
    chosen: list[WrongCommand] = []
    while order and len(chosen) < count:
        name = order.pop(0)
        command = pools[name].pop()
        if command not in taken:
            taken.add(command)
            chosen.append(WrongCommand(command=command, mutator=name))
        if pools[name]:
            order.append(name)
    return chosen
