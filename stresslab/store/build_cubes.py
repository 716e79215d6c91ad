"""Precomputed sums: the cube with every usual merge, confidence bins, and cluster sums.

An item stands in many cells, so the second moments of a merged cell are taken over clusters of
the merged rows; cell variances are never added. Sums over clusters are array arithmetic on
places numbered once per task (10 times quicker than hash tables).
"""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from stresslab.checks import Array
from stresslab.nouns import STATUSES

if TYPE_CHECKING:
    import duckdb

AXES = ("domain", "perturbation", "tier")
BINS = 100
"""Equal bins of confidence in [0, 1]."""

SHRINKS = 0.5
"""Cluster sums are kept when they have at most this share of the rows."""

COUNTS = ("n_answered_rows", "n_abstained", "n_refused", "n_errored", "n_unscored")
"""Rows by status, in the order of `nouns.STATUSES`."""

CUBE = (
    "task", "measure", "model", "level", *AXES, "n_rows", *COUNTS, "total", "n_scored",
    "n_answered", "c_scored", "c_answered", "tt", "ts", "ta", "ss", "sa", "aa", "sq", "n_other",
    "n_known", "known_hash",
)  # fmt: skip


@dataclass(frozen=True)
class Values:
    """One model's rows of one measure, summed per variant.

    Parameters
    ----------
    n_rows, statuses : arrays of shape (n_variants,) and (n_variants, 5)
        Rows, and rows by status.
    total, n_scored, n_answered, sq, n_other : arrays of shape (n_variants,)
        Moments of the known values; `n_other` counts values that are neither 0 nor 1.
    """

    n_rows: Array
    statuses: Array
    total: Array
    n_scored: Array
    n_answered: Array
    sq: Array
    n_other: Array


def values_of(
    rows: tuple[Array, Array], variant: Array, status: Array, value: Array, n: int
) -> Values:
    """Return the sums per variant.

    Parameters
    ----------
    rows : tuple of arrays
        Variant and status of every row of the model.
    variant, status, value : arrays
        Variant, status and value of rows that may have a value; NaN = null.
    n : int
        Number of variants of the task.
    """
    known = ~np.isnan(value)
    variant, status, value = variant[known], status[known], value[known]
    n_status = len(STATUSES)
    statuses = np.empty((n, n_status), np.int32)
    for code in range(n_status):
        statuses[:, code] = np.bincount(rows[0][rows[1] == code], minlength=n)

    def count(which: Array) -> Array:
        return np.bincount(variant[which], minlength=n).astype(np.int32)

    return Values(
        n_rows=statuses.sum(axis=1, dtype=np.int32),
        statuses=statuses,
        total=np.bincount(variant, weights=value, minlength=n),
        n_scored=np.bincount(variant, minlength=n).astype(np.int32),
        n_answered=count(status == 0),
        sq=np.bincount(variant, weights=value * value, minlength=n),
        n_other=count((value != 0) & (value != 1)),
    )


@dataclass(frozen=True)
class Level:
    """One merge: which rows are seen, and their cell and cluster within the cell."""

    level: int
    seen: Array
    """Variant of every row (an original once per perturbation, where that is kept)."""
    cells: dict[str, Array]
    """Kept columns of every cell."""
    cell: Array
    cluster: Array
    """Number of the (cell, cluster) a row belongs to."""
    cell_of_cluster: Array


