"""Attributes of items and variants as typed columns, found in their JSON."""

import json
from typing import TYPE_CHECKING

from stresslab.store.build_dims import quoted

if TYPE_CHECKING:
    import duckdb

MOST = 500
"""Attributes kept as columns of one table; the rarer ones are named in errors only."""

LISTED_VALUES = 50


def build_columns(con: "duckdb.DuckDBPyConnection", task: int) -> None:
    """Make ``item_columns_<task>`` and ``variant_columns_<task>`` and list their columns."""
    con.execute("DELETE FROM attributes WHERE task = ?", [task])
    for kind in ("item", "variant"):
        _build(con, task, kind)


def _build(con: "duckdb.DuckDBPyConnection", task: int, kind: str) -> None:
    source = f"(SELECT {kind}, attributes AS j FROM {kind}s WHERE task = {task})"
    keys = con.execute(
        f"""SELECT key, count(*) AS n, list_sort(list(DISTINCT type)) FROM (
            SELECT unnest(json_keys(j)) AS key,
                json_type(j, '$."' || replace(key, '"', '\\"') || '"') AS type
            FROM {source} WHERE json_valid(j) AND json_type(j) = 'OBJECT')
        WHERE type <> 'NULL' GROUP BY key ORDER BY n DESC, key"""
    ).fetchall()
    columns: list[str] = []
    rows: list[tuple[int, str, str | None, str | None, int]] = []
    for number, (key, n_known, types) in enumerate(keys):
        name = f"{kind}.{key}"
        if number >= MOST:
            rows.append((task, name, None, None, n_known))
            continue
        path = quoted('$."' + key.replace('"', '\\"') + '"')
        text = f"CASE WHEN json_valid(j) THEN json_extract_string(j, {path}) END"
        sql_type = _type_of(types)
        value = text if sql_type == "VARCHAR" else f"TRY_CAST({text} AS {sql_type})"
        columns.append(f'{value} AS "a{number}"')
        rows.append((task, name, f"a{number}", sql_type, n_known))
    con.execute(f"DROP TABLE IF EXISTS {kind}_columns_{task}")
    con.execute(
        f"""CREATE TABLE {kind}_columns_{task} AS
        SELECT {", ".join([kind, *columns])} FROM {source} ORDER BY {kind}"""
    )
    for row in rows:
        con.execute("INSERT INTO attributes VALUES (?, ?, ?, ?, ?, NULL, NULL)", list(row))
        if row[2] is not None:
            _list_values(con, task, kind, row[1], row[2])


def _list_values(
    con: "duckdb.DuckDBPyConnection", task: int, kind: str, name: str, column: str
) -> None:
    table = f"{kind}_columns_{task}"
    (n_values,) = con.execute(f'SELECT count(DISTINCT "{column}") FROM {table}').fetchone() or (0,)
    values = None
    if n_values <= LISTED_VALUES:
        found = con.execute(
            f'SELECT DISTINCT "{column}" FROM {table} WHERE "{column}" IS NOT NULL ORDER BY 1'
        ).fetchall()
        values = json.dumps([value for (value,) in found], ensure_ascii=False)
    con.execute(
        'UPDATE attributes SET n_values = ?, "values" = ? WHERE task = ? AND name = ?',
        [n_values, values, task, name],
    )


def _type_of(types: list[str]) -> str:
    found = set(types)
    if found == {"BOOLEAN"}:
        return "BOOLEAN"
    if found <= {"BIGINT", "UBIGINT"}:
        return "BIGINT"
    if found <= {"BIGINT", "UBIGINT", "DOUBLE", "HUGEINT"}:
        return "DOUBLE"
    return "VARCHAR"
