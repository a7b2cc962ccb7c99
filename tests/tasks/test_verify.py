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
from harness.asking import RAW
from tasks.errors import UserError
from tasks.interview import Wording, wording
from tasks.spec import Operand, Option, ToolSpec, VersionProbe, load_spec
from tasks.verify import (
    Answer,
    Finding,
    Run,
    VerifyReport,
    check_version,
    check_versions,
    load_evidence,
    render,
    save_evidence,
    verify,
    with_kept,
)


def optparse_tool(command: str) -> Answer:
    """A tool whose parser is optparse, as sqlmap's is: -u/--url URL, --batch, --level N."""
    parser = optparse.OptionParser(prog="sqlmap", version="1.7.2")
    parser.add_option("-u", "--url")
    parser.add_option("--batch", action="store_true")
    parser.add_option("--level", type="int")
    parser.add_option("--risk", choices=["low", "high"])
    out, err = io.StringIO(), io.StringIO()
    code = 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            options, operands = parser.parse_args(shlex.split(command)[1:])
            if options.risk and not options.url:
                parser.error("--url is missing")
            if len(operands) > 1:
                parser.error("unexpected " + operands[1])
            if options.batch and options.level:
                parser.error("switch '--batch' is incompatible with option '--level'")
        except SystemExit as done:
            code = int(done.code or 0)
    return Answer(code, out.getvalue(), err.getvalue())


def spec_of(*options: Option, version: str = "1.7.2", **more: object) -> ToolSpec:
    return ToolSpec(
        tool="sqlmap",
        version=version,
        version_probe=VersionProbe(argv=("sqlmap", "--version"), pattern=r"^(\S+)$"),
        personality="optparse",
        options=options,
        **{"operands": (TARGET,), **more},
    )


WORDS = Wording(
    sentinel="--zzqx",
    unknown="no such option: {flag}|ambiguous option: {flag}",
    missing="{flag} option requires 1 argument",
    unwanted="{flag} option does not take a value",
    conflict="'{flag}' is incompatible with .*'{other}'|'{other}' is incompatible with .*'{flag}'",
    refused="invalid (?:integer value|choice)|is missing|unexpected",
)


