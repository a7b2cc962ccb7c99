"""Configurations of causal language models so small that a test makes one in a blink."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def small(kind: Callable[..., Any], tokenizer: Any, width: int = 32, layers: int = 2) -> Any:
    """What `kind`, such as `LlamaConfig`, makes of these sizes and the tokenizer's tokens."""
    return kind(
        vocab_size=len(tokenizer),
        hidden_size=width,
        intermediate_size=2 * width,
        num_hidden_layers=layers,
        num_attention_heads=width // 8,
        num_key_value_heads=2,
        max_position_embeddings=512,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
