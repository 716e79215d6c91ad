"""Nearest-neighbour label transfer: a target takes the label of the labelled inputs beside it."""

import numpy as np

from stresslab.checks import Array
from stresslab.estimators._kind import Estimator, once
from stresslab.estimators._rows import answers_of, mean
from stresslab.evidence import Evidence
from stresslab.stats.neighbours import nearest

K = 5
"""Labelled neighbours that are asked."""


def label_transfer(
    source: Evidence, target: Evidence, source_weights: Array, target_weights: Array
) -> Array:
    """Return how often a model's answer is the label of the nearest labelled inputs, per draw.

    Of every target the share of its five nearest source vectors (Euclidean, exact) whose label is
    the model's answer; the mean of it. Neighbours stay as they are in every draw, so an interval
    knows the targets only. It is the share right where neighbours share their label.

    Parameters
    ----------
    source, target : Evidence
        ``features`` of both, ``labels`` of the source, ``answers`` or ``probs`` of the target.
    source_weights, target_weights : ndarray of shape (n_draws, n)
        Weights of rows.

    References
    ----------
    Cover and Hart (1967), Nearest neighbor pattern classification; as an estimate: ours.
    """
    labels = np.asarray(source.labels)
    references, queries = np.asarray(source.features), np.asarray(target.features)
    labelled = (labels >= 0) & np.isfinite(references).all(axis=1)
    there = np.isfinite(queries).all(axis=1) & (answers_of(target) >= 0)
    shares = np.full(target.n, np.nan)
    k = min(K, int(labelled.sum()))
    if k and there.any():
        _, places = nearest(references[labelled], queries[there], k)
        alike = labels[labelled][places] == answers_of(target)[there][:, None]
        shares[there] = alike.mean(axis=1)
    return mean(shares, target_weights)


PIECE = Estimator(
    title="labels of neighbours",
    estimate=once(label_transfer),
    needs=("features", "answers|probs"),
    of_source=("features", "labels"),
    weighted=label_transfer,
    cost="n_source * n_target * dimension",
    source="Cover and Hart (1967)",
)
