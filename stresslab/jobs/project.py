"""Draw or group the vectors of a space once, measure what the map keeps, and store it."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab import projections
from stresslab.checks import Array
from stresslab.errors import ParamError, ShapeError, TooFewRowsError
from stresslab.jobs._events import Done, Event
from stresslab.jobs._meter import Followed
from stresslab.projections import Projection, Report

if TYPE_CHECKING:
    import pandas as pd

    from stresslab.store.workspace import Workspace

FEWEST = 5
ALIGNED = "aligned"
"""Not a piece: it draws two spaces at once."""


def project(
    workspace: "Workspace",
    space: str,
    recipe: str = "umap",
    *,
    settings: Mapping[str, Any] | None = None,
    seed: int = 0,
    layer: str | None = None,
) -> Iterator[Event]:
    """Yield progress while a map or clusters of a space are made; they are kept at the end.

    The id is ``<space>.<recipe>``; what had it before is replaced, unless it is the same still.

    Parameters
    ----------
    recipe : str
        A piece of `stresslab.projections`.
    settings : mapping, optional
        Of the piece, as texts or values.
    layer : str, optional
        Layer, where the space holds several; it becomes part of the id.

    Raises
    ------
    ParamError
        If space, recipe or a setting is unknown.
    TooFewRowsError
        If there are less than five vectors with a place to be.
    """
    from stresslab.store.derived import inputs_of, seal_derived, versions
    from stresslab.store.vectors import keyed_vectors

    piece = projections.get(recipe)
    chosen = _settings(piece, settings or {})
    keys, vectors, info = keyed_vectors(workspace, space, layer=layer)
    inputs = inputs_of(workspace, spaces=[space])
    derived_id = f"{space}.{recipe}" if layer is None else f"{space}.{layer}.{recipe}"
    said = {"space": space, "layer": layer, "name": recipe, "settings": chosen}
    said |= {"versions": versions(piece.packages)}
    if _is_there(workspace, derived_id, said, inputs, seed):
        yield Done(f"{derived_id} is there already, of the same vectors", {"variants": 0})
        return
    kept, dropped = usable(vectors, str(chosen.get("metric", "euclidean")))
    _enough(int(kept.sum()), info.space_id)
    keys, vectors = keys[kept], vectors[kept]

    def work(report: Report) -> tuple[Array, dict[str, Any]]:
        found = piece.compute(vectors, seed=seed, report=report, **chosen)
        report(0, 1, "quality")
        return found, quality_of(piece.kind, vectors, found, seed)

    followed = Followed(work)
    yield from followed.events("steps", derived_id)
    found, quality = followed.value
    table = table_of(piece.kind, keys, found)
    seal_derived(
        workspace, derived_id, kind=piece.kind, recipe=said, inputs=inputs, seed=seed,
        quality=quality | {"n_dropped": dropped}, table=table,
    )  # fmt: skip
    left_out = f"; {dropped:,} without direction are left out" if dropped else ""
    yield Done(f"{derived_id}: {words(quality)}{left_out}", {"variants": len(keys)}, quality)


def usable(vectors: Array, metric: str) -> tuple[Array, int]:
    """Return which vectors can be placed, and how many cannot: zero ones under cosine."""
    kept = np.ones(len(vectors), dtype=bool)
    for start in range(0, len(vectors), 65536):
        rows = np.asarray(vectors[start : start + 65536])
        fine = np.isfinite(rows).all(axis=1)
        if metric == "cosine":
            fine &= rows.any(axis=1)
        kept[start : start + len(rows)] = fine
    return kept, int((~kept).sum())


def quality_of(kind: str, vectors: Array, found: Array, seed: int) -> dict[str, Any]:
    """Return what a map keeps of the neighbourhoods, or how many clusters hold how much."""
    if kind == "clusters":
        inside = found[found >= 0]
        n_clusters = int(inside.max()) + 1 if len(inside) else 0
        return {"n_clusters": n_clusters, "share_none": 1 - len(inside) / len(found)}
    from stresslab.stats.map_quality import map_quality

    return asdict(map_quality(vectors, found, seed=seed))


def words(quality: Mapping[str, Any]) -> str:
    """Return the quality of a map or of clusters as a sentence."""
    if "n_clusters" in quality:
        return (
            f"{quality['n_clusters']} clusters; {quality['share_none']:.0%} of the vectors are in "
            "none"
        )
    return (
        f"trustworthiness {quality['trustworthiness']:.3f}, {quality['preservation']:.0%} of the "
        f"{quality['k']} nearest neighbours kept"
    )


def table_of(kind: str, keys: Array, found: Array) -> "pd.DataFrame":
    """Return the table that is sealed."""
    import pandas as pd

    if kind == "clusters":
        return pd.DataFrame({"variant_id": keys, "value": found})
    rounded = np.round(found.astype(np.float64), 4)  # a map of a dozen units is not read to more
    return pd.DataFrame({"variant_id": keys, "x": rounded[:, 0], "y": rounded[:, 1]})


def _settings(piece: Projection, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a piece, those that are given turned into the type of the default."""
    chosen: dict[str, Any] = dict(piece.settings)
    for name, value in given.items():
        if name not in chosen:
            there = ", ".join(chosen) or "none"
            raise ParamError(f"{piece.title} has no setting {name!r}. There are: {there}.")
        kind = type(chosen[name])
        try:
            if kind is bool and isinstance(value, str):
                value = {"true": True, "false": False}[value.lower()]
            chosen[name] = kind(value)
        except (ValueError, KeyError):
            raise ParamError(f"{name} must be of type {kind.__name__}; got {value!r}.") from None
    if "metric" in chosen and chosen["metric"] not in ("euclidean", "cosine"):
        raise ParamError(f"metric must be euclidean or cosine; got {chosen['metric']!r}.")
    return chosen


