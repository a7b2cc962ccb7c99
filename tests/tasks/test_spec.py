"""Reading specs: what is wrong in a file is named, with the file and the key."""

from __future__ import annotations

import pytest

import tasks.spec
from tasks.errors import UserError
from tasks.spec import load_spec, load_specs, read_spec

HEAD = """
tool: sample
version: "1"
version_probe: {argv: [sample], pattern: "(.*)"}
personality: getopt
"""


@pytest.fixture
def read(tmp_path):
    def read_text(text: str):
        path = tmp_path / "sample.yaml"
        path.write_text(text, encoding="utf-8")
        return read_spec(path)

    return read_text


def test_eight_tools_are_shipped():
    expected = {"nmap", "nikto", "gobuster", "ffuf", "hydra", "sqlmap", "curl", "dig"}
    assert expected <= set(load_specs())
    assert load_spec("nmap").tool == "nmap"


def test_an_unknown_tool_is_a_user_error():
    with pytest.raises(UserError, match="no spec for tool 'nmpa'"):
        load_spec("nmpa")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("options: [", "not valid YAML"),
        ("- a", "a spec is a mapping"),
        (HEAD.replace("getopt", "getop"), "personality"),
        (HEAD.replace('version: "1"', ""), "version"),
        (HEAD + "colour: red", "colour"),
        (HEAD + "options: [{name: -p, type: prots}]", r"options\[-p\].type: unknown value type"),
        (HEAD + "options: [{name: p}]", r"options\[p\].name: 'p' must be written with"),
        (HEAD + "options: [{name: -p}, {name: --x, aliases: [-p]}]", "-p is declared twice"),
        (HEAD + "options: [{name: -p, conflicts: [-q]}]", "-p speaks of unknown -q"),
        (HEAD + "options: [{name: -p, needs: [-q=1]}]", "-p speaks of unknown -q"),
        (
            HEAD + 'options: [{name: -p, pattern: "["}]',
            r"options\[-p\].pattern: .* not a reg",
        ),
        (HEAD + "requires: [[-u]]", "requires names -u"),
        (HEAD + "options: [{name: -p, arity: two}]", r"options\[-p\].arity"),
    ],
)
def test_what_is_wrong_is_named(read, text, named):
    with pytest.raises(UserError, match=named) as caught:
        read(text)
    assert "sample.yaml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_a_user_error(tmp_path):
    with pytest.raises(UserError, match=r"none.yaml: cannot be read"):
        read_spec(tmp_path / "none.yaml")


def test_a_spec_must_be_named_like_its_file(tmp_path, monkeypatch):
    (tmp_path / "other.yaml").write_text(HEAD, encoding="utf-8")
    monkeypatch.setattr(tasks.spec, "SPECS", tmp_path)
    load_specs.cache_clear()
    load_spec.cache_clear()
    try:
        with pytest.raises(UserError, match=r"tool: is 'sample'"):
            load_specs()
    finally:
        load_specs.cache_clear()
        load_spec.cache_clear()


def test_a_subcommand_may_reuse_a_name_of_another(read):
    text = (
        HEAD + "subcommands: [{name: a, options: [{name: -x}]}, {name: b, options: [{name: -x}]}]"
    )
    assert len(read(text).subcommands) == 2
