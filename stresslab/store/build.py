"""Build the tables of the index in bulk SQL, task by task, from the sealed runs."""

import json
import shutil
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stresslab.nouns import STATUSES
from stresslab.store.build_arrays import MERGES, add_model, layout_of
from stresslab.store.build_columns import build_columns
from stresslab.store.build_dims import (
    add_dimensions,
    echo_sets_of,
    load_items,
    load_unlisted,
    load_variants,
)
from stresslab.store.build_fill import fill, regroup, tells_more
from stresslab.store.build_parts import Parts
from stresslab.store.build_replace import make_room
from stresslab.store.memory import hand_back

if TYPE_CHECKING:
    import duckdb

Report = Callable[[int, int, str], None]
"""``report(done, total, message)``, in outcomes."""


def create(con: "duckdb.DuckDBPyConnection") -> None:
    """Create the empty tables of an index."""
    con.execute(Path(__file__).with_name("schema.sql").read_text(encoding="utf-8"))


def add_tasks(
    con: "duckdb.DuckDBPyConnection",
    runs: Sequence[Any],
    folder: Path,
    *,
    aliases: dict[str, str],
    report: Report,
) -> None:
    """Index `runs` (all live runs of the tasks they belong to), oldest first.

    Parameters
    ----------
    runs : sequence of RunInfo
        Runs whose tasks have nothing in the index yet.
    folder : Path
        Generation folder that takes the aligned arrays.
    aliases : dict
        Item set -> item set it is joined with.
    """
    by_task: dict[str, list[Any]] = {}
    for run in sorted(runs, key=lambda one: (str(one.created), one.run_id)):
        by_task.setdefault(run.task, []).append(run)
    total = sum(run.n_outcomes for run in runs)
    done = 0
    for task, members in by_task.items():
        codes = add_dimensions(con, task, members)
        _load(con, members, codes.task, aliases, partial(report, done, total))
        done = _add_facts(con, members, codes, aliases, report, done, total)
        _finish(con, codes, folder, [run.model for run in members], report, done, total)


def add_models(
    con: "duckdb.DuckDBPyConnection",
    runs: Sequence[Any],
    folder: Path,
    *,
    aliases: dict[str, str],
    report: Report,
) -> bool:
    """Add the newest runs of models to a task of the index; False if the task must be rebuilt.

    A run that gives known items another perturbation changes where their originals stand, and
    one that tells more of known items or variants changes what they are: then nothing is added.
    """
    runs = sorted(runs, key=lambda one: (str(one.created), one.run_id))
    codes = add_dimensions(con, runs[0].task, runs)
    if tells_more(con, runs, codes.task, aliases):
        return False
    total = sum(run.n_outcomes for run in runs)
    if not _load(con, runs, codes.task, aliases, partial(report, 0, total)):
        return False
    older = make_room(con, runs, codes, aliases, folder / "aligned" / str(codes.task))
    done = _add_facts(con, runs, codes, aliases, report, 0, total)
    for run in older:
        _count_run(con, run)
    _finish(con, codes, folder, [run.model for run in runs], report, done, total)
    return True


def drop_task(con: "duckdb.DuckDBPyConnection", task: str) -> None:
    """Remove everything the index knows of one task except its code."""
    row = con.execute("SELECT code FROM tasks WHERE name = ?", [task]).fetchone()
    if row is None:
        return
    for table in (
        "runs", "items", "variants", "task_perturbations", "item_hashes",
        "item_versions", "echo_sets",
        "item_echoes", "facts", "imported", "attributes", "cube", "confidence_cube",
        "cluster_cube", "task_facts", "task_models", "variant_cells",
    ):  # fmt: skip
        con.execute(f"DELETE FROM {table} WHERE task = ?", [row[0]])
    for table in ("item_columns", "variant_columns"):
        con.execute(f"DROP TABLE IF EXISTS {table}_{row[0]}")


