"""Load a causal language model with its tokenizer, and put a LoRA adapter on it.

Any architecture of transformers' AutoModelForCausalLM, from a folder or the hub. What can go wrong
by the user's choice is a UserError: no such model, a missing package, modules that are not there.
"""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from harness.model import Model
from tasks.errors import UserError

HUB_TIMEOUT = 20.0  # seconds
# Parts of a model that read no text: their layers get no adapter.
_TOWERS = re.compile(r"vision|visual|image|audio|multi_?modal")


def load_network(model: Model) -> tuple[Any, Any]:
    """The tokenizer, padding on the left, and the network in evaluation mode."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from harness.linear import use_onednn

    source = str(model.folder) if model.folder else _found(model)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    dtype = model.dtype or ("bfloat16" if device == "cuda" else "float32")
    where = {"revision": model.revision} if model.revision and not model.folder else {}
    how = {"device_map": model.device_map} if model.device_map else {}
    if model.quantize:
        how["quantization_config"] = _quantization(device)
    try:
        tokenizer = AutoTokenizer.from_pretrained(source, padding_side="left", **where)
        network = AutoModelForCausalLM.from_pretrained(source, dtype=dtype, **where, **how)
    except (OSError, ValueError) as error:
        raise UserError(
            f"model {model.name!r} is not a causal language model that transformers can load "
            f"({str(error).splitlines()[0]})"
        ) from None
    if not how:
        network = network.to(device)
    use_onednn(network)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer, network.eval()


def with_adapter(network: Any, model: Model, seed: int) -> Any:
    """`network` with a new LoRA adapter that is exactly nothing; `seed` fixes its first weights.

    It is on every linear layer of the language model but the output, whatever the architecture
    calls them, or on the modules that the model's options name.
    """
    import torch
    from peft import LoraConfig, get_peft_model, prepare_model_for_kbit_training

    if model.quantize:
        network = prepare_model_for_kbit_training(network, use_gradient_checkpointing=False)
    if model.gradient_checkpointing:
        network.gradient_checkpointing_enable({"use_reentrant": False})
    config = LoraConfig(
        r=model.rank,
        lora_alpha=2 * model.rank,
        target_modules=list(model.targets) if model.targets else "all-linear",
        exclude_modules=_outside_the_language_model(network) or None,
        task_type="CAUSAL_LM",
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        try:
            return get_peft_model(network, config)
        except ValueError as error:
            raise UserError(
                f"model {model.name!r} takes no adapter on {', '.join(model.targets or ())}: "
                f"{str(error).splitlines()[0]} Leave `targets` out for every linear layer."
            ) from None


def _outside_the_language_model(network: Any) -> list[str]:
    from torch import nn

    return [
        name
        for name, module in network.named_modules()
        if isinstance(module, nn.Linear) and _TOWERS.search(name)
    ]


def _quantization(device: str) -> Any:
    """NF4 with double quantization, computed in bfloat16: the setting of QLoRA."""
    import torch
    from transformers import BitsAndBytesConfig

    if find_spec("bitsandbytes") is None:
        raise UserError("`quantize: 4bit` needs bitsandbytes: pip install 'goodhart-bench[4bit]'.")
    if device != "cuda":
        raise UserError("`quantize: 4bit` needs a GPU that torch can use; there is none here.")
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )


def _found(model: Model) -> str:
    """The hub name to load from; UserError, after one question to the hub, if there is none."""
    from huggingface_hub import HfApi, try_to_load_from_cache

    name = model.name
    try:
        kept = try_to_load_from_cache(name, "config.json", revision=model.revision)
        if not isinstance(kept, str):
            HfApi().model_info(name, revision=model.revision, timeout=HUB_TIMEOUT)
    except Exception as error:  # the hub client raises a dozen unrelated types
        raise UserError(
            f"model {name!r} is neither a folder nor a model that the hub has or this machine "
            f"keeps from it ({type(error).__name__}); give a folder, owner/name, or `embedded`"
        ) from None
    return name


def is_adapter(folder: Path) -> bool:
    """Whether a folder holds an adapter in peft's format."""
    return (folder / "adapter_config.json").is_file()
