"""By how much the true class wins, and how much a model has seen the like."""

import numpy as np

from stresslab.evidence import Evidence
from stresslab.geometry._cloud import NONE
from stresslab.geometry._kind import Geometry


def logits(evidence: Evidence, *, rng: np.random.Generator) -> dict[str, float]:
    """Return the mean margin (true logit minus best other) and energy ``-log sum exp``.

    References
    ----------
    Study 06, geometry markers: output-based; Liu et al. (2020) for energy.
    """
    values, labels = np.asarray(evidence.logits, dtype=float), np.asarray(evidence.labels)
    kept = np.isfinite(values).all(axis=1) & (labels >= 0) & (labels < values.shape[1])
    values, labels = values[kept], labels[kept]
    if not len(values) or values.shape[1] < 2:
        return {"logit_margin": NONE, "energy": NONE}
    rows = np.arange(len(values))
    others = values.copy()
    others[rows, labels] = -np.inf
    top = values.max(axis=1)
    energy = -(top + np.log(np.exp(values - top[:, None]).sum(axis=1)))
    margin = values[rows, labels] - others.max(axis=1)
    return {"logit_margin": float(margin.mean()), "energy": float(energy.mean())}


PIECE = Geometry(
    title="outputs: logits",
    compute=logits,
    needs=("logits", "labels"),
    bounds={"logit_margin": (-np.inf, np.inf), "energy": (-np.inf, np.inf)},
    cost="n * classes",
    source="Study 06, geometry markers.",
)