def _load(
    con: "duckdb.DuckDBPyConnection",
    runs: Sequence[Any],
    task: int,
    aliases: dict[str, str],
    report: Callable[[str], None],
) -> bool:
    """Number items, then variants, then what only outcomes name, each at first sight.

    False if originals that were there before stand elsewhere now.
    """
    n_items, n_variants = _count(con, "items", task), _count(con, "variants", task)
    for run in runs:
        report(f"{run.task}: items of {run.model}")
        load_items(con, run, task, aliases)
        fill(con, run, "items", task, aliases)
    regroup(con, task, n_items)
    for run in runs:
        report(f"{run.task}: variants of {run.model}")
        load_variants(con, run, task, aliases)
        fill(con, run, "variants", task, aliases)
    for run in runs:
        load_unlisted(con, run, task, aliases)
    return echo_sets_of(con, task, n_items, n_variants)


def _count(con: "duckdb.DuckDBPyConnection", table: str, task: int) -> int:
    row = con.execute(f"SELECT count(*) FROM {table} WHERE task = {task}").fetchone()
    return int(row[0]) if row else 0


def _add_facts(
    con: "duckdb.DuckDBPyConnection",
    runs: Iterable[Any],
    codes: Any,
    aliases: dict[str, str],
    report: Report,
    done: int,
    total: int,
) -> int:
    for run in reversed(list(runs)):  # newest first: what is there already is what counts
        report(done, total, f"{run.task}: outcomes of {run.model}")
        number = _add_run(con, run, codes)
        outcomes = Path(run.path) / "outcomes.parquet"
        if outcomes.exists():
            _insert_outcomes(con, outcomes, number, codes, run.model, aliases)
        scores = Path(run.path) / "scores.parquet"
        if scores.exists():
            _insert_scores(con, scores, number, codes, run.model, aliases)
        _count_run(con, number)
        done += run.n_outcomes
    return done


def _add_run(con: "duckdb.DuckDBPyConnection", run: Any, codes: Any) -> int:
    (number,) = con.execute("SELECT coalesce(max(run) + 1, 0) FROM runs").fetchone() or (0,)
    con.execute(
        "INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0, ?)",
        [
            number, run.run_id, codes.task, codes.models[run.model], run.revision,
            str(run.created), run.n_outcomes, json.dumps(run.measures or {}),
        ],
    )  # fmt: skip
    return int(number)


def status_case(column: str) -> str:
    """Return SQL that turns a status into its position in `nouns.STATUSES`."""
    whens = " ".join(f"WHEN '{name}' THEN {code}" for code, name in enumerate(STATUSES))
    return f"(CASE {column} {whens} ELSE {STATUSES.index('unscored')} END)"


def _insert_outcomes(
    con: "duckdb.DuckDBPyConnection",
    path: Path,
    run: int,
    codes: Any,
    model: str,
    aliases: dict[str, str],
) -> None:
    from stresslab.store.build_dims import aliased, known, parquet

    model_code = codes.models[model]
    (seen,) = con.execute(
        "SELECT count(*) FROM runs WHERE task = ? AND model = ? AND run <> ?",
        [codes.task, model_code, run],
    ).fetchone() or (0,)
    latest = "true"
    if seen:
        latest = (
            "v.variant NOT IN (SELECT variant FROM facts f WHERE f.latest AND f.run <> "
            f"{run} AND f.task = {codes.task} AND f.model = {model_code})"
        )
    con.execute(
        f"""INSERT INTO facts
        SELECT {run}, {model_code}, {codes.task}, v.variant, v.item, i.cluster, i.domain,
            v.perturbation, v.tier, v.strength,
            CASE WHEN v.perturbation = -1 THEN coalesce(e.echo_set, -1) ELSE -1 END,
            {latest}, coalesce(o.trial, 0), {status_case("o.status")}, {known("o.score")},
            o.correct, {known("o.confidence")}, {known("o.latency_s")}, o.tokens_in, o.tokens_out,
            o.probs, o.output, o.answer, o.error
        FROM (SELECT *, {aliased("variant_id", aliases)} AS id FROM {parquet(path)}) o
        JOIN (SELECT * FROM variants WHERE task = {codes.task}) v ON v.variant_id = o.id
        JOIN (SELECT item, cluster, domain FROM items WHERE task = {codes.task}) i
            ON i.item = v.item
        LEFT JOIN (SELECT item, echo_set FROM item_echoes WHERE task = {codes.task}) e
            ON e.item = v.item
        ORDER BY v.variant, o.trial"""
    )


