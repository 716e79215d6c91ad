"""What a straight line through the space can read off it, and what it could learn by heart."""

import numpy as np

from stresslab.checks import Array
from stresslab.evidence import Evidence
from stresslab.geometry._cloud import labelled, rows_of_classes
from stresslab.geometry._kind import Geometry
from stresslab.rng import rng_for

FOLDS = 5
FEWEST_UNITS = 20
"""Units below which folds drawn by unit could leave nothing to learn from."""


def linear_probe(
    evidence: Evidence, *, rng: np.random.Generator, ridge: float = 1e-2
) -> dict[str, float]:
    """Return the accuracy of a linear readout on held-out points, and that on shuffled classes.

    The readout is least squares on one-hot classes with a ridge, cross-validated in five folds;
    `selectivity` is what is above the control task. Where `units` say whose the rows are, folds and
    shuffled classes go with them, so that leaving some out leaves those of the others alone.

    Parameters
    ----------
    evidence : Evidence
        Features and labels; units if known.
    rng : numpy.random.Generator
        Folds and the shuffled classes.
    ridge : float
        As a share of the mean variance of a feature.

    References
    ----------
    Alain and Bengio (2017); Hewitt and Liang (2019) for the control task.
    """
    features, labels = labelled(evidence)
    units = None
    if evidence.units is not None:
        units = np.asarray(evidence.units)[rows_of_classes(np.asarray(evidence.labels))]
    if units is None or len(np.unique(units)) < FEWEST_UNITS:
        folds = rng.permutation(len(labels)) % min(FOLDS, len(labels))
        shuffled = rng.permutation(labels)
    else:
        seed = int(rng.integers(2**32))
        folds = np.unique((_shares(units, seed) * FOLDS).astype(int), return_inverse=True)[1]
        drawn = (_shares(units, seed + 1) * len(labels)).astype(int)
        shuffled = np.sort(labels)[drawn]
    found = _held_out(features, labels, folds, ridge)
    control = _held_out(features, shuffled, folds, ridge)
    return {"probe_accuracy": found, "probe_control": control, "selectivity": found - control}


def _shares(units: Array, seed: int) -> Array:
    """Return a number in [0, 1) of every unit that depends on it and the seed alone."""
    names, code = np.unique(units, return_inverse=True)
    drawn = np.array([rng_for("linear probe", seed, int(one)).random() for one in names])
    found: Array = drawn[code]
    return found


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
