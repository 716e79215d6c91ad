"""Read the tables of `Contents` from an index."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from stresslab.result import Warn
from stresslab.store.bounds import out_of_bounds, overstepped
from stresslab.store.contents import Contents
from stresslab.store.dims import Dims
from stresslab.store.engine import DuckDBEngine, opened
from stresslab.store.index import Generation

if TYPE_CHECKING:
    import duckdb

TASK_COLUMNS = [
    "task",
    "title",
    "n_outcomes",
    "n_items",
    "n_variants",
    "chance",
    "description",
    "is_default",
]
MODEL_COLUMNS = [
    "task", "model", "alias", "family", "revision", "trained_on", "caveat", "colour", "run_id",
    "n_variants", "n_variants_total", "coverage",
]  # fmt: skip
PERTURBATION_COLUMNS = ["task", "perturbation", "title", "axis", "unit", "tiers", "strengths"]
MEASURE_COLUMNS = [
    "task", "measure", "rate", "low", "high", "higher_is_better", "least", "most",
]  # fmt: skip
ATTRIBUTE_COLUMNS = ["name", "task", "type", "n_known", "n_values", "values"]
TYPES = {"VARCHAR": "text", "BOOLEAN": "boolean", "BIGINT": "integer", "DOUBLE": "number"}


def read(
    generation: Generation, named: Mapping[str, Any], runs: Mapping[str, Mapping[str, Any]]
) -> Contents:
    """Return the contents of an index.

    Parameters
    ----------
    named : mapping
        Sections `models`, `tasks`, `perturbations` of workspace.toml and `default_task`.
    runs : mapping
        Run id -> what its manifest says of the model.
    """
    with opened(generation) as engine:
        dims = engine.dims
        counted = {run.task for run in dims.runs}
        tasks = _tasks(dims, named, counted)
        measures = _measures(engine)
        return Contents(
            tasks=tasks,
            models=_models(engine, named, runs),
            domains=_domains(engine),
            perturbations=_perturbations(engine, named),
            measures=measures,
            attributes=_attributes(dims),
            default_task=next(iter(tasks.loc[tasks["is_default"], "task"]), None),
            warnings={
                dims.tasks[task]: (
                    *_warnings(engine, task),
                    *out_of_bounds(measures, dims.tasks[task]),
                )
                for task in sorted(counted)
            },
        )


def _tasks(dims: Dims, named: Mapping[str, Any], counted: set[int]) -> pd.DataFrame:
    rows = []
    for code in sorted(counted):
        name, row = dims.tasks[code], dims.task_rows[code]
        own = named["tasks"].get(name, {})
        rows.append(
            (name, own.get("title") or name, row.n_outcomes, row.n_items, row.n_variants,
             own.get("chance"), own.get("description"), False)
        )  # fmt: skip
    table = pd.DataFrame(rows, columns=TASK_COLUMNS)
    if len(table):
        answered = table[table["n_outcomes"] > 0].sort_values(
            "n_outcomes", ascending=False, kind="stable"
        )["task"]  # a task may hold published numbers only
        wanted = named["default_task"]
        best = wanted if wanted in set(answered) else next(iter(answered), None)
        table["is_default"] = table["task"] == best
    return table.astype({"chance": "float64", "is_default": "bool"})


def _models(
    engine: DuckDBEngine, named: Mapping[str, Any], runs: Mapping[str, Mapping[str, Any]]
) -> pd.DataFrame:
    dims = engine.dims
    rows = []
    found = engine.con.execute("SELECT * FROM task_models ORDER BY task, model").fetchall()
    for task, model, n_variants in found:
        name = dims.models[model]
        mine = [run for run in dims.runs if run.task == task and run.model == model]
        last = max(mine, key=lambda run: (run.created, run.run_id))
        info = dict(runs.get(last.run_id, {})) | dict(named["models"].get(name, {}))
        total = dims.task_rows[task].n_variants
        trained_on = info.get("trained_on") or []
        rows.append(
            (dims.tasks[task], name, info.get("alias") or name, info.get("family"),
             info.get("revision") or last.revision,
             [trained_on] if isinstance(trained_on, str) else list(trained_on),
             info.get("caveat"), info.get("colour"), last.run_id, n_variants, total,
             n_variants / max(total, 1))
        )  # fmt: skip
    return pd.DataFrame(rows, columns=MODEL_COLUMNS).astype({"coverage": "float64"})


def _domains(engine: DuckDBEngine) -> pd.DataFrame:
    rows = engine.con.execute(
        """SELECT t.name, d.name, count(*) FROM items i JOIN tasks t ON t.code = i.task
        JOIN domains d ON d.code = i.domain GROUP BY i.task, t.name, d.name, d.code
        ORDER BY i.task, d.code"""
    ).fetchall()
    return pd.DataFrame(rows, columns=["task", "domain", "n_items"])


def _perturbations(engine: DuckDBEngine, named: Mapping[str, Any]) -> pd.DataFrame:
    dims = engine.dims
    found = engine.con.execute(
        """SELECT task, perturbation, tier, min(strength) FROM variant_cells
        WHERE perturbation <> -1 GROUP BY ALL ORDER BY ALL"""
    ).fetchall()
    steps: dict[tuple[int, int], list[tuple[int, float | None]]] = {}
    for task, perturbation, tier, strength in found:
        steps.setdefault((task, perturbation), []).append((tier, strength))
    rows = []
    for (task, perturbation), tiers in steps.items():
        axis, unit = dims.axes[task][perturbation]
        name = dims.perturbations[perturbation]
        if axis == "paired" and tiers[0][0] != 0:
            tiers = [(0, None), *tiers]
        rows.append(
            (dims.tasks[task], name, named["perturbations"].get(name, {}).get("title") or name,
             axis, unit, [tier for tier, _ in tiers], [strength for _, strength in tiers])
        )  # fmt: skip
    return pd.DataFrame(rows, columns=PERTURBATION_COLUMNS)


def _measures(engine: DuckDBEngine) -> pd.DataFrame:
    """Return what is known of every measure with a value, and the score of every task."""
    dims = engine.dims
    found = engine.con.execute(
        """SELECT task, measure, sum(n_other) = 0 FROM cube WHERE level = 0
        GROUP BY ALL ORDER BY ALL"""
    ).fetchall()
    plain: dict[str, dict[str, Any]] = {
        "correct": {"rate": True, "low": 0.0, "high": 1.0},
        "confidence": {"rate": False, "low": 0.0, "high": 1.0},
    }
    rows = []
    for task, measure, all_binary in found:
        name = dims.measures[measure]
        info = dict(plain.get(name, {}))
        for run in dims.runs:
            if run.task == task:
                info |= dict(run.measures.get(name) or {})
        seen = None if all_binary else overstepped(engine, task, measure, info)
        if seen:
            info |= {"rate": False, "low": None, "high": None}
        low, high = info.get("low"), info.get("high")
        rate = bool(info.get("rate", all_binary))
        rows.append(
            (dims.tasks[task], name, rate, 0.0 if rate and low is None else low,
             1.0 if rate and high is None else high, bool(info.get("higher_is_better", True)),
             *(seen or (None, None)))
        )  # fmt: skip
    table = pd.DataFrame(rows, columns=MEASURE_COLUMNS)
    return table.astype(
        dict.fromkeys(("low", "high", "least", "most"), "float64")
        | {"rate": "bool", "higher_is_better": "bool"}
    )


def _attributes(dims: Dims) -> pd.DataFrame:
    rows = [
        (one.name, dims.tasks[task], TYPES.get(str(one.type), "text"), one.n_known,
         one.n_values or 0, list(one.values))
        for task, attributes in sorted(dims.attributes.items())
        for one in attributes.values()
        if one.column is not None and one.type != "POINT"
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=ATTRIBUTE_COLUMNS)


def _warnings(engine: DuckDBEngine, task: int) -> tuple[Warn, ...]:
    dims = engine.dims
    runs = [run for run in dims.runs if run.task == task]
    warnings = []
    covered = sum(run.n_outcomes - run.n_counted for run in runs)
    if covered > 0:
        warnings.append(
            Warn(
                "several-runs",
                "Several live runs of one model hold the same variants; the latest counts. "
                'Retire the older, or choose with run = "...".',
                covered,
            )
        )
    repeated = sum(run.n_duplicates for run in runs)
    if repeated:
        warnings.append(
            Warn("duplicates", "Rows repeat the variant and trial of another row.", repeated)
        )
    if dims.task_rows[task].n_edited:
        warnings.append(
            Warn(
                "edited-items",
                f"{dims.task_rows[task].n_edited:,} items have one id and different contents in "
                "different runs; models that saw different ones are not compared on them. "
                "Workspace lists them.",
                dims.task_rows[task].n_edited,
            )
        )
    row = engine.con.execute(
        """SELECT count(*) FROM (SELECT content_hash FROM item_hashes WHERE task = ?
        GROUP BY content_hash HAVING count(DISTINCT item) > 1)""",
        [task],
    ).fetchone()
    if row and row[0]:
        warnings.append(
            Warn(
                "possible-matches",
                f"{row[0]:,} contents stand under several ids, which are not joined. Workspace "
                "lists them; if two item sets are one, say so in [item_sets] aliases of "
                "workspace.toml.",
                row[0],
            )
        )
    return tuple(warnings)


def edited_items(con: "duckdb.DuckDBPyConnection", task: int, models: Sequence[int]) -> list[int]:
    """Return the codes of items that the models saw with different contents."""
    found = con.execute(
        """SELECT item FROM item_versions WHERE task = ? AND list_contains(?, model)
        GROUP BY item HAVING count(DISTINCT version) > 1 ORDER BY 1""",
        [task, list(models)],
    ).fetchall()
    return [item for (item,) in found]
