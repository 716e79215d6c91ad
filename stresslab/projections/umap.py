"""UMAP with an exact graph of neighbours."""

from stresslab.checks import Array
from stresslab.projections._kind import Projection, Report, nothing
from stresslab.projections._layout import layout


def compute(
    vectors: Array,
    *,
    seed: int,
    report: Report = nothing,
    neighbours: int = 15,
    min_dist: float = 0.1,
    metric: str = "euclidean",
    parallel: bool = False,
) -> Array:
    """Return a map of shape (n, 2) that keeps near vectors near."""
    return layout(
        vectors, n_dimensions=2, neighbours=neighbours, min_dist=min_dist, metric=metric,
        parallel=parallel, seed=seed, report=report,
    )  # fmt: skip


PIECE = Projection(
    title="UMAP",
    kind="projection",
    compute=compute,
    settings={"neighbours": 15, "min_dist": 0.1, "metric": "euclidean", "parallel": False},
    packages=("umap-learn", "numba", "numpy"),
    source="McInnes, Healy and Melville (2018); umap-learn on our exact neighbours",
)
