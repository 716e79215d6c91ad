"""The rows of a slice in variant order, from aligned arrays wherever these can decide.

A condition is the same expression that runs on the tables of the index; here it runs on Arrow
columns, one per field, a row per variant. What has no array (texts of variants, latencies, ...)
is asked of the tables.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.checks import Array
from stresslab.predicate import And, Predicate, all_of, fields_of
from stresslab.store.build_arrays import BUILT_IN, NO_STATUS, OF_VARIANTS
from stresslab.store.cells_facts import raw
from stresslab.store.expressions import depends_on_perturbation
from stresslab.store.fields import Source
from stresslab.store.recent import slices
from stresslab.store.slicing import Slicer, slice_key

if TYPE_CHECKING:
    import narwhals as nw
    import pyarrow as pa

OF_ANSWERS = ("status", *BUILT_IN)
FEW_KEYS = 1_000_000
"""Possible keys, beside as many as there are rows, up to which they are looked up in a table."""

KEYS = {"items": "item", "item_columns": "item", "variant_columns": "variant"}
"""Tables that are short enough to be read whole, and the number of their rows."""


def key_of(source: Source) -> str | None:
    """Return the number of the rows of a short table a field is in; None if it is in none."""
    if source.is_derived and not source.of_outcome:
        return "variant"
    return KEYS.get(source.join)


def can_align(slicer: Slicer, by: Sequence[str]) -> bool:
    """Return whether each variant was asked once and rows are grouped by what variants decide."""
    if not slicer.dims.task_rows[slicer.task].single_trial:
        return False
    if any(source.column == "run" for source in slicer.condition_sources()):
        return False
    return not any(source.of_outcome for source in slicer.by_sources(by).values())


def folder_of(slicer: Slicer) -> Path:
    """Return where the arrays of the question's task are."""
    return slicer.engine.generation.folder / "aligned" / str(slicer.task)


def load(folder: Path, name: str, length: int, fill: Any) -> Array:
    """Return an aligned array made `length` long: what a model has not seen is `fill`."""
    values = _mapped(folder / f"{name}.npy")
    if values is None:
        return np.full(length, fill)
    if values.dtype.names:
        every = np.full(length, fill, values["value"].dtype)
        every[values["variant"]] = values["value"]
        return every
    if len(values) == length:
        return values
    padded = np.full(length, fill, dtype=values.dtype)
    padded[: len(values)] = values
    return padded


@lru_cache(maxsize=256)
def _mapped(path: Path) -> Array | None:
    """Return an array of a generation, which is never written again; None if it is not there."""
    try:
        return np.asarray(np.load(path, mmap_mode="r"))
    except FileNotFoundError:
        return None


def of_variants(slicer: Slicer, name: str) -> Array:
    """Return one of `OF_VARIANTS` of every variant of the task."""
    return load(folder_of(slicer), f"variant.{name}", _n_variants(slicer), -1)


def statuses(slicer: Slicer, model: int) -> Array:
    """Return the status of every variant, `NO_STATUS` where the model was not asked."""
    return load(folder_of(slicer), f"status.{model}", _n_variants(slicer), NO_STATUS)


def values(slicer: Slicer, measure: int, model: int) -> Array:
    """Return the value of every variant, NaN = null."""
    return load(folder_of(slicer) / str(measure), str(model), _n_variants(slicer), np.nan)


def at(stored: Array, variant: Array) -> Array:
    """Return the elements of `variant`, which is in order; all of them as they lie."""
    n = len(stored)
    every = len(variant) == n and (n == 0 or (variant[0] == 0 and variant[-1] == n - 1))
    return stored if every else stored[variant]


def places(slicer: Slicer, by: Sequence[str], columns: Iterable[str]) -> dict[str, Array]:
    """Return the rows of the slice as far as variants decide it; outcomes decide the rest.

    Parameters
    ----------
    by : sequence of str
        With ``perturbation`` an original stands once under every perturbation of its item.
    columns : iterable of str
        Wanted besides ``variant, item, cluster, tier, perturbation``: columns of `by`.
    """
    plain = slicer
    if slicer.of_outcomes:
        plain = Slicer(slicer.engine, replace(slicer.question, where=_of_variants(slicer)))
    wanted = tuple(dict.fromkeys(["variant", "item", "cluster", "tier", "perturbation", *columns]))

    def ask() -> dict[str, Array]:
        if _all_stored([*plain.condition_sources(), *plain.by_sources(by).values()]):
            return _places_of_arrays(plain, by, wanted)
        return _places_of_tables(plain, by, wanted)

    found: dict[str, Array] = slices.get(slice_key(plain, "places", tuple(by), *wanted), ask)
    return dict(found)


def _of_variants(slicer: Slicer) -> Predicate | None:
    """Return the parts of a condition, all of which must hold, that no outcome decides."""
    where = slicer.question.where
    parts = where.parts if isinstance(where, And) else (where,)
    return all_of(
        *(
            part
            for part in parts
            if part is not None
            and not any(slicer.find(field.parts).of_outcome for field in fields_of(part))
        )
    )


