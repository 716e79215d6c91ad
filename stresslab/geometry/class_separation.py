"""How far apart classes are, against their width."""

import numpy as np

from stresslab.evidence import Evidence
from stresslab.geometry._cloud import NONE, distances, labelled, some
from stresslab.geometry._kind import Geometry


def class_separation(evidence: Evidence, *, rng: np.random.Generator) -> dict[str, float]:
    """Return the share of variance between classes, and the mean silhouette.

    References
    ----------
    Rousseeuw (1987), Silhouettes.
    """
    features, labels = labelled(evidence)
    taken = some(len(features), rng)
    features, labels = features[taken], labels[taken]
    member = np.eye(int(labels.max()) + 1)[labels]
    counts = member.sum(axis=0)
    means = member.T @ features / np.maximum(counts, 1)[:, None]
    whole = float(((features - features.mean(axis=0)) ** 2).sum())
    inside = float(((features - means[labels]) ** 2).sum())
    sums = distances(features, features) @ member
    mine = sums[np.arange(len(labels)), labels]
    own = mine / np.maximum(counts[labels] - 1, 1)
    others = np.where(member > 0, np.inf, sums / np.maximum(counts, 1e-300))
    near = np.where(counts > 0, others, np.inf).min(axis=1)
    widest = np.maximum(own, near)
    silhouette = np.divide(near - own, widest, out=np.zeros_like(own), where=widest > 0)
    silhouette[counts[labels] < 2] = 0
    return {
        "between_share": float(np.clip(1 - inside / whole, 0, 1)) if whole > 0 else NONE,
        "silhouette": float(silhouette.mean()),
    }


PIECE = Geometry(
    title="class separation",
    compute=class_separation,
    needs=("features", "labels"),
    bounds={"between_share": (0.0, 1.0), "silhouette": (-1.0, 1.0)},
    invariant_to=("rotation", "scale", "shift", "order", "reflection", "permutation"),
    rows=lambda evidence, rng: some(evidence.n, rng),
    cost="n**2 * dimension",
    source="Rousseeuw (1987).",
)
