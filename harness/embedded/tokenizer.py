"""The tokenizer of the embedded model: byte-level BPE that makes copying easy.

A small model must copy hosts, ports and paths that it never saw. So each digit is a token, and a
run of letters has the same tokens wherever it stands, because no merge joins it to the space or
sign before it: "shop" is one token in "of shop.lab", "http://shop.lab" and "@shop.lab".
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

TASK, COMMAND, END = "<|task|>", "<|command|>", "<|end|>"

PROMPTS = {"generate": f"{TASK}{{text}}{COMMAND}", "invert": f"{COMMAND}{{text}}{TASK}"}
"""How the model is asked either way; shipped as `prompts.yaml` beside it."""

PIECES = r"\d|/[a-z]+(?:/[a-z]+)*/|[A-Za-z]+|[^A-Za-z\d]+"


def train_tokenizer(texts: Iterable[str], vocabulary: int) -> Any:
    """A transformers tokenizer with that many tokens, learned from `texts`."""
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PIECES), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[END, TASK, COMMAND],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    bpe.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=bpe,
        eos_token=END,
        pad_token=END,
        extra_special_tokens=[TASK, COMMAND],
        clean_up_tokenization_spaces=False,
    )
