"""Attributes of items and variants as typed columns, found in their JSON."""

import json
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from stresslab.store.build_dims import quoted

if TYPE_CHECKING:
    import duckdb

MOST = 500
"""Attributes kept as columns of one table; the rarer ones are named in errors only."""

LISTED_VALUES = 50
A_FETCH = 50
"""Texts of wide objects held at a time."""


class _Column(NamedTuple):
    """How many rows have a key, and the SQL type that holds all its values."""

    n: int
    type: str


def build_columns(con: "duckdb.DuckDBPyConnection", task: int) -> None:
    """Make ``item_columns_<task>`` and ``variant_columns_<task>`` and list their columns.

    Where they are there already, the rows that came since are added to them, as long as that
    gives what making them anew would give.
    """
    for kind in ("item", "variant"):
        if not _grow(con, task, kind):
            _build(con, task, kind)


def _build(con: "duckdb.DuckDBPyConnection", task: int, kind: str) -> None:
    con.execute(
        f"DELETE FROM attributes WHERE task = {task} AND starts_with(name, {quoted(f'{kind}.')})"
    )
    found = _found(con, task, kind, 0)
    keys = _ordered(found)
    con.execute(f"DROP TABLE IF EXISTS {kind}_columns_{task}")
    con.execute(f"CREATE TABLE {kind}_columns_{task} AS {_values(task, kind, keys, found, 0)}")
    for number, key in enumerate(keys[:MOST]):
        _list_column(con, task, kind, number, key, found[key])
    _list_rare(con, task, kind, {key: found[key].n for key in keys[MOST:]})


def _grow(con: "duckdb.DuckDBPyConnection", task: int, kind: str) -> bool:
    """Add the rows that came since; False, and nothing is done, if other columns are needed."""
    table = f"{kind}_columns_{task}"
    there = "SELECT count(*) FROM duckdb_tables() WHERE table_name = ?"
    if con.execute(there, [table]).fetchone() == (0,):
        return False
    (first,) = con.execute(f"SELECT count(*) FROM {table}").fetchone() or (0,)
    listed = con.execute(
        f"""SELECT name, "column", type, n_known FROM attributes
        WHERE task = {task} AND starts_with(name, {quoted(f"{kind}.")})"""
    ).fetchall()
    if any(column is None for _, column, _, _ in listed):
        return False
    known = {name.removeprefix(f"{kind}."): _Column(n, is_a) for name, _, is_a, n in listed}
    found = _found(con, task, kind, first)
    both = known | {
        key: _Column(known[key].n + one.n, _joined(known[key].type, one.type))
        if key in known
        else one
        for key, one in found.items()
    }
    keys, before = _ordered(both), _ordered(known)
    if keys[: len(before)] != before or len(keys) > MOST:
        return False
    if any(both[key].type != known[key].type for key in before):
        return False
    for number in range(len(before), len(keys)):
        con.execute(f'ALTER TABLE {table} ADD COLUMN "a{number}" {both[keys[number]].type}')
    con.execute(f"INSERT INTO {table} {_values(task, kind, keys, both, first)}")
    for number, key in enumerate(keys):
        if key not in known:
            _list_column(con, task, kind, number, key, both[key])
        elif key in found:
            _count_more(con, task, kind, number, key, both[key].n, first)
    return True


def _found(
    con: "duckdb.DuckDBPyConnection", task: int, kind: str, first: int
) -> dict[str, _Column]:
    """Return the keys of the rows from `first` on."""
    source = f"""(SELECT j FROM {_source(task, kind, first)}
        WHERE json_valid(j) AND json_type(j) = 'OBJECT')"""
    rows = con.execute(f"SELECT DISTINCT unnest(json_keys(j)) FROM {source}").fetchall()
    keys = [key for (key,) in rows]
    if len(keys) > MOST:
        return _found_in_many(con, source)
    rows = con.execute(
        f"""SELECT place, sum(n)::BIGINT, list(type) FROM (
            SELECT place, type, count(*) AS n FROM (
                SELECT unnest(json_type(j, {_paths(keys)})) AS type,
                    unnest(range({len(keys)})) AS place FROM {source})
            WHERE type <> 'NULL' GROUP BY ALL) GROUP BY place"""
    ).fetchall() if keys else []  # fmt: skip
    return {keys[place]: _Column(n, _type_of(types)) for place, n, types in rows}


def _found_in_many(con: "duckdb.DuckDBPyConnection", source: str) -> dict[str, _Column]:
    """Return the keys of wide objects, row by row: SQL looks every key up among all others."""
    counts, types = Counter[str](), dict[str, set[str]]()
    texts = con.execute(f"SELECT j FROM {source}")
    while rows := texts.fetchmany(A_FETCH):
        for (text,) in rows:
            for key, value in json.loads(text).items():
                if value is not None:
                    counts[key] += 1
                    types.setdefault(key, set()).add(_json_type(value))
    return {key: _Column(n, _type_of(list(types[key]))) for key, n in counts.items()}


