"""Confidence by optimal transport: move predictions onto the labels that were common at home."""

import numpy as np

from stresslab.estimators._kind import Estimator
from stresslab.evidence import Evidence
from stresslab.stats.transport import onto_classes


def transport(
    source: Evidence, target: Evidence, *, rng: np.random.Generator | None = None
) -> float:
    """Return one minus the cost of moving the target's probabilities onto the source's labels.

    min over couplings of mean ||p_i - e_y||_inf, with every target of one weight and class y of
    the weight it has among the source's labels, is taken as the share of wrong answers; the norm
    is 1 - p_iy. If the mix of answers is that of the labels it equals average confidence; else it
    is lower: a model that answers one class too often cannot be right that often. Nothing is
    random in it.

    Parameters
    ----------
    source, target : Evidence
        ``labels`` of the source, ``probs`` of shape (n, n_classes) of the target.

    References
    ----------
    Lu et al. (2023), Characterizing out-of-distribution error via optimal transport (COT).
    """
    probs = np.asarray(target.probs, float)
    probs = probs[np.isfinite(probs).all(axis=1)]
    labels = np.asarray(source.labels)
    labels = labels[(labels >= 0) & (labels < probs.shape[1])]
    if not len(probs) or not len(labels):
        return float("nan")
    share = np.bincount(labels, minlength=probs.shape[1]) / len(labels)
    return float(np.clip(1 - onto_classes(1 - probs, share), 0.0, 1.0))


PIECE = Estimator(
    title="confidence by transport (COT)",
    estimate=transport,
    needs=("probs",),
    of_source=("labels",),
    cost="n * n_classes**2 per row moved",
    source="Lu et al. (2023)",
)
