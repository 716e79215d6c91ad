"""Hidden states of a Hugging Face model in a folder, at chosen layers."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from stresslab.checks import Array
from stresslab.encoders._kind import Encoder, Loaded
from stresslab.errors import ParamError
from stresslab.runners._needs import needed

POOLINGS = ("mean", "last", "first")


def load(
    *, folder: str, layers: str = "-1", pooling: str = "mean", max_tokens: int = 256
) -> Loaded:
    """Return an encoder to one vector per layer.

    Parameters
    ----------
    folder : str
        A model and its tokenizer as transformers saves them.
    layers : str
        Numbers of layers, e.g. ``0,6,-1``: 0 is the embedding, -1 the last.
    pooling : {"mean", "last", "first"}
        Over the tokens of an input, padding left out.
    max_tokens : int
        Longer inputs are cut.
    """
    if pooling not in POOLINGS:
        raise ParamError(f"pooling is one of {', '.join(POOLINGS)}; got {pooling!r}.")
    if not (Path(folder) / "config.json").is_file():
        raise ParamError(
            f"folder must hold a Hugging Face model (config.json); {folder!r} has none. "
            "Name one on your disk: --set folder=PATH."
        )
    torch, transformers = needed("torch"), needed("transformers")
    torch.set_num_threads(min(2, torch.get_num_threads()))
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    tokenizer.padding_side = "right"
    model = transformers.AutoModel.from_pretrained(folder, local_files_only=True).eval()
    n_layers = int(model.config.num_hidden_layers) + 1
    chosen = _chosen(layers, n_layers)

    def vectors(inputs: Sequence[str]) -> Mapping[str, Array]:
        read = tokenizer(
            list(inputs), padding=True, truncation=True, max_length=max_tokens,
            return_tensors="pt",
        )  # fmt: skip
        with torch.inference_mode():
            states = model(**read, output_hidden_states=True).hidden_states
        mask = read["attention_mask"]
        return {str(one): _pooled(states[one], mask, pooling) for one in chosen}

    return Loaded(vectors, int(model.config.hidden_size), Path(folder).name)


def _chosen(layers: str, n_layers: int) -> list[int]:
    try:
        numbers = [int(one) for one in str(layers).split(",")]
        chosen = [one + n_layers if one < 0 else one for one in numbers]
    except ValueError:
        chosen = [-1]
    if not all(0 <= one < n_layers for one in chosen):
        raise ParamError(
            f"layers are numbers from {-n_layers} to {n_layers - 1}, with commas; got {layers!r}."
        )
    return list(dict.fromkeys(chosen))


def _pooled(states: Any, mask: Any, pooling: str) -> Array:
    """Return one vector per input; tokens stand from the left, padding after them."""
    values, kept = states.float().numpy(), mask.numpy().astype(np.float32)
    if pooling == "first":
        return np.asarray(values[:, 0])
    if pooling == "last":
        last = kept.sum(axis=1).astype(int) - 1
        return np.asarray(values[np.arange(len(values)), last])
    summed = (values * kept[:, :, None]).sum(axis=1)
    return np.asarray(summed / np.maximum(kept.sum(axis=1, keepdims=True), 1))


PIECE = Encoder(
    title="hidden states of a Hugging Face model on disk", load=load, modality="text",
    settings={"folder": "", "layers": "-1", "pooling": "mean", "max_tokens": 256},
    needs=("transformers", "torch"), batch=32, source="ours",
)  # fmt: skip
