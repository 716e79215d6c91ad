"""Whether the second set holds only what the first does, and all of it."""

import numpy as np

from stresslab.checks import Array
from stresslab.evidence import Evidence
from stresslab.geometry._kind import PairGeometry
from stresslab.geometry.between._pair import clouds, in_span

N_SLOPES = 1001


def precision_recall(
    a: Evidence, b: Evidence, *, rng: np.random.Generator, clusters: int = 20
) -> dict[str, float]:
    """Return the largest F8 (recall: all of a is in b) and F1/8 (precision: b is all in a).

    References
    ----------
    Sajjadi et al. (2018), Assessing generative models via precision and recall.
    """
    precision, recall = curve(a, b, rng=rng, clusters=clusters)
    return {
        "recall_f8": best(precision, recall, 8),
        "precision_f8": best(precision, recall, 1 / 8),
    }


def curve(
    a: Evidence, b: Evidence, *, rng: np.random.Generator, clusters: int = 20
) -> tuple[Array, Array]:
    """Return precision and recall over slopes, of histograms over shared k-means clusters."""
    from sklearn.cluster import KMeans

    first, second = clouds(a, b)
    n_distinct = len(np.unique(np.concatenate([first, second]), axis=0))
    first, second = in_span(first, second)
    both = np.concatenate([first, second])
    means = KMeans(min(clusters, n_distinct), n_init=4, random_state=int(rng.integers(2**31)))
    place = means.fit_predict(both)
    p, q = (
        np.bincount(part, minlength=means.n_clusters) / len(part)
        for part in (place[: len(first)], place[len(first) :])
    )
    slopes = np.tan(np.linspace(1e-6, np.pi / 2 - 1e-6, N_SLOPES))[:, None]
    precision = np.minimum(slopes * p, q).sum(axis=1)
    recall = np.minimum(p, q / slopes).sum(axis=1)
    return np.clip(precision, 0, 1), np.clip(recall, 0, 1)


def best(precision: Array, recall: Array, beta: float) -> float:
    """Return the largest F of a curve; `beta` is how much more recall counts."""
    down = beta**2 * precision + recall
    value = np.divide(
        (1 + beta**2) * precision * recall, down, out=np.zeros_like(down), where=down > 0
    )
    return float(value.max())


PIECE = PairGeometry(
    title="precision and recall of distributions",
    compute=precision_recall,
    needs=("features",),
    bounds={"recall_f8": (0.0, 1.0), "precision_f8": (0.0, 1.0)},
    invariant_to=(),
    settings={"clusters": 20},
    cost="n * clusters * dimension",
    source="Sajjadi et al. (2018).",
    self_value={"recall_f8": 1.0, "precision_f8": 1.0},
)
