"""What an estimator of the share of right answers without labels declares."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from stresslab.checks import Array
from stresslab.evidence import Evidence, lacking

OnTarget = Callable[[Evidence, Array], Array]
Weighted = Callable[[Evidence, Array], OnTarget]


@dataclass(frozen=True)
class Estimator:
    """A way to say how often a model is right on inputs whose labels nobody gave.

    Parameters
    ----------
    title : str
        Name for people, in lower case.
    estimate : callable
        ``estimate(source, target, *, rng) -> float``: share right on `target`, in [0, 1], or NaN
        where it is undefined. `source` is labelled (has `correct`); of `target`, labels and
        `correct` are never read.
    needs : tuple of str
        Parts of `Evidence` read of the target.
    of_source : tuple of str
        Parts of `Evidence` read of the source; empty where none is needed.
    weighted : callable, optional
        ``weighted(source, weights) -> on``, ``on(target, weights) -> (n_draws,)``: the same with
        weights on rows, of shapes (n_draws, n_source) and (n_draws, n_target); what is learnt of
        the source serves every target. A bootstrap needs it; without it an estimate has no
        interval of its own.
    is_score : bool
        Whether the value is a score that follows the error (larger = more errors) rather than a
        share right; it is then ranked, not subtracted.
    is_quick : bool
        Whether hundreds of them take less than half a second together.
    cost : str
        How time grows.
    source : str
        Where the definition comes from.
    """

    title: str
    estimate: Callable[..., float]
    needs: tuple[str, ...]
    of_source: tuple[str, ...] = ()
    weighted: Weighted | None = None
    is_score: bool = False
    is_quick: bool = False
    cost: str = ""
    source: str = ""


def once(weighted: Weighted) -> Callable[..., float]:
    """Return the estimate of a weighted one: every row counts once."""

    def estimate(
        source: Evidence, target: Evidence, *, rng: np.random.Generator | None = None
    ) -> float:
        """Return the estimate with every row counted once; nothing is random in it."""
        if target.n == 0:
            return float("nan")
        on = weighted(source, np.ones((1, source.n)))
        return float(on(target, np.ones((1, target.n)))[0])

    estimate.__doc__ = weighted.__doc__
    return estimate


def applicable(piece: Estimator, source: Evidence | None, target: Evidence) -> str:
    """Return why an estimate cannot be made of these inputs, or ``""``."""
    if reason := lacking(target, piece.needs):
        return reason
    if piece.of_source and (source is None or source.n == 0):
        return "not applicable: needs labelled inputs in distribution"
    reason = lacking(source, piece.of_source) if source is not None else ""
    return f"{reason} in distribution" if reason else ""
