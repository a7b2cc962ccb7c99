"""The corpus, its declared noise and the tokenizer of the embedded model."""

from itertools import islice
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.embedded.corpus import Pair, pairs
from harness.embedded.names import families, made_up
from harness.embedded.noise import corrupt, level
from harness.embedded.recipe import Recipe
from harness.embedded.tokenizer import COMMAND, END, TASK, train_tokenizer
from tasks.errors import UserError
from tasks.families import load_families
from tasks.suite import load_suite

RECIPE = Recipe.load()
PROMPT = "probe ports 22,80 of 10.0.0.5, do not ping it"
RIGHT = "nmap -Pn -p 22,80 10.0.0.5"


@pytest.fixture(scope="module")
def drawn() -> list[Pair]:
    return list(islice(pairs(RECIPE, "test"), 3000))


def only(kind: str) -> set[str]:
    noise = RECIPE.noise.model_copy(update={"kinds": {kind: 1.0}})
    return {corrupt(RIGHT, PROMPT, noise, Random(seed)) for seed in range(60)}


def test_a_stream_is_repeated_from_its_seed_and_name(drawn: list[Pair]) -> None:
    assert list(islice(pairs(RECIPE, "test"), 50)) == drawn[:50]
    assert list(islice(pairs(RECIPE, "other"), 50)) != drawn[:50]


def test_no_prompt_of_a_suite_occurs_in_the_corpus(drawn: list[Pair]) -> None:
    suite = load_suite("recon")
    tasks = [t for split in ("train", "calibration", "heldout") for t in suite.split(split)]
    assert not {t.prompt for t in tasks} & {pair.prompt for pair in drawn}


def test_the_corpus_draws_no_sentence_of_another_split() -> None:
    for family in load_families():
        corpus = set(family.sentences["corpus"])
        for split in ("train", "calibration", "heldout"):
            assert not corpus & set(family.sentences[split]), family.name


def test_no_parameter_value_of_a_suite_occurs_in_the_corpus() -> None:
    suite = load_suite("recon")
    tasks = [t for split in ("train", "calibration", "heldout") for t in suite.split(split)]
    used = {value for task in tasks for value in task.params.values()}
    rng = Random(3)
    known = families(RECIPE)
    drawn = {v for _ in range(3000) for v in rng.choice(known).draw("corpus", rng).params.values()}
    assert not used & drawn


def test_made_up_names_are_spliced_from_real_ones_of_their_list() -> None:
    real = [f"{letter * 3}-{letter.upper() * 3}" for letter in "abcdefghijkl"]
    names = made_up(real, 50, "seed")
    assert names == made_up(real, 50, "seed")
    assert len(names) == 50
    assert all(any(name.startswith(word[:4]) for word in real) for name in names)


def test_no_numbers_and_no_closed_choices_are_made_up() -> None:
    assert made_up(["80", "443"] * 10, 5, "seed") == []
    assert made_up(["example", "lab", "test"], 5, "seed") == []


def test_every_family_occurs_with_its_share_of_noise(drawn: list[Pair]) -> None:
    assert {pair.family for pair in drawn} == {
        family.name for family in load_families() if family.possible
    }
    expected = sum(level(RECIPE.noise, pair.family) for pair in drawn) / len(drawn)
    assert sum(pair.noisy for pair in drawn) / len(drawn) == pytest.approx(expected, abs=0.05)


def test_drop_leaves_out_one_option_with_its_value() -> None:
    assert only("drop") == {"nmap -p 22,80 10.0.0.5", "nmap -Pn 10.0.0.5"}


def test_invent_names_an_option_after_words_of_the_task() -> None:
    assert "nmap -Pn --probe 22,80 10.0.0.5" in only("invent")
    assert RIGHT not in only("invent")


def test_foreign_takes_an_option_that_the_tool_does_not_have() -> None:
    found = only("foreign")
    assert RIGHT not in found
    assert all(len(command.split()) == len(RIGHT.split()) for command in found)


def test_value_changes_one_digit() -> None:
    for command in only("value"):
        assert len(command) == len(RIGHT)
        assert sum(a != b for a, b in zip(command, RIGHT, strict=True)) == 1


def test_a_command_without_options_gets_another_fault() -> None:
    noise = RECIPE.noise.model_copy(update={"kinds": {"drop": 1.0, "value": 0.001}})
    assert corrupt("curl http://10.0.0.5/", PROMPT, noise, Random(1)) != "curl http://10.0.0.5/"
    no_digits = "curl http://shop.lab/"
    assert corrupt(no_digits, PROMPT, noise, Random(1)) == no_digits


def test_a_word_has_the_same_tokens_wherever_it_stands(drawn: list[Pair]) -> None:
    tokenizer = train_tokenizer([text for p in drawn for text in (p.prompt, p.command)], 800)
    alone = tokenizer("falcon")["input_ids"]
    for text in ("of falcon", "http://falcon", "@falcon.lab", "--falcon"):
        ids = tokenizer(text)["input_ids"]
        assert any(ids[i : i + len(alone)] == alone for i in range(len(ids))), text
    assert len(tokenizer("8080")["input_ids"]) == 4
    marks = tokenizer.convert_tokens_to_ids([TASK, COMMAND, END])
    assert tokenizer(TASK + COMMAND + END)["input_ids"] == marks


TINY = train_tokenizer(["nmap -p 80 10.0.0.5", "scan port 80 of shop.lab"], 300)


@given(st.text().filter(lambda text: "<|" not in text))
def test_any_text_round_trips(text: str) -> None:
    assert TINY.decode(TINY(text)["input_ids"]) == text


def test_a_bad_recipe_is_named(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text("seed: 1\nspeed: 2\n")
    with pytest.raises(UserError, match="not a recipe") as caught:
        Recipe.load(path)
    assert "\n" not in str(caught.value)
