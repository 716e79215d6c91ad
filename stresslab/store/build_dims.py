"""Dictionaries, items and variants of the index: who is who, numbered at first sight."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stresslab.nouns import DEFAULT_PERTURBATION

if TYPE_CHECKING:
    import duckdb

BUILT_IN = ("score", "correct", "confidence")


@dataclass(frozen=True)
class Codes:
    """Codes of one task and its models."""

    name: str
    task: int
    models: dict[str, int]


def quoted(text: str | Path) -> str:
    """Return a SQL string literal."""
    return "'" + str(text).replace("'", "''") + "'"


def parquet(path: Path) -> str:
    """Return the SQL that scans one Parquet file, with `file_row_number`."""
    return f"read_parquet({quoted(path)}, file_row_number = true)"


def known(column: str) -> str:
    """Return SQL for a number that is null unless finite."""
    return f"(CASE WHEN isfinite({column}) THEN {column} END)"


def aliased(column: str, aliases: dict[str, str]) -> str:
    """Return SQL for an id whose item set is replaced by the one it is joined with."""
    if not aliases:
        return column
    whens = " ".join(
        f"WHEN starts_with({column}, {quoted(old + '/')}) "
        f"THEN {quoted(new)} || substr({column}, {len(old) + 1})"
        for old, new in aliases.items()
    )
    return f"(CASE {whens} ELSE {column} END)"


def aliased_set(column: str, aliases: dict[str, str]) -> str:
    """Return SQL for the name of an item set after joining."""
    if not aliases:
        return column
    whens = " ".join(f"WHEN {quoted(old)} THEN {quoted(new)}" for old, new in aliases.items())
    return f"(CASE {column} {whens} ELSE {column} END)"


def add_names(con: "duckdb.DuckDBPyConnection", table: str, names: Sequence[str]) -> dict[str, int]:
    """Add unknown names to a dictionary table and return all its codes."""
    codes = {name: code for code, name in con.execute(f"SELECT * FROM {table}").fetchall()}
    fresh = [name for name in dict.fromkeys(names) if name not in codes]
    if fresh:
        numbers = list(range(len(codes), len(codes) + len(fresh)))
        con.execute(f"INSERT INTO {table} SELECT unnest(?), unnest(?)", [numbers, fresh])
        codes |= dict(zip(fresh, numbers, strict=True))
    return codes


def add_dimensions(con: "duckdb.DuckDBPyConnection", task: str, runs: Sequence[Any]) -> Codes:
    """Register task, models and measures of `runs`."""
    number = add_names(con, "tasks", [task])[task]
    models = add_names(con, "models", [run.model for run in runs])
    declared = [name for run in runs for name in (run.measures or {})]
    for run in runs:
        path = Path(run.path) / "scores.parquet"
        if path.exists():
            rows = con.execute(
                f"SELECT DISTINCT measure FROM {parquet(path)} ORDER BY 1"
            ).fetchall()
            declared += [name for (name,) in rows if name is not None]
    add_names(con, "measures", [*BUILT_IN, *declared])
    return Codes(task, number, models)


def listed(table: str, task: int, ids: str) -> str:
    """Return SQL of those of some ids that the task knows: few are compared with very many."""
    key = {"items": "item_id", "variants": "variant_id"}[table]
    return f"(SELECT {key} FROM {table} WHERE task = {task} AND {key} IN ({ids}))"


def load_items(
    con: "duckdb.DuckDBPyConnection", run: Any, task: int, aliases: dict[str, str]
) -> None:
    """Add the items of a run that the task does not know yet, in the order of the file."""
    path = Path(run.path) / "items.parquet"
    if not path.exists():
        return
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE seen AS
        SELECT {aliased("item_id", aliases)} AS item_id, min(file_row_number) AS place,
            min(content_hash) AS content_hash, max(content_hash) AS other_hash
        FROM {parquet(path)} GROUP BY 1"""
    )
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE fresh AS
        SELECT s.item_id, s.place, row_number() OVER (ORDER BY s.place) - 1
            + (SELECT count(*) FROM items WHERE task = {task}) AS item
        FROM seen s WHERE s.item_id NOT IN {listed("items", task, "SELECT item_id FROM seen")}"""
    )
    names = con.execute(
        f"SELECT DISTINCT domain FROM {parquet(path)} WHERE domain IS NOT NULL ORDER BY 1"
    ).fetchall()
    add_names(con, "domains", [name for (name,) in names])
    con.execute(
        f"""INSERT INTO items
        SELECT {task}, f.item, f.item_id, {aliased_set("r.item_set", aliases)},
            coalesce(d.code, -1), coalesce(g.item, f.item), r.group_id, r.input, r.messages,
            r.choices, r.reference, r.attributes, false
        FROM {parquet(path)} r JOIN fresh f ON f.place = r.file_row_number
        LEFT JOIN domains d ON d.name = r.domain
        LEFT JOIN (
            SELECT group_id, min(item) AS item FROM (
                SELECT group_id, item FROM items WHERE task = {task} AND group_id IS NOT NULL
                UNION ALL SELECT r2.group_id, f2.item FROM {parquet(path)} r2
                JOIN fresh f2 ON f2.place = r2.file_row_number WHERE r2.group_id IS NOT NULL)
            GROUP BY group_id) g ON g.group_id = r.group_id
        ORDER BY f.item"""
    )
    _load_hashes(con, task, add_names(con, "models", [run.model])[run.model])


def _load_hashes(con: "duckdb.DuckDBPyConnection", task: int, model: int) -> None:
    """Number the contents every item was seen with, and say which of them a model saw."""
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE hashed AS
        SELECT DISTINCT i.item, h.content_hash
        FROM (SELECT item_id, content_hash FROM seen
            UNION SELECT item_id, other_hash FROM seen) h
        JOIN items i ON i.task = {task} AND i.item_id = h.item_id
        WHERE h.content_hash IS NOT NULL"""
    )
    con.execute(
        f"""INSERT INTO item_hashes
        SELECT {task}, h.item, h.content_hash, coalesce(k.n, 0)
            + row_number() OVER (PARTITION BY h.item ORDER BY h.content_hash) - 1
        FROM hashed h LEFT JOIN (SELECT item, count(*) AS n FROM item_hashes
            WHERE task = {task} GROUP BY item) k USING (item)
        WHERE (h.item, h.content_hash) NOT IN
            (SELECT (item, content_hash) FROM item_hashes WHERE task = {task})"""
    )
    con.execute(
        f"""INSERT INTO item_versions
        SELECT {task}, h.item, {model}, k.version FROM hashed h
        JOIN item_hashes k ON k.task = {task} AND k.item = h.item
            AND k.content_hash = h.content_hash
        ORDER BY h.item"""
    )


