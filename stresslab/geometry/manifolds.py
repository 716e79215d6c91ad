"""How many classes a readout could tell apart, and the shape of each class: its manifold."""

from typing import Any

import numpy as np

from stresslab.checks import Array
from stresslab.errors import RowError
from stresslab.evidence import Evidence
from stresslab.geometry._cloud import NONE, labelled
from stresslab.geometry._cone import project_on_cones
from stresslab.geometry._kind import Geometry

MOST_POINTS = 1000
MOST_DIMENSIONS = 512
FEWEST = 2
RCOND = 1e-10


def rows_used(evidence: Evidence, rng: np.random.Generator, *, points: int = 50) -> Array:
    """Return the places of the points that are taken: some of each class, some of many classes.

    Classes of one point have no shape and are left out. At most 1,000 points are taken; where
    even 10 of each class are more, that many classes are drawn.
    """
    labels = np.asarray(evidence.labels)
    names, counts = np.unique(labels[labels >= 0], return_counts=True)
    names, counts = names[counts >= FEWEST], counts[counts >= FEWEST]
    each = min(points, max(10, MOST_POINTS // max(len(names), 1)))
    if np.minimum(counts, each).sum() > MOST_POINTS:
        n_classes = int(MOST_POINTS / np.minimum(counts, each).mean())
        names = np.sort(rng.choice(names, min(n_classes, len(names)), replace=False))
    taken = []
    for name in names:
        rows = np.flatnonzero(labels == name)
        taken.append(rows if len(rows) <= each else rng.choice(rows, each, replace=False))
    found: Array = np.sort(np.concatenate(taken)) if taken else np.zeros(0, dtype=np.int64)
    return found


def manifold_geometry(
    evidence: Evidence,
    *,
    rng: np.random.Generator,
    points: int = 50,
    draws: int = 200,
    centre: bool = False,
) -> dict[str, float]:
    """Return capacity, dimension, radius, utility and alignments of the class manifolds.

    In each draw classes get random signs, and a random vector t is projected on the cone of their
    signed points; the points that carry the projection are the anchors of the classes.

    Parameters
    ----------
    evidence : Evidence
        Features and labels.
    rng : numpy.random.Generator
        Source of signs and vectors.
    points : int
        Points of a class.
    draws : int
        Signs and vectors.
    centre : bool
        Whether the mean of all points is taken off first.

    Raises
    ------
    TooFewRowsError
        If there are fewer than two classes of two points.
    RowError
        If all features are zero.

    References
    ----------
    Chou, Chung et al. (2024), GLUE; definition of study 06. ``capacity = utility * (1 +
    radius**-2) / dimension``.
    """
    labelled(evidence, FEWEST)
    used = evidence.take(rows_used(evidence, rng, points=points))
    features, labels = labelled(used, FEWEST)
    if centre:
        features = features - features.mean(axis=0)
    if features.shape[1] > MOST_DIMENSIONS:
        thrown = rng.normal(size=(features.shape[1], MOST_DIMENSIONS)) / np.sqrt(MOST_DIMENSIONS)
        features = features @ thrown
    kept = features.any(axis=1)  # a zero adds nothing to a cone
    if not kept.any():
        raise RowError("Manifolds need features that are not all zero. Take another layer.")
    features, labels = features[kept], labels[kept]
    n_classes = int(labels.max()) + 1
    signs = rng.choice(np.array([-1.0, 1.0]), size=(draws, n_classes))
    targets = rng.normal(size=(draws, features.shape[1]))
    cones = project_on_cones(features, signs[:, labels], targets)
    anchors, there = _anchors(features, labels, cones.weights, n_classes)
    return _values(anchors, there, signs, targets) | _alignments(anchors, there)


def _anchors(features: Array, labels: Array, weights: Array, n_classes: int) -> tuple[Array, Array]:
    """Return the anchor of every class in every draw, and which carry anything there."""
    draws, dimension = len(weights), features.shape[1]
    anchors = np.zeros((draws, n_classes, dimension))
    there = np.zeros((draws, n_classes), dtype=bool)
    for one in range(n_classes):
        rows = labels == one
        mine = weights[:, rows]
        total = mine.sum(axis=1)
        there[:, one] = total > 0
        anchors[:, one] = mine @ features[rows] / np.where(total > 0, total, 1)[:, None]
    return anchors, there


def _means(anchors: Array, there: Array) -> Array:
    counts = np.maximum(there.sum(axis=0), 1)
    found: Array = anchors.sum(axis=0) / counts[:, None]
    return found


def _values(anchors: Array, there: Array, signs: Array, targets: Array) -> dict[str, float]:
    means = _means(anchors, there)
    n_classes = anchors.shape[1]
    sums = np.zeros(3)
    for block in range(0, len(anchors), 50):
        part = slice(block, block + 50)
        flip = np.where(there[part], signs[part], 0.0)[:, :, None]
        whole, fixed = flip * anchors[part], flip * means
        moving = whole - fixed
        crosses = [one @ one.transpose(0, 2, 1) for one in (whole, moving, fixed)]
        pulls = [np.einsum("dpn,dn->dp", one, targets[part]) for one in (whole, moving)]
        for place, (square, pull) in enumerate(
            [
                (crosses[0], pulls[0]),
                (crosses[1], pulls[1]),
                (crosses[1] + crosses[2], pulls[1]),
            ]
        ):
            turned = np.linalg.pinv(square, rcond=RCOND, hermitian=True)
            sums[place] += np.einsum("dp,dpq,dq->", pull, turned, pull)
    c, a, b = sums / len(anchors)
    return {
        "capacity": float(n_classes / c) if c > 0 else NONE,
        "dimension": float(a / n_classes),
        "radius": float(np.sqrt(b / (a - b))) if a > b > 0 else NONE,
        "utility": float(b / c) if c > 0 else NONE,
    }


def _alignments(anchors: Array, there: Array) -> dict[str, float]:
    """Return mean absolute cosines between classes, of centres and of what moves about them."""
    means = _means(anchors, there)
    moving = np.where(there[:, :, None], anchors - means, 0.0)
    centres = _units(means)
    axes = _units(moving)
    apart = np.asarray(np.eye(len(means)) == 0)
    between = np.abs(centres @ centres.T)[apart]
    alive = np.asarray(axes.any(axis=2))
    both = (alive[:, :, None] & alive[:, None, :]) & apart
    turned = np.abs(axes @ axes.transpose(0, 2, 1))
    across = np.abs(np.einsum("pn,dqn->dpq", centres, axes))
    seen = alive[:, None, :] & apart
    return {
        "centre_alignment": float(between.mean()) if between.size else NONE,
        "axis_alignment": float(turned[both].mean()) if both.any() else NONE,
        "centre_axis_alignment": float(across[seen].mean()) if seen.any() else NONE,
    }


def _units(vectors: Array) -> Array:
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    large = lengths > 1e-12 * max(float(lengths.max(initial=0.0)), 1e-300)
    found: Array = np.where(large, vectors / np.where(large, lengths, 1), 0.0)
    return found


POSITIVE: Any = (0.0, np.inf)

PIECE = Geometry(
    title="class manifolds",
    compute=manifold_geometry,
    needs=("features", "labels"),
    bounds={
        "capacity": POSITIVE,
        "dimension": POSITIVE,
        "radius": POSITIVE,
        "utility": POSITIVE,
        "centre_alignment": (0.0, 1.0),
        "axis_alignment": (0.0, 1.0),
        "centre_axis_alignment": (0.0, 1.0),
    },
    invariant_to=("scale",),
    settings={"points": 50, "draws": 200, "centre": False},
    rows=rows_used,
    cost="draws * points**2 + draws * active**3",
    source="Chou, Chung et al. (2024); study 06, geometry markers.",
)
