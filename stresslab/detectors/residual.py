"""The length of what lies outside of the principal directions of the fit rows."""

from dataclasses import dataclass

from stresslab.detectors._common import FittedFunction, features_of, fitting
from stresslab.detectors._kind import Detector
from stresslab.detectors._subspace import kept_dimension, outside, principal
from stresslab.evidence import Evidence

NEEDS = ("features",)


@dataclass(frozen=True)
class Residual:
    """Score ``|x - m|`` outside of the first principal directions about the mean m.

    Parameters
    ----------
    dimension : int or None
        Principal directions; None takes 1000 of 2048 and more, 512 of 768 and more, else half.
    """

    dimension: int | None = None

    def fit(self, evidence: Evidence) -> FittedFunction:
        """Return the detector with mean and principal directions.

        Raises
        ------
        ParamError
            If no direction would be left out.
        """
        fitting(evidence, NEEDS)
        features = features_of(evidence)
        n_kept = kept_dimension(self.dimension, features.shape[1])
        mean = features.mean(axis=0)
        basis = principal(features - mean, n_kept)
        return FittedFunction(NEEDS, lambda rows: outside(features_of(rows) - mean, basis))


PIECE = Detector(
    title="principal residual",
    settings=Residual,
    needs=NEEDS,
    cost="n * dimension**2",
    source="Wang et al. (2022), ViM, section 3; without head, about the mean",
)
