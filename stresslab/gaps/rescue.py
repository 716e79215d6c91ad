"""Rescue and harm: what a model gets right where a reference fails, and wrong where it does not."""

from dataclasses import dataclass

import numpy as np

from stresslab.checks import Array, check_rows_match
from stresslab.errors import ParamError
from stresslab.stats.intervals import wilson


@dataclass(frozen=True)
class Rescue:
    """How a model does on the two halves a reference makes.

    Parameters
    ----------
    rescue, harm : tuple of (value, low, high)
        Share right where the reference is wrong, and share wrong where it is right; NaN where the
        reference is never wrong, or never right. Wilson's intervals, for independent items.
    accuracy, reference : float
        Share right of the model and of the reference on the same items.
    n_failed, n_right : int
        Items the reference got wrong, and right.
    """

    rescue: tuple[float, float, float]
    harm: tuple[float, float, float]
    accuracy: float
    reference: float
    n_failed: int
    n_right: int


def rescue_and_harm(correct: Array, reference: Array, *, level: float = 0.95) -> Rescue:
    """Return rescue and harm of a model against a reference on the same items.

    They make up its accuracy: with a the reference's, ``accuracy = a (1 - harm) + (1 - a) rescue``.
    Accuracy on the reference's failures alone is conditional on the reference and is no accuracy.

    Parameters
    ----------
    correct, reference : ndarray of shape (n_items,)
        1 right, 0 wrong; an item where either is NaN is left out.
    level : float
        Level of the intervals.

    Raises
    ------
    ParamError
        If a value is neither 0 nor 1.
    """
    check_rows_match(correct, reference)
    a, b = np.asarray(correct, float), np.asarray(reference, float)
    known = np.isfinite(a) & np.isfinite(b)
    a, b = a[known], b[known]
    if not np.isin(np.concatenate([a, b]), (0, 1)).all():
        raise ParamError("Rescue and harm need 0 (wrong) or 1 (right) per item.")
    failed = b == 0
    n_failed, n_right = int(failed.sum()), int((~failed).sum())
    found = wilson([a[failed].sum(), (1 - a[~failed]).sum()], [n_failed, n_right], level)
    ends = [
        (float(found.value[one]), float(found.low[one]), float(found.high[one])) for one in (0, 1)
    ]
    mean = (float(a.mean()), float(b.mean())) if len(a) else (float("nan"), float("nan"))
    return Rescue(ends[0], ends[1], *mean, n_failed, n_right)


def check_one_regime(regimes: Array) -> None:
    """Refuse to pool a random sample with the items another model failed.

    Raises
    ------
    ParamError
        If there is more than one regime, or a row without one.
    """
    names = ["" if one is None or one != one else str(one) for one in np.asarray(regimes, object)]
    if "" in names:
        raise ParamError("Some rows do not say how they were sampled (regime). Fill that column.")
    if len(set(names)) > 1:
        raise ParamError(
            f"Rows sampled in different ways are never pooled; got {', '.join(sorted(set(names)))}."
        )
