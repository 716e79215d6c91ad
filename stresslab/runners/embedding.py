"""Classify texts by a sentence embedding and logistic regression."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stresslab.runners._kind import Predict, Prediction, Runner, classified
from stresslab.runners._needs import needed

Vectors = NDArray[np.float32]


def load(*, folder: str | Path, texts: Sequence[str], labels: Sequence[str]) -> Predict:
    """Return a classifier fitted on the embeddings of `texts`.

    Parameters
    ----------
    folder : path
        A sentence-transformers model.
    texts, labels : sequence of str
        Training texts and their labels.
    """
    encode = encoder(folder)
    linear = needed("sklearn.linear_model")
    model = linear.LogisticRegression(C=10.0, max_iter=2000).fit(encode(texts), list(labels))
    names = [str(label) for label in model.classes_]

    def predict(batch: Sequence[str]) -> list[Prediction]:
        return classified(model.predict_proba(encode(batch)), names) if batch else []

    return predict


def encoder(folder: str | Path) -> Callable[[Sequence[str]], Vectors]:
    """Return a function from texts to unit vectors of shape (n_texts, dimension), float32."""
    sentences = needed("sentence_transformers")
    torch = needed("torch")
    torch.set_num_threads(min(2, torch.get_num_threads()))
    needed("transformers").utils.logging.disable_progress_bar()
    model: Any = sentences.SentenceTransformer(str(folder), device="cpu")

    def encode(texts: Sequence[str]) -> Vectors:
        return np.asarray(
            model.encode(
                list(texts), batch_size=64, normalize_embeddings=True, show_progress_bar=False
            ),
            dtype=np.float32,
        )

    return encode


PIECE = Runner(
    title="sentence embedding and logistic regression",
    load=load,
    task_types=("classify text",),
    needs=("sentence-transformers", "torch", "scikit-learn"),
    batch=512,
    source="ours; scikit-learn LogisticRegression (C = 10) on unit vectors",
)
