"""The distance to the k-th nearest fit row."""

from dataclasses import dataclass

from stresslab.checks import Array
from stresslab.detectors._common import FittedFunction, features_of, fitting, unit
from stresslab.detectors._kind import Detector
from stresslab.errors import TooFewRowsError
from stresslab.evidence import Evidence
from stresslab.stats.neighbours import nearest

NEEDS = ("features",)


@dataclass(frozen=True)
class KNN:
    """Score the distance to the k-th nearest fit row, exactly.

    Parameters
    ----------
    k : int
        Which neighbour counts.
    normalise : bool
        Whether vectors get length 1 first, as in the paper; a zero vector stays 0 and is then at
        distance 1 from every other.
    """

    k: int = 10
    normalise: bool = True

    def fit(self, evidence: Evidence) -> FittedFunction:
        """Return the detector; the fit rows are kept.

        Raises
        ------
        TooFewRowsError
            If there are no k fit rows.
        """
        fitting(evidence, NEEDS)
        if not 0 < self.k <= evidence.n:
            raise TooFewRowsError(
                f"There must be k = {self.k} fit rows to be near to; there are {evidence.n}. "
                "Lower k or fit on more rows."
            )
        references = self._form(features_of(evidence))

        def score(rows: Evidence) -> Array:
            found: Array = nearest(references, self._form(features_of(rows)), self.k)[0][:, -1]
            return found

        return FittedFunction(NEEDS, score)

    def _form(self, vectors: Array) -> Array:
        return unit(vectors) if self.normalise else vectors


PIECE = Detector(
    title="nearest neighbours",
    settings=KNN,
    needs=NEEDS,
    cost="n * n_fit * dimension",
    source="Sun et al. (2022), Out-of-distribution detection with deep nearest neighbors, eq. 3",
)
