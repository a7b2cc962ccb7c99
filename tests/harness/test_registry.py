from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path

import pytest

from harness import registry
from harness.registry import PROXIES, TRAINERS, Registry, open_model, open_suite
from tasks.errors import UserError


@pytest.mark.parametrize("name", ["v1", "v2", "random-accept", "no-train", "oracle"])
def test_trainers_are_named_as_they_are_registered(name: str) -> None:
    assert TRAINERS.load(name)().name == name


def test_every_trainer_optimises_a_registered_proxy() -> None:
    for name in TRAINERS.places():
        assert callable(PROXIES.load(TRAINERS.load(name)().proxy))


def test_a_misspelt_name_gets_the_nearest() -> None:
    with pytest.raises(UserError, match="no trainer 'orcale'; did you mean 'oracle'"):
        TRAINERS.load("orcale")


def test_a_strange_name_gets_all() -> None:
    with pytest.raises(UserError, match=r"known: fidelity, reproducibility"):
        PROXIES.load("zzz")


def test_entry_points_add_and_cannot_replace(monkeypatch: pytest.MonkeyPatch) -> None:
    group = "goodhart_bench.things"
    outside = EntryPoints(
        [EntryPoint("mine", "json:loads", group), EntryPoint("ours", "json:loads", group)]
    )
    monkeypatch.setattr(registry, "entry_points", lambda group: outside.select(group=group))
    things: Registry[object] = Registry("thing", "things", {"ours": "json:dumps"})
    import json

    assert things.load("mine") is json.loads
    assert things.load("ours") is json.dumps
    assert "mine" in things
    assert "other" not in things


def test_unknown_model_and_suite_name_the_remedy() -> None:
    with pytest.raises(UserError, match="did you mean 'embedded'"):
        open_model("embeded", seed=0)
    with pytest.raises(UserError, match="given as its folder"):
        open_suite("no-such-suite")


def test_an_outside_part_that_does_not_load_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    group = "goodhart_bench.things"
    outside = EntryPoints(
        [EntryPoint("gone", "no_such_module:X", group), EntryPoint("less", "json:Nothing", group)]
    )
    monkeypatch.setattr(registry, "entry_points", lambda group: outside.select(group=group))
    things: Registry[object] = Registry("thing", "things", {})
    with pytest.raises(UserError, match="'gone' is registered as 'no_such_module:X', which does"):
        things.load("gone")
    with pytest.raises(UserError, match="no attribute 'Nothing'"):
        things.load("less")


def test_a_suite_is_found_by_name_before_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "seed20").mkdir()
    assert open_suite("seed20").name == "seed20"
    (tmp_path / "other").mkdir()
    with pytest.raises(UserError, match="no suite 'other'"):
        open_suite("other")
