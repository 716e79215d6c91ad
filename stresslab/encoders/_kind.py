"""What an encoder declares, and what it is once its weights are read."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from stresslab.checks import Array


@dataclass(frozen=True)
class Loaded:
    """An encoder that is ready.

    Parameters
    ----------
    encode : callable
        ``encode(inputs) -> {layer: array of shape (n, dimension)}``, every layer of one dimension.
    dimension : int
        Length of every vector.
    name : str
        What made the vectors: model and version, as it is kept with the space.
    head : tuple of ndarray, optional
        ``(W, b)`` of the layer that makes logits of the vectors.
    """

    encode: Callable[[Sequence[Any]], Mapping[str, Array]]
    dimension: int
    name: str
    head: tuple[Array, Array] | None = None


@dataclass(frozen=True)
class Encoder:
    """A way to turn inputs into vectors.

    Parameters
    ----------
    title : str
        Name for people, in lower case.
    load : callable
        ``load(**settings) -> Loaded``; an encoder that `fits` gets all inputs as ``inputs``.
    modality : str
        ``text`` or ``image`` (uint8 arrays of shape (height, width) or (height, width, 3)).
    settings : mapping
        Keyword settings of `load` with their defaults.
    needs : tuple of str
        Distributions that must be installed.
    fits : bool
        Whether it learns from the inputs it is to encode.
    batch : int
        Inputs to hand over at a time.
    source : str
        Where the method is defined.
    """

    title: str
    load: Callable[..., Loaded]
    modality: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    fits: bool = False
    batch: int = 256
    source: str = ""
