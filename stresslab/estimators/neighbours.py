"""Nearest-neighbour label transfer: a target takes the label of the labelled inputs beside it."""

import numpy as np

from stresslab.checks import Array
from stresslab.estimators._kind import Estimator, OnTarget, once
from stresslab.estimators._rows import answers_of, mean
from stresslab.evidence import Evidence
from stresslab.stats.neighbours import nearest

K = 5
"""Labelled neighbours that are asked."""


def label_transfer(source: Evidence, weights: Array) -> OnTarget:
    """Return how often a model's answer is the label of the nearest labelled inputs, per draw.

    Of every target the share of its five nearest source vectors (Euclidean, exact) whose label is
    the model's answer; the mean of it. Neighbours stay as they are in every draw, so an interval
    knows the targets only. It is the share right where neighbours share their label.

    Parameters
    ----------
    source : Evidence
        ``features`` of both, ``labels`` of the source, ``answers`` or ``probs`` of the target.
    weights : ndarray of shape (n_draws, n)
        Weights of its rows.

    References
    ----------
    Cover and Hart (1967), Nearest neighbor pattern classification; as an estimate: ours.
    """
    labels, references = np.asarray(source.labels), np.asarray(source.features)
    labelled = (labels >= 0) & np.isfinite(references).all(axis=1)
    labels, references = labels[labelled], references[labelled]
    k = min(K, len(labels))

    def on(target: Evidence, weights: Array) -> Array:
        answers, queries = answers_of(target), np.asarray(target.features)
        there = np.isfinite(queries).all(axis=1) & (answers >= 0)
        shares = np.full(target.n, np.nan)
        if k and there.any():
            _, places = nearest(references, queries[there], k)
            shares[there] = (labels[places] == answers[there][:, None]).mean(axis=1)
        return mean(shares, weights)

    return on


PIECE = Estimator(
    title="labels of neighbours",
    estimate=once(label_transfer),
    needs=("features", "answers|probs"),
    of_source=("features", "labels"),
    weighted=label_transfer,
    cost="n_source * n_target * dimension",
    source="Cover and Hart (1967)",
)
