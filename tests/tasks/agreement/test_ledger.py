"""How a binary's answer is read, and how it is compared with the static verdict."""

from __future__ import annotations

import pytest

from tasks.agreement import ledger
from tasks.agreement.binary import Reading, Said, read_answer
from tasks.agreement.ledger import (
    Case,
    Count,
    Explanation,
    Outcome,
    agreement,
    compare,
    invalid_accepted,
    same_reason,
    valid_rejected,
)
from tasks.agreement.trial import Trial
from tasks.interview import Answer, Wording, wording

WORDS = Wording(
    sentinel="--zzqx",
    unknown="no option {flag}|ambiguous: {flag}",
    missing="{flag} wants a value",
    conflict="{flag} and {other} exclude each other",
    refused="^usage:",
    trial=Trial(
        accepted="scanning", usage="^(?:Usage of tool|usage: asked)", excuse="^cannot resolve"
    ),
)


def read(text: str, code: int | None = 1, *, traffic: bool = False) -> Reading:
    return read_answer(WORDS, Answer(code, "", text), traffic)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("tool: no option --fast", "unknown"),
        ("tool: no option +fast", "unknown"),
        ("ambiguous: --f", "unknown"),
        ("-x wants a value", "missing"),
        ("-a and -b exclude each other", "conflict"),
        ("hello\n  usage: tool", "refused"),
        ("bash: -c: line 1: unexpected EOF while looking for matching `\"'", "syntax"),
        ("bash: line 1: syntax error near unexpected token `('", "syntax"),
    ],
)
@pytest.mark.parametrize("code", [0, 1, None])
def test_a_complaint_is_a_refusal_whatever_the_exit_code(
    text: str, kind: str, code: int | None
) -> None:
    reading = read(text, code, traffic=True)
    assert (reading.said, reading.kind) == (Said.REFUSED, kind)
    assert reading.line == text.splitlines()[-1].strip()


def test_acceptance_shows_in_exit_code_traffic_or_words() -> None:
    assert read("", 0).said is Said.ACCEPTED
    assert read("connection refused", 1, traffic=True).said is Said.ACCEPTED
    assert read("", None, traffic=True).said is Said.ACCEPTED
    assert read("scanning", None).said is Said.ACCEPTED


def test_a_flag_that_a_complaint_names_has_a_dash() -> None:
    assert read("no option there", 1).said is Said.UNTOLD


def test_usage_is_a_refusal_unless_it_was_asked_for() -> None:
    assert read("Usage of tool", 1).said is Said.REFUSED
    assert read("Usage of tool", 0).said is Said.ACCEPTED


def test_usage_in_the_words_of_a_refusal_was_asked_for_if_the_tool_is_content() -> None:
    assert read("usage: asked", 0).said is Said.ACCEPTED
    assert read("usage: asked", 1).said is Said.REFUSED


def test_a_complaint_that_the_work_can_cause_tells_nothing() -> None:
    assert read("cannot resolve x\nusage: no target", 0).said is Said.UNTOLD
    assert read("cannot resolve x\nno option --fast", 1).said is Said.REFUSED


def test_traffic_tells_nothing_of_a_tool_that_looks_up_names_of_any_line() -> None:
    words = WORDS.model_copy(update={"trial": Trial(traffic=False)})
    assert read_answer(words, Answer(1, "", ""), traffic=True).said is Said.UNTOLD


def test_nothing_is_told_by_an_unknown_failure() -> None:
    assert read("one\ntwo\nthree\n\ncannot open x", 1) == Reading(
        Said.UNTOLD, "exit 1 without a complaint that is known", "two / three / cannot open x"
    )
    assert read("", None).kind == "did not end without a complaint that is known"


UNKNOWN = Answer(255, "", "nmap: unrecognized option '--zzqx'\nSee the output of nmap -h")
FINE = Answer(0, "Nmap done: 1 IP address", "")
RIGHT, WRONG = "nmap -p 1 127.0.0.1", "nmap --zzqx -p 1 127.0.0.1"


