"""Whole rows of runs on their way out: outcomes with their item, variant and measures."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stresslab.errors import ParamError
from stresslab.store.aliases import aliases_of
from stresslab.store.build_dims import aliased, parquet
from stresslab.store.contents import resolve
from stresslab.store.engine import reading
from stresslab.store.runs import RunInfo
from stresslab.store.slicing import Slicer

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

ROWS = 2_000
MEMORY = "1GB"

ITEM = ("item_set", "domain", "group_id", "messages", "choices", "reference", "content_hash")
VARIANT = ("item_id", "perturbation", "axis", "tier", "strength", "unit", "seed")


@dataclass(frozen=True)
class Outgoing:
    """One run that is to be handed out.

    Parameters
    ----------
    run : RunInfo
        The sealed run.
    keys : Arrow table or None
        ``variant_id, trial`` of the rows in the slice, as the index names them; None for all.
    aliases : dict
        Item sets the index knows by another name.
    """

    run: RunInfo
    keys: "pa.Table | None" = None
    aliases: dict[str, str] = field(default_factory=dict)

    @property
    def n_rows(self) -> int:
        """Return how many rows it has."""
        return self.run.n_outcomes if self.keys is None else int(self.keys.num_rows)


def outgoing(
    workspace: Any,
    *,
    task: str | None = None,
    models: Sequence[str] = (),
    where: str = "",
    latest: bool = False,
) -> list[Outgoing]:
    """Return the live runs of a task, or of all, with their rows in a slice.

    Parameters
    ----------
    task : str, optional
        One task; all by default, and the default task where there is a condition.
    models : sequence of str
        All by default.
    where : str
        Condition. Of several runs of a model the latest counts then, as in every question.
    latest : bool
        Whether the latest counts without a condition, too.

    Raises
    ------
    ParamError
        If no run is left.
    """
    runs = [run for run in workspace.runs() if task is None or run.task == task]
    runs = [run for run in runs if not models or run.model in models]
    if latest or not runs or where.strip():
        question = resolve(workspace, task=task, models=models, where=where, population="each")
        found = _in_slice(workspace, question) if question.task and question.models else {}
        aliases = aliases_of(workspace)
        chosen = [Outgoing(run, found[run.run_id], aliases) for run in runs if run.run_id in found]
    else:
        chosen = [Outgoing(run) for run in runs]
    if not chosen:
        raise ParamError(
            "There must be a run to export; none is left. `stresslab workspace info` lists them; "
            "widen --task, --models or --where."
        )
    return chosen


def rows_of(
    one: Outgoing, spill: Path, *, by_variant: bool = False
) -> Iterator[list[dict[str, Any]]]:
    """Yield the rows of a run in pieces: originals first, else as they lie there, or by variant.

    Memory is one piece and what the order needs, which goes to the folder `spill` beyond a
    gigabyte.

    Yields
    ------
    list of dict
        Columns of the outcome and of `VARIANT` and `ITEM`; ``item_input``, ``item_attributes``,
        ``variant_input``, ``variant_attributes``; ``measures``, a list of
        ``{measure, value, explanation}``.
    """
    with closing(_connection(spill)) as con:
        reader = _joined(con, one, by_variant).to_arrow_reader(ROWS)
        for batch in reader:
            yield batch.to_pylist()


def names_of(chosen: Sequence[Outgoing]) -> dict[str, list[str]]:
    """Return the attributes of items and variants and the measures of runs, in order."""
    import duckdb

    found: dict[str, dict[str, None]] = {"items": {}, "variants": {}, "scores": {}, "why": {}}
    with closing(duckdb.connect()) as con:
        for one in chosen:
            for table in ("items", "variants"):
                path = one.run.path / f"{table}.parquet"
                if path.exists():
                    keys = f"SELECT unnest(json_keys(attributes)) AS name FROM {_file(path)}"
                    rows = con.execute(f"SELECT DISTINCT name FROM ({keys}) ORDER BY name")
                    found[table] |= {row[0]: None for row in rows.fetchall()}
            path = one.run.path / "scores.parquet"
            if path.exists():
                rows = con.execute(
                    f"""SELECT measure, count(value) > 0, count(explanation) > 0
                    FROM {_file(path)} GROUP BY measure ORDER BY measure"""
                )
                for name, valued, told in rows.fetchall():
                    found["scores"] |= {name: None} if valued and name != "score" else {}
                    found["why"] |= {name: None} if told else {}
    return {kind: list(names) for kind, names in found.items()}


def table_of(run: RunInfo, table: str) -> list[dict[str, Any]]:
    """Return a small table of a run, such as ``published``; empty where it has none."""
    import pyarrow.parquet as pq

    path = run.path / f"{table}.parquet"
    rows: list[dict[str, Any]] = pq.read_table(path).to_pylist() if path.exists() else []
    return rows


def _connection(spill: Path) -> "duckdb.DuckDBPyConnection":
    import duckdb

    return duckdb.connect(config={"memory_limit": MEMORY, "temp_directory": str(spill)})


def _joined(
    con: "duckdb.DuckDBPyConnection", one: Outgoing, by_variant: bool
) -> "duckdb.DuckDBPyRelation":
    folder = one.run.path
    there = {name: (folder / f"{name}.parquet").exists()
             for name in ("items", "variants", "outcomes", "scores")}  # fmt: skip
    chosen = ["o.* EXCLUDE (file_row_number)"]
    joins = []
    if one.keys is not None:
        con.register("wanted", one.keys)
        named = aliased("o.variant_id", one.aliases)
        joins.append(f"SEMI JOIN wanted w ON w.variant_id = {named} AND w.trial = o.trial")
    if there["variants"]:
        chosen += [*(f"v.{name}" for name in VARIANT), "v.input AS variant_input",
                   "v.attributes AS variant_attributes"]  # fmt: skip
        joins.append(
            f"LEFT JOIN {_file(folder / 'variants.parquet')} v ON v.variant_id = o.variant_id"
        )
    if there["items"]:
        key = "v.item_id" if there["variants"] else "o.variant_id"
        chosen += [*(f"i.{name}" for name in ITEM), "i.input AS item_input",
                   "i.attributes AS item_attributes"]  # fmt: skip
        joins.append(f"LEFT JOIN {_file(folder / 'items.parquet')} i ON i.item_id = {key}")
    if there["scores"]:
        chosen.append("s.measures")
        joins.append(
            f"""LEFT JOIN (SELECT variant_id, trial, list({{'measure': measure, 'value': value,
            'explanation': explanation}} ORDER BY measure) AS measures
            FROM {_file(folder / "scores.parquet")} GROUP BY variant_id, trial) s
            ON s.variant_id = o.variant_id AND s.trial = o.trial"""
        )
    first = "coalesce(v.tier, 0) > 0, " if there["variants"] else ""
    order = "o.variant_id, o.trial" if by_variant else f"{first}o.file_row_number"
    base = f"SELECT {', '.join(chosen)} FROM {parquet(folder / 'outcomes.parquet')} o"
    return con.sql(f"{base} {' '.join(joins)} ORDER BY {order}")


def _file(path: Path) -> str:
    return parquet(path)


def _in_slice(workspace: Any, question: Any) -> "dict[str, pa.Table]":
    """Return the keys of the rows in the slice by run."""
    import narwhals as nw
    import pyarrow as pa

    with reading(workspace) as engine:
        slicer = Slicer(engine, question)
        rows = slicer.rows(slicer.facts()).select("run", "variant", "trial")
        names = engine.table("variants").filter(nw.col("task") == slicer.task)
        rows = rows.join(names.select("variant", "variant_id"), on="variant", how="inner")
        found = engine.collect(rows.select("run", "variant_id", "trial").unique())
        ids = {run.run: run.run_id for run in engine.dims.runs}
    return {
        ids[int(str(code))]: pa.Table.from_pandas(
            part[["variant_id", "trial"]], preserve_index=False
        )
        for code, part in found.groupby("run", sort=True)
    }
