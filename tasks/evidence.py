"""Keep what a binary said of its spec: `tasks/specs/TOOL.evidence.json`.

The claims are kept in groups of one option, one group a line, and texts that occur more than once
only once::

    {"tool": "openssl", "version": "3.0.22", "recall": {...},
     "texts": ["takes a value", " ¤", "s_client: Option ¤ needs a value"],
     "claims": [["s_client", "-in", [[0, 1, 1, 2], ["refuses the value 'zzq'", ...]]], ...]}

A claim is its text, the command behind the tool's name and subcommand, the exit code, the line that
decided, and the finding if it is not "agrees". A number stands for one of the `texts`, ¤ for the
option. A file written before that has each claim with all its keys.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import Any

from tasks.errors import UserError
from tasks.interview import Evidence, Finding
from tasks.proposal.recall import Name, Recall
from tasks.spec import SPECS

_MARK = "¤"
_TEXTS = (0, 1, 3)  # which members of a row are texts


def evidence_path(tool: str) -> Path:
    """Where the answers of a tool are kept."""
    return SPECS / f"{tool}.evidence.json"


def write(
    path: Path, tool: str, version: str, claims: Sequence[Evidence], recall: Recall | None
) -> None:
    """Write an evidence file; the same answers give the same file."""
    groups = [
        (subcommand, flag, [_row(tool, claim) for claim in group])
        for (subcommand, flag), group in groupby(claims, key=lambda e: (e.subcommand, e.flag))
    ]
    counts = Counter(row[i] for _, _, rows in groups for row in rows for i in _TEXTS)
    places = {text: i for i, text in enumerate(t for t, count in counts.items() if count > 1)}
    for row in (row for _, _, rows in groups for row in rows):
        for i in _TEXTS:
            row[i] = places.get(row[i], row[i])
    parts = [json.dumps({"tool": tool, "version": version})[1:-1]]
    if recall:
        parts.append(f'"recall": {_recall_json(recall)}')
    parts += [f'"texts": {_lines(places)}', f'"claims": {_lines(groups)}']
    path.write_text(f"{{{', '.join(parts)}}}\n", encoding="utf-8")


def load_evidence(tool: str) -> tuple[str, tuple[Evidence, ...]]:
    """The version and the claims kept for a tool. UserError if there are none."""
    path = evidence_path(tool)
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        remedy = f"run `goodhart-bench spec verify {tool}`"
        raise UserError(f"{path}: no evidence has been gathered; {remedy}") from None
    return data["version"], tuple(_claims(data))


def load_recall(path: Path) -> Recall | None:
    """The recall kept in an evidence file; None if it was never measured."""
    kept = json.loads(path.read_text(encoding="utf-8")).get("recall")
    if kept is None:
        return None
    missing, rejected = (
        tuple(Name(**row | {"sources": tuple(row["sources"])}) for row in kept[key])
        for key in ("missing", "rejected")
    )
    return Recall(kept["documented"], missing, rejected)


def _row(tool: str, claim: Evidence) -> list[Any]:
    """One claim as it is kept, its texts in full."""
    head = f"{tool} {claim.subcommand}".strip()
    probe = claim.probe.removeprefix(head).replace(claim.flag, _MARK)
    row = [claim.claim, probe, claim.exit_code, claim.said.replace(claim.flag, _MARK)]
    return row if claim.finding is Finding.AGREES else [*row, claim.finding]


def _claims(data: Mapping[str, Any]) -> Iterator[Evidence]:
    for item in data["claims"]:
        if isinstance(item, dict):
            yield Evidence(**item | {"finding": Finding(item["finding"])})
            continue
        subcommand, flag, rows = item
        head = f"{data['tool']} {subcommand}".strip()
        for row in rows:
            full = [data["texts"][row[i]] if isinstance(row[i], int) else row[i] for i in _TEXTS]
            claim, probe, said = full
            finding = Finding(row[4]) if len(row) > 4 else Finding.AGREES
            command = head + probe.replace(_MARK, flag)
            said = said.replace(_MARK, flag)
            yield Evidence(subcommand, flag, claim, finding, command, row[2], said)


def _lines(rows: Iterable[object]) -> str:
    """A list, one item a line."""
    texts = (json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows)
    return "[\n" + ",\n".join(texts) + "\n]"


def _recall_json(found: Recall) -> str:
    lists = ", ".join(
        f'"{key}": {_lines(asdict(row) for row in rows)}'
        for key, rows in (("missing", found.missing), ("rejected", found.rejected))
    )
    return f'{{"documented": {found.documented}, {lists}}}'