def load_variants(
    con: "duckdb.DuckDBPyConnection", run: Any, task: int, aliases: dict[str, str]
) -> None:
    """Add the variants that a run lists and the task does not know yet.

    Their ordinals follow perturbation, tier, domain and item, so that rows in variant order lie
    together as they are asked for.
    """
    path = Path(run.path) / "variants.parquet"
    if not path.exists():
        return
    ids = f"SELECT {aliased('variant_id', aliases)} FROM {parquet(path)}"
    _stage(con)
    con.execute(
        f"""INSERT INTO staged
        SELECT {aliased("variant_id", aliases)} AS id, {aliased("item_id", aliases)},
            coalesce(perturbation, CASE WHEN tier > 0 THEN {quoted(DEFAULT_PERTURBATION)} END) AS p,
            axis, coalesce(tier, CASE WHEN p IS NULL THEN 0 ELSE 1 END), {known("strength")},
            unit, seed, input, attributes, file_row_number, false
        FROM {parquet(path)}
        WHERE id NOT IN {listed("variants", task, ids)}"""
    )
    _keep_first(con)
    _add_staged(con, task)


def load_unlisted(
    con: "duckdb.DuckDBPyConnection", run: Any, task: int, aliases: dict[str, str]
) -> None:
    """Add bare variants, made from their ids, for outcomes of variants that no run lists."""
    path = Path(run.path) / "outcomes.parquet"
    if not path.exists():
        return
    ids = f"SELECT {aliased('variant_id', aliases)} FROM {parquet(path)}"
    tail = "regexp_extract(id, '^(.*)#([^#:]*):([0-9]+)(:(-?[0-9]+))?$', {})"
    _stage(con)
    con.execute(
        f"""INSERT INTO staged (variant_id, item_id, perturbation, tier, seed, place, bare)
        SELECT id, coalesce(nullif({tail.format(1)}, ''), id), nullif({tail.format(2)}, ''),
            coalesce(TRY_CAST(nullif({tail.format(3)}, '') AS SMALLINT), 0),
            TRY_CAST(nullif({tail.format(5)}, '') AS BIGINT), place, true
        FROM (SELECT {aliased("variant_id", aliases)} AS id, min(file_row_number) AS place
            FROM {parquet(path)}
            WHERE id NOT IN {listed("variants", task, ids)} GROUP BY 1)"""
    )
    _add_staged(con, task)


