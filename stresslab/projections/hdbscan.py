"""Dense groups of vectors, found in a map of five dimensions."""

import numpy as np

from stresslab.checks import Array
from stresslab.projections._kind import Projection, Report, nothing
from stresslab.projections._layout import layout

DIMENSIONS = 5
FEWEST = 10


def compute(
    vectors: Array,
    *,
    seed: int,
    report: Report = nothing,
    neighbours: int = 15,
    metric: str = "euclidean",
    smallest: int = 0,
    parallel: bool = False,
) -> Array:
    """Return the cluster of every vector, -1 for none; 0 is the largest.

    Density means little in hundreds of dimensions, so UMAP goes before, to five of them and with
    points as close as they come.

    Parameters
    ----------
    smallest : int
        Points a cluster has at least; 0 is one in a hundred, at least 10.
    """
    from sklearn.cluster import HDBSCAN

    n = len(vectors)
    least = smallest or max(FEWEST, n // 100)
    if n <= 2 * least:
        return np.full(n, -1, dtype=np.int64)
    places = layout(
        vectors, n_dimensions=min(DIMENSIONS, vectors.shape[1]), neighbours=neighbours,
        min_dist=0.0, metric=metric, parallel=parallel, seed=seed, report=report,
    )  # fmt: skip
    report(0, 1, "clusters")
    model = HDBSCAN(min_cluster_size=least, min_samples=min(10, least), copy=True)
    found = model.fit_predict(places)
    report(1, 1, "clusters")
    sizes = np.bincount(found[found >= 0]) if (found >= 0).any() else np.zeros(0, np.int64)
    rank = np.empty(len(sizes), dtype=np.int64)
    rank[np.argsort(-sizes, kind="stable")] = np.arange(len(sizes))
    codes: Array = np.full(n, -1, dtype=np.int64)
    codes[found >= 0] = rank[found[found >= 0]]
    return codes


PIECE = Projection(
    title="dense groups (HDBSCAN)",
    kind="clusters",
    compute=compute,
    settings={"neighbours": 15, "metric": "euclidean", "smallest": 0, "parallel": False},
    packages=("scikit-learn", "umap-learn", "numba", "numpy"),
    source="Campello, Moulavi and Sander (2013) after UMAP",
)