def _json_type(value: Any) -> str:
    """Return what DuckDB calls the type of a JSON value."""
    if isinstance(value, bool):
        return "BOOLEAN"
    if isinstance(value, int):
        return "BIGINT" if -(2**63) <= value < 2**63 else "DOUBLE"
    return "DOUBLE" if isinstance(value, float) else "VARCHAR"


def _paths(keys: list[str]) -> str:
    """Return SQL of the places of keys in an object."""
    paths = [quoted('$."' + key.replace('"', '\\"') + '"') for key in keys]
    return f"[{', '.join(paths)}]"


def _ordered(columns: dict[str, _Column]) -> list[str]:
    """Return the keys, those that most rows have first."""
    return sorted(columns, key=lambda key: (-columns[key].n, key.encode()))


def _source(task: int, kind: str, first: int) -> str:
    return f"""(SELECT {kind}, attributes AS j FROM {kind}s
        WHERE task = {task} AND {kind} >= {first})"""


def _values(task: int, kind: str, keys: list[str], columns: dict[str, _Column], first: int) -> str:
    """Return SQL of the columns of the rows from `first` on; each text is parsed once."""
    chosen, kept = [kind], keys[:MOST]
    for number, key in enumerate(kept):
        text, is_a = f"texts[{number + 1}]", columns[key].type
        value = text if is_a == "VARCHAR" else f"TRY_CAST({text} AS {is_a})"
        chosen.append(f'{value} AS "a{number}"')
    found = f"json_extract_string(j, {_paths(kept)})" if kept else "NULL"
    source = f"""(SELECT {kind}, CASE WHEN json_valid(j) THEN {found} END AS texts
        FROM {_source(task, kind, first)})"""
    return f"SELECT {', '.join(chosen)} FROM {source} ORDER BY {kind}"


def _list_column(
    con: "duckdb.DuckDBPyConnection", task: int, kind: str, number: int, key: str, found: _Column
) -> None:
    """Describe a column."""
    column, name = f"a{number}", f"{kind}.{key}"
    row = [task, name, column, found.type, found.n]
    con.execute("INSERT INTO attributes VALUES (?, ?, ?, ?, ?, NULL, NULL)", row)
    list_values(con, task, name, f"{kind}_columns_{task}", column)


def _list_rare(
    con: "duckdb.DuckDBPyConnection", task: int, kind: str, counts: dict[str, int]
) -> None:
    """Say of the keys that are no columns only that there are such, all at once."""
    if counts:
        con.execute(
            "INSERT INTO attributes SELECT ?, unnest(?::VARCHAR[]), NULL, NULL, "
            "unnest(?::BIGINT[]), NULL, NULL",
            [task, [f"{kind}.{key}" for key in counts], list(counts.values())],
        )


def list_values(
    con: "duckdb.DuckDBPyConnection", task: int, name: str, table: str, column: str
) -> None:
    """Count the values of a column that is listed, and list them if they are few."""
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


def _count_more(
    con: "duckdb.DuckDBPyConnection",
    task: int,
    kind: str,
    number: int,
    key: str,
    n_known: int,
    first: int,
) -> None:
    """Count what rows from `first` on add to a column that was there."""
    name, column, table = f"{kind}.{key}", f'"a{number}"', f"{kind}_columns_{task}"
    con.execute(
        "UPDATE attributes SET n_known = ? WHERE task = ? AND name = ?", [n_known, task, name]
    )
    fresh = f"SELECT DISTINCT {column} FROM {table} WHERE {kind} >= {first}"
    (n_new,) = con.execute(
        f"""SELECT count({column}) FROM ({fresh}) WHERE {column} NOT IN (
            SELECT {column} FROM {table}
            WHERE {kind} < {first} AND {column} IN ({fresh} AND {column} IS NOT NULL))"""
    ).fetchone() or (0,)
    if not n_new:
        return
    many = con.execute(
        """UPDATE attributes SET n_values = n_values + ?
        WHERE task = ? AND name = ? AND n_values > ? RETURNING 1""",
        [n_new, task, name, LISTED_VALUES],
    ).fetchone()
    if not many:
        list_values(con, task, name, table, f"a{number}")


def _joined(one: str, other: str) -> str:
    """Return the type that holds the values of both types."""
    if one == other:
        return one
    return "DOUBLE" if {one, other} == {"BIGINT", "DOUBLE"} else "VARCHAR"


def _type_of(types: list[str]) -> str:
    found = set(types)
    if found == {"BOOLEAN"}:
        return "BOOLEAN"
    if found <= {"BIGINT", "UBIGINT"}:
        return "BIGINT"
    if found <= {"BIGINT", "UBIGINT", "DOUBLE", "HUGEINT"}:
        return "DOUBLE"
    return "VARCHAR"
