"""How few random cuts it takes to set a vector apart."""

from dataclasses import dataclass

from stresslab.checks import Array
from stresslab.detectors._common import FittedFunction, features_of, fitting
from stresslab.detectors._kind import Detector
from stresslab.evidence import Evidence

NEEDS = ("features",)


@dataclass(frozen=True)
class IsolationForestFloor:
    """Score of an isolation forest, in (0, 1]; a floor that knows no labels.

    Parameters
    ----------
    n_trees : int
        Trees.
    seed : int
        Seed of the cuts.
    """

    n_trees: int = 200
    seed: int = 0

    def fit(self, evidence: Evidence) -> FittedFunction:
        """Return the fitted forest."""
        from sklearn.ensemble import IsolationForest

        fitting(evidence, NEEDS)
        forest = IsolationForest(n_estimators=self.n_trees, random_state=self.seed)
        forest.fit(features_of(evidence))

        def score(rows: Evidence) -> Array:
            found: Array = -forest.score_samples(features_of(rows))
            return found

        return FittedFunction(NEEDS, score)


PIECE = Detector(
    title="isolation forest",
    settings=IsolationForestFloor,
    needs=NEEDS,
    cost="n * n_trees * 8",
    source="Liu, Ting and Zhou (2008), Isolation forest; scikit-learn",
)
