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


class OneDnnLinear(nn.Linear):
    """A linear layer that multiplies by oneDNN unless a gradient is wanted."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        if torch.is_grad_enabled() or input.numel() < FEW * self.in_features:
            return functional.linear(input, self.weight, self.bias)
        found: torch.Tensor = torch.ops.mkldnn._linear_pointwise(
            input, self.weight, self.bias, "none", [], ""
        )
        return found


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
