"""Verification tells true claims from false ones, on Python's optparse and on the real binaries."""

from __future__ import annotations

import contextlib
import io
import optparse
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import sandbox
from tasks.errors import UserError
from tasks.spec import Option, ToolSpec, VersionProbe, load_spec
from tasks.verify import (
    Answer,
    Finding,
    Run,
    VerifyReport,
    check_version,
    load_evidence,
    render,
    save_evidence,
    verify,
)


def optparse_tool(command: str) -> Answer:
    """A tool whose parser is optparse, as sqlmap's is: -u/--url URL, --batch, --level N."""
    parser = optparse.OptionParser(prog="sqlmap", version="1.7.2")
    parser.add_option("-u", "--url")
    parser.add_option("--batch", action="store_true")
    parser.add_option("--level", type="int")
    out, err = io.StringIO(), io.StringIO()
    code = 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            options, _ = parser.parse_args(shlex.split(command)[1:])
            if options.batch and options.level:
                parser.error("switch '--batch' is incompatible with option '--level'")
        except SystemExit as done:
            code = int(done.code or 0)
    return Answer(code, out.getvalue(), err.getvalue())


def spec_of(*options: Option, version: str = "1.7.2") -> ToolSpec:
    return ToolSpec(
        tool="sqlmap",
        version=version,
        version_probe=VersionProbe(argv=("sqlmap", "--version"), pattern=r"^(\S+)$"),
        personality="optparse",
        options=options,
    )


URL = Option(name="-u", aliases=("--url",), arity="one")
BATCH = Option(name="--batch")
LEVEL = Option(name="--level", arity="one", type="int", conflicts=("--batch",))


def denied(report: VerifyReport) -> set[tuple[str, str]]:
    return {(e.flag, e.claim) for e in report.disagreements}


def test_a_true_spec_has_no_disagreement() -> None:
    report = verify(spec_of(URL, BATCH, LEVEL), optparse_tool)
    assert {e.finding for e in report.evidence} == {Finding.AGREES}
    assert (report.options, report.aliases) == (3, 1)
    assert report.evidence[0].probe == "sqlmap -u"
    assert "-u option requires 1 argument" in report.evidence[0].said


@pytest.mark.parametrize(
    ("false", "claim"),
    [
        (Option(name="--zz"), ("--zz", "takes no value")),
        (Option(name="--zz", arity="one"), ("--zz", "takes a value")),
        (Option(name="--batch", aliases=("-q",)), ("-q", "takes no value")),
        (Option(name="--bat"), ("--bat", "refuses a value")),  # an abbreviation is no option
        (Option(name="--lev", arity="one"), ("--lev", "takes a value")),
        (Option(name="--url"), ("--url", "takes no value")),
        (Option(name="--batch", arity="one"), ("--batch", "takes a value")),
        (Option(name="--batch", arity="optional"), ("--batch", "takes a value or none")),
        (Option(name="--level", arity="optional"), ("--level", "takes no value")),
        (Option(name="--level", arity="one", once=True), ("--level", "may be given once only")),
    ],
)
def test_a_false_claim_is_found(false: Option, claim: tuple[str, str]) -> None:
    assert claim in denied(verify(spec_of(false), optparse_tool))


def test_a_conflict_that_is_none_is_found() -> None:
    report = verify(spec_of(URL, BATCH.model_copy(update={"conflicts": ("-u",)})), optparse_tool)
    assert denied(report) == {("--batch", "is refused beside -u")}


def test_a_binary_that_does_not_end_decides_nothing() -> None:
    def hangs(command: str) -> Answer:
        return optparse_tool(command) if "--version" in command else Answer(None, "", "")

    report = verify(spec_of(LEVEL.model_copy(update={"conflicts": ()})), hangs)
    assert [e.finding for e in report.evidence] == [Finding.UNDECIDED]
    assert "not decidable by the binary: sqlmap --level takes a value" in render(report)


def test_another_version_is_refused() -> None:
    with pytest.raises(UserError, match=r"is for version 1\.8, but the sandbox has 1\.7\.2"):
        verify(spec_of(BATCH, version="1.8"), optparse_tool)


def test_a_tool_that_is_not_there_is_refused() -> None:
    with pytest.raises(UserError, match="tells no version of sqlmap"):
        check_version(spec_of(BATCH), lambda _: Answer(127, "", "sqlmap: command not found"))


def test_a_disagreement_is_one_sentence() -> None:
    first, total = render(verify(spec_of(Option(name="--zz")), optparse_tool)).splitlines()[::2]
    assert first.startswith("disagrees: sqlmap --zz takes no value; `sqlmap --zz --zzqx` (exit 2)")
    assert first.endswith("says: sqlmap: error: no such option: --zz")
    assert total.startswith("sqlmap 1.7.2: 1 options, 0 aliases, 2 claims: 0 agrees")


def test_evidence_is_kept_as_it_was_in_any_order_of_asking(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.verify.SPECS", tmp_path)
    spec = spec_of(URL, LEVEL, BATCH)
    report = verify(spec, optparse_tool)
    path = save_evidence(report)
    assert load_evidence("sqlmap") == ("1.7.2", report.evidence)
    before = path.read_bytes()
    save_evidence(verify(spec, optparse_tool))
    assert path.read_bytes() == before


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    try:
        box = sandbox.open_sandbox(workers=2)
    except sandbox.SandboxError as error:
        pytest.skip(str(error))
    with box:

        def ask(command: str) -> Answer:
            done = box.run(command)
            return Answer(done.exit_code, done.stdout, done.stderr)

        yield ask


FALSE: dict[str, tuple[Option, Option, Option]] = {
    # An invented flag, a switch said to take a value, and an option said to take none.
    "nmap": (Option(name="--scan"), Option(name="-sV", arity="one"), Option(name="-p")),
    "curl": (Option(name="--post"), Option(name="-s", arity="one"), Option(name="-H")),
    "ffuf": (Option(name="-rate"), Option(name="-r", arity="one"), Option(name="-w")),
    "hydra": (Option(name="-G"), Option(name="-f", arity="one"), Option(name="-l")),
    "nikto": (Option(name="-url"), Option(name="-ssl", arity="one"), Option(name="-host")),
    "dig": (Option(name="+fast"), Option(name="+short", arity="one"), Option(name="+tries")),
    "sqlmap": (Option(name="--fast"), Option(name="--dbs", arity="one"), Option(name="--data")),
    "gobuster": (Option(name="--fast"), Option(name="-q", arity="one"), Option(name="-w")),
}


@pytest.mark.sandbox
@pytest.mark.parametrize("tool", FALSE)
def test_the_real_binary_denies_false_claims(tool: str, run: Callable[[str], Answer]) -> None:
    spec = load_spec(tool).model_copy(update={"options": FALSE[tool], "subcommands": ()})
    assert {e.flag for e in verify(spec, run).disagreements} == {o.name for o in FALSE[tool]}


@pytest.mark.sandbox
@pytest.mark.parametrize("tool", FALSE)
def test_the_sandbox_has_the_version_of_the_spec(tool: str, run: Callable[[str], Answer]) -> None:
    check_version(load_spec(tool), run)
