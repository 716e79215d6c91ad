"""Load a small language model from a GGUF file, convert it once, and compress it if asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stresslab.errors import ParamError
from stresslab.runners._needs import needed

GROUP = 64


@dataclass(frozen=True)
class LanguageModel:
    """A tokenizer and a causal language model, ready to answer on the CPU."""

    tokenizer: Any
    model: Any


def load_language_model(
    *,
    gguf: str | Path,
    cache: str | Path,
    bits: int | None = None,
    without_layers: Sequence[int] = (),
    dtype: str = "float32",
) -> LanguageModel:
    """Return the model in `gguf`, converted into the folder `cache` at the first call.

    Parameters
    ----------
    gguf, cache : path
        The quantised file, and a folder for the converted model (0.3 to 0.6 GB).
    bits : int, optional
        Round every linear layer of the blocks to so many bits, in groups of 64 weights.
    without_layers : sequence of int
        Blocks to leave out, counted from 0.
    dtype : str
        ``"float32"`` gives the same answers on every machine; ``"bfloat16"`` is about three times
        faster where the processor knows it and three times slower where it does not.
    """
    torch, transformers = needed("torch"), needed("transformers")
    torch.set_num_threads(min(2, torch.get_num_threads()))
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    home = _converted(Path(gguf), Path(cache))
    tokenizer = transformers.AutoTokenizer.from_pretrained(home)
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    model = transformers.AutoModelForCausalLM.from_pretrained(home, dtype=getattr(torch, dtype))
    if without_layers:
        drop_layers(model, without_layers)
    if bits is not None:
        for block in model.model.layers:
            for layer in block.modules():
                if isinstance(layer, torch.nn.Linear):
                    layer.weight.data = rounded(layer.weight.data, bits)
    return LanguageModel(tokenizer, model.eval())


def rounded(weights: Any, bits: int, group: int = GROUP) -> Any:
    """Return `weights` rounded to the nearest of ``2**bits`` even steps per group of its rows.

    Parameters
    ----------
    weights : tensor of shape (n_out, n_in)
        `n_in` must be a multiple of `group`.
    bits : int
        From 1 to 8; the steps span the smallest to the largest weight of the group.

    Raises
    ------
    ParamError
        If the rows cannot be cut into groups, or `bits` is out of range.
    """
    if weights.shape[1] % group or not 1 <= bits <= 8:
        raise ParamError(
            f"Rounding needs 1 to 8 bits and rows in groups of {group}; "
            f"got {bits} bits and shape {tuple(weights.shape)}."
        )
    blocks = weights.float().reshape(weights.shape[0], -1, group)
    low = blocks.amin(dim=2, keepdim=True)
    step = ((blocks.amax(dim=2, keepdim=True) - low) / (2**bits - 1)).clamp_min(1e-12)
    return (((blocks - low) / step).round() * step + low).reshape(weights.shape).to(weights.dtype)


def drop_layers(model: Any, without: Sequence[int]) -> None:
    """Take blocks out of `model`, in place."""
    torch = needed("torch")
    kept = [block for place, block in enumerate(model.model.layers) if place not in set(without)]
    for place, block in enumerate(kept):
        block.self_attn.layer_idx = place
    model.model.layers = torch.nn.ModuleList(kept)
    model.config.num_hidden_layers = len(kept)
    if getattr(model.config, "layer_types", None):
        model.config.layer_types = model.config.layer_types[: len(kept)]


def _converted(gguf: Path, cache: Path) -> Path:
    if (cache / "complete").exists():
        return cache
    transformers, safetensors = needed("transformers"), needed("safetensors.torch")
    torch = needed("torch")
    needed("gguf")
    cache.mkdir(parents=True, exist_ok=True)
    tokenizer = transformers.AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
    model = transformers.AutoModelForCausalLM.from_pretrained(
        gguf.parent, gguf_file=gguf.name, dtype=torch.float32
    )
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config  # otherwise "quantized ... not serializable"
    model.config.save_pretrained(cache)
    tokenizer.save_pretrained(cache)
    safetensors.save_model(model, str(cache / "model.safetensors"), metadata={"format": "pt"})
    (cache / "complete").touch()
    return cache
