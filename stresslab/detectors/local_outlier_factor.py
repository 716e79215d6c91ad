"""How much thinner the neighbourhood is than those of the neighbours."""

from dataclasses import dataclass

from stresslab.checks import Array
from stresslab.detectors._common import FittedFunction, features_of, fitting
from stresslab.detectors._kind import Detector
from stresslab.detectors._some import some
from stresslab.errors import TooFewRowsError
from stresslab.evidence import Evidence

NEEDS = ("features",)


@dataclass(frozen=True)
class LocalOutlierFactorFloor:
    """The local outlier factor of new rows, about 1 within a cluster; a floor without labels.

    Parameters
    ----------
    k : int
        Neighbours; all others where fewer are there.
    most : int
        Fit rows beyond these are left out, drawn with `seed`.
    seed : int
        Seed of that draw.
    """

    k: int = 20
    most: int = 20_000
    seed: int = 0

    def fit(self, evidence: Evidence) -> FittedFunction:
        """Return the fitted factor.

        Raises
        ------
        TooFewRowsError
            If there is one row only.
        """
        from sklearn.neighbors import LocalOutlierFactor

        fitting(evidence, NEEDS)
        features = some(features_of(evidence), self.most, self.seed)
        if len(features) < 2:
            raise TooFewRowsError("Neighbourhoods need at least 2 fit rows; there is 1.")
        k = min(self.k, len(features) - 1)
        factor = LocalOutlierFactor(n_neighbors=k, novelty=True).fit(features)

        def score(rows: Evidence) -> Array:
            found: Array = -factor.score_samples(features_of(rows))
            return found

        return FittedFunction(NEEDS, score)


PIECE = Detector(
    title="local outlier factor",
    settings=LocalOutlierFactorFloor,
    needs=NEEDS,
    cost="n * n_fit * dimension",
    source="Breunig et al. (2000), LOF: identifying density-based local outliers; scikit-learn",
)
