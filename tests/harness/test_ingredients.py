"""What the numbers of a run are held to depend on."""

from __future__ import annotations

from pathlib import Path

from harness.ingredients import model_digest
from harness.model import Model


def test_a_models_card_is_no_ingredient(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    model = Model(name=str(tmp_path))
    before = model_digest(model)
    (tmp_path / "README.md").write_text("It knows 25 tools.")
    assert model_digest(model) == before
    (tmp_path / "config.json").write_text('{"hidden_size": 8}')
    assert model_digest(model) != before
