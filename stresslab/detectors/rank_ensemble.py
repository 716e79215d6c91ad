"""The mean rank of a row among held-out rows, over several detectors."""

from dataclasses import dataclass

import numpy as np

from stresslab.checks import Array
from stresslab.detectors._common import FittedFunction, fitting
from stresslab.detectors._kind import Detector, Fitted
from stresslab.errors import ParamError, StresslabError, TooFewRowsError
from stresslab.evidence import Evidence, lacking

NEEDS = ("features|logits|probs",)


@dataclass(frozen=True)
class RankEnsemble:
    """Score the mean over members of the share of held-out rows that score below, ties half.

    Parameters
    ----------
    members : tuple of str
        Names of detectors; those that do not apply, or cannot be fitted, are left out.
    held_out : float
        Share of the fit rows that ranks are taken among, where `Evidence.calibration` gives none.
    seed : int
        Seed of that draw.
    """

    members: tuple[str, ...] = ("max_softmax", "energy", "mahalanobis", "knn", "vim")
    held_out: float = 1 / 3
    seed: int = 0

    def fit(self, evidence: Evidence) -> FittedFunction:
        """Return the ensemble of the members that apply.

        Raises
        ------
        ParamError
            If fewer than two apply.
        TooFewRowsError
            If no rows are left to rank among.
        """
        if not 0 < self.held_out < 1:
            raise ParamError(f"held_out lies in (0, 1); got {self.held_out!r}.")
        fitting(evidence, NEEDS)
        training, ranked = evidence, evidence.calibration
        if ranked is None:
            order = np.random.default_rng(self.seed).permutation(evidence.n)
            n_held = round(evidence.n * self.held_out)
            training = evidence.take(np.sort(order[n_held:]))
            ranked = evidence.take(np.sort(order[:n_held]))
        if not training.n or not ranked.n:
            raise TooFewRowsError(f"Ranks need held-out rows; of {evidence.n} none are left.")
        fitted, reasons = self._fitted(training)
        if len(fitted) < 2:
            raise ParamError(
                f"An ensemble has two members or more; {len(fitted)} apply here ({reasons}). "
                "Name others."
            )
        usual = [np.sort(one.score(ranked)) for one in fitted]

        def score(rows: Evidence) -> Array:
            ranks = [_rank(one.score(rows), among) for one, among in zip(fitted, usual)]
            found: Array = np.mean(ranks, axis=0)
            return found

        return FittedFunction(NEEDS, score)

    def _fitted(self, training: Evidence) -> tuple[list[Fitted], str]:
        from stresslab.detectors import detectors

        fitted: list[Fitted] = []
        reasons = []
        for name in self.members:
            piece = detectors.get(name)
            try:
                if reason := lacking(training, piece.needs):
                    raise ParamError(reason)
                fitted.append(piece.settings().fit(training))
            except StresslabError as error:
                reasons.append(f"{name}: {error}")
        return fitted, "; ".join(reasons)


def _rank(scores: Array, among: Array) -> Array:
    """Return the share of sorted `among` below each score, ties counted half."""
    below = np.searchsorted(among, scores, side="left")
    upto = np.searchsorted(among, scores, side="right")
    found: Array = (below + upto) / (2 * len(among))
    return found


PIECE = Detector(
    title="rank ensemble",
    settings=RankEnsemble,
    needs=NEEDS,
    cost="that of its members",
    source="ours: mean of ranks, as in Borda's count",
)
