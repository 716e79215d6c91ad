"""What one run leaves open of an item or a variant another may tell: the first to know wins."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stresslab.store.build_dims import add_names, aliased, known, parquet

if TYPE_CHECKING:
    import duckdb

PLAIN = {
    "items": ("group_id", "input", "messages", "choices", "reference"),
    "variants": ("strength", "unit", "seed", "input"),
}
"""Columns that are filled where they are null; attributes are merged key by key."""

KEYS = {"items": "item_id", "variants": "variant_id"}

NEW_KEYS = """(r.attributes IS DISTINCT FROM t.attributes AND json_valid(r.attributes)
    AND (t.attributes IS NULL OR (json_valid(t.attributes)
    AND NOT list_has_all(json_keys(t.attributes), json_keys(r.attributes)))))"""


def fill(
    con: "duckdb.DuckDBPyConnection", run: Any, table: str, task: int, aliases: dict[str, str]
) -> None:
    """Fill what the task does not know yet of items or variants from one run's file."""
    if not _may_tell(con, run, table, task, aliases):
        return
    _stage_told(con, run, table, aliases)
    filled = [f"{name} = coalesce(t.{name}, r.{name})" for name in PLAIN[table]]
    if table == "items":
        told = con.execute("SELECT DISTINCT domain FROM told WHERE domain IS NOT NULL ORDER BY 1")
        add_names(con, "domains", [name for (name,) in told.fetchall()])
        filled.append(
            "domain = CASE WHEN t.domain = -1 THEN coalesce((SELECT code FROM domains "
            "WHERE name = r.domain), -1) ELSE t.domain END"
        )
    con.execute(
        f"""UPDATE {table} AS t SET {", ".join(filled)}, bare = false,
            attributes = CASE WHEN NOT {NEW_KEYS} THEN t.attributes
                ELSE coalesce(json_merge_patch(r.attributes, t.attributes), r.attributes) END
        FROM told r WHERE t.task = {task} AND t.{KEYS[table]} = r.id AND {_gap(table)}"""
    )


def tells_more(
    con: "duckdb.DuckDBPyConnection", runs: Sequence[Any], task: int, aliases: dict[str, str]
) -> bool:
    """Return whether runs know something of items or variants that the task does not."""
    for run in runs:
        for table in PLAIN:
            if _may_tell(con, run, table, task, aliases):
                _stage_told(con, run, table, aliases)
                row = con.execute(
                    f"""SELECT count(*) FROM {table} t JOIN told r ON t.{KEYS[table]} = r.id
                    WHERE t.task = {task} AND {_gap(table)}"""
                ).fetchone()
                if row and row[0]:
                    return True
    return False


def regroup(con: "duckdb.DuckDBPyConnection", task: int, first: int) -> None:
    """Give every item of a group with items from `first` on the same cluster: its first item."""
    con.execute(
        f"""UPDATE items SET cluster = g.first FROM (
            SELECT group_id, min(item) AS first FROM items
            WHERE task = {task} AND group_id IN (SELECT group_id FROM items
                WHERE task = {task} AND item >= {first} AND group_id IS NOT NULL)
            GROUP BY group_id) g
        WHERE task = {task} AND items.group_id = g.group_id AND cluster <> g.first"""
    )


def _may_tell(
    con: "duckdb.DuckDBPyConnection", run: Any, table: str, task: int, aliases: dict[str, str]
) -> bool:
    """Return whether some row of a run's file tells what the task does not know: mostly none."""
    path = Path(run.path) / f"{table}.parquet"
    if not path.exists():
        return False
    found = con.execute(
        f"""SELECT 1 FROM {table} t JOIN ({_told(table, path, aliases)}) r
        ON t.{KEYS[table]} = r.id WHERE t.task = {task} AND {_gap(table)} LIMIT 1"""
    ).fetchone()
    return found is not None


def _stage_told(
    con: "duckdb.DuckDBPyConnection", run: Any, table: str, aliases: dict[str, str]
) -> None:
    """Put the first row of every id into the table `told`."""
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE told AS
        {_told(table, Path(run.path) / f"{table}.parquet", aliases)}
        QUALIFY row_number() OVER (PARTITION BY id ORDER BY file_row_number) = 1"""
    )


def _told(table: str, path: Path, aliases: dict[str, str]) -> str:
    """Return SQL of what a file tells."""
    columns = [f"{known(name) if name == 'strength' else name} AS {name}" for name in PLAIN[table]]
    columns += ["attributes", *(["domain"] if table == "items" else [])]
    return (
        f"SELECT {aliased(KEYS[table], aliases)} AS id, {', '.join(columns)} FROM {parquet(path)}"
    )


def _gap(table: str) -> str:
    """Return SQL: the row `r` of a file tells what the row `t` of the index leaves open."""
    gaps = [f"(t.{name} IS NULL AND r.{name} IS NOT NULL)" for name in PLAIN[table]]
    gaps += ["(t.domain = -1 AND r.domain IS NOT NULL)"] if table == "items" else []
    return f"({' OR '.join([*gaps, 't.bare', NEW_KEYS])})"
