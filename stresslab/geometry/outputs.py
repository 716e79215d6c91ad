"""How sure a model is, and whether being sure means being right."""

import numpy as np

from stresslab.evidence import Evidence
from stresslab.geometry._cloud import NONE
from stresslab.geometry._kind import Geometry
from stresslab.stats.auc import auc

SURE = 0.95


def outputs(evidence: Evidence, *, rng: np.random.Generator) -> dict[str, float]:
    """Return markers of probabilities: AUROC of the largest for being right, means, entropy (nats).

    References
    ----------
    Study 06, geometry markers: output-based.
    """
    probs, labels = np.asarray(evidence.probs, dtype=float), np.asarray(evidence.labels)
    kept = np.isfinite(probs).all(axis=1) & (labels >= 0) & (labels < probs.shape[1])
    probs, labels = probs[kept], labels[kept]
    if not len(probs):
        return dict.fromkeys(BOUNDS, NONE)
    sure = probs.max(axis=1)
    right = probs.argmax(axis=1) == labels
    high = sure >= SURE
    with np.errstate(divide="ignore", invalid="ignore"):
        entropy = -np.where(probs > 0, probs * np.log(probs), 0.0).sum(axis=1)
    return {
        "confidence_auroc": auc(right, sure).value,
        "mean_confidence": float(sure.mean()),
        "mean_entropy": float(entropy.mean()),
        "accuracy_when_sure": float(right[high].mean()) if high.any() else NONE,
    }


BOUNDS = {
    "confidence_auroc": (0.0, 1.0),
    "mean_confidence": (0.0, 1.0),
    "mean_entropy": (0.0, np.inf),
    "accuracy_when_sure": (0.0, 1.0),
}

PIECE = Geometry(
    title="outputs: probabilities",
    compute=outputs,
    needs=("probs", "labels"),
    bounds=BOUNDS,
    cost="n * classes",
    source="Study 06, geometry markers.",
)
