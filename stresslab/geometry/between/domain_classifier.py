"""Whether a straight line can tell two sets apart on points it has not seen."""

import numpy as np

from stresslab.evidence import Evidence
from stresslab.geometry._kind import PairGeometry
from stresslab.geometry.between._pair import clouds, in_span
from stresslab.stats.auc import auc


def domain_classifier(
    a: Evidence, b: Evidence, *, rng: np.random.Generator, ridge: float = 1e-2
) -> dict[str, float]:
    """Return the held-out area under the ROC curve of a linear classifier of a against b.

    Least squares on the side with a ridge, fitted on one half and scored on the other, both ways;
    the mean of both areas.

    References
    ----------
    Ben-David et al. (2010), the proxy of the A-distance.
    """
    first, second = in_span(*clouds(a, b, fewest=4))
    half = np.concatenate([rng.permutation(len(one)) % 2 for one in (first, second)])
    both = np.concatenate([first, second])
    side = np.repeat([0.0, 1.0], [len(first), len(second)])
    areas = []
    for part in (0, 1):
        fit, test = half == part, half != part
        mean = both[fit].mean(axis=0)
        x, y = both[fit] - mean, side[fit] - side[fit].mean()
        square = x.T @ x
        shift = ridge * float(np.trace(square)) / len(square) or 1.0
        weights = np.linalg.solve(square + shift * np.eye(len(square)), x.T @ y)
        areas.append(auc(side[test], (both[test] - mean) @ weights).value)
    return {"domain_auc": float(np.mean(areas))}


PIECE = PairGeometry(
    title="domain classifier",
    compute=domain_classifier,
    needs=("features",),
    bounds={"domain_auc": (0.0, 1.0)},
    invariant_to=("rotation", "scale", "shift", "reflection", "permutation"),
    settings={"ridge": 1e-2},
    cost="n * dimension**2",
    source="Ben-David et al. (2010).",
)
