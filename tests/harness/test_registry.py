from importlib.metadata import EntryPoint, EntryPoints

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
