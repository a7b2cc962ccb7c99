"""Make a shipped model from its recipe: `python -m harness.embedded.train [organism]`.

The tokenizer is learned first, then the model, unless it starts from another's; then it is
measured and its card written. Training
is by data-parallel processes of one thread each: on two cores, two such processes train 1.15 times
as many tokens a second as one process with two threads. Every process draws its own stream of the
corpus, so no pair is seen twice.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import socket
import time
from collections import deque
from collections.abc import Iterator
from hashlib import sha256
from itertools import islice
from pathlib import Path
from statistics import mean
from typing import Any

import yaml

from harness.embedded.corpus import Pair, pairs
from harness.embedded.evaluate import report
from harness.embedded.recipe import RECIPES, Recipe
from harness.embedded.tokenizer import PROMPTS, train_tokenizer
from harness.finetune import CLIP, Example, right_padded
from harness.model import SHIPPED
from harness.precision import half_precision
from tasks.errors import UserError

POOL = 64  # batches that are sorted by length together: little padding, and still a good mix
REPORT_EVERY = 50  # steps


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", nargs="?", choices=SHIPPED, default="embedded")
    parser.add_argument("--out", type=Path, help="another folder for the model")
    parser.add_argument("--recipe", type=Path, help="another recipe")
    arguments = parser.parse_args()
    path, folder = arguments.recipe or RECIPES[arguments.name], arguments.out
    folder = folder or SHIPPED[arguments.name]
    make_model(Recipe.load(path), folder)
    report(folder, path)


def make_model(recipe: Recipe, folder: Path) -> None:
    """Train tokenizer and model, and write them, the prompts and `training.json` to `folder`."""
    from torch.multiprocessing.spawn import spawn

    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = _tokenizer(recipe)
    tokenizer.save_pretrained(folder)
    (folder / "prompts.yaml").write_text(yaml.safe_dump(PROMPTS), encoding="utf-8")
    print(f"tokenizer: {len(tokenizer)} tokens; training {recipe.training.steps} steps", flush=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    spawn(  # type: ignore[no-untyped-call]
        _train_process,
        (recipe, folder, port),
        nprocs=recipe.training.processes,
    )


def _tokenizer(recipe: Recipe) -> Any:
    """The one of the model that the recipe starts from, or one learned from the corpus."""
    from transformers import AutoTokenizer

    if recipe.tokenizer is None:
        return AutoTokenizer.from_pretrained(_start(recipe))
    drawn = islice(pairs(recipe, "tokenizer"), recipe.tokenizer.pairs)
    texts = (text for pair in drawn for text in (pair.prompt, pair.command))
    return train_tokenizer(texts, recipe.tokenizer.vocabulary)


def _start(recipe: Recipe) -> Path:
    """The folder of the shipped model that the recipe starts from."""
    if recipe.start is None or recipe.start not in SHIPPED:
        raise UserError(f"start: {recipe.start!r} is no shipped model; known: {', '.join(SHIPPED)}")
    return SHIPPED[recipe.start]


def batches(recipe: Recipe, tokenizer: Any, rank: int) -> Iterator[list[Example]]:
    """One process's endless batches of token ids, the rows of a batch of like length."""
    size = recipe.training.batch_size // recipe.training.processes
    rng = random.Random(f"{recipe.seed}/order/{rank}")
    stream = pairs(recipe, f"train/{rank}")
    while True:
        examples = [
            _example(tokenizer, pair, rng.random() < recipe.training.forward_share, recipe)
            for pair in islice(stream, size * POOL)
        ]
        examples.sort(key=_length)
        starts = range(0, len(examples), size)
        yield from (examples[start : start + size] for start in rng.sample(starts, len(starts)))


def _length(example: Example) -> int:
    question, answer = example
    return len(question) + len(answer)


def _example(tokenizer: Any, pair: Pair, forward: bool, recipe: Recipe) -> Example:
    """A pair one way round. From nothing all of it is answer: in pilots a loss on the question too,
    which teaches the language of the other direction, learned both directions faster. A model that
    is gone on from knows the language."""
    way, given, wanted = (
        ("generate", pair.prompt, pair.command) if forward else ("invert", pair.command, pair.told)
    )
    question = PROMPTS[way].replace("{text}", given)
    ids = tokenizer(question)["input_ids"]
    answer = [*tokenizer(question + wanted)["input_ids"][len(ids) :], tokenizer.eos_token_id]
    return (ids, answer) if recipe.start else ([], ids + answer)


