"""The likeness to the stored pattern of the predicted class."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from stresslab.checks import Array
from stresslab.detectors._classes import class_means
from stresslab.detectors._common import FittedFunction, features_of, fitting, predicted_of, unit
from stresslab.detectors._kind import Detector
from stresslab.errors import ParamError
from stresslab.evidence import Evidence

Likeness = Literal["cosine", "inner"]


@dataclass(frozen=True)
class SHE:
    """Score minus the likeness of x to the mean of its predicted class.

    The mean is taken over fit rows of the class that were predicted as it; over all of them where
    none was, or where predictions are not known. Without predictions the likest class counts.

    Parameters
    ----------
    likeness : {"cosine", "inner"}
        The paper takes the inner product; the cosine does not reward long vectors.
    """

    likeness: Likeness = "cosine"

    def fit(self, evidence: Evidence) -> FittedFunction:
        """Return the detector with one pattern per class.

        Raises
        ------
        ParamError
            If no row has a label.
        """
        if self.likeness not in get_args(Likeness):
            raise ParamError(f"likeness is cosine or inner; got {self.likeness!r}.")
        fitting(evidence, ("features", "labels"))
        patterns = self._form(_patterns(evidence))

        def score(rows: Evidence) -> Array:
            likeness = self._form(features_of(rows)) @ patterns.T
            predicted = predicted_of(rows)
            if predicted is None:
                found: Array = -likeness.max(axis=1)
                return found
            known = predicted < len(patterns)
            own = likeness[np.arange(len(likeness)), np.where(known, predicted, 0)]
            return -np.where(known, own, likeness.max(axis=1))

        return FittedFunction(("features",), score)

    def _form(self, vectors: Array) -> Array:
        return unit(vectors) if self.likeness == "cosine" else vectors


def _patterns(evidence: Evidence) -> Array:
    """Return one pattern per class number; of a class without rows the mean of all patterns."""
    features, labels = features_of(evidence), np.asarray(evidence.labels)
    predicted = predicted_of(evidence)
    if not (labels >= 0).any():
        raise ParamError("Classes need labels; none of the rows has one. Give them references.")
    right = labels >= 0 if predicted is None else (labels >= 0) & (labels == predicted)
    seen = np.isin(labels, np.unique(labels[right]))
    used = right | (~seen & (labels >= 0))
    present, codes = np.unique(labels[used], return_inverse=True)
    means = class_means(features[used], codes)
    patterns = np.tile(means.mean(axis=0), (int(present.max()) + 1, 1))
    patterns[present] = means
    return patterns


PIECE = Detector(
    title="prototype cosine",
    settings=SHE,
    needs=("features", "labels"),
    cost="n * dimension * n_classes",
    source="Zhang et al. (2023), OOD detection based on in-distribution data patterns (SHE), eq. 6",
)