class Layout:
    """Where every variant of a task stands in every merge; computed once per task.

    Parameters
    ----------
    variants : dict of arrays
        item, cluster, domain, perturbation, tier, echo_set of every variant.
    echo_sets : list of (int, int)
        (echo set, perturbation).
    numbers : array of shape (n_variants,), optional
        Which variants of the task these are; all of them if not given.
    """

    def __init__(
        self,
        variants: dict[str, Array],
        echo_sets: list[tuple[int, int]],
        numbers: Array | None = None,
    ) -> None:
        self.variants = variants
        self._echo_sets = echo_sets
        self.n_variants = len(variants["item"])
        self.numbers = np.arange(self.n_variants) if numbers is None else numbers

    def among(self, numbers: Array) -> "Layout":
        """Return the layout of some variants, which rise: all that a model was asked."""
        return Layout(
            {name: column[numbers] for name, column in self.variants.items()},
            self._echo_sets,
            self.numbers[numbers],
        )

    @cached_property
    def levels(self) -> list[Level]:
        """Return all merges."""
        return [self._level(number) for number in range(8)]

    @cached_property
    def clusters(self) -> tuple[Array, dict[str, Array]]:
        """Return the finest cell and cluster of every variant, and what these are."""
        return self.clusters_of(np.ones(self.n_variants, dtype=np.bool_))

    def clusters_of(self, asked: Array) -> tuple[Array, dict[str, Array]]:
        """Return the finest cell and cluster of some variants, and what these are."""
        names = (*AXES, "echo_set", "cluster")
        columns = {name: self.variants[name][asked] for name in names}
        return numbered(columns, int(np.count_nonzero(asked)))

    @cached_property
    def marks(self) -> Array:
        """Return a random-looking number per variant; their exclusive-or identifies a set."""
        mixed = (self.numbers.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return np.asarray(mixed ^ (mixed >> np.uint64(31)))

    def _level(self, number: int) -> Level:
        keep = [name for bit, name in zip((4, 2, 1), AXES, strict=True) if number & bit]
        seen, perturbation = self._all, self.variants["perturbation"]
        if number & 2:
            seen, perturbation = self._appearances
        columns = {name: self.variants[name][seen] for name in ("domain", "tier")}
        columns["perturbation"] = perturbation
        cell, cells = numbered({name: columns[name] for name in keep}, len(seen))
        clusters = {"cell": cell, "cluster": self.variants["cluster"][seen]}
        cluster, found = numbered(clusters, len(seen))
        return Level(number, seen, cells, cell, cluster, found["cell"])

    @cached_property
    def _all(self) -> Array:
        return np.arange(self.n_variants, dtype=np.int32)

    @cached_property
    def _appearances(self) -> tuple[Array, Array]:
        originals = np.flatnonzero(self.variants["perturbation"] == -1).astype(np.int32)
        echo_set = self.variants["echo_set"][originals]
        seen = [self._all]
        under = [self.variants["perturbation"]]
        for perturbation in sorted({one for _, one in self._echo_sets}):
            sets = [one for one, member in self._echo_sets if member == perturbation]
            there = originals[np.isin(echo_set, sets)]
            seen.append(there)
            under.append(np.full(len(there), perturbation, under[0].dtype))
        return np.concatenate(seen), np.concatenate(under)


def numbered(columns: dict[str, Array], n: int) -> tuple[Array, dict[str, Array]]:
    """Return the number of each row's combination of values, and the combinations."""
    key = np.zeros(n, dtype=np.int64)
    for values in columns.values():
        low = int(values.min()) if n else 0
        key = key * (int(values.max()) - low + 1 if n else 1) + (values - low)
    _, first, code = np.unique(key, return_index=True, return_inverse=True)
    small = code.astype(np.int32)
    return small, {name: values[first] for name, values in columns.items()}


ROW_SUMS = ("n_rows", *COUNTS, "total", "n_scored", "n_answered", "sq", "n_other", "n_known")
SECOND = {"tt": (0, 0), "ts": (0, 1), "ta": (0, 2), "ss": (1, 1), "sa": (1, 2), "aa": (2, 2)}
"""Second moments of (total, n_scored, n_answered) over clusters."""


def row_sums(layout: Layout, level: Level, values: Values) -> dict[str, Array]:
    """Return sums over rows, cell by cell, of a level that merges nothing."""
    columns = {
        "n_rows": values.n_rows,
        **{name: values.statuses[:, code] for code, name in enumerate(COUNTS)},
        **{name: getattr(values, name) for name in ROW_SUMS if hasattr(values, name)},
        "n_known": values.n_scored > 0,
    }
    n_cells = _length(level.cell)
    sums = {
        name: np.bincount(level.cell, weights=_seen(level, column), minlength=n_cells)
        for name, column in columns.items()
    }
    mark = np.zeros(n_cells, dtype=np.uint64)
    known = np.where(values.n_scored > 0, layout.marks, np.uint64(0))
    np.bitwise_xor.at(mark, level.cell, _seen(level, known))
    return sums | {"known_hash": mark}


def cluster_sums(level: Level, values: Values) -> dict[str, Array]:
    """Return second moments and numbers of clusters, cell by cell."""
    n_clusters = len(level.cell_of_cluster)
    t, s, a = (
        np.bincount(level.cluster, weights=_seen(level, column), minlength=n_clusters)
        for column in (values.total, values.n_scored, values.n_answered)
    )
    starts = np.flatnonzero(np.diff(level.cell_of_cluster, prepend=-1))  # cells follow each other
    if not len(starts):
        return {name: np.zeros(0) for name in ("c_scored", "c_answered", *SECOND)}
    sums = {
        name: np.add.reduceat((t, s, a)[one] * (t, s, a)[other], starts)
        for name, (one, other) in SECOND.items()
    }
    counts = {"c_scored": s > 0, "c_answered": a > 0}
    return sums | {
        name: np.add.reduceat(column.astype(np.float64), starts) for name, column in counts.items()
    }


def _seen(level: Level, column: Array) -> Array:
    return column if len(level.seen) == len(column) else column[level.seen]


def _length(codes: Array) -> int:
    return int(codes.max()) + 1 if len(codes) else 0


def cube_columns(layout: Layout, values: Values) -> list[dict[str, Array]]:
    """Return the cube rows of every merge: sums over rows are added up, moments are not."""
    finest = {number: row_sums(layout, layout.levels[number], values) for number in (5, 7)}
    parts = []
    for level in layout.levels:
        base = layout.levels[7 if level.level & 2 else 5]
        keep = [name for name in AXES if name in level.cells]
        n_cells = len(next(iter(level.cells.values()), [0] * min(len(level.cell), 1)))
        cell = _places(base, level, keep)
        sums = {
            name: np.bincount(cell, weights=column, minlength=n_cells)
            for name, column in finest[base.level].items()
            if name != "known_hash"
        }
        is_finest = level.level in finest
        mark = finest[level.level]["known_hash"] if is_finest else np.zeros(n_cells, np.uint64)
        columns = {name: level.cells.get(name, np.full(n_cells, -2)) for name in AXES}
        columns |= {"level": np.full(n_cells, level.level), "known_hash": mark}
        columns |= sums | cluster_sums(level, values)
        there = sums["n_rows"] > 0
        parts.append({name: column[there] for name, column in columns.items()})
    return parts


def _places(base: Level, level: Level, keep: list[str]) -> Array:
    """Return the cell of `level` that each cell of `base` lies in."""
    if not keep:
        return np.zeros(len(base.cells["tier"]), dtype=np.int64)
    place = {
        key: number for number, key in enumerate(zip(*(level.cells[n].tolist() for n in keep)))
    }
    keys = zip(*(base.cells[name].tolist() for name in keep))
    return np.array([place[key] for key in keys], dtype=np.int64)


def merged(parts: list[dict[str, Array]]) -> dict[str, Array]:
    """Return the cube of parts that share no cluster: all its columns add up, marks are mixed."""
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    names = ("level", *AXES)
    code, found = numbered({name: columns[name] for name in names}, len(columns["level"]))
    n = len(found["level"])
    for name in columns.keys() - {*names, "known_hash"}:
        found[name] = np.bincount(code, weights=columns[name], minlength=n)
    found["known_hash"] = np.zeros(n, np.uint64)
    np.bitwise_xor.at(found["known_hash"], code, columns["known_hash"])
    return found


def add_cube(
    con: "duckdb.DuckDBPyConnection", columns: dict[str, Array], keys: dict[str, int]
) -> None:
    """Insert the cube of one model and measure, which `keys` name."""
    import pandas as pd

    con.register("rows_of_cube", pd.DataFrame(columns | keys)[list(CUBE)])
    con.execute("INSERT INTO cube SELECT * FROM rows_of_cube")
    con.unregister("rows_of_cube")


def n_clusters(layout: Layout, values: Values) -> int:
    """Return how many sums over clusters there are in the finest cells."""
    return len(_clusters(layout, values)[2]["cluster"])


def _clusters(layout: Layout, values: Values) -> tuple[Array, Array, dict[str, Array]]:
    asked = values.n_rows > 0
    return asked, *(layout.clusters if asked.all() else layout.clusters_of(asked))


def add_clusters(
    con: "duckdb.DuckDBPyConnection", layout: Layout, values: Values, keys: dict[str, int]
) -> None:
    """Insert the sums over clusters of one model and measure."""
    import pandas as pd

    asked, code, found = _clusters(layout, values)
    n = len(found["cluster"])
    sums = {
        "n_rows": values.n_rows,
        **{name: values.statuses[:, place] for place, name in enumerate(COUNTS)},
        "total": values.total, "n_scored": values.n_scored, "n_answered": values.n_answered,
        "sq": values.sq, "n_other": values.n_other,
    }  # fmt: skip
    table = pd.DataFrame(
        keys
        | found
        | {
            name: np.bincount(code, weights=column[asked], minlength=n)
            for name, column in sums.items()
        }
    )
    con.register("rows_of_cube", table)
    con.execute("INSERT INTO cluster_cube SELECT * FROM rows_of_cube")
    con.unregister("rows_of_cube")


def add_confidence(con: "duckdb.DuckDBPyConnection", task: int, model: int) -> None:
    """Insert the confidence bins of one model."""
    con.execute(
        f"""INSERT INTO confidence_cube
        SELECT {task}, {model}, domain, perturbation, tier,
            least(floor(confidence * {BINS}), {BINS - 1})::SMALLINT AS bin,
            count(*), sum(correct), sum(confidence)
        FROM facts
        WHERE task = {task} AND model = {model} AND latest AND correct IS NOT NULL
            AND confidence BETWEEN 0 AND 1
        GROUP BY ALL ORDER BY ALL"""
    )
