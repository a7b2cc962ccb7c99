"""A network's LoRA adapter while nothing is trained: off, or merged into its base."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from tasks.errors import UserError

MERGED_BYTES = 1 << 30  # weights that a merge may hold a second time


def has_adapter(network: Any) -> bool:
    return hasattr(network, "disable_adapter")


@contextmanager
def adapter_off(network: Any) -> Iterator[None]:
    """Within it the network is its frozen base."""
    with network.disable_adapter():
        yield


def for_sampling(network: Any) -> AbstractContextManager[None]:
    """Within it the network computes what it does, without the time that its adapter's own layers
    take: a third of that of sampling from the embedded model. An adapter that nothing was trained
    into adds zeros, and is off; another one is merged where float32 holds the sum and memory
    both."""
    if not has_adapter(network):
        return nullcontext()
    if _adds_nothing(network):
        return adapter_off(network)
    return _merged(network) if _can_merge(network) else nullcontext()


def _adds_nothing(network: Any) -> bool:
    second = [
        weight
        for name, weight in network.named_parameters()
        if weight.requires_grad and ".lora_A." not in name
    ]
    return bool(second) and not any(bool(weight.any()) for weight in second)


def _can_merge(network: Any) -> bool:
    import torch

    weights = [layer.get_base_layer().weight for layer in _layers(network)]
    return (
        all(weight.dtype == torch.float32 for weight in weights)
        and sum(weight.nbytes for weight in weights) <= MERGED_BYTES
        and not any(layer.disable_adapters for layer in _layers(network))
    )


@contextmanager
def _merged(network: Any) -> Iterator[None]:
    """The weights of the base come back as they were, bit by bit: peft's own unmerging subtracts
    what it had added, which leaves the difference of two roundings."""
    layers = _layers(network)
    before = [layer.get_base_layer().weight.data for layer in layers]
    try:
        _merge(layers)
        yield
    finally:
        for layer, weight in zip(layers, before, strict=True):
            layer.get_base_layer().weight.data = weight
            layer.merged_adapters.clear()


def _merge(layers: Sequence[Any]) -> None:
    try:
        for layer in layers:
            layer.merge(safe_merge=True)  # "safe" puts the sum beside the weights, not into them
    except ValueError:  # the sum is not finite
        raise UserError(
            "The adapter's weights are no numbers, or too large: lower learning_rate if it was "
            "trained here, or else the adapter is damaged."
        ) from None


def _layers(network: Any) -> list[Any]:
    from peft.tuners.lora import LoraLayer

    return [module for module in network.modules() if isinstance(module, LoraLayer)]
