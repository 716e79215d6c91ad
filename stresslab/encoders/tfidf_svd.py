"""Words counted and thinned out: a floor that any encoder has to beat."""

from collections.abc import Mapping, Sequence

import numpy as np

from stresslab.checks import Array
from stresslab.encoders._kind import Encoder, Loaded
from stresslab.errors import TooFewRowsError

LAYER = "svd"


def load(*, inputs: Sequence[str], dimension: int = 128, seed: int = 0) -> Loaded:
    """Return an encoder fitted on the inputs themselves: TF-IDF, then its largest directions.

    Parameters
    ----------
    inputs : sequence of str
        Every text that is to be encoded.
    dimension : int
        Directions kept; fewer where there are fewer texts or words.
    seed : int
        Of the randomised decomposition.
    """
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer

    words = TfidfVectorizer(sublinear_tf=True, min_df=2 if len(inputs) > 50 else 1)
    try:
        counted = words.fit_transform(inputs)
    except ValueError as error:
        raise TooFewRowsError(f"The texts must have words in common: {error}.") from error
    kept = min(dimension, min(counted.shape) - 1)
    if kept < 1:
        raise TooFewRowsError(f"Two texts and two words are needed; got {counted.shape}.")
    model = TruncatedSVD(kept, random_state=seed).fit(counted)

    def vectors(texts: Sequence[str]) -> Mapping[str, Array]:
        return {LAYER: np.asarray(model.transform(words.transform(texts)), dtype=np.float32)}

    return Loaded(vectors, kept, f"TF-IDF of {len(inputs):,} texts, {kept} directions")


PIECE = Encoder(
    title="TF-IDF and singular values", load=load, modality="text",
    settings={"dimension": 128, "seed": 0}, fits=True, batch=2048,
    source="Deerwester et al. (1990), latent semantic indexing",
)  # fmt: skip
