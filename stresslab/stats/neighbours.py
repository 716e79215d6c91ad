"""Exact nearest neighbours: a blocked product, the least of groups, distances refined."""

from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

import numpy as np

from stresslab.checks import Array
from stresslab.errors import ParamError, RowError, ShapeError

BLOCK_BYTES = 32 << 20
"""Of one block of products; with the references in float32 this is all that is held."""

SPARE = 8
"""Candidates beyond k that are refined, so that rounding cannot hide a neighbour."""

PADDING = np.finfo(np.float32).max / 4
"""Stands where no reference is: larger than any product, and finite, so that 0 times it is 0."""


class _References(NamedTuple):
    """References in two forms: for the product in float32, and centred for refined distances."""

    tall: Array
    rows: Array
    square: float
    n_groups: int


def nearest(
    references: Array,
    queries: Array,
    k: int,
    *,
    metric: Literal["euclidean", "cosine"] = "euclidean",
    exclude_self: bool = False,
    report: Callable[[int], None] | None = None,
) -> tuple[Array, Array]:
    """Return distances and places of the k nearest references of every query, nearest first.

    The product of a block of queries with all references is taken in float32. The k nearest of a
    query lie in the k groups whose least value is least, so only those are looked into; the best
    k + 8 get distances in float64. Where rounding (within the bound of Higham and Mary) could
    hide a neighbour still, the distances of that query are all taken in float64.

    Parameters
    ----------
    references : ndarray of shape (n_references, dimension)
        Finite vectors, of any float type.
    queries : ndarray of shape (n_queries, dimension)
        Finite vectors.
    k : int
        Neighbours per query.
    metric : {"euclidean", "cosine"}
        Cosine distance is 1 - cosine, in [0, 2].
    exclude_self : bool
        Queries are the references, row by row, and none is its own neighbour.
    report : callable, optional
        Told how many queries are done; what it raises ends the search.

    Returns
    -------
    distances : ndarray of shape (n_queries, k)
        float64 if either input is, else float32; equal ones in order of place.
    places : ndarray of int64, shape (n_queries, k)
        Rows of `references`.

    Raises
    ------
    ShapeError
        If shapes do not fit.
    ParamError
        If there are no k references.
    RowError
        If a vector is not finite, or is zero under cosine.

    References
    ----------
    Higham and Mary (2019), A new approach to probabilistic rounding error analysis.
    """
    references, queries = np.asarray(references), np.asarray(queries)
    _check(references, queries, k, metric, exclude_self)
    kind = np.result_type(references.dtype, queries.dtype, np.float32)
    centre = np.zeros(references.shape[1])
    if metric == "euclidean":  # distances stay, rounding shrinks
        centre = references.mean(axis=0, dtype=np.float64)
    held = _held(references, centre, metric, k)
    distances = np.empty((len(queries), k), dtype=np.float64 if kind.itemsize > 4 else np.float32)
    places = np.empty((len(queries), k), dtype=np.int64)
    blocks = list(_blocks(len(queries), len(references)))
    most = max((stop - start for start, stop in blocks), default=0)
    room = np.empty((most, len(held.tall)), dtype=np.float32)  # used anew by every block
    for start, stop in blocks:
        block = _ready(queries[start:stop], centre, metric)
        own = np.arange(start, stop) if exclude_self else None
        found, where = _of_block(held, block, k, own, room[: stop - start])
        distances[start:stop] = found / 2 if metric == "cosine" else np.sqrt(found)
        places[start:stop] = where
        if report is not None:
            report(stop)
    return distances, places