@pytest.mark.parametrize(
    ("command", "answer", "outcome"),
    [
        (RIGHT, FINE, Outcome.AGREES),
        (WRONG, UNKNOWN, Outcome.AGREES),
        (RIGHT, UNKNOWN, Outcome.DISAGREES),
        (WRONG, FINE, Outcome.DISAGREES),
        (RIGHT, Answer(1, "", "died"), Outcome.UNDECIDABLE),
        ("no-such-tool -p 1", FINE, Outcome.UNDECIDABLE),
        ("nmap -p '1 127.0.0.1", Answer(2, "", "bash: -c: line 1: unexpected EOF"), Outcome.AGREES),
    ],
)
def test_verdicts_are_compared(command: str, answer: Answer, outcome: Outcome) -> None:
    assert compare("nmap", "valid", command, answer, traffic=False).outcome is outcome


def test_reasons_are_compared_too() -> None:
    alike = compare("nmap", "x", WRONG, UNKNOWN, traffic=False)
    other = Answer(255, "", "nmap: option '--zzqx' requires an argument")
    unlike = compare("nmap", "x", WRONG, other, traffic=False)
    assert (alike.same_reason, unlike.same_reason) == (True, False)
    assert same_reason([alike, unlike]) == Count(1, 2)


def test_what_a_binary_never_complains_of_is_undecidable(monkeypatch: pytest.MonkeyPatch) -> None:
    def with_silence(**silent: str) -> None:
        names = {name.replace("_", " "): why for name, why in silent.items()}
        trial = Trial(silent={name.replace("SUB", "dir:"): why for name, why in names.items()})
        silently = wording("nmap").model_copy(update={"trial": trial})
        monkeypatch.setattr(ledger, "wording", lambda _: silently)

    with_silence(unknown_flag="it says nothing")
    case = compare("nmap", "x", WRONG, FINE, traffic=False)
    assert (case.outcome, case.why) == (Outcome.UNDECIDABLE, "it says nothing")
    # A refusal that the spec does not know stays a disagreement, and so does another fault.
    assert compare("nmap", "x", RIGHT, UNKNOWN, traffic=False).outcome is Outcome.DISAGREES
    with_silence(bad_value="it says nothing")
    assert compare("nmap", "x", WRONG, FINE, traffic=False).outcome is Outcome.DISAGREES
    # Of a subcommand only.
    with_silence(SUB_unknown_flag="dir says nothing")
    assert compare("nmap", "x", WRONG, FINE, traffic=False).outcome is Outcome.DISAGREES
    scoped = compare("gobuster", "x", "gobuster dir --zzqx", FINE, traffic=False)
    assert (scoped.outcome, scoped.why) == (Outcome.UNDECIDABLE, "dir says nothing")


def test_a_disagreement_has_its_explanation_and_still_counts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = (Explanation(tool="nmap", command="--zz", because="a test"),)
    monkeypatch.setattr(ledger, "_explanations", lambda: known)
    case = compare("nmap", "x", WRONG, FINE, traffic=False)
    assert (case.outcome, case.why) == (Outcome.DISAGREES, "a test")
    assert compare("nmap", "x", RIGHT, UNKNOWN, traffic=False).why == ""


def test_the_explanations_that_are_kept_can_be_read() -> None:
    assert ledger.explanation("no-such-tool", "no-such-tool -x") == ""


def test_rates_count_decidable_cases_only() -> None:
    cases: list[Case] = [
        compare("nmap", "x", RIGHT, FINE, traffic=False),
        compare("nmap", "x", RIGHT, UNKNOWN, traffic=False),
        compare("nmap", "x", WRONG, UNKNOWN, traffic=False),
        compare("nmap", "x", WRONG, FINE, traffic=False),
        compare("nmap", "x", RIGHT, Answer(1, "", "died"), traffic=False),
    ]
    assert agreement(cases) == Count(2, 4)
    assert valid_rejected(cases) == Count(1, 2)
    assert invalid_accepted(cases) == Count(1, 2)
    assert Count(0, 0).rate is None
