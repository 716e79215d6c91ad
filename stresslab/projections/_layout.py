"""UMAP of an exact graph of neighbours: shared by the map and the clusters made of it."""

import io
import warnings

import numpy as np

from stresslab.checks import Array
from stresslab.projections._kind import Report
from stresslab.stats.neighbours import nearest


def layout(
    vectors: Array,
    *,
    n_dimensions: int,
    neighbours: int,
    min_dist: float,
    metric: str,
    parallel: bool,
    seed: int,
    report: Report,
) -> Array:
    """Return places of shape (n, n_dimensions) in which near vectors are near.

    Parameters
    ----------
    neighbours : int
        Points that count as near, the point itself among them; n - 1 if there are fewer.
    min_dist : float
        Least distance of points on the map.
    metric : {"euclidean", "cosine"}
        Of the vectors.
    parallel : bool
        Lay out on all cores: quicker, and not the same twice.

    References
    ----------
    McInnes, Healy and Melville (2018), UMAP: uniform manifold approximation and projection.
    """
    n = len(vectors)
    k = min(neighbours, n - 1)
    ours = vectors.astype(np.float32)
    distances, places = nearest(
        ours, ours, k - 1, metric=metric, exclude_self=True,  # type: ignore[arg-type]
        report=lambda done: report(done, n, "nearest neighbours"),
    )  # fmt: skip
    itself = np.arange(n)[:, None]
    graph = (
        np.hstack([itself, places]).astype(np.int32),
        np.hstack([np.zeros((n, 1), np.float32), distances.astype(np.float32)]),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of numba's making, and that a seed means one thread
        import umap

        model = umap.UMAP(
            n_components=n_dimensions, n_neighbors=k, min_dist=min_dist, metric=metric,
            random_state=None if parallel else seed, precomputed_knn=graph,
            init="spectral" if n > 5 * n_dimensions + 10 else "random",
            force_approximation_algorithm=True,
            tqdm_kwds={
                "disable": False, "file": _Meter(report), "bar_format": "{n_fmt}/{total_fmt}",
                "mininterval": 0.2,
            },
        )  # fmt: skip
        found: Array = np.asarray(model.fit_transform(ours), dtype=np.float64)
    return found


class _Meter(io.StringIO):
    """Where UMAP says how many of its epochs are done."""

    def __init__(self, report: Report) -> None:
        super().__init__()
        self._report = report

    def write(self, text: str) -> int:
        done, slash, total = text.strip().partition("/")
        if slash and done.isdigit() and total.isdigit():
            self._report(int(done), int(total), "layout")
        return len(text)
