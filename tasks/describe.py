"""Tell a person what a tool's option is, and why it is believed."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence

from tasks.errors import UserError
from tasks.interview import Evidence, Finding
from tasks.parsers import Grammar, Parser, RefusedError
from tasks.spec import Operand, Option, ToolSpec, Value
from tasks.verify import evidence_path, load_evidence, load_recall

_ARITIES = {
    "none": "a switch, without a value",
    "one": "takes a value",
    "optional": "takes a value or none; the value must be glued on",
}


def tool_text(spec: ToolSpec) -> str:
    """The tool with one line for each option and operand."""
    lines = [f"{spec.tool} {spec.version}, read as {spec.personality}"]
    scopes = [
        ("", spec.options, spec.operands),
        *((sub.name, sub.options, sub.operands) for sub in spec.subcommands),
    ]
    for name, options, operands in scopes:
        lines += [f"{spec.tool} {name}:"] if name else []
        for option in options:
            value = f"  {_value(option)}" if option.arity != "none" else ""
            lines.append(f"  {', '.join(option.spellings)}{value}")
        lines += [f"  {operand.name} (operand)  {_value(operand)}" for operand in operands]
    for group in spec.requires:
        lines.append(f"  needs {' or '.join(group)}")
    return "\n".join(lines)


def option_text(spec: ToolSpec, flag: str) -> str:
    """Everything known of a flag, in each subcommand that has it. UserError if none has."""
    parser = Parser(spec)
    texts = []
    for name, _, _ in spec.scopes():
        grammar = parser.scope(name or None)
        option = _find(parser, grammar, flag)
        is_own = not name or option not in spec.options
        if option and is_own:
            texts.append("\n".join(_lines(spec, name, option, flag)))
    if not texts:
        raise UserError(_unknown(spec, flag))
    return "\n\n".join(texts)


def _find(parser: Parser, grammar: Grammar, flag: str) -> Option | None:
    """The option of a spelling, an abbreviation or a negation."""
    if flag in grammar.options:
        return grammar.options[flag]
    for words in ([flag], [flag, "1"]):
        try:
            arguments = parser.read(grammar, words, "").arguments
        except RefusedError:
            continue
        return grammar.option(arguments[0].name) if arguments else None
    return None


def _unknown(spec: ToolSpec, flag: str) -> str:
    names = [n for _, options, _ in spec.scopes() for option in options for n in option.spellings]
    near = difflib.get_close_matches(flag, dict.fromkeys(names), n=2, cutoff=0.5)
    hint = f"; the nearest is {' or '.join(near)}" if near else ""
    return f"{spec.tool} {spec.version} has no option {flag}{hint}"


def _lines(spec: ToolSpec, subcommand: str, option: Option, flag: str) -> Iterator[str]:
    head = f"{spec.tool} {subcommand}".strip()
    as_given = "" if flag in option.spellings else f" (for {flag})"
    yield f"{head} {option.name}{as_given}"
    if option.description:
        yield f"  {option.description}"
    if option.aliases:
        yield f"  also spelled: {', '.join(option.aliases)}"
    yield f"  {_ARITIES[option.arity]}" + (f": {_value(option)}" if option.arity != "none" else "")
    yield from _facts(option)
    yield from _evidence(spec, subcommand, option)


def _facts(option: Option) -> Iterator[str]:
    if option.once:
        yield "  is refused when given twice"
    elif option.repeatable:
        yield "  may be given several times, and each counts"
    elif option.arity != "none":
        yield "  given several times, the last counts"
    if option.conflicts:
        yield f"  is refused beside {', '.join(option.conflicts)}"
    if option.needs:
        yield f"  needs {' and '.join(option.needs)}"
    if option.default is not None:
        yield f"  is {option.default} if left out"
    for other, default in option.default_with.items():
        yield f"  is {default} if left out beside {other}"
    if option.informs:
        yield "  prints something and does nothing else"
    if option.neutral:
        yield "  changes neither what is sent nor what is written"


def _value(value: Value) -> str:
    parts = [value.type]
    if value.choices:
        parts.append(f"one of {', '.join(value.choices)}")
    if value.pattern:
        parts.append(f"of the form {value.pattern}")
    if value.min is not None:
        parts.append(f"from {value.min:g}")
    if value.max is not None:
        parts.append(f"to {value.max:g}")
    if isinstance(value, Operand):
        most = "any number" if value.most is None else str(value.most)
        parts.append(f"{value.least} to {most} of them")
    return ", ".join(parts)


def _evidence(spec: ToolSpec, subcommand: str, option: Option) -> Iterator[str]:
    """What was asked and what the binary said."""
    if not evidence_path(spec.tool).is_file():
        yield f"  no evidence: run `goodhart-bench spec verify {spec.tool}`"
        return
    version, claims = load_evidence(spec.tool)
    mine = [c for c in claims if c.subcommand == subcommand and c.flag in option.spellings]
    yield f"  asked of {spec.tool} {version}:"
    for claim in mine:
        said = f": {claim.said}" if claim.said else ""
        verdict = "" if claim.finding is Finding.AGREES else f" ({claim.finding.value})"
        yield f"    {claim.flag} {claim.claim}{verdict}: `{claim.probe}`{said}"


def summary(spec: ToolSpec) -> str:
    """One line: version, options, claims and recall."""
    own = [*spec.options, *(option for sub in spec.subcommands for option in sub.options)]
    text = f"{spec.tool} {spec.version}: {len(own)} options, read as {spec.personality}; "
    path = evidence_path(spec.tool)
    if not path.is_file():
        return text + "not verified"
    _, claims = load_evidence(spec.tool)
    found = load_recall(path)
    recalled = f", recall {found.share:.1%}" if found else ", recall not measured"
    return text + f"{_agreed(claims)} of {len(claims)} claims confirmed" + recalled


def _agreed(claims: Sequence[Evidence]) -> int:
    return sum(claim.finding is Finding.AGREES for claim in claims)
