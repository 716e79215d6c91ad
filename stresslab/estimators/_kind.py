"""What an estimator of the share of right answers without labels declares."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Estimator:
    """A way to say how often a model is right on inputs whose labels nobody gave.

    Parameters
    ----------
    title : str
        Name for people, in lower case.
    estimate : callable
        ``estimate(source, target, *, rng) -> float``: share right on `target`, in [0, 1], or NaN.
        `source` is labelled (has `correct`); of `target`, labels and `correct` are never read.
    needs : tuple of str
        Parts of `Evidence` read of both sides (`correct` is read of the source only).
    is_score : bool
        Whether the value is a score that follows the error (larger = more errors) rather than a
        share right; it is then ranked, not subtracted.
    cost : str
        How time grows.
    source : str
        Where the definition comes from.
    """

    title: str
    estimate: Callable[..., float]
    needs: tuple[str, ...]
    is_score: bool = False
    cost: str = ""
    source: str = ""
