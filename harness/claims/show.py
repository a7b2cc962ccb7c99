"""A judgement for people and for programs."""

from __future__ import annotations

from collections import Counter
from textwrap import fill
from typing import Any

from harness.claims.finding import Place, Severity
from harness.claims.judge import Judgement
from reports.format import sentence_list
from reports.table import Table
from reports.tables import NOTE_WIDTH, draw

FINDING_WIDTH, RULE_WIDTH = 58, 14


def as_text(judgement: Judgement) -> str:
    """The verdict, the table of statements and that of findings, 100 columns wide."""
    claim = judgement.file.claim
    head = f"{claim.title}: {judgement.verdict.value}"
    counted = Counter(statement.verdict.value for statement in judgement.statements)
    tally = sentence_list([f"{n} {verdict}" for verdict, n in counted.items()])
    said = f"Of {len(judgement.statements)} statements {tally}." if counted else "Nothing claimed."
    tables = [draw(_statements(judgement)), draw(_findings(judgement))]
    return "\n\n".join([f"{head}\n{said}", *tables])


def _statements(judgement: Judgement) -> Table:
    rows = [
        (
            str(judgement.file.line(statement.place)),
            fill(statement.text, 38),
            statement.verdict.value,
            fill(_why(judgement, statement.place, statement.reasons), 36),
        )
        for statement in judgement.statements
    ]
    note = (
        "refuted: evidence at hand says otherwise. inconsistent: its own numbers contradict each "
        "other. not resolvable: what was measured cannot show it, or nothing is at hand to check "
        "it against. supported: evidence at hand says the same."
    )
    return Table("Statements", ("line", "statement", "verdict", "because of"), rows, note)


def _why(judgement: Judgement, place: Place, reasons: tuple[str, ...]) -> str:
    """The rules whose sentences are the reasons; a reason that is no finding's is itself said."""
    rules = [f.rule for f in judgement.findings if f.sentence in reasons and place in f.statements]
    return ", ".join(dict.fromkeys(map(_words, rules))) or " ".join(reasons)


def _words(rule: str) -> str:
    return rule.replace("_", " ")


def _findings(judgement: Judgement) -> Table:
    order = list(Severity)
    found = sorted(judgement.findings, key=lambda f: order.index(f.severity))
    rows = [
        (
            str(judgement.file.line(finding.where)),
            finding.severity.value,
            fill(_words(finding.rule), RULE_WIDTH),
            fill(finding.sentence, FINDING_WIDTH, break_on_hyphens=False),
        )
        for finding in found
    ]
    note = f"Lines are those of {judgement.file.path}. What each rule does: docs/claims.md."
    return Table("Findings", ("line", "kind", "rule", "finding"), rows, note)


def as_json(judgement: Judgement) -> dict[str, Any]:
    """The same as plain data; places are keys and positions, joined by dots."""
    file = judgement.file
    return {
        "title": file.claim.title,
        "file": str(file.path),
        "verdict": judgement.verdict.value,
        "statements": [
            {
                "where": _dotted(statement.place),
                "line": file.line(statement.place),
                "statement": statement.text,
                "verdict": statement.verdict.value,
                "reasons": list(statement.reasons),
            }
            for statement in judgement.statements
        ],
        "findings": [
            {
                "rule": finding.rule,
                "kind": finding.severity.value,
                "finding": finding.sentence,
                "where": _dotted(finding.where),
                "line": file.line(finding.where),
                "statements": [_dotted(place) for place in finding.statements],
            }
            for finding in judgement.findings
        ],
    }


def _dotted(place: Place) -> str:
    return ".".join(map(str, place))


def published_list(titles: dict[str, str]) -> str:
    """The names of the claims that come with the package, with their titles."""
    width = max(map(len, titles), default=0)
    return "\n".join(f"{name:<{width}}  {title}"[:NOTE_WIDTH] for name, title in titles.items())
