"""Names are found in help, manuals and programs, and a binary decides which of them are options."""

from __future__ import annotations

import gzip
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import sandbox
from harness.asking import RAW, asker
from tasks.describe import option_text, tool_text
from tasks.errors import UserError
from tasks.interview import Answer, Run
from tasks.proposal import Means, program, propose
from tasks.proposal import man as manual
from tasks.proposal.decide import Standing
from tasks.proposal.recall import recall
from tasks.proposal.render import as_yaml
from tasks.proposal.text import candidates, entry
from tasks.spec import Option, ToolSpec, VersionProbe, load_spec, read_spec
from tasks.verify import VerifyReport, load_recall, render, save_evidence


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("  -s, --size=BYTES   amount of data", {"-s": "", "--size": "=BYTES"}),
        ("  -oN/-oX <file>: Output scan", {"-oN": "", "-oX": "<file>"}),
        ("  -PS/PA[portlist]: discovery", {"-PS": "[portlist]", "-PA": "[portlist]"}),
        ("  -c  --count     packet count", {"-c": "", "--count": ""}),
        ("  --input-file=FILE, -i\t\tRead a file", {"--input-file": "=FILE", "-i": ""}),
        ("  -l LOGIN or -L FILE  login with", {"-l": "LOGIN", "-L": "FILE"}),
        ("  -f; --mtu <val>: fragment", {"-f": "", "--mtu": "<val>"}),
        ("   -config+            Use this file", {"-config": "+"}),
        ("-M|--message NetBIOS name", {"-M": "", "--message": "NetBIOS name"}),
        (" +[no]aaflag          (Set flag)", {"+aaflag": ""}),
        ('--incremental[=MODE]  "incremental" mode', {"--incremental": "[=MODE]"}),
        (" -m, --hash-type      | Num  | Hash-type", {"-m": "", "--hash-type": ""}),
        ("Usage: tool -x", {}),
        ("- a dash", {}),
    ],
)
def test_an_entry_of_a_help_text(line: str, found: dict[str, str]) -> None:
    assert {c.name: c.value for c in entry(line, "help")} == found


def test_aliases_are_what_a_comma_joins_and_not_alternatives() -> None:
    assert entry("-s, --size N  bytes", "help")[0].beside == ("-s", "--size")
    assert entry("-c  --count  packets", "help")[0].beside == ("-c", "--count")
    assert entry("-a is equivalent to -v -t ANY", "help")[0].beside == ()
    assert entry("-l LOGIN or -L FILE  login", "help")[0].beside == ()
    assert entry("-oN/-oX <file>: output", "help")[0].beside == ()


def test_options_in_running_text_are_mentions() -> None:
    found = {c.name: c.entry for c in candidates(["usage: nc [-46C] [-p port] a-b x=-y"], "help")}
    assert found == {"-4": False, "-6": False, "-C": False, "-46C": False, "-p": False}


MAN = r"""
.\" a comment with --nothing
.TH SIZE 1
.SH OPTIONS
.TP
.BR \-a ", " \-\-all
Show all, as
.B \-b
does.
.IP "\fB\-\-out\fR \fIfile\fR" 4
Where to.
.IP "\(bu" 4
\fB\-\-rate <n>\fR: pace.
.PP
\fB\-\-data\-length \fR\fB\fInumber\fR\fR (Append data)
.RS 4
Text.
.RE
.TP
.BI \-\-linktype= type
.PD
Kind.
.It Fl I Ar length
Length of the buffer.
"""


def test_the_entries_of_a_manual() -> None:
    lines = list(manual.paragraphs(MAN))
    found = {c.name: c.value for line in lines for c in entry(line, "man")}
    assert found == {
        "-a": "",
        "--all": "",
        "--out": "file",
        "--rate": "<n>",
        "--data-length": "number (Append data)",
        "--linktype": "=type",
        "-I": "<length>",
    }
    assert "--nothing" not in " ".join(lines)


def test_pages_are_found_below_a_root_through_absolute_links(tmp_path: Path) -> None:
    folder = tmp_path / "usr/share/man/man1"
    folder.mkdir(parents=True)
    (folder / "real.1.gz").write_bytes(gzip.compress(MAN.encode()))
    (folder / "size.1.gz").symlink_to("/usr/share/man/man1/real.1.gz")
    (page,) = manual.man_pages(tmp_path, "size")
    assert manual.read_page(page) == MAN


def test_an_optstring_is_told_from_other_strings(tmp_path: Path) -> None:
    assert program.is_optstring("ab:c::dW:x")
    assert not program.is_optstring("Digest: none")
    assert not program.is_optstring("aab:cdef")
    elf = tmp_path / "size"
    elf.write_bytes(b"\x7fELF\0\0ab:c::dW:x\0fast-mode\0no good\0")
    found = {c.name: c.value for c in program.candidates(elf, "--") if c.source == "optstring"}
    assert found == {"-a": "", "-b": " VALUE", "-c": "[VALUE]", "-d": "", "-W": " VALUE", "-x": ""}
    assert "--fast-mode" in {c.name for c in program.candidates(elf, "--")}


def test_the_options_of_a_script() -> None:
    text = """p.add_argument("-x", '--xml'); GetOptions("port|p=s" => \\$p, "ssl!" => \\$s)"""
    names = {c.name for c in program.in_script(text, "--")}
    assert names == {"-x", "--xml", "--port", "-p", "--ssl"}


