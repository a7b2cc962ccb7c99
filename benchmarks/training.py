"""A training step of ours against one of TRL's SFTTrainer: the same model in float32, LoRA adapter,
examples, batch, learning rate and number of steps, one thread each. Tokens of questions and answers
a second of the processor, padding not counted."""

from __future__ import annotations

import time
from functools import partial
from importlib.util import find_spec
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.measure import Figure, medians
from harness.finetune import CLIP, Example, finetune
from harness.loading import load_network, with_adapter
from harness.model import Model
from harness.policy import CausalPolicy
from harness.registry import open_suite
from harness.types import Training

EXAMPLES = 80
TRAINING = Training(learning_rate=1e-3, batch_size=4)


def measure() -> list[Figure]:
    import torch

    torch.set_num_threads(1)
    examples = encoded()
    tokens = sum(len(question) + len(answer) for question, answer in examples)
    what = f"{EXAMPLES // TRAINING.batch_size} steps of {TRAINING.batch_size} examples"
    ours = partial(finetune, fresh(), examples, TRAINING)
    if find_spec("trl") is None:
        (seconds,) = medians([ours], runs=3, clock=time.process_time)
        return [
            Figure(f"ours, {what}", tokens / seconds, "tokens/s", "not measured: pip install trl")
        ]
    with TemporaryDirectory() as folder:
        trainer = sft_trainer(fresh(), examples, folder)
        seconds, theirs = medians([ours, trainer.train], runs=3, clock=time.process_time)
    return [
        Figure(f"TRL's SFTTrainer, {what}", tokens / theirs, "tokens/s"),
        Figure(f"ours, {what}", tokens / seconds, "tokens/s", "TRL", theirs / seconds),
    ]


def encoded() -> list[Example]:
    """Tasks of recon's train split with their right commands, as the embedded model reads them."""
    policy = CausalPolicy.load("embedded", lora=False)
    tasks = [task for task in open_suite("recon").split("train") if task.correct][:EXAMPLES]
    return [policy.example(task.prompt, task.correct[0]) for task in tasks]


def fresh() -> Any:
    """The embedded model with a new adapter."""
    return with_adapter(load_network(Model())[1], Model(), seed=0)


def sft_trainer(network: Any, examples: list[Example], folder: str) -> Any:
    """TRL's trainer of the same. Its defaults of logging, checkpoints and recomputed activations,
    which would cost it time, are off."""
    from datasets import Dataset
    from trl import SFTConfig, SFTTrainer

    rows = [
        {"input_ids": q + a, "completion_mask": [0] * len(q) + [1] * len(a)} for q, a in examples
    ]
    config = SFTConfig(
        output_dir=folder,
        per_device_train_batch_size=TRAINING.batch_size,
        learning_rate=TRAINING.learning_rate,
        lr_scheduler_type="constant",
        weight_decay=0.0,
        max_grad_norm=CLIP,
        num_train_epochs=1,
        completion_only_loss=True,
        max_length=None,
        use_cpu=True,
        bf16=False,
        gradient_checkpointing=False,
        dataloader_pin_memory=False,
        logging_strategy="no",
        save_strategy="no",
        report_to=[],
        disable_tqdm=True,
    )
    tokenizer = load_network(Model())[0]
    return SFTTrainer(
        network, args=config, train_dataset=Dataset.from_list(rows), processing_class=tokenizer
    )