@pytest.fixture(autouse=True)
def wording_of_optparse(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if not request.node.get_closest_marker("sandbox"):
        monkeypatch.setattr("tasks.verify.wording", lambda _: WORDS)


URL = Option(name="-u", aliases=("--url",), arity="one")
BATCH = Option(name="--batch")
RISK = Option(name="--risk", arity="one", choices=("low", "high"), needs=("-u",))
TARGET = Operand(name="target")
LEVEL = Option(name="--level", arity="one", type="int", conflicts=("--batch",))


def denied(report: VerifyReport) -> set[tuple[str, str]]:
    return {(e.flag, e.claim) for e in report.disagreements}


def test_a_true_spec_has_no_disagreement() -> None:
    report = verify(spec_of(URL, BATCH, LEVEL, RISK), optparse_tool)
    assert {e.finding for e in report.evidence} == {Finding.AGREES}
    assert (report.options, report.aliases) == (4, 1)
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


def test_every_kind_of_claim_is_put_to_the_tool() -> None:
    report = verify(spec_of(URL, BATCH, LEVEL, RISK), optparse_tool)
    claims = {(e.flag, e.claim) for e in report.evidence}
    assert claims >= {
        ("-u", "takes a value"),
        ("-u", "takes a glued value: -uzzq"),
        ("-u", "takes a glued value: --url=zzq"),
        ("-u", "may be shortened to --u"),
        ("--batch", "refuses a value"),
        ("--batch", "may be given twice"),
        ("--level", "refuses the value 'zzq'"),
        ("--level", "takes the value '5'"),
        ("--risk", "takes the value 'high'"),
        ("--risk", "refuses the value 'zzq'"),
        ("--risk", "is refused without -u"),
        ("target", "takes no more than 1 operands"),
    }


@pytest.mark.parametrize(
    ("false", "claim"),
    [
        ({"min": 2}, ("--level", "refuses the value '1'")),
        ({"max": 9}, ("--level", "refuses the value '10'")),
        ({"pattern": "[0-9]"}, ("--level", "refuses the value '-1'")),
        ({"type": "string", "choices": ("1", "x")}, ("--level", "takes the value 'x'")),
        ({"type": "string"}, ("--level", "takes the value 'zzq'")),
        ({"needs": ("-u",)}, ("--level", "is refused without -u")),
    ],
)
def test_a_false_claim_of_values_is_found(false: dict[str, object], claim: tuple[str, str]) -> None:
    level = Option.model_validate({"name": "--level", "arity": "one", "type": "int"} | false)
    assert claim in denied(verify(spec_of(URL, level), optparse_tool))


def test_a_false_claim_of_abbreviations_is_found() -> None:
    spec = spec_of(LEVEL, BATCH, prefix_options=False)
    assert ("--level", "may not be shortened to --leve") in denied(verify(spec, optparse_tool))


def test_operands_and_what_is_required_are_put_to_the_tool() -> None:
    spec = spec_of(URL, operands=(Operand(name="target", most=2),), requires=(("-u",),))
    assert denied(verify(spec, optparse_tool)) == {("-u", "is refused without -u")}
    without = spec_of(URL, operands=())
    assert denied(verify(without, optparse_tool)) == {("operand", "takes no more than 0 operands")}


def test_a_conflict_that_is_none_is_found() -> None:
    report = verify(spec_of(URL, BATCH.model_copy(update={"conflicts": ("-u",)})), optparse_tool)
    assert denied(report) == {("--batch", "is refused beside -u")}


def test_a_binary_that_does_not_end_decides_nothing() -> None:
    def hangs(command: str) -> Answer:
        return optparse_tool(command) if "--version" in command else Answer(None, "", "")

    report = verify(spec_of(LEVEL.model_copy(update={"conflicts": ()})), hangs)
    at_work = ("takes the value '5'", "may be given twice")  # it did not complain
    found = {e.finding for e in report.evidence if e.claim not in at_work}
    assert found == {Finding.UNDECIDED}
    assert "not decidable by the binary: sqlmap --level takes a value" in render(report)


def test_another_version_is_refused() -> None:
    with pytest.raises(UserError, match=r"is for version 1\.8, but the sandbox has 1\.7\.2"):
        verify(spec_of(BATCH, version="1.8"), optparse_tool)


def test_a_probes_file_that_is_no_yaml_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken.yaml").write_text('unknown: "a', encoding="utf-8")
    monkeypatch.setattr("tasks.interview.PROBES", tmp_path)
    with pytest.raises(UserError, match=r"broken\.yaml: not valid YAML"):
        wording("broken")


def test_a_tool_that_is_not_there_is_refused() -> None:
    with pytest.raises(UserError, match="tells no version of sqlmap"):
        check_version(spec_of(BATCH), lambda _: Answer(127, "", "sqlmap: command not found"))


def test_every_tool_of_another_version_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    specs = {v: spec_of(BATCH, version=v) for v in ("1.7.2", "1.8", "1.9")}
    monkeypatch.setattr("tasks.verify.load_spec", specs.__getitem__)
    check_versions(optparse_tool, ["1.7.2"])
    with pytest.raises(UserError, match=r"for version 1\.8, but .*; .* for version 1\.9, but"):
        check_versions(optparse_tool, ["1.9", "1.7.2", "1.8"])


def test_a_disagreement_is_one_sentence() -> None:
    lines = render(verify(spec_of(Option(name="--zz")), optparse_tool)).splitlines()
    first, total = lines[0], lines[-1]
    assert first.startswith("disagrees: sqlmap --zz takes no value; `sqlmap --zz --zzqx` (exit 2)")
    assert first.endswith("says: sqlmap: error: no such option: --zz")
    assert total.startswith("sqlmap 1.7.2: 1 options, 0 aliases, 4 claims: 1 agrees")


def test_evidence_is_kept_as_it_was_in_any_order_of_asking(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.evidence.SPECS", tmp_path)
    spec = spec_of(URL, LEVEL, BATCH)
    report = verify(spec, optparse_tool)
    path = save_evidence(report)
    assert load_evidence("sqlmap") == ("1.7.2", report.evidence)
    before = path.read_bytes()
    save_evidence(verify(spec, optparse_tool))
    assert path.read_bytes() == before


ALGORITHMS = ("md5", "sha256")


def openssl_like(command: str) -> Answer:
    """A tool that takes any unknown option for the name of an algorithm, keeps it, and looks the
    last one up if it has work to do: `x dgst -sha256 file`."""
    words = shlex.split(command)[1:]
    if words == ["version"]:
        return Answer(0, "x 1", "")
    kept, files = "", []
    for word in (left := iter(words[1:])):
        name, equals, _ = word.partition("=")
        if name == "-in":
            if not equals and next(left, None) is None:
                return Answer(1, "", "Option -in needs a value")
        elif name == "-text":
            if equals:
                return Answer(1, "", "Option -text does not take a value")
        elif name.startswith("-"):
            kept = name
        else:
            files.append(word)
    if files and kept and kept[1:] not in ALGORITHMS:
        return Answer(1, "", f"FEED0123: Unknown digest: {kept[1:]}")
    return Answer(0, "digest", "")


KEEPING = Wording(
    sentinel="-zzqx",
    unknown="Unknown digest: {word}",
    missing="Option -{word} needs a value",
    unwanted="Option -{word} does not take a value",
    refused="Unknown digest|^too many",
    noise="^[0-9A-F]{8}: ",
    trial={"bases": {"dgst": ["-text", "file"]}},
)


def of_dgst(*options: Option, **words: object) -> VerifyReport:
    spec = ToolSpec(
        tool="openssl",
        version="1",
        version_probe=VersionProbe(argv=("openssl", "version"), pattern=r"x (\S+)"),
        personality="openssl",
        prefix_options=False,
        subcommands=(
            {"name": "dgst", "options": options, "operands": [Operand(name="file", most=None)]},
            {"name": "enc"},
        ),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tasks.verify.wording", lambda _: KEEPING.model_copy(update=words))
        return verify(spec, openssl_like, only=["dgst"])


ANY = Option(name="-*", arity="one", choices=ALGORITHMS, unchecked_before="all")
IN = Option(name="-in", arity="one")


def test_an_option_that_stands_for_names_is_asked_by_each_of_them() -> None:
    report = of_dgst(ANY, IN, Option(name="-text"), beside={"-*": ("file",)})
    assert {e.finding for e in report.evidence} == {Finding.AGREES}
    probes = {e.claim: (e.probe, e.said) for e in report.evidence if e.flag == "-*"}
    assert probes["takes the value 'md5'"] == ("openssl dgst -md5 file", "")
    assert probes["is written as its value"][0] == "openssl dgst -md5 file"
    assert probes["refuses the value 'zzq'"] == ("openssl dgst -zzq file", "Unknown digest: zzq")


@pytest.mark.parametrize(
    ("false", "claim"),
    [
        (Option(name="-tex"), ("-tex", "takes no value")),  # the sentinel would hide it
        (Option(name="-text", aliases=("-txt",)), ("-txt", "takes no value")),
        (
            ANY.model_copy(update={"choices": (*ALGORITHMS, "md4")}),
            ("-*", "takes the value 'md4'"),
        ),
    ],
)
def test_a_false_claim_is_found_where_unknown_names_are_kept(
    false: Option, claim: tuple[str, str]
) -> None:
    others = [option for option in (ANY, IN) if option.name != false.name]
    assert claim in denied(of_dgst(false, *others, beside={"-*": ("file",)}))


def test_an_option_is_asked_in_the_line_that_its_probes_name() -> None:
    report = of_dgst(ANY, IN, values={"dgst -in": "a"}, beside={"dgst -in": ("-md5 {} file",)})
    taken = next(e for e in report.evidence if e.claim == "takes the value 'a'")
    assert taken.probe == "openssl dgst -md5 -in a file"


def test_an_exception_may_be_of_one_subcommand() -> None:
    wrong = Option(name="-tex")
    for key, finding in (("dgst -tex *", Finding.EXPLAINED), ("enc -tex *", Finding.DISAGREES)):
        report = of_dgst(wrong, ANY, exceptions={key: "why"})
        found = [e.finding for e in report.evidence if e.claim == "takes no value"]
        assert found == [finding]


def test_an_unknown_subcommand_is_refused() -> None:
    with pytest.raises(UserError, match="sqlmap has no subcommand nope"):
        verify(spec_of(BATCH), optparse_tool, only=["nope"])


def test_the_answers_of_other_subcommands_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.evidence.SPECS", tmp_path)
    sub = {"name": "one", "options": [BATCH]}
    spec = spec_of(LEVEL.model_copy(update={"conflicts": ()}), subcommands=(sub,))
    whole = verify(spec, optparse_tool)
    save_evidence(whole)
    some = verify(spec, optparse_tool, only=["one"])
    assert {e.subcommand for e in some.evidence} == {"one"}
    assert with_kept(some, spec) == whole
    with pytest.raises(UserError, match=r"of version 1\.7\.2: verify it as a whole"):
        with_kept(some, spec.model_copy(update={"version": "2"}))


def test_a_conflict_without_a_wording_of_its_own_is_seen() -> None:
    """Each is taken alone, and together they are refused."""
    words = WORDS.model_copy(update={"conflict": None, "refused": "incompatible"})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tasks.verify.wording", lambda _: words)
        report = verify(spec_of(BATCH, LEVEL), optparse_tool)
        assert ("--level", "is refused beside --batch") not in denied(report)
        false = LEVEL.model_copy(update={"once": True})
        assert ("--level", "may be given once only") in denied(
            verify(spec_of(BATCH, false), optparse_tool)
        )


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    try:
        box = sandbox.open_sandbox(workers=2, raw=RAW)
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
    bare = {"options": FALSE[tool], "subcommands": (), "requires": (), "operands": ()}
    spec = load_spec(tool).model_copy(update=bare)
    arities = [e for e in verify(spec, run).disagreements if " value" in e.claim]
    assert {e.flag for e in arities} >= {o.name for o in FALSE[tool]}


@pytest.mark.sandbox
@pytest.mark.parametrize("tool", FALSE)
def test_the_sandbox_has_the_version_of_the_spec(tool: str, run: Callable[[str], Answer]) -> None:
    check_version(load_spec(tool), run)
