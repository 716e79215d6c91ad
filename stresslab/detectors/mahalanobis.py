"""The Mahalanobis distance to the nearest class."""

from dataclasses import dataclass

from stresslab.detectors._classes import gaussians, labelled
from stresslab.detectors._common import FittedFunction, features_of, fitting
from stresslab.detectors._kind import Detector
from stresslab.evidence import Evidence

NEEDS = ("features",)


@dataclass(frozen=True)
class Mahalanobis:
    """Score ``min_c (x - m_c)' S^-1 (x - m_c)`` with the covariance S that all classes share.

    Parameters
    ----------
    shrinkage : float or None
        Weight of the scaled identity in S; None takes that of Ledoit and Wolf.
    """

    shrinkage: float | None = None

    def fit(self, evidence: Evidence) -> FittedFunction:
        """Return the detector with the means of the classes and S.

        Raises
        ------
        ParamError
            If no row has a label.
        """
        fitting(evidence, (*NEEDS, "labels"))
        classes = gaussians(*labelled(evidence), self.shrinkage)
        return FittedFunction(NEEDS, lambda rows: classes.nearest(features_of(rows)))


PIECE = Detector(
    title="Mahalanobis",
    settings=Mahalanobis,
    needs=("features", "labels"),
    cost="n * dimension * (dimension + n_classes)",
    source="Lee et al. (2018), A simple unified framework for detecting OOD samples, eq. 2",
)
