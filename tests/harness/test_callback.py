"""The callback in transformers' own Trainer: it logs, and the training is the same with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    DataCollatorForLanguageModeling,
    Trainer,
    TrainerCallback,
    TrainingArguments,
)

from harness.callback import HeldoutEvaluation, Light
from tasks.suite import load_suite


class Reported(TrainerCallback):  # type: ignore[misc]
    """Stands where `report_to` puts its own: it is told what the trainer logs."""

    def __init__(self) -> None:
        self.logs: list[tuple[int, dict[str, Any]]] = []

    def on_log(
        self, args: Any, state: Any, control: Any, logs: dict[str, Any], **more: Any
    ) -> None:
        self.logs.append((state.global_step, dict(logs)))


def trained(model: Path, suite: Path, out: Path, with_callback: bool) -> tuple[Any, Reported]:
    torch.manual_seed(0)
    tokenizer = AutoTokenizer.from_pretrained(model)
    texts = [f"{t.prompt}\n{t.correct[0]}" for t in load_suite(suite).split("train")]
    rows = [{"input_ids": tokenizer(text)["input_ids"]} for text in texts]
    trainer = Trainer(
        model=AutoModelForCausalLM.from_pretrained(model, dtype="float32"),
        args=TrainingArguments(
            output_dir=str(out),
            max_steps=4,
            learning_rate=1e-2,
            per_device_train_batch_size=2,
            report_to="none",
            save_strategy="no",
            use_cpu=True,
            disable_tqdm=True,
        ),
        train_dataset=rows,
        processing_class=tokenizer,
        data_collator=DataCollatorForLanguageModeling(tokenizer, mlm=False),
    )
    reported = Reported()
    trainer.add_callback(reported)
    if with_callback:
        light = Light(suite=str(suite), tasks=8, samples=2, max_new_tokens=8)
        trainer.add_callback(HeldoutEvaluation(trainer, every=3, light=light))
    trainer.train()
    return trainer, reported


@pytest.fixture(scope="module")
def both(
    tiny_model: Path, tiny_suite: Path, tmp_path_factory: pytest.TempPathFactory
) -> list[tuple[Any, Reported]]:
    out = tmp_path_factory.mktemp("trainer")
    return [trained(tiny_model, tiny_suite, out, with_callback) for with_callback in (True, False)]


def test_it_logs_before_between_and_after(both: list[tuple[Any, Reported]]) -> None:
    (trainer, reported), _ = both
    ours = {
        step: {key.removeprefix("goodhart/"): value for key, value in logs.items()}
        for step, logs in reported.logs
        if any(key.startswith("goodhart/") for key in logs)
    }
    assert list(ours) == [0, 3, 4]
    assert all({"correct", "fidelity"} <= set(logs) for logs in ours.values())
    assert "dP" not in ours[0]
    assert all({"dP", "dT", "gap", "gap_low", "gap_high"} <= set(ours[step]) for step in (3, 4))
    assert any("goodhart/correct" in logs for logs in trainer.state.log_history)


def test_the_training_is_the_same_with_it(both: list[tuple[Any, Reported]]) -> None:
    (with_it, _), (without, _) = both
    ours, theirs = with_it.model.state_dict(), without.model.state_dict()
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
    assert with_it.model.training == without.model.training
