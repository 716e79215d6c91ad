"""The points of a map: places, failures, clusters and what colours them; kept between questions."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from stresslab.analyses._ask import Asked
from stresslab.checks import Array
from stresslab.errors import ParamError
from stresslab.result import Warn
from stresslab.store.recent import Recent

if TYPE_CHECKING:
    from stresslab.store.columns import VariantColumn
    from stresslab.store.derived import DerivedInfo

COLOURS = ("failure", "disagreement", "confidence", "tier", "domain", "perturbation", "cluster")
"""What points can be coloured by, besides any attribute."""

T = TypeVar("T")
_kept = Recent(1 << 30)


@dataclass(frozen=True, eq=False)
class Points:
    """Points of a map in the order of their variants; arrays of shape (n,).

    Parameters
    ----------
    variant, item, group : ndarray of int
        Codes of variant and item; clusters of items that belong together, from 0.
    x, y : ndarray
        Places.
    x2, y2 : ndarray or None
        Places on the map beside; NaN where it has none.
    failure : ndarray
        1 - score of the model in focus, NaN where it is not known.
    cell : ndarray of int
        Perturbation and tier together, from 0.
    tier, perturbation : ndarray of int
        Tier, and code of the perturbation (-1: none).
    cluster : ndarray of int or None
        Cluster of the vector, -1 for none.
    colour : ndarray
        Number, or code of `names`; NaN or -1 where not known.
    names : tuple of str
        What the codes stand for; empty where colours are numbers.
    focus : str
        The model.
    perturbations : tuple of str
        What codes of perturbations stand for.
    warnings : tuple of Warn
        What has no place.
    key : tuple
        Tells these points from all others.
    """

    variant: Array
    item: Array
    group: Array
    x: Array
    y: Array
    x2: Array | None
    y2: Array | None
    failure: Array
    cell: Array
    tier: Array
    perturbation: Array
    cluster: Array | None
    colour: Array
    names: tuple[str, ...]
    focus: str
    perturbations: tuple[str, ...]
    warnings: tuple[Warn, ...]
    key: tuple[Any, ...] = ()

    def take(self, rows: Array) -> "Points":
        """Return some of the points."""
        parts: dict[str, Any] = {
            name: value[rows] for name, value in vars(self).items() if isinstance(value, np.ndarray)
        }
        return replace(self, **parts)


def points(
    asked: Asked,
    drawn: "DerivedInfo",
    beside: "DerivedInfo | None",
    clusters: "DerivedInfo | None",
    colour: str,
) -> Points:
    """Return the points of the slice on a map; the same question is answered from memory."""
    question = replace(asked.question, warnings=(), below=())
    ids = tuple(one.digest if one else "" for one in (drawn, beside, clusters))
    key = (str(asked.workspace.path), asked.workspace.index_version, question, ids, colour)

    def make() -> Points:
        return replace(_points(asked, drawn, beside, clusters, colour), key=key)

    found: Points = _kept.get(key, make, _bytes)
    return found


def remember(found: Points, what: tuple[Any, ...], make: Callable[[], T]) -> T:
    """Return what was made of these points before, or make it; for what is small beside them."""
    made: T = _kept.get((*found.key, *what), make, lambda _: 40 * len(found.x))
    return made


def _bytes(found: Points) -> int:
    return sum(int(one.nbytes) for one in vars(found).values() if isinstance(one, np.ndarray))


def _points(
    asked: Asked,
    drawn: "DerivedInfo",
    beside: "DerivedInfo | None",
    clusters: "DerivedInfo | None",
    colour: str,
) -> Points:
    from stresslab.store.columns import columns
    from stresslab.store.pairs import pairs

    wide = replace(
        asked.question, measure="score", numerator="total", denominator="n_scored",
        population="each",
    )  # fmt: skip
    scores = pairs(asked.workspace, wide)
    fields = {"x": f"derived.{drawn.derived_id}.x", "y": f"derived.{drawn.derived_id}.y"}
    if beside is not None:
        fields |= {"x2": f"derived.{beside.derived_id}.x", "y2": f"derived.{beside.derived_id}.y"}
    if clusters is not None:
        fields["cluster"] = f"derived.{clusters.derived_id}"
    if colour not in COLOURS or colour in ("domain",):
        fields["colour"] = colour
    place, found = columns(asked.workspace, wide, [*dict.fromkeys(fields.values())])
    at = np.searchsorted(place, scores.variant)
    told = {name: found[field] for name, field in fields.items()}
    there = np.isfinite(told["x"].values[at])
    at = at[there]
    values = scores.values[there]
    focus = _focus(asked, drawn.space, values)
    perturbation, tier = scores.perturbation[there], scores.tier[there]
    _, cell = np.unique(perturbation.astype(np.int64) * 10_000 + tier, return_inverse=True)
    _, group = np.unique(scores.cluster[there], return_inverse=True)
    known = {name: one.values[at] for name, one in told.items() if name != "colour"}
    codes = None
    if "cluster" in known:
        codes = np.where(np.isfinite(known["cluster"]), known["cluster"], -1).astype(np.int64)
    shown, names = _colour(asked, wide, colour, told.get("colour"), at, values, focus, there)
    if colour == "cluster":
        shown = np.full(len(at), np.nan) if codes is None else codes.astype(float)
        names = tuple(f"cluster {one}" for one in range(int(shown.max(initial=-1)) + 1))
    if colour == "tier":
        shown = tier.astype(float)
    if colour == "perturbation":
        shown, names = perturbation.astype(float), tuple(map(str, scores.perturbation_names))
    return Points(
        variant=scores.variant[there], item=scores.item[there], group=group, x=known["x"],
        y=known["y"], x2=known.get("x2"), y2=known.get("y2"),
        failure=1 - values[:, asked.models.index(focus)], cell=cell, tier=tier,
        perturbation=perturbation, cluster=codes, colour=shown, names=names, focus=focus,
        perturbations=tuple(map(str, scores.perturbation_names)),
        warnings=_left_out(drawn, int((~there).sum())),
    )  # fmt: skip


def _focus(asked: Asked, space: str, values: Array) -> str:
    """Return the model whose failures are shown: the first named, that of the space, the best."""
    if asked.params.models:
        return asked.models[0]
    for one in asked.workspace.spaces():
        said = (one.manifest.get("settings") or {}).get("model")
        if one.space_id == space and said in asked.models:
            return str(said)
    known = np.isfinite(values)
    rates = np.where(known, values, 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    rates[known.sum(axis=0) < 0.5 * known.sum(axis=0).max(initial=0)] = -np.inf
    return asked.models[int(rates.argmax())]


def _colour(
    asked: Asked, wide: Any, colour: str, column: "VariantColumn | None", at: Array,
    values: Array, focus: str, there: Array,
) -> tuple[Array, tuple[str, ...]]:  # fmt: skip
    if colour == "disagreement":
        known = np.isfinite(values)
        n, mean = known.sum(axis=1), np.where(known, values, 0).sum(axis=1)
        with np.errstate(all="ignore"):
            mean = mean / n
            return np.where(n > 1, 2 * mean * (1 - mean) * n / (n - 1), np.nan), ()
    if colour == "confidence":
        from stresslab.analyses._evidence import values_of
        from stresslab.store.pairs import pairs

        found = values_of(asked.workspace, wide, "confidence", pairs(asked.workspace, wide).variant)
        return found[there][:, asked.models.index(focus)], ()
    if column is None:
        return 1 - values[:, asked.models.index(focus)], ()
    codes = column.values[at]
    if column.kind == "codes":
        order = sorted(column.names, key=lambda one: str(column.names[one]))
        turned = np.full(max([*order, int(codes.max(initial=0))]) + 2, -1)
        turned[order] = np.arange(len(order))
        return turned[codes].astype(float), tuple(str(column.names[one]) for one in order)
    if column.kind == "text":
        import pandas as pd

        found, names = pd.factorize(pd.Series(codes, dtype="object"), sort=True)
        if len(names) > 30:
            raise ParamError(
                f"Points take up to 30 colours; {colour} has {len(names)} values. Choose another."
            )
        return np.asarray(found, dtype=float), tuple(map(str, names))
    return codes.astype(float), ()


def _left_out(drawn: "DerivedInfo", n: int) -> tuple[Warn, ...]:
    if not n:
        return ()
    text = f"{n:,} answered inputs have no place on {drawn.derived_id}, so they are left out."
    return (Warn("without-place", text, n),)
