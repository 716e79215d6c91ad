"""The Mahalanobis distance to the nearest class, less that to all rows as one class."""

from dataclasses import dataclass

from stresslab.checks import Array
from stresslab.detectors._classes import as_one_class, gaussians, labelled
from stresslab.detectors._common import FittedFunction, features_of, fitting
from stresslab.detectors._kind import Detector
from stresslab.evidence import Evidence

NEEDS = ("features",)


@dataclass(frozen=True)
class RelativeMahalanobis:
    """Score ``min_c M_c(x) - M_0(x)``, where M_0 takes all fit rows as one class.

    Parameters
    ----------
    shrinkage : float or None
        As in Mahalanobis, of the covariance within classes.
    """

    shrinkage: float | None = None

    def fit(self, evidence: Evidence) -> FittedFunction:
        """Return the detector with both sets of means and covariances.

        Raises
        ------
        ParamError
            If no row has a label.
        """
        fitting(evidence, (*NEEDS, "labels"))
        features, labels = labelled(evidence)
        classes = gaussians(features, labels, self.shrinkage)
        whole = as_one_class(features, labels, self.shrinkage)

        def score(rows: Evidence) -> Array:
            vectors = features_of(rows)
            return classes.nearest(vectors) - whole.nearest(vectors)

        return FittedFunction(NEEDS, score)


PIECE = Detector(
    title="relative Mahalanobis",
    settings=RelativeMahalanobis,
    needs=("features", "labels"),
    cost="n * dimension * (dimension + n_classes)",
    source="Ren et al. (2021), A simple fix to Mahalanobis distance for near-OOD detection, eq. 3",
)
