"""Hold a tool spec against the real binary, and keep the answers.

report = verify(load_spec("nmap"), run)   # run: one command line -> Answer, in the sandbox
report.disagreements                      # what the spec claims and the binary denies
print(render(report))
save_evidence(report)                     # tasks/specs/nmap.evidence.json
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from tasks.errors import UserError
from tasks.interview import Answer, Evidence, Finding, Run, wording
from tasks.proposal.recall import Name, Recall
from tasks.questions import questions
from tasks.spec import SPECS, ToolSpec, load_spec

__all__ = [
    "Answer",
    "Evidence",
    "Finding",
    "Run",
    "VerifyReport",
    "check_version",
    "check_versions",
    "evidence_path",
    "load_evidence",
    "load_recall",
    "render",
    "save_evidence",
    "verify",
]


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """A spec held against its binary; evidence in the order of the spec."""

    tool: str
    version: str
    options: int
    aliases: int
    evidence: tuple[Evidence, ...]
    recall: Recall | None = None

    @property
    def disagreements(self) -> list[Evidence]:
        """The claims that the binary denies."""
        return self.found(Finding.DISAGREES)

    def found(self, finding: Finding) -> list[Evidence]:
        """The claims with that finding."""
        return [evidence for evidence in self.evidence if evidence.finding is finding]


def verify(spec: ToolSpec, run: Run, workers: int = 1) -> VerifyReport:
    """Ask the binary about every claim of the spec; `tasks.questions` says which those are.

    `run` executes a command line in the sandbox, and is called from `workers` threads. UserError
    if the binary is of another version than the spec, or there are no probes for the tool.
    """
    check_version(spec, run)
    asked = list(questions(spec, wording(spec.tool), remembering(run)))
    with ThreadPoolExecutor(workers) as pool:
        evidence = tuple(pool.map(lambda question: question(), asked))
    options = [*spec.options, *(option for sub in spec.subcommands for option in sub.options)]
    aliases = sum(len(option.aliases) for option in options)
    return VerifyReport(spec.tool, spec.version, len(options), aliases, evidence)


def remembering(run: Run) -> Run:
    """Runs each command line once; several claims may hang on one answer."""
    known: dict[str, Answer] = {}

    def ask(command: str) -> Answer:
        if command not in known:
            known[command] = run(command)
        return known[command]

    return ask


def check_version(spec: ToolSpec, run: Run) -> None:
    """UserError unless the installed tool is of the version that the spec describes."""
    command = shlex.join(spec.version_probe.argv)
    found = re.search(spec.version_probe.pattern, run(command).text, re.MULTILINE)
    if not found:
        raise UserError(f"`{command}` tells no version of {spec.tool}; is it in the image?")
    if found[1] != spec.version:
        raise UserError(
            f"the spec of {spec.tool} is for version {spec.version}, but the sandbox has"
            f" {found[1]}: rebuild the image, or write a spec for {found[1]}"
        )


def check_versions(run: Run, tools: Iterable[str]) -> None:
    """UserError that names every tool whose installed version is not that of its spec: what the
    spec says of it may be wrong. One call for each tool."""
    wrong = []
    for tool in sorted(set(tools)):
        try:
            check_version(load_spec(tool), run)
        except UserError as error:
            wrong.append(str(error))
    if wrong:
        raise UserError("; ".join(wrong))


def render(report: VerifyReport) -> str:
    """The report as text: one sentence for each claim that is not simply confirmed, and totals."""
    words = wording(report.tool)
    lines = []
    for evidence in report.evidence:
        if evidence.finding is Finding.AGREES:
            continue
        said = f"says: {evidence.said}" if evidence.said else "says nothing of it"
        flag = f"{evidence.subcommand} {evidence.flag}".strip()
        reason = words.reason(evidence.flag, evidence.claim)
        lines.append(
            f"{evidence.finding.value}: {report.tool} {flag} {evidence.claim}; "
            f"`{evidence.probe}` (exit {evidence.exit_code}) {said}"
            + (f" [{reason}]" if reason else "")
        )
    if report.recall:
        lines += _render_recall(report.tool, report.recall)
    counts = ", ".join(f"{len(report.found(finding))} {finding.value}" for finding in Finding)
    lines.append(
        f"{report.tool} {report.version}: {report.options} options, {report.aliases} aliases, "
        f"{len(report.evidence)} claims: {counts}"
    )
    return "\n".join(lines)


def _render_recall(tool: str, found: Recall) -> Iterator[str]:
    """One line for each name that is missing in the spec, and the figure."""
    for name in found.missing:
        flag = f"{name.subcommand} {name.name}".strip()
        sources = ", ".join(name.sources)
        yield f"not in the spec: {tool} {flag} ({sources}); `{name.probe}` says: {name.said}"
    known = found.documented - len(found.missing)
    yield (
        f"recall {found.share:.1%}: {known} of {found.documented} documented names are in the "
        f"spec; {len(found.rejected)} more are documented and rejected by {tool}"
    )


def evidence_path(tool: str) -> Path:
    """Where the answers of a tool are kept."""
    return SPECS / f"{tool}.evidence.json"


def save_evidence(report: VerifyReport, path: Path | None = None) -> Path:
    """Write the answers, one claim a line; the same answers give the same file."""
    path = path or evidence_path(report.tool)
    found = report.recall or (load_recall(path) if path.is_file() else None)
    head = {"tool": report.tool, "version": report.version}
    parts = [json.dumps(head)[1:-1]]
    if found:
        parts.append(f'"recall": {_recall_json(found)}')
    parts.append(f'"claims": [\n{_rows(report.evidence)}\n]')
    path.write_text(f"{{{', '.join(parts)}}}\n", encoding="utf-8")
    return path


def _rows(items: Sequence[Evidence] | Sequence[Name]) -> str:
    return ",\n".join(json.dumps(asdict(item), ensure_ascii=False) for item in items)


def _recall_json(found: Recall) -> str:
    lists = ", ".join(
        f'"{key}": [\n{_rows(rows)}\n]'
        for key, rows in (("missing", found.missing), ("rejected", found.rejected))
    )
    return f'{{"documented": {found.documented}, {lists}}}'


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


def load_evidence(tool: str) -> tuple[str, tuple[Evidence, ...]]:
    """The version and the claims kept for a tool. UserError if there are none."""
    path = evidence_path(tool)
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        remedy = f"run `goodhart-bench spec verify {tool}`"
        raise UserError(f"{path}: no evidence has been gathered; {remedy}") from None
    claims = (
        Evidence(**claim | {"finding": Finding(claim["finding"])}) for claim in data["claims"]
    )
    return data["version"], tuple(claims)
