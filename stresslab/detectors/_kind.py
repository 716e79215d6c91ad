"""What a detector of out-of-distribution inputs declares."""

from dataclasses import dataclass
from typing import Protocol

from stresslab.checks import Array
from stresslab.evidence import Evidence


class Fitted(Protocol):
    """A detector that has seen in-distribution evidence."""

    def score(self, evidence: Evidence) -> Array:
        """Return one number per row, shape (n,), float64, finite; larger is more outlying."""
        ...


class Settings(Protocol):
    """A frozen dataclass of settings that can be fitted."""

    def fit(self, evidence: Evidence) -> Fitted:
        """Return the detector fitted on in-distribution evidence, which stays as it is."""
        ...


@dataclass(frozen=True)
class Detector:
    """A way to tell inputs unlike those a model was made for.

    Parameters
    ----------
    title : str
        Name for people, in lower case.
    settings : type
        Frozen dataclass whose defaults are those of its source; ``settings().fit(evidence)``.
    needs : tuple of str
        Parts of `Evidence` that fit and score read; ``"logits|probs"`` where either will do.
    cost : str
        How the time of `score` grows, e.g. ``"n * n_fit * dimension"``.
    source : str
        Where the definition comes from.
    """

    title: str
    settings: type
    needs: tuple[str, ...]
    cost: str
    source: str = ""