TOOL = """#!/bin/bash
# A tool with -a/--all, --size N and --version, whose help also names --gone.
[ $# = 0 ] && { echo "usage: size [-q]"; exit 1; }
while [ $# -gt 0 ]; do
  case "$1" in
    -h|--help) echo "size 1.2
  -a, --all        all of it
      --size=NUM   how much
      --gone       not any more
      --version    tell"; exit;;
    --version) echo "size version 1.2"; exit;;
    -a|--all|-q) ;;
    --all=*) echo "size: option '--all' doesn't allow an argument" >&2; exit 2;;
    --size=*) ;;
    --s|--si|--siz|--size)
      [ $# = 1 ] && { echo "size: option '--size' requires an argument" >&2; exit 2; }
      shift;;
    -*) echo "size: unrecognized option '$1'" >&2; exit 2;;
  esac
  shift
done
"""


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A shell script of our own, run here, in the place of a binary."""
    tool = tmp_path / "size"
    tool.write_text(TOOL, encoding="utf-8")
    tool.chmod(0o755)

    def ask(command: str) -> Answer:
        line = f"PATH={shlex.quote(str(tmp_path))}:$PATH; {command}"
        done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False)
        return Answer(done.returncode, done.stdout, done.stderr)

    return ask


def test_documents_propose_and_the_binary_disposes(run: Run, tmp_path: Path) -> None:
    proposal = propose("size", Means(run))
    (part,) = proposal.parts
    taken = {j.name: j.arity for j in part.of(Standing.TAKEN)}
    assert taken == {
        "-a": "none",
        "--all": "none",
        "--size": "one",
        "--version": "none",
        "-q": "none",
    }
    (gone,) = part.of(Standing.REJECTED)
    assert (gone.name, gone.said) == ("--gone", "size: unrecognized option '--gone'")
    assert proposal.version == "1.2"
    assert proposal.personality == "getopt_long_only"  # it complains about -zzqx in whole words
    path = tmp_path / "size.yaml"
    path.write_text(as_yaml(proposal), encoding="utf-8")
    spec = read_spec(path)
    assert [o.name for o in spec.options] == ["--all", "--size", "--version", "-q"]
    assert spec.options[0].aliases == ("-a",)
    assert spec.options[1].type == "uint"
    assert "--gone [help]: `size --gone`: size: unrecognized" in path.read_text()


def test_a_tool_that_is_not_there_is_a_user_error(run: Run) -> None:
    with pytest.raises(UserError, match=r"has no nosuchtool: add its package to"):
        propose("nosuchtool", Means(run))


def test_recall_names_what_the_spec_lacks_and_is_kept(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tasks.interview import default_wording

    monkeypatch.setattr("tasks.proposal.recall.wording", lambda _: default_wording())
    spec = ToolSpec(
        tool="size",
        version="1.2",
        version_probe=VersionProbe(argv=("size", "--version"), pattern="(.*)"),
        personality="getopt_long",
        options=(
            Option(name="--all", aliases=("-a",)),
            Option(name="--version"),
            Option(name="-q"),
        ),
    )
    found = recall(spec, Means(run))
    assert [name.name for name in found.missing] == ["--size"]
    assert [name.name for name in found.rejected] == ["--gone"]
    assert (found.documented, found.share) == (5, 0.8)

    monkeypatch.setattr("tasks.verify.wording", lambda _: default_wording())
    report = VerifyReport("size", "1.2", 3, 1, (), found)
    assert "not in the spec: size --size (help, ambiguity); `size --size` says:" in render(report)
    assert "recall 80.0%: 4 of 5" in render(report)
    path = tmp_path / "size.evidence.json"
    save_evidence(report, path)
    assert load_recall(path) == found
    save_evidence(VerifyReport("size", "1.2", 3, 1, ()), path)  # verified without measuring it
    assert load_recall(path) == found


def test_a_flag_is_described_and_an_unknown_one_has_a_nearest() -> None:
    shown = option_text(load_spec("nmap"), "--reas")
    assert shown.startswith("nmap --reason (for --reas)\n  a switch, without a value")
    assert "--reason takes no value: `nmap --reason --zzqx`: nmap: unrecognized option" in shown
    with pytest.raises(UserError, match=r"has no option --reasn; the nearest is --reason"):
        option_text(load_spec("nmap"), "--reasn")
    assert "also spelled: -u" in option_text(load_spec("gobuster"), "--url")
    assert "  --timeout" in tool_text(load_spec("gobuster"))


@pytest.fixture(scope="module")
def real() -> Iterator[Means]:
    try:
        box = sandbox.open_sandbox(workers=2, raw=RAW)
    except sandbox.SandboxError as error:
        pytest.skip(str(error))
    from sandbox.build import built_image

    image = built_image()
    with box:
        yield Means(asker(box), Path(image.rootfs) if image else None, 2)


@pytest.mark.sandbox
@pytest.mark.slow
@pytest.mark.parametrize("tool", ["ffuf", "medusa"])
def test_a_proposal_has_what_the_spec_has(tool: str, real: Means) -> None:
    spec = load_spec(tool)
    taken = {j.name for j in propose(tool, real).parts[0].of(Standing.TAKEN)}
    undocumented = {"-compressed", "-h", "-i", "-k"} if tool == "ffuf" else set()
    assert {option.name for option in spec.options} - taken <= undocumented
    assert recall(spec, real).share >= 0.99