def meeting(slicer: Slicer, by: Sequence[str], rows: Mapping[str, Array]) -> list[Array]:
    """Return, model by model, which places hold an outcome that meets the condition.

    An outcome that a model does not have may be said to meet it.
    """
    appears = slicer.appears(by)
    if _all_stored(slicer.condition_sources()):
        key = slice_key(slicer, "meeting", appears)
        found: list[Array] = slices.get(key, lambda: _meeting_of_arrays(slicer, by, rows))
        return found
    width = len(slicer.dims.perturbations) + 1 if appears else 0

    def ask() -> list[Array]:
        return _holding(slicer, width)

    held: list[Array] = slices.get(slice_key(slicer, "met", bool(width)), ask)
    place = slots(rows, width)
    return [at(there, place) for there in held]


def rows_of(slicer: Slicer, sources: Sequence[Source]) -> Iterator["nw.LazyFrame[Any]"]:
    """Yield all outcomes of the question's models, with the columns of `sources`."""
    import narwhals as nw
    import pyarrow as pa

    if not can_align(slicer, ()) or not _all_stored(sources):
        yield slicer.joined(slicer.facts(), sources)
        return
    columns = _Columns(slicer, {"variant": np.arange(_n_variants(slicer))})
    shared = columns.needed(sources)
    for model in slicer.models:
        table = pa.table(shared | columns.answers(sources, model))
        there = statuses(slicer, model) != NO_STATUS
        yield nw.from_native(table if there.all() else table.filter(pa.array(there))).lazy()


def slots(rows: Mapping[str, Array], width: int) -> Array:
    """Return one number per appearance; `width` is 0 where each variant appears once."""
    if not width:
        return rows["variant"]
    slot: Array = rows["variant"].astype(np.int64) * width + rows["perturbation"] + 1
    return slot


def numbered_rows(columns: Sequence[Array]) -> tuple[Array, Array]:
    """Return a number for each different row of some columns, from 0, and a row of each."""
    import pandas as pd

    n = len(columns[0])
    key, size = np.zeros(n, dtype=np.int64), 1
    for column in columns:
        if column.dtype.kind not in "iu" or not n:
            break
        low, high = int(column.min()), int(column.max())
        size *= high - low + 1
        if size > FEW_KEYS + n:
            break
        key = key * (high - low + 1) + (column.astype(np.int64) - low)
    else:
        first = np.full(size, -1, dtype=np.int64)
        first[key] = np.arange(n)
        there = np.flatnonzero(first >= 0)
        number = np.empty(size, dtype=np.int64)
        number[there] = np.arange(len(there))
        return number[key], first[there]
    table = pd.DataFrame(dict(enumerate(columns)))
    code = table.groupby(list(table), sort=False, dropna=False).ngroup().to_numpy(np.int64)
    first = np.zeros(int(code.max()) + 1 if n else 0, dtype=np.int64)
    first[code] = np.arange(n)
    return code, first


def _n_variants(slicer: Slicer) -> int:
    return slicer.dims.task_rows[slicer.task].n_variants


def _all_stored(sources: Iterable[Source]) -> bool:
    plain = ("task", "model", *OF_VARIANTS, *OF_ANSWERS)
    return all(
        source.column in plain
        if not source.join
        else source.join in ("imported", "of_model") or key_of(source) is not None
        for source in sources
    )


def _places_of_arrays(slicer: Slicer, by: Sequence[str], wanted: Iterable[str]) -> dict[str, Array]:
    seen = {"variant": np.arange(_n_variants(slicer))}
    if slicer.appears(by):
        seen = _appearances(slicer)
    columns = _Columns(slicer, seen)
    met = slicer.met(by)
    if met is not None:
        which = _evaluated(met, columns.needed(slicer.condition_sources()))
        columns = _Columns(slicer, {name: column[which] for name, column in seen.items()})
    sources = {source.column: source for source in slicer.by_sources(by).values()}
    return {name: columns.array(sources.get(name, Source("codes", name))) for name in wanted}


def _places_of_tables(slicer: Slicer, by: Sequence[str], wanted: Iterable[str]) -> dict[str, Array]:
    frame = slicer.rows(slicer.variants(), by).select(*wanted)
    rows = dict(raw(slicer.engine.collect(frame)))
    if (np.diff(rows["variant"]) < 0).any():
        order = np.lexsort((rows["perturbation"], rows["variant"]))
        rows = {name: column[order] for name, column in rows.items()}
    return rows


