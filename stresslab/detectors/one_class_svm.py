"""How far a vector lies outside of a boundary around most fit rows."""

from dataclasses import dataclass

from stresslab.checks import Array
from stresslab.detectors._common import FittedFunction, features_of, fitting
from stresslab.detectors._kind import Detector
from stresslab.detectors._some import some
from stresslab.evidence import Evidence

NEEDS = ("features",)


@dataclass(frozen=True)
class OneClassSVMFloor:
    """Minus the decision function of a one-class SVM with a Gaussian kernel; a floor.

    Parameters
    ----------
    nu : float
        Bound on the share of fit rows outside.
    most : int
        Fit rows beyond these are left out, drawn with `seed`: the time grows with their square.
    seed : int
        Seed of that draw.
    """

    nu: float = 0.1
    most: int = 5_000
    seed: int = 0

    def fit(self, evidence: Evidence) -> FittedFunction:
        """Return the fitted boundary."""
        from sklearn.svm import OneClassSVM

        fitting(evidence, NEEDS)
        features = some(features_of(evidence), self.most, self.seed)
        machine = OneClassSVM(nu=self.nu, gamma="scale").fit(features)

        def score(rows: Evidence) -> Array:
            found: Array = -machine.decision_function(features_of(rows))
            return found

        return FittedFunction(NEEDS, score)


PIECE = Detector(
    title="one-class SVM",
    settings=OneClassSVMFloor,
    needs=NEEDS,
    cost="n * n_fit * dimension",
    source="Schölkopf et al. (2001), Estimating the support of a distribution; scikit-learn",
)
