"""Familiarity: how usual distance, reconstruction and confidence of a row are, together."""

from dataclasses import dataclass
from typing import Any, get_args

import numpy as np

from stresslab.checks import Array
from stresslab.detectors._common import check_parts, features_of, fitting, log_probs_of
from stresslab.detectors._familiarity import Code, Combine, combined, empirical_p
from stresslab.detectors._kind import Detector
from stresslab.errors import ParamError, TooFewRowsError
from stresslab.evidence import Evidence

PARTS = ("distance", "reconstruction", "confidence")


@dataclass(frozen=True)
class SAGE:
    """Fit an encoder and the usual values of three scores.

    s1 is the mean distance to the k nearest fit rows in the code of a principal component
    analysis, s2 the mean squared error of what the code gives back, s3 is 1 - the largest
    probability. Against calibration rows c, ``p_j = (1 + #{c: s_j(c) >= s_j(x)}) / (n_c + 1)``;
    the familiarity is their geometric mean, and the score 1 - familiarity.

    Parameters
    ----------
    k : int
        Neighbours.
    dimension : int
        Length of the code; that of the features, or the fit rows, where it is smaller.
    combine : {"geometric", "min", "fisher"}
        How the three p become one; Fisher's sum holds only if they were independent.
    held_out : float
        Share of the fit rows that calibrates where `Evidence.calibration` gives nothing.
    allow_seen : bool
        Whether calibration rows may be fit rows: their p are then too small for new rows.
    seed : int
        Seed of that draw.
    """

    k: int = 10
    dimension: int = 16
    combine: Combine = "geometric"
    held_out: float = 1 / 3
    allow_seen: bool = False
    seed: int = 0

    def fit(self, evidence: Evidence) -> "FittedSAGE":
        """Return the fitted encoder, head and usual scores.

        Raises
        ------
        ParamError
            If calibration rows are fit rows, or no part says how sure a model is.
        TooFewRowsError
            If there are no k + 1 fit rows, or none to calibrate on.
        """
        if self.combine not in get_args(Combine) or not 0 < self.held_out < 1:
            raise ParamError(
                f"combine is one of {', '.join(get_args(Combine))} and held_out lies in (0, 1); "
                f"got {self.combine!r} and {self.held_out!r}."
            )
        fitting(evidence, ("features", "labels|logits|probs"))
        training, calibration = self._split(evidence)
        if self.k >= training.n or not calibration.n:
            raise TooFewRowsError(
                f"There must be more than k = {self.k} fit rows and some to calibrate on; there "
                f"are {training.n} and {calibration.n}. Lower k or give more rows."
            )
        code = Code.fit(features_of(training), self.dimension)
        sure = _is_sure(training) and _is_sure(calibration)
        head = None if sure else _head(code.codes, training)
        unsorted = FittedSAGE(self, code, head, np.empty((0, 3)))
        return FittedSAGE(self, code, head, np.sort(unsorted.raw(calibration), axis=0))

    def _split(self, evidence: Evidence) -> tuple[Evidence, Evidence]:
        """Return what is fitted on and what calibrates."""
        calibration = evidence.calibration
        if calibration is None:
            order = np.random.default_rng(self.seed).permutation(evidence.n)
            n_held = round(evidence.n * self.held_out)
            return evidence.take(np.sort(order[n_held:])), evidence.take(np.sort(order[:n_held]))
        check_parts(calibration, ("features",))
        seen = {row.tobytes() for row in features_of(evidence)}
        n_seen = sum(row.tobytes() in seen for row in features_of(calibration))
        if n_seen > calibration.n / 2 and not self.allow_seen:
            raise ParamError(
                f"Calibration rows are not fit rows; {n_seen} of {calibration.n} are. Hold other "
                "rows out, or set allow_seen and mind that new rows will look unusual."
            )
        return evidence, calibration


@dataclass(frozen=True, eq=False)
class FittedSAGE:
    """What is usual, and how usual new rows are.

    Parameters
    ----------
    settings : SAGE
        As fitted.
    code : Code
        The encoder, and the codes of the fit rows.
    head : object or None
        Logistic regression on codes, where rows bring no logits or probabilities.
    usual : ndarray of shape (n_calibration, 3)
        Sorted scores of the calibration rows.
    """

    settings: SAGE
    code: Code
    head: Any
    usual: Array

    @property
    def resolution(self) -> float:
        """Return the smallest p there can be, 1 / (n_c + 1)."""
        return 1 / (len(self.usual) + 1)

    def probabilities(self, evidence: Evidence) -> Array:
        """Return probabilities of classes, shape (n, n_classes): of the head, else as stored."""
        if self.head is None:
            return np.exp(log_probs_of(evidence))
        found: Array = self.head.predict_proba(self.code.of(features_of(evidence)))
        return found

    def raw(self, evidence: Evidence, *, own: bool = False) -> Array:
        """Return the three scores, shape (n, 3), in the order of `PARTS`; larger is stranger.

        Rows that are the fit rows, in their order (`own`), are not their own neighbours.
        """
        check_parts(evidence, ("features",) if self.head else ("features", "logits|probs"))
        strange = self.code.strangeness(features_of(evidence), self.settings.k, own=own)
        return np.column_stack([*strange, 1 - self.probabilities(evidence).max(axis=1)])

    def parts(self, evidence: Evidence, *, own: bool = False) -> Array:
        """Return the three p, shape (n, 3), in [1 / (n_c + 1), 1]; small is unusual."""
        return empirical_p(self.raw(evidence, own=own), self.usual)

    def familiarity(self, evidence: Evidence) -> Array:
        """Return one number per row, shape (n,), in (0, 1]; small is unusual."""
        return combined(self.parts(evidence), self.settings.combine)

    def score(self, evidence: Evidence) -> Array:
        """Return 1 - familiarity, shape (n,)."""
        return 1 - self.familiarity(evidence) if evidence.n else np.empty(0)


def _is_sure(evidence: Evidence) -> bool:
    return evidence.logits is not None or evidence.probs is not None


def _head(codes: Array, training: Evidence) -> Any:
    """Return a logistic regression from codes to labels."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    if training.labels is None or len(np.unique(training.labels[training.labels >= 0])) < 2:
        raise ParamError(
            "Without logits or probabilities a head is fitted on labels of two classes or more; "
            "there are fewer. Store logits or probabilities with the rows."
        )
    known = training.labels >= 0
    head = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
    return head.fit(codes[known], training.labels[known])


PIECE = Detector(
    title="SAGE",
    settings=SAGE,
    needs=("features", "labels|logits|probs"),
    cost="n * (n_fit * m + dimension * m)",
    source="Generalization is not a universal guarantee; the geometric mean is ours",
)
