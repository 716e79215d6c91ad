"""Two maps of the same inputs in two spaces, each near its own space and near the other map."""

import warnings

import numpy as np

from stresslab.checks import Array
from stresslab.projections._kind import Report, nothing


def aligned(
    first: Array, second: Array, *, neighbours: int = 15, seed: int = 0, report: Report = nothing
) -> tuple[Array, Array]:
    """Return two maps of shape (n, 2); row i of both is the same input.

    Parameters
    ----------
    first, second : ndarray of shape (n, dimension), of a dimension each
        Vectors of the same inputs.

    References
    ----------
    Dadu et al. (2023), Application of Aligned-UMAP to longitudinal biomedical studies.
    """
    n = len(first)
    report(0, 1, "two layouts")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import umap

        model = umap.AlignedUMAP(n_neighbors=min(neighbours, n - 1), random_state=seed)
        model.fit(
            [np.asarray(one, dtype=np.float32) for one in (first, second)],
            relations=[{row: row for row in range(n)}],
        )
    report(1, 1, "two layouts")
    a, b = (np.asarray(one, dtype=np.float64) for one in model.embeddings_)
    return a, b
