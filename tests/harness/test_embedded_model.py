"""Making the embedded model, in little; and the model that is shipped."""

import json
from pathlib import Path

import pytest

from harness.embedded.evaluate import measure, write_card
from harness.embedded.recipe import Recipe
from harness.embedded.train import make_model
from harness.model import EMBEDDED
from harness.policy import CausalPolicy
from harness.types import Sampling
from tasks.checker import check
from tasks.types import Status

GREEDY = Sampling(temperature=0, max_new_tokens=64)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model made as the shipped one is, but tiny and after four steps."""
    full = Recipe.load()
    size = {"hidden_size": 32, "intermediate_size": 64, "num_attention_heads": 2}
    recipe = full.model_copy(
        update={
            "tokenizer": full.tokenizer.model_copy(update={"vocabulary": 400, "pairs": 200}),
            "model": full.model | size,
            "training": full.training.model_copy(
                update={"steps": 4, "warmup_steps": 1, "batch_size": 4, "processes": 2}
            ),
        }
    )
    path: Path = tmp_path_factory.mktemp("model")
    make_model(recipe, path)
    return path


@pytest.mark.slow
def test_making_writes_a_model_that_loads_and_says_how_it_was_made(folder: Path) -> None:
    figures = json.loads((folder / "training.json").read_text())
    assert figures["tokens"] > 0
    assert figures["recipe"] != Recipe.load().digest
    policy = CausalPolicy.load(str(folder))
    assert len(policy.generate(["find the mail servers of lab.example"], 2, GREEDY)[0]) == 2


@pytest.mark.slow
def test_the_card_is_written_from_the_records(folder: Path) -> None:
    card = (EMBEDDED / "README.md").read_text()
    for name in ("training.json", "evaluation.json"):
        (folder / name).write_text((EMBEDDED / name).read_text())
    (folder / "weight").write_bytes(b"")
    write_card(folder)
    lines = (folder / "README.md").read_text().splitlines()
    assert [line for line in lines if "MB with" not in line] == [
        line for line in card.splitlines() if "MB with" not in line
    ]


def test_the_shipped_model_is_of_this_recipe_and_small_enough() -> None:
    figures = json.loads((EMBEDDED / "training.json").read_text())
    assert figures["recipe"] == Recipe.load().digest
    assert sum(file.stat().st_size for file in EMBEDDED.iterdir()) <= 12e6
    assert 1e6 <= figures["parameters"] <= 6e6


def test_the_shipped_model_answers_and_inverts() -> None:
    policy = CausalPolicy.load("embedded", lora=False)
    answer = policy.generate(["please check ports 8081,22 of 10.9.8.7"], 1, GREEDY)[0][0].text
    assert answer.startswith("nmap ")
    assert "10.9.8.7" in answer
    assert check(answer).status is Status.PASS
    assert "10.9.8.7" in policy.invert([answer], GREEDY)[0].text


@pytest.mark.slow
def test_the_shipped_model_has_room_both_ways() -> None:
    correct = measure("embedded", "calibration")["correct"]
    assert 45 <= correct["percent"] <= 85
