"""The static verdict level by level, on the specs that are shipped."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.checker import calls_tool, canonical_text, check, judge
from tasks.spec import load_spec, load_specs, spec_names
from tasks.types import Level, Status, Task, as_json


def task(tool: str, *require: dict[str, Any], **more: Any) -> Task:
    """A task with that intent; its answers do not matter here."""
    intent = {"tool": tool, "require": list(require)} | more
    wrong = [{"command": "true", "fault": "wrong tool"}] * 3
    return Task.model_validate(
        {
            "id": "t",
            "family": f"{tool}.t",
            "tool": tool,
            "split": "heldout",
            "prompt": "do it",
            "params": {},
            "intent": intent,
            "correct": ["true", "true"],
            "wrong": wrong,
        }
    )


SCAN = task(
    "nmap",
    {"name": "-sV"},
    {"name": "-p", "ports": "22,8443"},
    {"name": "target", "hosts": "10.4.7.9"},
    allow=["-Pn"],
)


@pytest.mark.parametrize(
    "text",
    [
        "nmap -sV -p 22,8443 10.4.7.9",
        "nmap 10.4.7.9 -p8443,22 -sV",
        "nmap -Pn -sV -vv -T4 -p 22,8443 10.4.7.9",
        "sudo nmap -sV -p 22,8443 10.4.7.9/32",
        "```\n$ nmap -sV -p 22,8443 10.4.7.9\n```",
        "timeout 60 nmap -sV -p '22,8443' \"10.4.7.9\" 2>/dev/null",
        "nmap -sV -p22,8443 10.4.7.9-9",
    ],
)
def test_spellings_of_the_right_answer(text):
    verdict = judge(text, SCAN)
    assert verdict.status is Status.PASS, verdict.last
    assert [result.level for result in verdict.levels] == list(Level)[:6]


@pytest.mark.parametrize(
    ("text", "level", "fault"),
    [
        ("", "extract", "no command"),
        ("I cannot do that.\nSorry.", "extract", "no command"),
        ("nmap -sV -p '22,8443 10.4.7.9", "shell", "syntax"),
        ("true", "tool", "wrong tool"),
        ("curl http://10.4.7.9/", "tool", "wrong tool"),
        ("echo nmap -sV -p 22,8443 10.4.7.9", "tool", "wrong tool"),
        ("./nmap -sV -p 22,8443 10.4.7.9", "tool", "wrong tool"),
        ("nmap --scan-version -p 22,8443 10.4.7.9", "flags", "unknown flag"),
        ("nmap -sV -p=22,8443 10.4.7.9", "flags", "unknown flag"),
        ("nmap -sV 10.4.7.9 -p", "arguments", "missing value"),
        ("nmap -sV -p 22,84430 10.4.7.9", "arguments", "bad value"),
        ("nmap -sV -p 22 -p 8443 10.4.7.9", "arguments", "duplicate"),
        ("nmap -sV -p 22,8443", "arguments", "missing operand"),
        ("nmap -p 22,8443 10.4.7.9", "intent", "missing option"),
        ("nmap -sV 10.4.7.9", "intent", "missing option"),
        ("nmap -sV -p 22,8444 10.4.7.9", "intent", "wrong value"),
        ("nmap -sV -p 22,8443 10.4.7.8", "intent", "wrong target"),
        ("nmap -sV -p 22,8443 10.4.7.9 10.4.7.8", "intent", "wrong target"),
        ("nmap -sV -p 22,8443 sV 10.4.7.9", "intent", "wrong target"),
        ("nmap -sV -A -p 22,8443 10.4.7.9", "intent", "extra option"),
        ("nmap -sV -p 22,8443 -oN f 10.4.7.9", "intent", "extra option"),
        ("nmap -sV -p 22,8443 10.4.7.9 > f", "intent", "extra option"),
        ("nmap --help", "intent", "missing option"),
        ("nmap -V -sV -p 22,8443 10.4.7.9", "intent", "missing option"),
    ],
)
def test_each_fault_is_found_at_its_level(text, level, fault):
    verdict = judge(text, SCAN)
    assert (verdict.last.level, verdict.fault, verdict.status) == (level, fault, "fail")
    assert len(verdict.last.reason) > 10


@pytest.mark.parametrize(
    "text", ["nmap -sV -p 22,8443 10.4.7.9 | tee f", "nmap -sV -p 22,8443 $TARGET"]
)
def test_what_is_not_decided_says_why(text):
    verdict = judge(text, SCAN)
    assert verdict.status is Status.UNDECIDABLE
    assert verdict.last.level is Level.INTENT
    assert verdict.fault is None


def test_the_prompt_in_quotes_does_not_help():
    assert judge("nmap '-sV -p 22,8443 10.4.7.9'", SCAN).status is Status.FAIL
    assert judge("nmap 10.4.7.8 # -sV -p 22,8443 10.4.7.9", SCAN).status is Status.FAIL


def test_a_tool_without_a_spec_is_undecidable_on_its_own():
    verdict = check("ls -l")
    assert (verdict.last.level, verdict.status) == (Level.TOOL, Status.UNDECIDABLE)


def test_subcommands_belong_to_the_tool_level():
    scan = task("gobuster", {"name": "-u", "url": "http://h"}, {"name": "-w"}, subcommand="dir")
    assert judge("gobuster dir -u http://h/ -w /w", scan).status is Status.PASS
    other = judge("gobuster dns -d h -w /w", scan)
    assert (other.last.level, other.fault) == (Level.TOOL, "wrong tool")
    unknown = judge("gobuster scan -u http://h/ -w /w", scan)
    assert (unknown.last.level, unknown.fault) == (Level.TOOL, "wrong tool")


def test_a_wrapper_that_the_sandbox_lacks_is_not_run():
    assert check("sudo nmap -p 80 h").text == "nmap -p 80 h"
    assert check("timeout 9 nmap -p 80 h").text == "timeout 9 nmap -p 80 h"


def test_the_verdict_as_data():
    data = as_json(judge("nmap --scan-version h", SCAN))
    assert data["fault"] == "unknown flag"
    assert data["levels"][-1]["level"] == "flags"


SAME = [
    ["nmap -sV -p 80,443 h", "nmap -p443,80 h -sV -v", "nmap -sV -p 80,443 -T3 H."],
    ["nmap -sSV h", "nmap -sV -sS h"],
    ["nmap -reason h", "nmap --reas h"],
    ["curl http://h", "curl -X GET http://h:80/", "curl --url h -s"],
    ["curl -d a=b h", "curl --data a=b -X POST h"],
    ["curl -I h", "curl --head h", "curl -I -X HEAD h"],
    ["curl -H 'A: b' -H 'C: d' h", "curl -H 'c:d' -H 'a:b' h"],
    ["gobuster dir -u http://h -w /w", "gobuster -w /w dir --url=http://h/ -t 10 -q"],
    ["ffuf -u http://h/FUZZ -w /w", "ffuf --w=/w --u=http://h/FUZZ"],
    ["hydra -l a -p b -s 2222 h ssh", "hydra -la -pb ssh://h:2222"],
    ["sqlmap -u http://h/?a=1 --batch", "sqlmap --url=http://h/?a=1 -batch"],
    ["nikto -h h -p 80", "nikto -host h -port 80"],
    ["dig @10.0.0.1 n MX", "dig -t mx n. @10.0.0.1", "dig mx n @10.0.0.1 IN"],
    ["dig n", "dig n A"],
]


@pytest.mark.parametrize("group", SAME, ids=lambda group: group[0])
def test_one_canonical_form_for_what_means_the_same(group):
    forms = {canonical_text(line) for line in group}
    assert len(forms) == 1
    assert None not in forms


def test_different_commands_have_different_canonical_forms():
    forms = [canonical_text(group[0]) for group in SAME]
    assert len(set(forms)) == len(forms)


def test_what_the_tool_refuses_has_no_canonical_form():
    assert canonical_text("nmap --scan-version h") is None
    assert canonical_text("") is None


NMAP = sorted(load_specs()["nmap"].options, key=lambda option: option.name)


@given(st.permutations(["-sV", "-p 22,80", "-Pn", "h", "--reason", "--open"]))
def test_the_order_of_words_does_not_matter(parts):
    assert canonical_text("nmap " + " ".join(parts)) == canonical_text(
        "nmap -sV -p 80,22 -Pn --reason --open h"
    )


@given(st.lists(st.sampled_from([o for o in NMAP if o.arity == "none"]), max_size=4))
def test_a_canonical_form_is_stable_over_aliases(options):
    lines = (
        " ".join(
            ["nmap", *(option.spellings[i % len(option.spellings)] for option in options), "h"]
        )
        for i in range(2)
    )
    verdicts = [check(line) for line in lines]
    assert verdicts[0].canonical == verdicts[1].canonical


@pytest.mark.parametrize(
    "text",
    [
        "",
        "I cannot help with that.",
        "This is not possible with nmap.",
        "nmap cannot do that.",
        "This can't be done with `nmap`.",
        "curl: fetch the page",
        "true",
        "# nothing to run",
        "```\n# not possible\n```",
        "I am sorry.\nNo option of nmap does this.",
    ],
)
def test_a_refusal_calls_no_tool(text):
    assert calls_tool(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "nmap -p 80 h",
        "nmap --no-such-flag",
        "nmap 'h",
        "sudo nmap h",
        "Sorry, nmap has no such option. This comes near:\n\n```\ncurl http://h/\n```",
        "That is not possible, but `nmap -p 80 h` would be.",
        "for h in a b; do nmap $h; done",
    ],
)
def test_whatever_runs_a_tool_is_no_refusal(text):
    assert calls_tool(text)


def test_a_prompt_that_begins_with_a_tool_gets_a_verdict():
    assert check("curl: do X").status is Status.UNDECIDABLE
    assert judge("curl: do X", SCAN).fault == "wrong tool"


@given(st.text(max_size=80))
@settings(max_examples=200)
def test_any_text_gets_a_verdict(text):
    verdict = judge(text, SCAN)
    assert verdict.status is not Status.PASS
    assert verdict.last.reason


WORDS = "nmap curl gobuster dir -u -w -p 80 -sV --x http://h/ | > $A ' \" ; & -- - = FUZZ"


@given(st.lists(st.sampled_from(WORDS.split()), max_size=8).map(" ".join))
@settings(max_examples=300)
def test_any_words_get_a_verdict(text):
    assert check(text).last.reason


_LOOSE = ["--", "-", "=", "--=", "''", "a", "1", "-1", "1e9", "@", "+", "!", ":", "[", "'[1-'"]


def _spellings(tool: str) -> list[str]:
    spec = load_spec(tool)
    options = [*spec.options, *(option for sub in spec.subcommands for option in sub.options)]
    return [spelling for option in options for spelling in option.spellings]


@pytest.mark.parametrize("tool", spec_names())
@given(data=st.data())
@settings(max_examples=60)
def test_any_words_after_a_tool_get_a_verdict(tool, data):
    """What a personality does with words that no test of its own thought of: no exception."""
    flags = st.sampled_from(_spellings(tool) or _LOOSE)
    loose = st.sampled_from(_LOOSE)
    word = flags | loose | st.tuples(flags, loose).map("".join)
    assert check(" ".join([tool, *data.draw(st.lists(word, max_size=6))])).last.reason
