"""Does the interval of the area under a detector's ROC curve hold its level?"""

import numpy as np

from stresslab.checks import Array
from stresslab.stats.auc_clusters import clustered_aucs
from stresslab.validity._draw import DESIGNS, covered
from stresslab.validity._kind import Case, Check


def scores(
    case: Case, runs: int, rng: np.random.Generator, area: float
) -> tuple[Array, Array, Array]:
    """Return normal scores (runs, n) of rows in and out of distribution that reach an area.

    As many clusters lie in as out; rows of a cluster correlate by its ICC.

    Returns
    -------
    tuple of ndarray
        Whether a row is out of distribution, scores, and clusters.
    """
    from scipy.special import ndtri

    shape = (runs, 2 * case.n_clusters, case.rows)
    common = rng.standard_normal((*shape[:2], 1))
    drawn = np.sqrt(case.icc) * common + np.sqrt(1 - case.icc) * rng.standard_normal(shape)
    out = np.repeat(np.arange(2), case.n_clusters * case.rows).astype(float)
    cluster = np.repeat(np.arange(2 * case.n_clusters), case.rows)
    return out, drawn.reshape(runs, -1) + np.sqrt(2) * ndtri(area) * out, cluster


def simulate(case: Case, runs: int, rng: np.random.Generator, level: float) -> Array:
    """Return whether the interval of the area covers it; NaN where it is 1."""
    out, drawn, cluster = scores(case, runs, rng, case.share)
    ends = [clustered_aucs(out, one[:, None], cluster).interval(level) for one in drawn]
    low, high = np.array(ends)[:, :, 0].T
    return covered(low, high, case.share)


PIECE = Check(
    "The interval of a detector's area under the ROC curve covers it",
    simulate,
    tuple(Case(*design, area, note="area") for design in DESIGNS for area in (0.5, 0.8, 0.95)),
    limit=lambda case: 0.935, together=200_000,
)  # fmt: skip
