"""The similarity model: the published weights, offline, each text embedded once."""

from pathlib import Path

import pytest

from harness.similarity import SentenceSimilarity, load_similarity
from tasks.errors import UserError


@pytest.fixture(scope="module")
def similarity() -> SentenceSimilarity:
    return load_similarity()


def test_alike_sentences_are_closer_than_others(similarity: SentenceSimilarity) -> None:
    task = "find the open ports of 10.0.0.5"
    same, close, far = similarity(
        [task, task, task],
        [task, "scan 10.0.0.5 for open ports", "look up the mail servers of lab.example"],
    )
    assert same == pytest.approx(1.0, abs=1e-5)
    assert same > close > far


def test_no_pairs_give_no_numbers(similarity: SentenceSimilarity) -> None:
    assert similarity([], []) == []


def test_a_text_is_embedded_once() -> None:
    np = pytest.importorskip("numpy")
    asked: list[str] = []

    class Encoder:
        def encode(self, texts: list[str], **_: object) -> object:
            asked.extend(texts)
            return np.eye(len(texts))

    similarity = SentenceSimilarity(Encoder())
    assert similarity(["a", "b"], ["a", "a"]) == [1.0, 0.0]
    similarity(["b"], ["a"])
    assert sorted(asked) == ["a", "b"]


def test_other_weights_are_refused(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"not it")
    with pytest.raises(UserError, match="sha256"):
        load_similarity(tmp_path)


def test_missing_weights_are_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="missing"):
        load_similarity(tmp_path)
