"""oneDNN's linear layers compute what torch's own do, and learn as they do."""

import pytest
import torch
from torch import nn

from harness.linear import FEW, OneDnnLinear, can_use_onednn, use_onednn

pytestmark = pytest.mark.skipif(not can_use_onednn(), reason="no oneDNN for this processor")


@pytest.mark.parametrize("shape", [(1,), (FEW - 1,), (FEW,), (3, 40), (2, 1, 128)])
@pytest.mark.parametrize("bias", [True, False])
def test_it_computes_what_torch_does(shape: tuple[int, ...], bias: bool) -> None:
    torch.manual_seed(0)
    layer = nn.Linear(192, 96, bias=bias)
    given = torch.randn(*shape, 192)
    with torch.inference_mode():
        expected = layer(given)
        use_onednn(nn.Sequential(layer))
        found = layer(given)
    assert isinstance(layer, OneDnnLinear)
    torch.testing.assert_close(found, expected)


def test_gradients_are_torchs_own() -> None:
    torch.manual_seed(0)
    layer, given = nn.Linear(192, 96), torch.randn(40, 192, requires_grad=True)
    layer(given).square().sum().backward()
    expected, given.grad = given.grad, None
    use_onednn(nn.Sequential(layer))
    layer(given).square().sum().backward()
    assert expected is not None
    assert torch.equal(given.grad, expected)


def test_other_layers_and_types_are_left_alone() -> None:
    network = nn.Sequential(nn.Linear(8, 8, dtype=torch.bfloat16), nn.Bilinear(8, 8, 8))
    use_onednn(network)
    assert [type(module) for module in network] == [nn.Linear, nn.Bilinear]
