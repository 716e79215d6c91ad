"""What a straight line through the space can read off it, and what it could learn by heart."""

import numpy as np

from stresslab.checks import Array
from stresslab.evidence import Evidence
from stresslab.geometry._cloud import labelled
from stresslab.geometry._kind import Geometry

FOLDS = 5


def linear_probe(
    evidence: Evidence, *, rng: np.random.Generator, ridge: float = 1e-2
) -> dict[str, float]:
    """Return the accuracy of a linear readout on held-out points, and that on shuffled classes.

    The readout is least squares on one-hot classes with a ridge, cross-validated in five folds;
    `selectivity` is what is above the control task.

    Parameters
    ----------
    evidence : Evidence
        Features and labels.
    rng : numpy.random.Generator
        Folds and the shuffled classes.
    ridge : float
        As a share of the mean variance of a feature.

    References
    ----------
    Alain and Bengio (2017); Hewitt and Liang (2019) for the control task.
    """
    features, labels = labelled(evidence)
    folds = rng.permutation(len(labels)) % min(FOLDS, len(labels))
    found = _held_out(features, labels, folds, ridge)
    control = _held_out(features, rng.permutation(labels), folds, ridge)
    return {"probe_accuracy": found, "probe_control": control, "selectivity": found - control}


def _held_out(features: Array, labels: Array, folds: Array, ridge: float) -> float:
    right = np.zeros(len(labels), dtype=bool)
    wanted = np.eye(int(labels.max()) + 1)[labels]
    for fold in range(int(folds.max()) + 1):
        test = folds == fold
        mean, goal = features[~test].mean(axis=0), wanted[~test].mean(axis=0)
        x, y = features[~test] - mean, wanted[~test] - goal
        wide = x.shape[1] > len(x)
        square = x @ x.T if wide else x.T @ x
        shift = ridge * float(np.trace(square)) / len(square) or 1.0
        held = square + shift * np.eye(len(square))
        weights = x.T @ np.linalg.solve(held, y) if wide else np.linalg.solve(held, x.T @ y)
        right[test] = ((features[test] - mean) @ weights + goal).argmax(axis=1) == labels[test]
    return float(right.mean())


PIECE = Geometry(
    title="linear probe",
    compute=linear_probe,
    needs=("features", "labels"),
    bounds={
        "probe_accuracy": (0.0, 1.0),
        "probe_control": (0.0, 1.0),
        "selectivity": (-1.0, 1.0),
    },
    invariant_to=("rotation", "scale", "shift", "reflection", "permutation"),
    settings={"ridge": 1e-2},
    cost="n * dimension**2",
    source="Alain and Bengio (2017); Hewitt and Liang (2019).",
)
