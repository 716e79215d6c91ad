"""Derived values as tables of the index, one per value and task: a new one costs itself only."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from stresslab.store.build_columns import list_values
from stresslab.store.build_dims import aliased, parquet
from stresslab.store.derived import COLUMNS, FILE, DerivedInfo, is_whole
from stresslab.store.fields import DERIVED, OF_RUNS

if TYPE_CHECKING:
    import duckdb


def refresh(
    con: "duckdb.DuckDBPyConnection",
    derived: Sequence[DerivedInfo],
    aliases: dict[str, str],
    touched: Collection[str],
) -> None:
    """Make the tables of derived values say what is in the workspace.

    Parameters
    ----------
    derived : sequence of DerivedInfo
        All of the workspace; kept results and damaged ones are left out.
    aliases : dict
        Item set -> item set it is joined with.
    touched : collection of str
        Tasks whose variants may be others than before.
    """
    wanted = {one.derived_id: one for one in derived if one.kind in COLUMNS}
    there = con.execute("SELECT number, derived_id, digest FROM derived").fetchall()
    known = {derived_id: (number, digest) for number, derived_id, digest in there}
    for derived_id, (number, digest) in known.items():
        if derived_id not in wanted or wanted[derived_id].digest != digest:
            _drop(con, number)
    number = max((number for number, _ in known.values()), default=-1)
    tasks = con.execute("SELECT code, name FROM tasks ORDER BY code").fetchall()
    for derived_id, one in wanted.items():
        old = known.get(derived_id)
        fresh = old is None or old[1] != one.digest
        if fresh and not is_whole(one):
            continue
        if fresh:
            number += 1
            con.execute(
                "INSERT INTO derived VALUES (?, ?, ?, ?)",
                [number, derived_id, one.digest, one.kind],
            )
        for task, name in tasks:
            if fresh or name in touched:
                _add(con, number if old is None or fresh else old[0], one, task, aliases)


def _drop(con: "duckdb.DuckDBPyConnection", number: int) -> None:
    for prefix in (DERIVED, OF_RUNS):
        con.execute('DELETE FROM attributes WHERE starts_with("column", ?)', [f"{prefix}{number}."])
        tables = con.execute(
            "SELECT table_name FROM duckdb_tables() WHERE starts_with(table_name, ?)",
            [f"{prefix}{number}_"],
        ).fetchall()
        for (table,) in tables:
            con.execute(f"DROP TABLE {table}")
    con.execute("DELETE FROM derived WHERE number = ?", [number])


def _add(
    con: "duckdb.DuckDBPyConnection",
    number: int,
    one: DerivedInfo,
    task: int,
    aliases: dict[str, str],
) -> None:
    """Make the table of a derived value in one task: a row per variant, or per run and variant."""
    by_run, columns = bool(one.manifest["by_run"]), list(one.manifest["columns"])
    prefix = f"{OF_RUNS if by_run else DERIVED}{number}"
    con.execute(
        'DELETE FROM attributes WHERE task = ? AND starts_with("column", ?)',
        [task, f"{prefix}."],
    )
    con.execute(f"DROP TABLE IF EXISTS {prefix}_{task}")
    shown = ", ".join(f'd."{name}"' for name in columns)
    run = "r.run, " if by_run else ""
    runs = "JOIN runs r ON r.run_id = d.run_id" if by_run else ""
    con.execute(
        f"""CREATE TABLE {prefix}_{task} AS SELECT {run}v.variant, {shown}
        FROM (SELECT * FROM variants WHERE task = {task}) v {"" if by_run else "LEFT"} JOIN (
            SELECT * EXCLUDE variant_id, {aliased("variant_id", aliases)} AS id
            FROM {parquet(one.path / FILE)}) d ON d.id = v.variant_id {runs}
        QUALIFY row_number() OVER (PARTITION BY {run}v.variant ORDER BY d.file_row_number) = 1
        ORDER BY v.variant"""
    )
    first = columns[0]
    (n_known,) = con.execute(f'SELECT count("{first}") FROM {prefix}_{task}').fetchone() or (0,)
    if not n_known:
        con.execute(f"DROP TABLE {prefix}_{task}")
        return
    if one.kind == "projection":
        _list(con, task, one.derived_id, f"{prefix}.x", "POINT", n_known)
    for column in columns:
        plain = one.kind != "projection" and column == first
        name = one.derived_id if plain else f"{one.derived_id}.{column}"
        kind = "BIGINT" if plain and one.kind == "clusters" else "DOUBLE"
        _list(con, task, name, f"{prefix}.{column}", kind, n_known)
        list_values(con, task, f"derived.{name}", f"{prefix}_{task}", column)


def _list(
    con: "duckdb.DuckDBPyConnection", task: int, name: str, column: str, kind: str, n_known: int
) -> None:
    con.execute(
        "INSERT INTO attributes VALUES (?, ?, ?, ?, ?, NULL, NULL)",
        [task, f"derived.{name}", column, kind, n_known],
    )
