"""How fast do detectors fit and score, beside scikit-learn where it has the same one?"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from stresslab.detectors import detectors
from stresslab.evidence import Evidence
from tests.bench._kind import Asked, Bench, Row, once

DIMENSION, N_CLASSES, K = 384, 10, 10
SAME: dict[str, dict[str, Any]] = {"knn": {"normalise": False}}
"""Settings with which ours is what scikit-learn has."""
SLOW = ("local_outlier_factor", "one_class_svm")
"""Detectors whose fit grows with the square of the rows: measured on a tenth of them."""


def run(asked: Asked) -> Iterator[Row]:
    """Yield fit and score of every detector: 50,000 rows fitted on, 10,000 others scored."""
    n, n_scored = asked.n(50_000), asked.n(10_000)
    fit_on, scored = evidence(n, 0), evidence(n_scored, 1)
    for name in detectors.names():
        few = 10 if name in SLOW else 1
        some, new = fit_on.take(slice(n // few)), scored.take(slice(n_scored // few))
        settings = detectors.get(name).settings(**SAME.get(name, {}))
        settings.fit(some.take(slice(200)))  # what it imports is not timed
        fit = once(partial(settings.fit, some))
        fitted = settings.fit(some)
        score = once(partial(fitted.score, new))
        theirs = THEIRS.get(name)
        if theirs is None:
            yield Row(f"{name}: fit", some.n, fit)
            yield Row(f"{name}: score", new.n, score)
            continue
        model = theirs()
        other = once(partial(model.fit, some.features))
        yield Row(f"{name}: fit", some.n, fit, "scikit-learn", other)
        work = partial(_scored, model, new.features)
        agree = f"rank correlation {_agree(fitted.score(new), work()):.4f}"
        yield Row(f"{name}: score", new.n, score, "scikit-learn", once(work), note=agree)


def evidence(n: int, seed: int) -> Evidence:
    """Return rows of ten classes with a head, float32 as a space keeps them."""
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(9).normal(size=(N_CLASSES, DIMENSION))
    labels = rng.integers(0, N_CLASSES, n)
    features = np.maximum(centres[labels] + rng.normal(size=(n, DIMENSION)), 0).astype(np.float32)
    weights, bias = centres.T / 20, np.zeros(N_CLASSES)
    logits = features @ weights
    probs = np.exp(logits - logits.max(axis=1, keepdims=True))
    probs /= probs.sum(axis=1, keepdims=True)
    return Evidence(
        features=features, labels=labels, logits=logits, probs=probs, head=(weights, bias)
    )


def _scored(model: Any, features: np.ndarray) -> np.ndarray:
    """Return what scikit-learn says of rows, larger for what is stranger."""
    if hasattr(model, "kneighbors") and not hasattr(model, "offset_"):
        return model.kneighbors(features)[0][:, -1]
    return -model.score_samples(features)


def _agree(ours: np.ndarray, theirs: np.ndarray) -> float:
    from scipy.stats import spearmanr

    return float(spearmanr(ours, theirs).statistic)


def _brute() -> Any:
    from sklearn.neighbors import NearestNeighbors

    return NearestNeighbors(n_neighbors=K, algorithm="brute")


def _forest() -> Any:
    from sklearn.ensemble import IsolationForest

    return IsolationForest(n_estimators=200, random_state=0)


def _factor() -> Any:
    from sklearn.neighbors import LocalOutlierFactor

    return LocalOutlierFactor(n_neighbors=20, novelty=True)


def _machine() -> Any:
    from sklearn.svm import OneClassSVM

    return OneClassSVM(nu=0.1, gamma="scale")


THEIRS: dict[str, Callable[[], Any]] = {
    "knn": _brute, "isolation_forest": _forest, "local_outlier_factor": _factor,
    "one_class_svm": _machine,
}  # fmt: skip

PIECE = Bench("detectors fitted on 50,000 vectors, 10,000 scored", run)
