"""Hold a tool spec against the real binary, and keep the answers.

report = verify(load_spec("nmap"), run)   # run: one command line -> Answer, in the sandbox
report.disagreements                      # what the spec claims and the binary denies
print(render(report))
save_evidence(report)                     # tasks/specs/nmap.evidence.json
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from tasks.errors import UserError
from tasks.evidence import evidence_path, load_evidence, load_recall, write
from tasks.interview import Answer, Evidence, Finding, Run, wording
from tasks.proposal.recall import Recall
from tasks.questions import questions
from tasks.spec import ToolSpec, load_spec

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
    "with_kept",
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


def verify(spec: ToolSpec, run: Run, workers: int = 1, only: Collection[str] = ()) -> VerifyReport:
    """Ask the binary about every claim of the spec; `tasks.questions` says which those are.

    `run` executes a command line in the sandbox, and is called from `workers` threads. `only` names
    the subcommands to ask about, if not all. UserError if the binary is of another version than the
    spec, there are no probes for the tool, or a subcommand is unknown.
    """
    known = {sub.name for sub in spec.subcommands}
    unknown = sorted(set(only) - known)
    if unknown:
        raise UserError(f"{spec.tool} has no subcommand {unknown[0]}; see `spec show {spec.tool}`")
    check_version(spec, run)
    asked = list(questions(spec, wording(spec.tool), remembering(run), only))
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
        reason = words.reason(evidence.subcommand, evidence.flag, evidence.claim)
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


def save_evidence(report: VerifyReport, path: Path | None = None) -> Path:
    """Keep the answers; where recall was not measured, the figure of the last time stays."""
    path = path or evidence_path(report.tool)
    found = report.recall or (load_recall(path) if path.is_file() else None)
    write(path, report.tool, report.version, report.evidence, found)
    return path


def with_kept(report: VerifyReport, spec: ToolSpec) -> VerifyReport:
    """A report of some subcommands, with the answers of the last time for the others. UserError
    if these are of another version."""
    version, kept = load_evidence(spec.tool)
    if version != spec.version:
        raise UserError(
            f"the evidence of {spec.tool} is of version {version}: verify it as a whole"
        )
    asked = {evidence.subcommand for evidence in report.evidence}
    both = [*report.evidence, *(e for e in kept if e.subcommand not in asked)]
    order = ["", *(sub.name for sub in spec.subcommands)]
    evidence = sorted(
        (e for e in both if e.subcommand in order), key=lambda e: order.index(e.subcommand)
    )
    return replace(report, evidence=tuple(evidence))