def _enough(n: int, space: str) -> None:
    if n < FEWEST:
        raise TooFewRowsError(
            f"A map needs at least {FEWEST} vectors that have a place; space {space!r} has {n}."
        )


def _is_there(
    workspace: "Workspace",
    derived_id: str,
    said: Mapping[str, Any],
    inputs: Mapping[str, str],
    seed: int,
) -> bool:
    from stresslab.store.derived import is_whole

    known = [one for one in workspace.derived() if one.derived_id == derived_id]
    return any(
        dict(one.manifest.get("recipe") or {}) == dict(said)
        and dict(one.manifest["inputs"]) == dict(inputs)
        and one.manifest["seed"] == seed
        and is_whole(one)
        for one in known
        if one.kind
    )


def align(
    workspace: "Workspace", first: str, second: str, *, seed: int = 0, neighbours: int = 15
) -> Iterator[Event]:
    """Yield progress while two spaces are drawn so that the same variants lie near each other.

    Keeps ``<first>.aligned-<second>`` and ``<second>.aligned-<first>``: two maps of the variants
    that both spaces have, side by side.

    Raises
    ------
    ShapeError
        If the spaces share less than five variants.
    """
    from stresslab.projections._aligned import aligned
    from stresslab.store.derived import inputs_of, seal_derived, versions
    from stresslab.store.vectors import keyed_vectors

    inputs = inputs_of(workspace, spaces=[first, second])
    (keys_a, a, _), (keys_b, b, _) = (keyed_vectors(workspace, one) for one in (first, second))
    shared, at_a, at_b = np.intersect1d(keys_a, keys_b, return_indices=True)
    if len(shared) < FEWEST:
        raise ShapeError(
            f"Two spaces are aligned on variants that both have; {first!r} and {second!r} share "
            f"{len(shared)}. Make a space of the same variants with both encoders."
        )
    pair = (np.asarray(a[at_a]), np.asarray(b[at_b]))
    followed = Followed(
        lambda report: aligned(*pair, neighbours=neighbours, seed=seed, report=report)
    )
    yield from followed.events("steps", f"{first} beside {second}")
    alone = len(keys_a) + len(keys_b) - 2 * len(shared)
    for space, other, vectors, places in zip(
        (first, second), (second, first), pair, followed.value, strict=True
    ):
        quality = quality_of("projection", vectors, places, seed) | {"n_dropped": alone}
        recipe = {
            "space": space, "name": ALIGNED, "with": other, "settings": {"neighbours": neighbours},
            "versions": versions(("umap-learn", "numba", "numpy")),
        }  # fmt: skip
        seal_derived(
            workspace, f"{space}.{ALIGNED}-{other}", kind="projection", recipe=recipe,
            inputs=inputs, seed=seed, quality=quality, table=table_of("projection", shared, places),
        )  # fmt: skip
    left_out = f"; {alone:,} vectors of one space only are left out" if alone else ""
    yield Done(
        f"{first} beside {second}: {len(shared):,} variants{left_out}", {"variants": len(shared)}
    )
