"""A proposal as a YAML spec to be edited, with the sources and the rejections as comments."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

from tasks.proposal import Part, Proposal
from tasks.proposal.decide import Judged, Standing


def as_yaml(proposal: Proposal) -> str:
    """The spec's text. It loads once the operands are written and the personality is chosen."""
    version = proposal.version or "?"
    personality = proposal.personality or "?  # none of tasks/parsers sounds like it"
    argv = ", ".join(proposal.version_argv.split())
    lines = [
        f"# Proposed by `goodhart-bench spec extract {proposal.tool}`; the sources of each option "
        "follow it.",
        "# To do: types and choices of values, conflicts, needs, repeatable, neutral, operands.",
        f"tool: {proposal.tool}",
        f"version: {json.dumps(version)}",
        f"version_probe: {{argv: [{argv}], pattern: '({re.escape(version)})'}}",
        f"personality: {personality}",
    ]
    top, *subs = proposal.parts
    lines += _part(top, "")
    if subs:
        lines.append("subcommands:")
    for part in subs:
        lines += [f"  - name: {part.subcommand}", *_part(part, "    ")]
    return "\n".join(lines) + "\n"


def _part(part: Part, indent: str) -> Iterator[str]:
    options = list(_options(part.of(Standing.TAKEN)))
    if options:
        yield f"{indent}options:"
    for group in options:
        yield f"{indent}  - {{{_fields(group)}}}  # {_remarks(group)}"
    for standing in (Standing.UNDECIDED, Standing.SHORTENED, Standing.REJECTED):
        shown = [judged for judged in part.of(standing) if judged.documented]
        if shown:
            yield f"{indent}# {standing.value}:"
        for judged in shown:
            said = judged.said[:90] or "says nothing of it"
            sources = ", ".join(judged.sources)
            yield f"{indent}#   {judged.name} [{sources}]: `{judged.probe}`: {said}"


def _options(taken: Sequence[Judged]) -> Iterator[list[Judged]]:
    """One group for each option: the canonical spelling first, then its aliases."""
    by_name = {judged.name: judged for judged in taken}
    done: set[str] = set()
    for judged in taken:
        if judged.name in done:
            continue
        group = [judged]
        for name in judged.beside:
            other = by_name.get(name)
            if other and name not in done and other.arity == judged.arity and other not in group:
                group.append(other)
        done |= {member.name for member in group}
        yield sorted(group, key=lambda j: not j.name.startswith("--"))


def _fields(group: Sequence[Judged]) -> str:
    first, *others = group
    fields = [f"name: {_quoted(first.name)}"]
    if others:
        fields.append(f"aliases: [{', '.join(_quoted(j.name) for j in others)}]")
    if first.arity != "none":
        fields.append(f"arity: {first.arity}")
        guessed = next((j.type for j in group if j.type != "string"), "string")
        if guessed != "string":
            fields.append(f"type: {guessed}")
    if any(j.informs for j in group):
        fields.append("informs: true")
    return ", ".join(fields)


def _quoted(name: str) -> str:
    return name if re.fullmatch(r"[-+][-A-Za-z_]*[A-Za-z][\w-]*", name) else json.dumps(name)


def _remarks(group: Sequence[Judged]) -> str:
    value = max((j.value for j in group), key=len).strip()[:40]
    about = max((j.about for j in group), key=len)
    sources = ", ".join(dict.fromkeys(source for j in group for source in j.sources))
    return " ".join(filter(None, [value, about, f"[{sources}]"])).replace("\t", " ")