def _appearances(slicer: Slicer) -> dict[str, Array]:
    """Return every variant under its perturbation, originals under each of their items'."""
    perturbation, echo_set = of_variants(slicer, "perturbation"), of_variants(slicer, "echo_set")
    perturbed, originals = np.flatnonzero(perturbation != -1), np.flatnonzero(perturbation == -1)
    seen, under = [], []
    for paired in slicer.dims.paired(slicer.task):
        pairs = slicer.dims.echo_sets.get(slicer.task, ())
        sets = [echo for echo, member in pairs if member == paired]
        there = originals[np.isin(echo_set[originals], sets)]
        seen.append(there)
        under.append(np.full(len(there), paired, dtype=perturbation.dtype))
    variant = np.concatenate([*seen, perturbed])
    order = np.argsort(variant, kind="stable")
    placed = np.concatenate([*under, perturbation[perturbed]])
    return {"variant": variant[order], "perturbation": placed[order]}


class _Columns:
    """The columns of some rows, each made when it is asked for."""

    def __init__(self, slicer: Slicer, rows: Mapping[str, Array]) -> None:
        self._slicer, self._rows = slicer, rows

    def array(self, source: Source) -> Array:
        """Return a column of variants as NumPy array."""
        if source.column in self._rows:
            return self._rows[source.column]
        if source.column == "task":
            return np.full(len(self._rows["variant"]), self._slicer.task)
        if source.join == "of_model":
            stored = values(self._slicer, source.measure or 0, int(source.native))
            return at(stored, self._rows["variant"]).astype(np.float64)
        if source.join:
            found: Array = self._joined(source)[source.column].to_pandas().to_numpy()
            return found
        return at(of_variants(self._slicer, source.column), self._rows["variant"])

    def needed(self, sources: Iterable[Source]) -> dict[str, "pa.Array"]:
        """Return the columns of variants that a condition reads."""
        import pyarrow as pa

        columns = {"task": pa.array(self.array(Source("codes", "task")))}
        if depends_on_perturbation(self._slicer.question.where):
            for name in ("perturbation", "echo_set"):
                columns[name] = pa.array(self.array(Source("codes", name)))
        for source in sources:
            if not source.of_outcome and source.column not in columns:
                if source.join and source.join != "of_model":
                    columns |= self._joined(source)
                else:
                    columns[source.column] = pa.array(self.array(source), from_pandas=True)
        return columns

    def answers(self, sources: Iterable[Source], model: int) -> dict[str, "pa.Array"]:
        """Return the columns of one model's answers that a condition reads."""
        import pyarrow as pa

        slicer, variant, columns = self._slicer, self._rows["variant"], {}
        for source in sources:
            if source.column == "model":
                columns["model"] = pa.array(np.full(len(variant), model))
            elif source.column == "status":
                columns["status"] = pa.array(at(statuses(slicer, model), variant))
            elif source.of_outcome:
                measure = source.measure
                if measure is None:
                    measure = slicer.dims.measures.index(source.column)
                found = at(values(slicer, measure, model), variant).astype(np.float64)
                columns[source.column] = pa.array(found, from_pandas=True)
        return columns

    def _joined(self, source: Source) -> dict[str, "pa.Array"]:
        """Return the columns of a field in a short table, a row of which belongs to many rows."""
        import narwhals as nw
        import pyarrow as pa

        slicer, table, key = self._slicer, source.join, str(key_of(source))
        if table == "items":
            frame = slicer.engine.table(table).filter(nw.col("task") == slicer.task)
        else:
            frame = slicer.engine.table(f"{table}_{slicer.task}")
        found = slicer.engine.arrow(frame.select(key, *source.parts))
        keys = found[key].to_numpy()
        place = np.empty(len(keys), dtype=np.int64)
        place[keys] = np.arange(len(keys))
        row = pa.array(place[self.array(Source("codes", key))])
        return {new: found[old].combine_chunks().take(row) for old, new in source.parts.items()}


def _meeting_of_arrays(slicer: Slicer, by: Sequence[str], rows: Mapping[str, Array]) -> list[Array]:
    columns, sources = _Columns(slicer, rows), slicer.condition_sources()
    shared, met = columns.needed(sources), slicer.met(by)
    return [_evaluated(met, shared | columns.answers(sources, model)) for model in slicer.models]


def _evaluated(met: Any, columns: Mapping[str, "pa.Array"]) -> Array:
    """Return for which rows an expression holds."""
    import narwhals as nw
    import pyarrow as pa

    found: Array = nw.from_native(pa.table(dict(columns))).select(met=met)["met"].to_numpy()
    return found


def _holding(slicer: Slicer, width: int) -> list[Array]:
    """Return, model by model, whether a slot holds an outcome that meets the condition."""
    rows = slicer.rows(slicer.facts(), ("perturbation",) if width else ())
    found = raw(slicer.engine.collect(rows.select("model", "variant", "perturbation")))
    slot = slots(found, width)
    held = []
    for model in slicer.models:
        there = np.zeros(_n_variants(slicer) * max(width, 1), dtype=np.bool_)
        there[slot[found["model"] == model]] = True
        held.append(there)
    return held