def _train_process(rank: int, recipe: Recipe, folder: Path, port: int) -> None:
    import torch
    from torch import distributed
    from transformers import AutoTokenizer

    torch.set_num_threads(1)
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")  # a machine without network has only this
    distributed.init_process_group(
        "gloo",
        init_method=f"tcp://127.0.0.1:{port}",
        rank=rank,
        world_size=recipe.training.processes,
    )
    tokenizer = AutoTokenizer.from_pretrained(folder)
    torch.manual_seed(recipe.seed)  # the same first weights in every process
    model = _network(recipe, tokenizer)
    figures = _fit(model, batches(recipe, tokenizer, rank), recipe, rank)
    if rank == 0:
        model.half().save_pretrained(folder)  # half precision: half the size, nothing lost
        figures["recipe"] = recipe.digest
        if recipe.start is not None:
            weights = _start(recipe) / "model.safetensors"
            figures["start"] = sha256(weights.read_bytes()).hexdigest()
        (folder / "training.json").write_text(json.dumps(figures, indent=2) + "\n")
    distributed.destroy_process_group()


def _network(recipe: Recipe, tokenizer: Any) -> Any:
    """The network before training, in float32."""
    import torch
    from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM

    attention = "eager"  # on a CPU and short rows 1.4 times as fast as "sdpa"
    if recipe.model is None:
        return AutoModelForCausalLM.from_pretrained(
            _start(recipe), dtype=torch.float32, attn_implementation=attention
        )
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        attn_implementation=attention,
        **recipe.model,
    )
    return LlamaForCausalLM(config)


def _fit(
    model: Any, stream: Iterator[list[Example]], recipe: Recipe, rank: int
) -> dict[str, float | str]:
    """Train for the recipe's steps; seconds, tokens read (padding left out) and last loss."""
    import torch
    from torch.nn.parallel import DistributedDataParallel
    from transformers import get_linear_schedule_with_warmup

    how = recipe.training
    optimizers = _optimizers(model, recipe)
    schedules = [
        get_linear_schedule_with_warmup(o, how.warmup_steps, how.steps) for o in optimizers
    ]
    parallel = DistributedDataParallel(model)
    started, tokens = time.monotonic(), 0
    losses: deque[float] = deque(maxlen=REPORT_EVERY)
    for step, batch in enumerate(islice(stream, how.steps), 1):
        inputs = right_padded(batch, "cpu")
        with half_precision():
            loss = parallel(**inputs, use_cache=False).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        for optimizer, schedule in zip(optimizers, schedules, strict=True):
            optimizer.step()
            optimizer.zero_grad()
            schedule.step()
        tokens += how.processes * sum(map(_length, batch))
        losses.append(loss.item())
        if rank == 0 and step % REPORT_EVERY == 0:
            seconds = time.monotonic() - started
            left = seconds / step * (how.steps - step) / 60
            print(
                f"step {step}/{how.steps}  loss {mean(losses):.3f}  "
                f"{tokens / seconds:,.0f} tokens/s  {left:.1f} min left",
                flush=True,
            )
    return {
        "seconds": round(time.monotonic() - started, 1),
        "tokens": tokens,
        "parameters": model.num_parameters(),
        "loss": round(mean(losses), 4),
    }


def _optimizers(model: Any, recipe: Recipe) -> list[Any]:
    """Muon for the matrices of the layers, AdamW for embeddings and norms.

    In pilots Muon came in 100 steps where AdamW alone came in 150, for a sixth more time a step.
    """
    import torch

    how = recipe.training
    hidden = [p for name, p in model.named_parameters() if p.ndim == 2 and ".layers." in name]
    matrices = {id(p) for p in hidden}
    others = [p for p in model.parameters() if id(p) not in matrices]
    return [
        torch.optim.Muon(hidden, how.matrix_learning_rate, weight_decay=0.0),
        torch.optim.AdamW(others, how.learning_rate, betas=(0.9, 0.98), weight_decay=0.0),
    ]


if __name__ == "__main__":
    main()
