"""The energy after the smaller activations of each row are taken away."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from stresslab.checks import Array
from stresslab.detectors._common import (
    FittedFunction,
    energy_of,
    features_of,
    fitting,
    through_head,
)
from stresslab.detectors._kind import Detector
from stresslab.errors import ParamError
from stresslab.evidence import Evidence

NEEDS = ("features", "head")
Form = Literal["S", "B", "P"]


@dataclass(frozen=True)
class ASH:
    """Score the energy of the head over shaped activations.

    In each row the activations below its quantile become 0. P keeps the others; S multiplies them
    by ``exp(s1 / s2)``, the sums before and after; B sets each to s1 / their number.

    Parameters
    ----------
    form : {"S", "B", "P"}
        As above.
    quantile : float
        Share of the activations of a row that are taken away.
    """

    form: Form = "S"
    quantile: float = 0.9

    def fit(self, evidence: Evidence) -> FittedFunction:
        """Return the detector; only the head is kept.

        Raises
        ------
        ParamError
            If activations are negative: the method is defined behind a rectifier.
        """
        if self.form not in get_args(Form) or not 0 <= self.quantile < 1:
            raise ParamError(
                f"form is one of {', '.join(get_args(Form))} and quantile lies in [0, 1); got "
                f"{self.form!r} and {self.quantile!r}."
            )
        fitting(evidence, NEEDS)
        low = float(np.min(evidence.features)) if evidence.features is not None else 0.0
        if low < 0:
            raise ParamError(
                "Activations behind a rectifier are not negative, and only those can be shaped; "
                f"the least here is {low:.3g}. Take another detector."
            )

        def score(rows: Evidence) -> Array:
            return energy_of(through_head(self._shaped(features_of(rows)), evidence))

        return FittedFunction(("features",), score)

    def _shaped(self, features: Array) -> Array:
        before = features.sum(axis=1, keepdims=True)
        limit = np.quantile(features, self.quantile, axis=1, keepdims=True)
        kept = features >= limit
        pruned: Array = np.where(kept, features, 0.0)
        if self.form == "P":
            return pruned
        if self.form == "B":
            found: Array = np.where(kept, before / kept.sum(axis=1, keepdims=True), 0.0)
            return found
        after = pruned.sum(axis=1, keepdims=True)
        ratio = np.divide(before, after, out=np.ones_like(before), where=after > 0)
        scaled: Array = pruned * np.exp(ratio)
        return scaled


PIECE = Detector(
    title="activation shaping",
    settings=ASH,
    needs=NEEDS,
    cost="n * dimension * (log dimension + n_classes)",
    source="Djurisic et al. (2023), Extremely simple activation shaping for OOD detection",
)
