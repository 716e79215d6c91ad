"""A sentence-transformers model in a folder."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from stresslab.checks import Array
from stresslab.encoders._kind import Encoder, Loaded
from stresslab.errors import ParamError

LAYER = "sentence"


def load(*, folder: str) -> Loaded:
    """Return an encoder to unit vectors.

    Parameters
    ----------
    folder : str
        A model as sentence-transformers saves it: ``modules.json`` and what it names.
    """
    from stresslab.runners.embedding import encoder

    if not (Path(folder) / "modules.json").is_file():
        raise ParamError(
            f"folder must hold a sentence-transformers model (modules.json); {folder!r} has none. "
            "Name one on your disk: --set folder=PATH. `minilm` comes with its own."
        )
    encode = encoder(folder)
    dimension = int(encode(["a"]).shape[1])

    def vectors(inputs: Sequence[str]) -> Mapping[str, Array]:
        return {LAYER: encode(inputs)}

    return Loaded(vectors, dimension, Path(folder).name)


PIECE = Encoder(
    title="sentence-transformers model on disk", load=load, modality="text",
    settings={"folder": ""}, needs=("sentence-transformers", "torch"), batch=512,
    source="Reimers and Gurevych (2019)",
)  # fmt: skip
