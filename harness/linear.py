"""Linear layers by oneDNN, where that is faster than what torch takes for float32 on a CPU.

torch multiplies float32 matrices by MKL, which does not use the widest vectors of AMD's processors:
90 against 190 thousand million operations a second of one core of an EPYC (Zen 5), for the shapes
of the embedded model. Sums are float32 either way. On Intel's processors it was not measured.
`python -m benchmarks linear` measures it.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

FEW = 16  # rows; for fewer MKL is as fast or faster
# Rows are filled up to a multiple of this: oneDNN keeps a program for each number of rows that it
# sees, which were 330 MB for a cell's 240.
STEP = 16


class OneDnnLinear(nn.Linear):
    """A linear layer that multiplies by oneDNN unless a gradient is wanted."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        rows = input.numel() // self.in_features
        if torch.is_grad_enabled() or rows < FEW:
            return functional.linear(input, self.weight, self.bias)
        full = functional.pad(input.reshape(rows, -1), (0, 0, 0, -rows % STEP))
        found: torch.Tensor = torch.ops.mkldnn._linear_pointwise(
            full, self.weight, self.bias, "none", [], ""
        )
        return found[:rows].view(*input.shape[:-1], -1)


def can_use_onednn() -> bool:
    """Whether this torch has oneDNN, and this processor the wide vectors that it gains by."""
    return (
        torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
        and "AVX512" in torch.backends.cpu.get_cpu_capability()
        and hasattr(torch.ops.mkldnn, "_linear_pointwise")
    )


def use_onednn(network: nn.Module) -> None:
    """Have the network's float32 linear layers on the CPU multiply by oneDNN, where it can be had.
    Whoever adapts, trains or saves the network sees linear layers as before."""
    if can_use_onednn():
        for layer in network.modules():
            if type(layer) is nn.Linear and layer.weight.type() == "torch.FloatTensor":
                layer.__class__ = OneDnnLinear
