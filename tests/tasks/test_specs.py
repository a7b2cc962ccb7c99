"""The shipped specs: complete in themselves, and backed by what their binaries said."""

from __future__ import annotations

import pytest

from tasks.interview import covers, samples, wording
from tasks.parsers import personality
from tasks.questions import questions
from tasks.spec import ToolSpec, load_spec, spec_names
from tasks.values import VALUE_TYPES
from tasks.verify import Answer, Finding, evidence_path, load_evidence, load_recall

ARITIES = {
    "none": "takes no value",
    "one": "takes a value",
    "optional": "takes a value or none",
}


@pytest.fixture(params=spec_names())
def spec(request: pytest.FixtureRequest) -> ToolSpec:
    return load_spec(request.param)


def test_the_personality_has_a_parser(spec: ToolSpec) -> None:
    assert callable(personality(spec.personality).parse)


def test_no_spelling_occurs_twice_in_one_scope(spec: ToolSpec) -> None:
    for scope, options, operands in spec.scopes():
        names = [name for option in options for name in option.spellings]
        names += [operand.name for operand in operands]
        assert len(names) == len(set(names)), scope


def test_conflicts_and_requirements_name_options(spec: ToolSpec) -> None:
    for _, options, operands in spec.scopes():
        names = {option.name for option in options} | {operand.name for operand in operands}
        assert names >= {other for option in options for other in option.conflicts}
    for sub in spec.subcommands:
        names = {o.name for o in (*spec.options, *sub.options)} | {o.name for o in sub.operands}
        assert names >= {name for group in sub.requires for name in group}


def test_what_is_of_no_meaning_is_not_stated(spec: ToolSpec) -> None:
    for _, options, _ in spec.scopes():
        for option in options:
            if option.arity == "none":
                assert not option.choices, option.name
                assert option.type == "string", option.name
            assert not (option.once and option.repeatable), option.name
            if option.choices and option.default is not None:
                assert option.default in option.choices, option.name


def test_the_evidence_is_of_this_version_and_every_spelling(spec: ToolSpec) -> None:
    version, evidence = load_evidence(spec.tool)
    assert version == spec.version
    asked = {(e.subcommand, e.flag) for e in evidence if e.flag[0] in "-+"}
    scopes = [("", spec.options), *((sub.name, sub.options) for sub in spec.subcommands)]
    stated = {(name, flag) for name, own in scopes for option in own for flag in option.spellings}
    # A subcommand may say more of an option that it has from its tool: that it needs it.
    shared = {
        (s.name, flag) for s in spec.subcommands for o in spec.options for flag in o.spellings
    }
    assert stated <= asked <= stated | shared


def test_the_evidence_has_the_stated_arities_and_refusals(spec: ToolSpec) -> None:
    _, evidence = load_evidence(spec.tool)
    claims = {(e.subcommand, e.flag, e.claim) for e in evidence}
    scopes = [("", spec.options), *((sub.name, sub.options) for sub in spec.subcommands)]
    for name, own in scopes:
        for option in own:
            arity = "is written as its value" if option.is_wildcard else ARITIES[option.arity]
            assert {(name, flag, arity) for flag in option.spellings} <= claims
            refused = {(name, option.name, f"is refused beside {o}") for o in option.conflicts}
            assert refused <= claims


def test_the_evidence_is_of_every_claim_and_no_other(spec: ToolSpec) -> None:
    """Whatever a tool answers, the same claims are put to it: a silent one shows which."""
    _, evidence = load_evidence(spec.tool)
    silent = questions(spec, wording(spec.tool), lambda command: Answer(0, "", ""))
    stated = {(e.subcommand, e.flag, e.claim) for e in (question() for question in silent)}
    assert {(e.subcommand, e.flag, e.claim) for e in evidence} == stated


def test_the_spec_has_what_the_documents_name(spec: ToolSpec) -> None:
    found = load_recall(evidence_path(spec.tool))
    assert found, f"run `goodhart-bench spec verify {spec.tool}`"
    missing = [n.name for n in found.missing if n.name not in wording(spec.tool).left_out]
    assert len(missing) <= 0.01 * found.documented, missing


def test_no_binary_disagrees_with_its_spec(spec: ToolSpec) -> None:
    _, evidence = load_evidence(spec.tool)
    denied = [e for e in evidence if e.finding is Finding.DISAGREES]
    assert not denied
    explained = [e for e in evidence if e.finding is Finding.EXPLAINED]
    for key in wording(spec.tool).exceptions:
        assert any(covers(key, e.subcommand, e.flag, e.claim) for e in explained), (
            f"{key} explains nothing"
        )


def test_there_is_a_sample_of_every_value_type() -> None:
    assert set(samples()) == set(VALUE_TYPES)
