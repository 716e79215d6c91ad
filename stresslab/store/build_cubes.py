"""Precomputed sums: the cube with every usual merge, confidence bins, and cluster sums.

An item stands in many cells, so the second moments of a merged cell are taken over clusters of
the merged rows; cell variances are never added.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

BINS = 100
"""Equal bins of confidence in [0, 1]."""

SHRINKS = 0.5
"""Cluster sums are kept when they have at most this share of the rows."""

COUNTS = ("n_answered_rows", "n_abstained", "n_refused", "n_errored", "n_unscored")
"""Rows by status, in the order of `nouns.STATUSES`."""


def build_cubes(con: "duckdb.DuckDBPyConnection", task: int, model: int) -> None:
    """Add the cubes of one model in one task, for every measure it has a value of."""
    names = dict(con.execute("SELECT name, code FROM measures").fetchall())
    for name, code in names.items():
        built_in = name in ("score", "correct", "confidence")
        if _stage(con, task, model, name if built_in else None, code) or name == "score":
            for level in range(8):
                _add_level(con, task, model, code, level)
            _add_clusters(con, task, model, code)
        if name == "score":
            con.execute(
                f"INSERT INTO task_models SELECT {task}, {model}, count(*) FROM staged_values"
            )
    _add_confidence(con, task, model)


def _stage(
    con: "duckdb.DuckDBPyConnection", task: int, model: int, column: str | None, measure: int
) -> int:
    """Stage one row per variant with its sums over trials; return how many have a value."""
    chosen = f"f.task = {task} AND f.model = {model} AND f.latest"
    source = f"FROM facts f WHERE {chosen}"
    value = f"f.{column}"
    if column is None:
        row = con.execute(
            f"""SELECT count(*) FROM imported WHERE task = {task} AND model = {model}
            AND measure = {measure}"""
        ).fetchone()
        if not row or not row[0]:
            return 0
        value = "s.value"
        source = f"""FROM facts f LEFT JOIN (SELECT * FROM imported WHERE task = {task}
            AND model = {model} AND measure = {measure}) s USING (run, variant, trial)
            WHERE {chosen}"""
    statuses = ", ".join(
        f"count(*) FILTER (f.status = {code}) AS {name}" for code, name in enumerate(COUNTS)
    )
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE staged_values AS
        SELECT variant, any_value(item) AS item, any_value(cluster) AS cluster,
            any_value(domain) AS domain, any_value(perturbation) AS perturbation,
            any_value(tier) AS tier, any_value(echo_set) AS echo_set,
            count(*) AS n_rows, {statuses},
            coalesce(sum(v), 0)::DOUBLE AS total, count(v) AS n_scored,
            count(v) FILTER (status = 0) AS n_answered,
            coalesce(sum(v * v), 0)::DOUBLE AS sq,
            count(*) FILTER (v <> 0 AND v <> 1) AS n_other,
            hash(variant) AS mark
        FROM (SELECT variant, f.item, f.cluster, f.domain, f.perturbation, f.tier, f.echo_set,
            f.status, {value}::DOUBLE AS v {source}) f
        GROUP BY variant"""
    )
    row = con.execute("SELECT count(*) FROM staged_values WHERE n_scored > 0").fetchone()
    return int(row[0]) if row else 0


def _add_level(
    con: "duckdb.DuckDBPyConnection", task: int, model: int, measure: int, level: int
) -> None:
    keep = [name for bit, name in ((4, "domain"), (2, "perturbation"), (1, "tier")) if level & bit]
    source = "staged_values"
    if level & 2:  # originals stand in every paired perturbation of their item, as tier 0
        source = f"""(SELECT * FROM staged_values UNION ALL BY NAME
            SELECT v.* EXCLUDE (perturbation), e.perturbation FROM staged_values v
            JOIN echo_sets e ON e.task = {task} AND e.echo_set = v.echo_set
            WHERE v.perturbation = -1)"""
    sums = ", ".join(
        f"sum({name}) AS {name}"
        for name in ("n_rows", *COUNTS, "total", "n_scored", "n_answered", "sq", "n_other")
    )
    outer = ", ".join(
        f"sum({name})" for name in ("n_rows", *COUNTS, "total", "n_scored", "n_answered")
    )
    columns = ", ".join(
        name if name in keep else "-2" for name in ("domain", "perturbation", "tier")
    )
    con.execute(
        f"""INSERT INTO cube
        SELECT {task}, {measure}, {model}, {level}, {columns}, {outer},
            count(*) FILTER (n_scored > 0), count(*) FILTER (n_answered > 0),
            sum(total * total), sum(total * n_scored), sum(total * n_answered),
            sum(n_scored * n_scored), sum(n_scored * n_answered), sum(n_answered * n_answered),
            sum(sq), sum(n_other), sum(n_known), bit_xor(marks)
        FROM (SELECT {", ".join([*keep, "cluster"])}, {sums},
                count(*) FILTER (n_scored > 0) AS n_known,
                coalesce(bit_xor(mark) FILTER (n_scored > 0), 0) AS marks
            FROM {source} GROUP BY ALL)
        GROUP BY ALL ORDER BY ALL"""
    )


def _add_clusters(con: "duckdb.DuckDBPyConnection", task: int, model: int, measure: int) -> None:
    keys = "domain, perturbation, tier, echo_set, cluster"
    row = con.execute(
        f"""SELECT (SELECT count(*) FROM (SELECT DISTINCT {keys} FROM staged_values)),
        (SELECT sum(n_rows) FROM staged_values)"""
    ).fetchone()
    if not row or not row[1] or row[0] > SHRINKS * row[1]:
        return
    sums = ", ".join(
        f"sum({name})"
        for name in ("n_rows", *COUNTS, "total", "n_scored", "n_answered", "sq", "n_other")
    )
    con.execute(
        f"""INSERT INTO cluster_cube SELECT {task}, {measure}, {model}, {keys}, {sums}
        FROM staged_values GROUP BY {keys} ORDER BY {keys}"""
    )


def _add_confidence(con: "duckdb.DuckDBPyConnection", task: int, model: int) -> None:
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
