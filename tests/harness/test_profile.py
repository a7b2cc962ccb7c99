from pathlib import Path

import pytest

from harness.profile import PROFILES, load_profile
from tasks.errors import UserError


@pytest.mark.parametrize("name", [path.stem for path in PROFILES.glob("*.yaml")])
def test_shipped_profiles_load(name: str) -> None:
    assert load_profile(name).description


def test_the_published_settings() -> None:
    profile = load_profile("published")
    assert profile.model.name == "mistralai/Mistral-7B-Instruct-v0.2"
    assert (profile.cycles, profile.tasks_per_cycle, profile.candidates) == (10, 50, 3)
    assert (profile.learning_rate, profile.batch_size, profile.temperature) == (2e-4, 4, 0.7)


def test_options_that_a_profile_cannot_take_are_told_in_one_sentence() -> None:
    for given, said in (
        ({"trainers": ["v1"]}, "The profile with these options: trainers and proxies need"),
        ({"shards": 0}, "^shards: "),
    ):
        with pytest.raises(UserError, match=said):
            load_profile("greedy").with_changes(given)


def test_a_misspelt_profile_gets_the_nearest() -> None:
    with pytest.raises(UserError, match="did you mean 'quick'"):
        load_profile("quik")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("description: x\ncycels: 3\n", "cycels"),
        ("description: x\nsamples: 1\n", "samples"),
        ("description: [", "not YAML"),
        ("- x\n", "the file"),
    ],
)
def test_a_bad_file_is_told_by_file_and_key(tmp_path: Path, text: str, named: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(UserError, match=f"(?s)mine.yaml.*{named}"):
        load_profile(str(path))
