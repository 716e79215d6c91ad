"""Nothing changes: the floor every estimator has to beat."""

import numpy as np

from stresslab.checks import Array
from stresslab.estimators._kind import Estimator, OnTarget, once
from stresslab.estimators._rows import mean
from stresslab.evidence import Evidence


def unchanged(source: Evidence, weights: Array) -> OnTarget:
    """Return the share right on the source, whatever the target: a floor.

    Parameters
    ----------
    source : Evidence
        ``correct`` of labelled rows.
    weights : ndarray of shape (n_draws, n)
        Weights of its rows.
    """
    found = mean(np.asarray(source.correct, float), weights)

    def on(target: Evidence, weights: Array) -> Array:
        return found

    return on


PIECE = Estimator(
    title="nothing changes (floor)",
    estimate=once(unchanged),
    needs=(),
    of_source=("correct",),
    weighted=unchanged,
    is_quick=True,
    cost="n_source",
    source="ours",
)