def _stage(con: "duckdb.DuckDBPyConnection") -> None:
    con.execute(
        """CREATE OR REPLACE TEMP TABLE staged (variant_id VARCHAR, item_id VARCHAR,
        perturbation VARCHAR, axis VARCHAR, tier SMALLINT, strength DOUBLE, unit VARCHAR,
        seed BIGINT, input VARCHAR, attributes VARCHAR, place BIGINT, bare BOOLEAN)"""
    )


def _add_staged(con: "duckdb.DuckDBPyConnection", task: int) -> None:
    con.execute(
        f"""INSERT INTO items (task, item, item_id, item_set, domain, cluster, bare)
        SELECT {task}, n, item_id, split_part(item_id, '/', 1), -1, n, true
        FROM (SELECT item_id, row_number() OVER (ORDER BY min(place)) - 1
                + (SELECT count(*) FROM items WHERE task = {task}) AS n
            FROM staged
            WHERE item_id NOT IN {listed("items", task, "SELECT item_id FROM staged")}
            GROUP BY item_id) ORDER BY n"""
    )
    names = con.execute("SELECT DISTINCT perturbation FROM staged ORDER BY 1").fetchall()
    add_names(con, "perturbations", [name for (name,) in names if name is not None])
    con.execute(
        f"""INSERT INTO variants
        SELECT {task}, row_number() OVER (ORDER BY s.perturbation IS NOT NULL, s.perturbation,
                s.tier, i.domain, i.item, s.place) - 1
                + (SELECT count(*) FROM variants WHERE task = {task}) AS variant,
            s.variant_id, i.item, coalesce(p.code, -1), s.tier, s.strength, s.unit, s.seed,
            s.input, s.attributes, s.bare
        FROM staged s JOIN items i ON i.task = {task} AND i.item_id = s.item_id
        LEFT JOIN perturbations p ON p.name = s.perturbation
        ORDER BY variant"""
    )
    con.execute(
        f"""INSERT INTO task_perturbations
        SELECT {task}, p.code, coalesce(max(s.axis), 'paired'), max(s.unit)
        FROM staged s JOIN perturbations p ON p.name = s.perturbation
        WHERE p.code NOT IN (SELECT perturbation FROM task_perturbations WHERE task = {task})
        GROUP BY p.code"""
    )


def _keep_first(con: "duckdb.DuckDBPyConnection") -> None:
    row = con.execute("SELECT count(*) - count(DISTINCT variant_id) FROM staged").fetchone()
    if row and row[0]:
        con.execute(
            """DELETE FROM staged WHERE (variant_id, place) NOT IN
            (SELECT (variant_id, min(place)) FROM staged GROUP BY variant_id)"""
        )


def echo_sets_of(
    con: "duckdb.DuckDBPyConnection", task: int, n_items: int = 0, n_variants: int = 0
) -> bool:
    """Number the sets of paired perturbations and say which set each item has.

    Parameters
    ----------
    n_items, n_variants : int
        What had its sets before. They are not looked at again.

    Returns
    -------
    bool
        False, and nothing is done, if one of the items that were there got another set.
    """
    fresh = f"""variants v JOIN task_perturbations p USING (task, perturbation)
        WHERE task = {task} AND v.variant >= {n_variants} AND p.axis = 'paired' AND v.tier > 0"""
    moved = con.execute(
        f"""SELECT 1 FROM (SELECT DISTINCT item, v.perturbation FROM {fresh} AND item < {n_items}) f
        LEFT JOIN (SELECT item, perturbation, true AS known FROM item_echoes
            JOIN echo_sets USING (task, echo_set) WHERE task = {task}) k USING (item, perturbation)
        WHERE known IS NULL LIMIT 1"""
    ).fetchone()
    if moved:
        return False
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE item_sets AS
        SELECT item, list_sort(list(DISTINCT v.perturbation)) AS members
        FROM {fresh} AND item >= {n_items} GROUP BY item"""
    )
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE member_sets AS
        WITH known AS (SELECT echo_set, list_sort(list(perturbation)) AS members FROM echo_sets
            WHERE task = {task} GROUP BY echo_set)
        SELECT members, echo_set, true AS is_known FROM known UNION ALL
        SELECT members, row_number() OVER (ORDER BY first) - 1 + (SELECT count(*) FROM known), false
        FROM (SELECT members, min(item) AS first FROM item_sets
            WHERE members NOT IN (SELECT members FROM known) GROUP BY members)"""
    )
    con.execute(
        f"""INSERT INTO echo_sets SELECT {task}, echo_set, unnest(members) FROM member_sets
        WHERE NOT is_known ORDER BY echo_set"""
    )
    con.execute(
        f"""INSERT INTO item_echoes SELECT {task}, item, echo_set
        FROM item_sets JOIN member_sets USING (members) ORDER BY item"""
    )
    return True
