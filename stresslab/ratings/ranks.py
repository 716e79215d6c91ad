"""From scores to places, rule by rule, and how far apart two orders are."""

import numpy as np

from stresslab.checks import Array
from stresslab.errors import ParamError

ALIKE = 1e-9
"""Values closer than this share a place: the last digits of a sum decide nothing."""

RULES = ("mean", "median", "mean rank")
"""mean-then-rank, median-then-rank, rank-then-mean."""


def places(values: Array, *, higher_is_better: bool = True) -> Array:
    """Return the place of every value along the last axis: 1 is the best, equals share the best.

    Parameters
    ----------
    values : ndarray of shape (..., n_models)
        NaN comes after all others.
    higher_is_better : bool
        Direction.
    """
    ahead = _ahead(values, higher_is_better)
    found: Array = 1 + ahead.sum(axis=-1)
    return found


def mid_ranks(values: Array, *, higher_is_better: bool = True) -> Array:
    """Return ranks along the last axis in which equals share the middle one.

    Parameters
    ----------
    values : ndarray of shape (..., n_models)
        NaN comes after all others.
    higher_is_better : bool
        Direction.
    """
    ahead = _ahead(values, higher_is_better)
    behind = np.swapaxes(ahead, -1, -2)
    level = values.shape[-1] - ahead.sum(axis=-1) - behind.sum(axis=-1)
    found: Array = ahead.sum(axis=-1) + (level + 1) / 2
    return found


def aggregate(scores: Array, rule: str, *, higher_is_better: bool = True) -> Array:
    """Return one value per model by a rule; larger is better except for the mean rank.

    Parameters
    ----------
    scores : ndarray of shape (n_cases, n_models)
        NaN is unknown: left out of mean and median, last in a rank. A challenge that gives the
        worst score for a missing one fills it in first (`worst_for_missing`).
    rule : str
        One of `RULES`.
    higher_is_better : bool
        Direction of the scores.

    Raises
    ------
    ParamError
        If the rule is not known.
    """
    scores = np.asarray(scores, float)
    if rule not in RULES:
        raise ParamError(f"rule must be one of {', '.join(RULES)}; got {rule!r}.")
    if rule == "mean rank":
        found: Array = mid_ranks(scores, higher_is_better=higher_is_better).mean(axis=0)
        return found
    middle: Array = (np.nanmean if rule == "mean" else np.nanmedian)(scores, axis=0)
    return middle


def worst_for_missing(scores: Array, *, higher_is_better: bool = True) -> Array:
    """Return the scores with the worst one of all cases and models where one is unknown.

    Parameters
    ----------
    scores : ndarray of shape (n_cases, n_models)
        NaN is unknown: nothing was handed in.
    higher_is_better : bool
        Direction of the scores.
    """
    scores = np.asarray(scores, float)
    unknown = np.isnan(scores)
    if unknown.all() or not unknown.any():
        return scores
    worst = np.nanmin(scores) if higher_is_better else np.nanmax(scores)
    return np.where(unknown, worst, scores)


def rank_by(scores: Array, rule: str, *, higher_is_better: bool = True) -> Array:
    """Return the place of every model by a rule; see `aggregate`."""
    values = aggregate(scores, rule, higher_is_better=higher_is_better)
    return places(values, higher_is_better=higher_is_better and rule != "mean rank")


def kendall_distance(a: Array, b: Array) -> Array:
    """Return the share of pairs of models that two orders put the other way round.

    A pair that is level in exactly one of them counts half.

    Parameters
    ----------
    a, b : ndarray of shape (..., n_models)
        Places or values in one direction; broadcast against each other.
    """
    a, b = np.asarray(a, float), np.asarray(b, float)
    k = a.shape[-1]
    if k < 2:
        return np.zeros(np.broadcast_shapes(a.shape, b.shape)[:-1])
    i, j = np.triu_indices(k, 1)
    found: Array = np.abs(_side(a, i, j) - _side(b, i, j)).mean(axis=-1) / 2
    return found


def kendall_tau(a: Array, b: Array) -> Array:
    """Return Kendall's tau-b of two orders; NaN where one of them is all level.

    Parameters
    ----------
    a, b : ndarray of shape (..., n_models)
        Places or values in one direction; broadcast against each other.
    """
    a, b = np.asarray(a, float), np.asarray(b, float)
    i, j = np.triu_indices(a.shape[-1], 1)
    first, second = _side(a, i, j), _side(b, i, j)
    size = np.sqrt((first**2).sum(axis=-1) * (second**2).sum(axis=-1))
    with np.errstate(invalid="ignore", divide="ignore"):
        found: Array = (first * second).sum(axis=-1) / size
    return found


def allowed_places(wins: Array) -> tuple[Array, Array]:
    """Return the best and the worst place that decided pairs leave to every model.

    Parameters
    ----------
    wins : ndarray of bool, shape (..., n_models, n_models)
        ``wins[a, b]``: whether model a is told to be better than model b.
    """
    return 1 + wins.sum(axis=-2), wins.shape[-1] - wins.sum(axis=-1)


def tie_groups(values: Array, apart: Array, *, higher_is_better: bool = True) -> Array:
    """Return the group of every model: with it are those that cannot be told from its best one.

    From the best value down, a model opens a new group when it is apart from the first model of
    the current one.

    Parameters
    ----------
    values : ndarray of shape (n_models,)
        What orders them.
    apart : ndarray of bool, shape (n_models, n_models)
        Whether two models are told apart.
    higher_is_better : bool
        Direction.
    """
    order = np.argsort(-values if higher_is_better else values, kind="stable")
    group = np.zeros(len(values), dtype=np.int64)
    first, number = -1, 0
    for one in order:
        if first < 0 or apart[first, one]:
            first, number = one, number + 1
        group[one] = number
    return group


def _side(values: Array, i: Array, j: Array) -> Array:
    gap = values[..., i] - values[..., j]
    side: Array = np.where(np.abs(gap) > ALIKE, np.sign(gap), 0.0)
    return side


def _ahead(values: Array, higher_is_better: bool) -> Array:
    """Return ``ahead[..., i, j]``: whether model j is better than model i."""
    values = np.asarray(values, float)
    worst = -np.inf if higher_is_better else np.inf
    values = np.where(np.isnan(values), worst, values)
    mine, theirs = values[..., :, None], values[..., None, :]
    edge = ALIKE * np.maximum(1.0, np.where(np.isfinite(mine), np.abs(mine), 1.0))
    ahead: Array = theirs > mine + edge if higher_is_better else theirs < mine - edge
    return ahead
