"""What a search for slices looks at: one number per row, and which way it stands out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from stresslab.analyses import _paired
from stresslab.analyses._ask import Asked
from stresslab.checks import Array
from stresslab.errors import ParamError
from stresslab.result import Warn

if TYPE_CHECKING:
    from stresslab.slices.choose import Direction
    from stresslab.store.query import Pairs

TARGETS = ("score", "sure_and_wrong", "difference", "tier_drop")


@dataclass(frozen=True)
class Target:
    """One number per row of a slice; rows without one are not there.

    Parameters
    ----------
    name : str
        One of `TARGETS`.
    models : tuple of str
        Models it is about; the mean over them, but for a difference, which has two.
    title, unit : str
        What the mean over rows is called, and its direction.
    values : ndarray of shape (n_rows,)
        Known values.
    variant, cluster : ndarray of int, shape (n_rows,)
        Codes; clusters from 0.
    direction : {"high", "low", "both"}
        Which means are looked for.
    rate : bool
        Whether the values are shares.
    bounds : tuple of float or None
        Smallest and largest value.
    """

    name: str
    models: tuple[str, ...]
    title: str
    unit: str
    values: Array
    variant: Array
    cluster: Array
    direction: "Direction"
    rate: bool
    bounds: tuple[float, float] | None


def target(asked: Asked, name: str, sure: float) -> tuple[Target | None, list[Warn]]:
    """Return what is searched, or None and the reason.

    Parameters
    ----------
    name : str
        One of `TARGETS`.
    sure : float
        Confidence from which a wrong answer counts as sure.

    Raises
    ------
    ParamError
        If the metric has no value per row, or a difference is asked of other than two models.
    """
    return _MAKE[name](asked, sure)


def _score(asked: Asked, sure: float) -> tuple[Target | None, list[Warn]]:
    pairs, how = _pairs(asked), _paired.judge(asked)
    low = how.larger_is_better
    return _made(
        asked, pairs, pairs.values, "score", asked.metric.title,
        "larger is better" if low else "smaller is better", "low" if low else "high",
        pairs.rate or how.rate, how.bounds,
    )  # fmt: skip


def _sure_and_wrong(asked: Asked, sure: float) -> tuple[Target | None, list[Warn]]:
    measures = asked.contents.measures
    known = set(measures.loc[measures["task"] == asked.question.task, "measure"])
    if not {"correct", "confidence"} <= known:
        text = "Nobody is sure and wrong here: the rows hold no confidence and correctness."
        return None, [Warn("no-confidence", text)]
    right = _pairs(asked.again("correct"))
    confidence = _pairs(asked.again("confidence"))
    both = np.isin(right.variant, confidence.variant) & _paired.once(right)
    right = _paired.rows_of(right, both)
    stated = confidence.values[np.searchsorted(confidence.variant, right.variant)]
    unknown = np.isnan(right.values) | np.isnan(stated)
    values = np.where(unknown, np.nan, (right.values == 0) & (stated >= sure))
    return _made(
        asked, right, values, "sure_and_wrong", f"share wrong with confidence {sure:g} or more",
        "smaller is better", "high", True, (0.0, 1.0),
    )  # fmt: skip


def _difference(asked: Asked, sure: float) -> tuple[Target | None, list[Warn]]:
    models, given = asked.models, asked.params.models
    if len(models) < 2:
        return None, [Warn("one-model", "A difference needs two models; there is one here.", 1)]
    if len(given) not in (0, 2):
        raise ParamError(
            f"A search for differences compares two models; got {len(given)}. Choose two."
        )
    asked = replace(asked, question=replace(asked.question, models=tuple(models[:2])))
    pairs, how = _pairs(asked), _paired.judge(asked)
    span = None if how.bounds is None else how.bounds[1] - how.bounds[0]
    names = [asked.names.get(one, one) for one in models[:2]]
    return _made(
        asked, pairs, (pairs.values[:, 0] - pairs.values[:, 1])[:, None], "difference",
        f"{names[0]} minus {names[1]}", "larger is better for the first", "both", False,
        None if span is None else (-span, span),
    )  # fmt: skip


def _tier_drop(asked: Asked, sure: float) -> tuple[Target | None, list[Warn]]:
    pairs, how = _pairs(asked), _paired.judge(asked)
    clean = np.full((int(pairs.item.max(initial=-1)) + 1, len(pairs.models)), np.nan)
    is_clean = (pairs.tier == 0) & (pairs.perturbation < 0)
    clean[pairs.item[is_clean]] = pairs.values[is_clean]
    values = clean[pairs.item] - pairs.values
    values[is_clean] = np.nan
    if not how.larger_is_better:
        values = -values
    if np.isnan(values).all():
        text = "No row stands beside the untouched version of its item, so there is no drop."
        return None, [Warn("no-clean-rows", text)]
    span = None if how.bounds is None else how.bounds[1] - how.bounds[0]
    return _made(
        asked, pairs, values, "tier_drop", f"drop of {asked.metric.title} from the untouched item",
        "smaller is better", "high", False, None if span is None else (-span, span),
    )  # fmt: skip


def _pairs(asked: Asked) -> "Pairs":
    from stresslab.store import query

    return query.pairs(asked.workspace, _paired.row_question(asked))


def _made(
    asked: Asked, pairs: "Pairs", values: Array, name: str, title: str, unit: str,
    direction: "Direction", rate: bool, bounds: tuple[float, float] | None,
) -> tuple[Target | None, list[Warn]]:  # fmt: skip
    """Return the mean over models of the rows that have one."""
    known = np.isfinite(values)
    n = known.sum(axis=1)
    there = n > 0
    if not there.any():
        return None, []
    mean = np.where(known, values, 0.0).sum(axis=1)[there] / n[there]
    cluster = np.unique(pairs.cluster[there], return_inverse=True)[1]
    warned = []
    if (unmatched := sum(map(int, pairs.unmatched.values()))) and pairs.models:
        text = "values of one model have no partner in another and are left out."
        warned.append(Warn("unmatched", f"{unmatched:,} {text}", unmatched))
    found = Target(
        name, tuple(pairs.models), title, unit, mean, pairs.variant[there], cluster, direction,
        rate, bounds,
    )  # fmt: skip
    return found, warned


_MAKE: dict[str, Callable[[Asked, float], tuple[Target | None, list[Warn]]]] = {
    "score": _score, "sure_and_wrong": _sure_and_wrong, "difference": _difference,
    "tier_drop": _tier_drop,
}  # fmt: skip


def spoken(names: Sequence[str]) -> str:
    """Return how the models of a target are called in a sentence."""
    return names[0] if len(names) == 1 else f"the mean of {len(names)} models"
