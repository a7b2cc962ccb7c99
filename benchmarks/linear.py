"""A linear layer of the embedded model's shapes, by oneDNN (harness/linear.py) and by torch itself:
thousand million operations a second, float32, one thread."""

import torch
from torch import nn

from benchmarks.measure import Figure, medians
from harness.linear import can_use_onednn, use_onednn

SHAPES = ((192, 512), (512, 192))
ROWS = (32, 128, 1024)  # decoding at the end of a batch, decoding, reading prompts
TIMES = 50


def measure() -> list[Figure]:
    if not can_use_onednn():
        return []
    torch.set_num_threads(1)
    return [figure(rows, *shape) for shape in SHAPES for rows in ROWS]


def figure(rows: int, inner: int, outer: int) -> Figure:
    plain, onednn, given = (
        nn.Linear(inner, outer),
        nn.Linear(inner, outer),
        torch.randn(rows, inner),
    )
    use_onednn(onednn)

    def many(layer: nn.Module) -> None:
        with torch.inference_mode():
            for _ in range(TIMES):
                layer(given)

    torchs, ours = medians([lambda: many(plain), lambda: many(onednn)])
    work = 2e-9 * rows * inner * outer * TIMES
    what = f"oneDNN, {inner} to {outer}, {rows} rows"
    return Figure(what, work / ours, "GFLOP/s", "torch", torchs / ours)
