"""What a torch classifier passes to its last linear layer."""

import importlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from stresslab.checks import Array
from stresslab.encoders._kind import Encoder, Loaded
from stresslab.errors import ParamError
from stresslab.runners._needs import needed

LAYER = "penultimate"


def load(*, build: str, weights: str = "") -> Loaded:
    """Return an encoder to the inputs of the last linear layer, and that layer as its head.

    Parameters
    ----------
    build : str
        ``package.module:function`` that returns the net: from a float tensor of shape (n,
        channels, height, width) in [0, 1] to logits. It is run, so name only what you trust.
    weights : str
        A state dict saved by torch, read with ``weights_only=True``; none keeps the net as built.
    """
    torch = needed("torch")
    net = _built(build)
    if weights:
        if not Path(weights).is_file():
            raise ParamError(f"weights must be a file saved by torch; {weights!r} is none.")
        net.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    net.eval()
    linear = [one for one in net.modules() if isinstance(one, torch.nn.Linear)]
    if not linear:
        raise ParamError(f"The net of {build!r} must end in a linear layer; it has none.")
    last = linear[-1]

    def vectors(inputs: Sequence[Array]) -> Mapping[str, Array]:
        seen: list[Any] = []
        hook = last.register_forward_pre_hook(lambda module, given: seen.append(given[0]))
        try:
            with torch.inference_mode():
                net(torch.from_numpy(_prepared(inputs)))
        finally:
            hook.remove()
        return {LAYER: seen[-1].float().reshape(len(inputs), -1).numpy()}

    bias = np.zeros(last.out_features) if last.bias is None else last.bias.detach().numpy()
    head = (last.weight.detach().numpy().T.copy(), bias)
    return Loaded(vectors, int(last.in_features), Path(weights).name or build, head)


def _built(build: str) -> Any:
    module, colon, name = build.partition(":")
    try:
        made = getattr(importlib.import_module(module), name) if colon else None
    except (ImportError, AttributeError, ValueError) as error:
        raise ParamError(f"build is package.module:function; {build!r} is none: {error}.") from None
    if made is None:
        raise ParamError(f"build is package.module:function; got {build!r}.")
    return made()


def _prepared(images: Sequence[Array]) -> Array:
    pixels = np.stack(images).astype(np.float32) / 255
    if pixels.ndim == 3:
        return pixels[:, None]
    return np.ascontiguousarray(pixels.transpose(0, 3, 1, 2))


PIECE = Encoder(
    title="penultimate layer of a torch classifier", load=load, modality="image",
    settings={"build": "", "weights": ""}, needs=("torch",), source="ours",
)  # fmt: skip
