"""Classify images by their pixels: logistic regression or a random forest."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from stresslab.runners._kind import Predict, Prediction, Runner, classified
from stresslab.runners._needs import needed


def load(
    *,
    kind: Literal["logistic", "forest"],
    images: Sequence[Any],
    labels: Sequence[str],
    seed: int = 0,
) -> Predict:
    """Return a classifier fitted on uint8 images of one size, pixels scaled to [0, 1].

    Parameters
    ----------
    kind : {"logistic", "forest"}
        Logistic regression (C = 0.1), or 200 trees.
    images, labels : sequence
        What to learn from.
    seed : int
        Of the forest.
    """
    if kind == "logistic":
        model = needed("sklearn.linear_model").LogisticRegression(C=0.1, max_iter=300)
    else:
        model = needed("sklearn.ensemble").RandomForestClassifier(
            n_estimators=200, random_state=seed, n_jobs=1
        )
    model.fit(_pixels(images), list(labels))
    names = [str(label) for label in model.classes_]

    def predict(batch: Sequence[Any]) -> list[Prediction]:
        return classified(model.predict_proba(_pixels(batch)), names) if len(batch) else []

    return predict


def _pixels(images: Sequence[Any]) -> Any:
    return np.stack(images).reshape(len(images), -1).astype(np.float64) / 255.0


PIECE = Runner(
    title="pixels and a classical classifier",
    load=load,
    task_types=("classify image",),
    needs=("scikit-learn",),
    batch=1000,
    source="scikit-learn LogisticRegression and RandomForestClassifier",
)