def _insert_scores(
    con: "duckdb.DuckDBPyConnection",
    path: Path,
    run: int,
    codes: Any,
    model: str,
    aliases: dict[str, str],
) -> None:
    from stresslab.store.build_dims import aliased, known, parquet

    con.execute(
        f"""INSERT INTO imported
        SELECT {run}, {codes.models[model]}, {codes.task}, m.code, v.variant,
            coalesce(s.trial, 0), {known("s.value")}
        FROM (SELECT *, {aliased("variant_id", aliases)} AS id FROM {parquet(path)}) s
        JOIN measures m ON m.name = s.measure
        JOIN (SELECT variant, variant_id FROM variants WHERE task = {codes.task}) v
            ON v.variant_id = s.id
        WHERE s.measure NOT IN ('score', 'correct', 'confidence')
        ORDER BY m.code, v.variant, s.trial"""
    )


def _count_run(con: "duckdb.DuckDBPyConnection", run: int) -> None:
    con.execute(
        """UPDATE runs SET n_counted = c.n, n_duplicates = c.n_rows - c.n_keys
        FROM (SELECT count(*) n_rows, count(*) FILTER (latest) n,
            count(DISTINCT variant::BIGINT * 1048576 + trial) n_keys
            FROM facts WHERE run = $run) c WHERE runs.run = $run""",
        {"run": run},
    )


def _finish(
    con: "duckdb.DuckDBPyConnection",
    codes: Any,
    folder: Path,
    models: list[str],
    report: Report,
    done: int,
    total: int,
) -> None:
    report(done, total, f"{codes.name}: attributes")
    build_columns(con, codes.task)
    _place_variants(con, codes.task)
    merges = folder / MERGES
    parts = Parts(layout_of(con, codes.task, folder), merges / "all")
    hand_back()
    for model in sorted(set(models)):
        report(done, total, f"{codes.name}: cubes of {model}")
        add_model(con, parts, codes.task, codes.models[model], folder)
    shutil.rmtree(merges, ignore_errors=True)
    _describe(con, codes.task)


def _place_variants(con: "duckdb.DuckDBPyConnection", task: int) -> None:
    first = _count(con, "variant_cells", task)
    con.execute(
        f"""INSERT INTO variant_cells
        SELECT {task}, v.variant, v.item, i.cluster, i.domain, v.perturbation, v.tier, v.strength,
            CASE WHEN v.perturbation = -1 THEN coalesce(e.echo_set, -1) ELSE -1 END
        FROM variants v JOIN items i ON i.task = {task} AND i.item = v.item
        LEFT JOIN item_echoes e ON e.task = {task} AND e.item = v.item
        WHERE v.task = {task} AND v.variant >= {first} ORDER BY v.variant"""
    )


def _describe(con: "duckdb.DuckDBPyConnection", task: int) -> None:
    con.execute("DELETE FROM task_facts WHERE task = ?", [task])
    con.execute(
        """INSERT INTO task_facts SELECT $task,
        (SELECT count(*) FROM items WHERE task = $task),
        (SELECT count(*) FROM variants WHERE task = $task),
        (SELECT coalesce(sum(n_counted), 0) FROM runs WHERE task = $task),
        (SELECT count(*) = 0 FROM (SELECT 1 FROM facts WHERE task = $task AND latest
            AND trial <> 0 LIMIT 1))
            AND (SELECT coalesce(sum(n_duplicates), 0) = 0 FROM runs WHERE task = $task),
        (SELECT count(*) = 0 FROM (SELECT 1 FROM items i JOIN items f
            ON f.task = $task AND f.item = i.cluster WHERE i.task = $task
            AND i.cluster <> i.item AND i.domain <> f.domain LIMIT 1)),
        (SELECT count(*) FROM item_hashes WHERE task = $task AND version = 1),
        (SELECT count(*) > 0 FROM (SELECT 1 FROM cluster_cube WHERE task = $task LIMIT 1))""",
        {"task": task},
    )
