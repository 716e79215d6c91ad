"""Orders of the models by view and by rule, each with its redraws."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from stresslab.analyses._rank_views import Views
from stresslab.checks import Array
from stresslab.ratings.ranks import kendall_distance, mid_ranks, places

RESAMPLES = 2000


@dataclass(frozen=True)
class Order:
    """One way to rank the models.

    Parameters
    ----------
    kind : str
        ``all``, ``rule``, or the column whose value makes the view.
    view : str
        What it is called.
    label : dict
        Column and value of a view.
    value, low, high : ndarray of shape (n_models,)
        What the models are ranked by, with its interval.
    n, n_clusters : ndarray of int, shape (n_models,)
        Rows and clusters behind it.
    rank : ndarray of int, shape (n_models,)
        Places; equals share the best.
    drawn : ndarray of int, shape (n_resamples, n_models)
        Places in every resample; none where the rule is not redrawn.
    """

    kind: str
    view: str
    label: dict[str, Any]
    value: Array
    low: Array
    high: Array
    n: Array
    n_clusters: Array
    rank: Array
    drawn: Array

    @property
    def first(self) -> Array:
        """Return how often each model is first, shared firsts shared out; NaN without redraws."""
        if not len(self.drawn):
            return np.full(len(self.rank), np.nan)
        leads = self.drawn == 1
        found: Array = (leads / leads.sum(axis=1, keepdims=True)).mean(axis=0)
        return found

    def ends(self, level: float) -> tuple[Array, Array]:
        """Return the places between which a model stands in `level` of the resamples."""
        if not len(self.drawn):
            blank = np.full(len(self.rank), np.nan)
            return blank, blank
        low, high = np.quantile(
            self.drawn, [(1 - level) / 2, (1 + level) / 2], axis=0, method="inverted_cdf"
        )
        return np.minimum(low, self.rank), np.maximum(high, self.rank)

    def distance(self, other: "Order", level: float) -> tuple[float, float, float]:
        """Return the share of pairs this order turns, with its range over the resamples."""
        value = float(kendall_distance(self.rank, other.rank))
        if not len(self.drawn) or not len(other.drawn):
            return value, np.nan, np.nan
        drawn = kendall_distance(self.drawn, other.drawn)
        low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
        return value, min(value, float(low)), max(value, float(high))


@dataclass(frozen=True)
class How:
    """What orders need to know: direction, bounds, whether all is right or wrong, and the level."""

    higher_is_better: bool
    rate: bool
    bounds: tuple[float, float] | None
    level: float


def redraw(views: Views, rng: np.random.Generator, resamples: int = RESAMPLES) -> Views:
    """Return `views` with resamples in the place of clusters."""
    from stresslab.stats.resampled import resampled_totals

    shapes = [views.totals.shape[1:], views.counts.shape[1:]]
    shapes += [] if views.ranks is None else [views.ranks.shape[1:]]
    drawn = resampled_totals(views.flat(), views.stratum, rng=rng, resamples=resamples)
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes])
    parts = [
        part.reshape(resamples, *shape)
        for part, shape in zip(np.split(drawn, ends[:-1], axis=1), shapes, strict=True)
    ]
    ranks = parts[2] if len(parts) > 2 else None
    return Views(views.labels, parts[0], parts[1], ranks, views.stratum, views.left_out)


def by_view(views: Views, drawn: Views, how: How) -> list[Order]:
    """Return the order of every view, all rows first."""
    from stresslab.stats.intervals import from_moments

    found = []
    k = views.totals.shape[2]
    for place, label in enumerate(views.labels):
        totals, counts = views.totals[:, place], views.counts[:, place]
        # One column of counts stands for all models where all have the same rows.
        n, n_clusters, squares = (
            np.broadcast_to(one.sum(axis=0), k) for one in (counts, counts > 0, counts**2)
        )
        value = from_moments(
            totals.sum(axis=0), n, n_clusters, (totals**2).sum(axis=0),
            (totals * counts).sum(axis=0), squares, rate=np.full(k, how.rate),
            level=how.level, bounds=how.bounds,
        )  # fmt: skip
        kind, name = next(iter(label.items()), ("all", "all rows"))
        again = places(_means(drawn, place), higher_is_better=how.higher_is_better)
        found.append(
            Order(
                kind, "none" if name is None else str(name), label, value.value, value.low,
                value.high, n.astype(np.int64), n_clusters.astype(np.int64),
                places(value.value, higher_is_better=how.higher_is_better), again,
            )
        )  # fmt: skip
    return found


def by_rule(
    views: Views, drawn: Views, how: How, medians: Array | None, by: Sequence[str]
) -> list[Order]:
    """Return the order of all rows under every rule that makes sense, the mean first."""
    first = by_view(_only(views), _only(drawn), how)[0]
    found = [_named(first, "mean of all rows")]
    if medians is not None:
        blank, none = np.full(len(medians), np.nan), np.zeros((0, len(medians)), dtype=int)
        rank = places(medians, higher_is_better=how.higher_is_better)
        found.append(
            Order("rule", "median of all rows", {}, medians, blank, blank, first.n,
                  first.n_clusters, rank, none)
        )  # fmt: skip
    whole = _together(views)
    ranks = [_mean_ranks(one, how) for one in (whole, drawn)]
    if ranks[0] is not None and ranks[1] is not None:
        found.append(_ruled("mean rank per row", ranks[0][0], ranks[1], first, False, how.level))
    for name in by:
        chosen = views.places_of(name)
        if len(chosen) < 2:
            continue
        inside, again = (
            np.stack([_means(one, place) for place in chosen], axis=1) for one in (whole, drawn)
        )
        known = np.isfinite(inside[0]).all(axis=1)
        if known.sum() < 2:
            continue
        inside, again = inside[:, known], again[:, known]
        better = how.higher_is_better
        found.append(
            _ruled(f"mean over {name}s", inside[0].mean(axis=0), _mean(again), first, better,
                   how.level)
        )  # fmt: skip
        ranked = [mid_ranks(one, higher_is_better=better).mean(axis=1) for one in (inside, again)]
        found.append(
            _ruled(f"mean rank over {name}s", ranked[0][0], ranked[1], first, False, how.level)
        )
    return found


def _together(views: Views) -> Views:
    """Return `views` with all clusters added up into one."""
    ranks = None if views.ranks is None else views.ranks.sum(axis=0, keepdims=True)
    totals, counts = (one.sum(axis=0, keepdims=True) for one in (views.totals, views.counts))
    return Views(views.labels, totals, counts, ranks, views.stratum, {})


def _mean(values: Array) -> Array:
    """Return the mean over views, of those a resample has rows of."""
    known = np.isfinite(values)
    total = np.where(known, values, 0.0).sum(axis=1)
    found: Array = np.where(known.any(axis=1), total / np.maximum(known.sum(axis=1), 1), np.nan)
    return found


def _named(order: Order, rule: str) -> Order:
    from dataclasses import replace

    return replace(order, kind="rule", view=rule)


def _ruled(
    rule: str, value: Array, drawn: Array, like: Order, higher_is_better: bool, level: float
) -> Order:
    low, high = np.nanquantile(drawn, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return Order(
        "rule", rule, {}, value, np.minimum(low, value), np.maximum(high, value), like.n,
        like.n_clusters, places(value, higher_is_better=higher_is_better),
        places(drawn, higher_is_better=higher_is_better),
    )  # fmt: skip


def _only(views: Views) -> Views:
    """Return the view of all rows alone."""
    return Views(views.labels[:1], views.totals[:, :1], views.counts[:, :1], views.ranks,
                 views.stratum, {})  # fmt: skip


def _means(views: Views, place: int) -> Array:
    counts = np.broadcast_to(views.counts[:, place], views.totals[:, place].shape)
    found: Array = np.full(counts.shape, np.nan)
    # A count drawn from the normal distribution may fall just short of a whole row.
    np.divide(views.totals[:, place], counts, out=found, where=counts > 0.5)
    return found


def _mean_ranks(views: Views, how: How) -> Array | None:
    """Return the mean over rows of the middle rank, from the means where all is right or wrong."""
    if views.ranks is not None:
        found: Array = views.ranks / views.counts[:, 0]
        return found
    if not how.rate or views.counts.shape[2] > 1:
        return None
    # A right model ranks (s + 1) / 2 where s are right, and a wrong one k / 2 behind it.
    means = _means(views, 0)
    means = means if how.higher_is_better else 1 - means
    k = means.shape[1]
    affine: Array = (means.sum(axis=1, keepdims=True) + 1) / 2 + (1 - means) * k / 2
    return affine