def _blocks(n_queries: int, n_references: int) -> Iterator[tuple[int, int]]:
    step = int(np.clip(BLOCK_BYTES // (4 * n_references), 16, 2048))
    for start in range(0, n_queries, step):
        yield start, min(start + step, n_queries)


def _held(references: Array, centre: Array, metric: str, k: int) -> _References:
    """Return the references as rows and as ``[r, |r|**2]``, padded to whole groups."""
    n, dimension = references.shape
    per_group = max(1, int(np.sqrt(n / max(k, 1))))
    n_groups = -(-n // per_group)
    rows = np.empty((n, dimension), dtype=np.float32)
    tall = np.zeros((n_groups * per_group, dimension + 1), dtype=np.float32)
    tall[n:, -1] = PADDING
    square = 0.0
    for start in range(0, n, 65536):
        block = _ready(references[start : start + 65536], centre, metric)
        squares = np.einsum("ij,ij->i", block, block)
        square = max(square, float(squares.max()))
        rows[start : start + len(block)] = block
        tall[start : start + len(block), :-1] = block
        tall[start : start + len(block), -1] = squares
    exact = _ready(references, centre, metric) if references.dtype.itemsize > 4 else rows
    return _References(tall, exact, square, n_groups)


def _ready(vectors: Array, centre: Array, metric: str) -> Array:
    """Return vectors in float64, centred or of length one."""
    rows: Array = vectors.astype(np.float64) - centre
    if metric == "cosine":
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows


def _of_block(
    held: _References, block: Array, k: int, own: Array | None, room: Array
) -> tuple[Array, Array]:
    """Return squared distances and places of the neighbours of some queries."""
    n = len(held.rows)
    tall = np.empty((len(block), block.shape[1] + 1), dtype=np.float32)
    tall[:, :-1], tall[:, -1] = -2 * block, 1
    products = np.matmul(tall, held.tall.T, out=room)
    if own is not None:
        products[np.arange(len(block)), own] = np.inf
    available = n - (own is not None)
    wanted = min(k + SPARE, available)
    near = _least(products, held.n_groups, wanted)
    found = _squares(held.rows, block, near)
    if own is not None:
        found[near == own[:, None]] = np.inf
    order = np.lexsort((near, found), axis=1)[:, :k]
    near_k, found_k = np.take_along_axis(near, order, 1), np.take_along_axis(found, order, 1)
    if wanted < available:
        squares = np.einsum("ij,ij->i", block, block)
        last = np.take_along_axis(products, near, 1).max(axis=1) + squares
        dimension = block.shape[1]
        unit = min(dimension, 8 * np.sqrt(dimension)) * np.finfo(np.float32).eps
        for row in np.flatnonzero(last - found_k[:, -1] < unit * (squares + held.square)):
            near_k[row], found_k[row] = _exactly(held.rows, block[row], k, own, int(row))
    return found_k, near_k


def _least(products: Array, n_groups: int, wanted: int) -> Array:
    """Return the places of the `wanted` least products of every row, in any order."""
    n_rows, width = products.shape
    grouped = products.reshape(n_rows, width // n_groups, n_groups)  # group c: c, c + n_groups, ..
    n_chosen = min(wanted, n_groups)
    least = grouped.min(axis=1)
    groups = np.argpartition(least, n_chosen - 1, axis=1)[:, :n_chosen]
    inside = np.arange(width // n_groups) * n_groups
    candidates = (groups[:, None, :] + inside[:, None]).reshape(n_rows, -1)
    values = np.take_along_axis(products, candidates, 1)
    best = np.argpartition(values, wanted - 1, axis=1)[:, :wanted]
    found: Array = np.take_along_axis(candidates, best, 1)
    return found


def _squares(rows: Array, block: Array, near: Array) -> Array:
    """Return squared distances of queries to some references, in float64."""
    found = np.empty(near.shape)
    for column in range(near.shape[1]):
        apart = rows[near[:, column]] - block
        found[:, column] = np.einsum("ij,ij->i", apart, apart)
    return found


def _exactly(rows: Array, query: Array, k: int, own: Array | None, row: int) -> tuple[Array, Array]:
    found = np.concatenate(
        [
            np.square(rows[start : start + 65536] - query).sum(axis=1)
            for start in range(0, len(rows), 65536)
        ]
    )
    if own is not None:
        found[own[row]] = np.inf
    places = np.lexsort((np.arange(len(found)), found))[:k]
    return places, found[places]


def _check(references: Array, queries: Array, k: int, metric: str, exclude_self: bool) -> None:
    if metric not in ("euclidean", "cosine"):
        raise ParamError(f"metric must be euclidean or cosine; got {metric!r}.")
    if references.ndim != 2 or queries.ndim != 2 or references.shape[1] != queries.shape[1]:
        raise ShapeError(
            "References and queries are matrices of one dimension; got shapes "
            f"{references.shape} and {queries.shape}. Take both from one space."
        )
    if exclude_self and len(references) != len(queries):
        raise ShapeError(
            f"Without themselves, queries are the references; got {len(queries)} and "
            f"{len(references)} rows."
        )
    if not 0 < k <= len(references) - exclude_self:
        raise ParamError(
            f"There must be k = {k} other points to be near to; there are "
            f"{max(len(references) - exclude_self, 0)}. Ask for fewer neighbours."
        )
    for name, vectors in (("reference", references), ("query", queries)):
        for start in range(0, len(vectors), 65536):
            part = vectors[start : start + 65536]
            if not np.isfinite(part).all():
                row = start + int(np.flatnonzero(~np.isfinite(part).all(axis=1))[0])
                raise RowError(f"Vectors are finite; {name} {row} is not. Leave it out.")
            if metric == "cosine" and not part.any(axis=1).all():
                row = start + int(np.flatnonzero(~part.any(axis=1))[0])
                raise RowError(
                    f"Under cosine a vector has a direction; {name} {row} is zero. Leave it out, "
                    "or measure euclidean."
                )
        if exclude_self:
            break
