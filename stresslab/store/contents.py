"""What a workspace holds, and a question about it made complete: nothing left at its default."""

import difflib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from stresslab.errors import ParamError
from stresslab.predicate import Predicate, fields_of, parse
from stresslab.result import Warn
from stresslab.saved_slices import expand
from stresslab.store.dims import Dims, dims_of
from stresslab.store.fields import derived_name, find
from stresslab.store.index import ensure

if TYPE_CHECKING:
    import pandas as pd

COVERAGE_LINE = 0.5
"""A model below this share of a task's variants stands below the line, not in the ranking."""

MOMENTS = ("total", "n_scored", "n_answered")


@dataclass(frozen=True)
class Contents:
    """What a workspace holds.

    Parameters
    ----------
    tasks, models, domains, perturbations, measures, attributes : DataFrame
        One row per thing; all but `tasks` have a column `task`.
    default_task : str or None
        The task shown first.
    warnings : dict of str to tuple of Warn
        By task: what the index had to leave out or count only once.
    """

    tasks: "pd.DataFrame"
    models: "pd.DataFrame"
    domains: "pd.DataFrame"
    perturbations: "pd.DataFrame"
    measures: "pd.DataFrame"
    attributes: "pd.DataFrame"
    default_task: str | None
    warnings: Mapping[str, tuple[Warn, ...]]


@dataclass(frozen=True)
class Question:
    """What is asked of the store, complete.

    Parameters
    ----------
    task : str
        Task; empty if the workspace has none.
    models : tuple of str
        Models in order.
    measure : str
        Measure whose values are summed.
    numerator, denominator : str
        Moments, as in `metrics._kind.Moment`.
    where : Predicate or None
        Condition.
    population : str
        ``"common"`` or ``"each"``.
    warnings : tuple of Warn
        What was left out, and why.
    below : tuple of str
        Models left out because they cover too little of the task.
    model_info : tuple
        ``(model, ((field, value), ...))`` for conditions on model.family and the like.
    """

    task: str
    models: tuple[str, ...]
    measure: str = "score"
    numerator: str = "total"
    denominator: str = "n_scored"
    where: Predicate | None = None
    population: str = "common"
    warnings: tuple[Warn, ...] = ()
    below: tuple[str, ...] = ()
    model_info: tuple[tuple[str, tuple[tuple[str, Any], ...]], ...] = ()

    @property
    def is_common(self) -> bool:
        """Return whether values are restricted to variants that several models share."""
        return self.population == "common" and len(self.models) > 1


def contents(workspace: Any) -> Contents:
    """Return what the workspace holds; read once per data version."""
    from stresslab.store.contents_read import read

    generation = ensure(workspace)
    config = workspace.config
    named = {
        part: getattr(config, part, None) or {} for part in ("models", "tasks", "perturbations")
    } | {"default_task": config.default_task}
    runs = {run.run_id: dict(run.model_info or {}) for run in workspace.runs(include=("live",))}
    return _cached(read, generation, json.dumps([named, runs], sort_keys=True, default=str))


@lru_cache(maxsize=16)
def _cached(read: Any, generation: Any, settings: str) -> Contents:
    named, runs = json.loads(settings)
    found: Contents = read(generation, named, runs)
    return found


def resolve(
    workspace: Any,
    *,
    task: str | None = None,
    models: Sequence[str] = (),
    measure: str = "score",
    ratio: tuple[str, str] | None = None,
    where: str | Predicate | None = "",
    population: str = "common",
) -> Question:
    """Return the question with task, models and condition settled.

    Parameters
    ----------
    task : str, optional
        Default: the workspace's default task, else the one with most outcomes.
    models : sequence of str
        Default: all that cover at least half of the task.
    measure : str
        A measure of the task.
    ratio : tuple of str, optional
        Numerator and denominator moments; default the mean over known values.
    where : str or Predicate
        Condition; its columns are looked up here.
    population : str
        ``"common"`` or ``"each"``.

    Raises
    ------
    ParamError
        If task, model, measure or population is unknown; near names are listed.
    UnknownColumnError
        If the condition names a column the workspace does not have.
    """
    known = contents(workspace)
    numerator, denominator = _ratio(ratio)
    if population not in ("common", "each"):
        raise ParamError(f"population must be common or each; got {population!r}.")
    predicate = parse(where) if isinstance(where, str) else where
    predicate = expand(predicate, workspace.config.slices)
    if known.tasks.empty or (task is None and known.default_task is None):
        return Question("", (), measure, numerator, denominator, predicate, population)
    name = _one_of("task", task or str(known.default_task), known.tasks["task"])
    if not known.tasks.loc[known.tasks["task"] == name, "n_outcomes"].any():
        raise ParamError(
            f"Task {name!r} holds no outcomes, at most numbers somebody published. "
            "`stresslab analyze parity` lists those."
        )
    table = known.models[known.models["task"] == name]
    measures = known.measures.loc[known.measures["task"] == name, "measure"]
    _one_of("measure", measure, measures)
    chosen, below = _models(table, models)
    warnings = list(known.warnings.get(name, ()))
    info = model_info(table)
    if below:
        names = ", ".join(str(info[model].get("alias") or model) for model in below)
        text = f"Under half of the task covered, so outside the ranking and on own rows: {names}."
        warnings.append(Warn("low-coverage", text, len(below)))
    warnings += _caveats(table, (*chosen, *below))
    _check_fields(dims_of(ensure(workspace)), name, predicate, info)
    question = Question(
        name, chosen, measure, numerator, denominator, predicate, population,
        (), below, tuple((model, tuple(sorted(fields.items()))) for model, fields in info.items()),
    )  # fmt: skip
    warnings += [*_unknown(workspace, question), *_damaged(workspace)]
    warnings += _stale(workspace, question)
    return replace(question, warnings=tuple(warnings))


def model_info(table: "pd.DataFrame") -> dict[str, dict[str, Any]]:
    """Return ``{model: {family, revision, alias, trained_on}}`` of the models of one task."""
    columns = ("family", "revision", "alias", "trained_on")
    return {
        row["model"]: {
            column: tuple(value) if isinstance(value := row[column], list) else value
            for column in columns
        }
        for row in table.to_dict("records")
    }


def _ratio(ratio: tuple[str, str] | None) -> tuple[str, str]:
    found = tuple(ratio) if ratio is not None else ("total", "n_scored")
    if len(found) != 2 or any(part not in MOMENTS for part in found):
        raise ParamError(f"A ratio is two of {', '.join(MOMENTS)}; got {ratio!r}.")
    return found[0], found[1]


def _models(
    table: "pd.DataFrame", models: Sequence[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if models:
        for model in models:
            _one_of("model", model, table["model"])
        return tuple(dict.fromkeys(models)), ()
    above = table["coverage"] >= COVERAGE_LINE
    return tuple(table.loc[above, "model"]), tuple(table.loc[~above, "model"])


def _unknown(workspace: Any, question: Question) -> list[Warn]:
    """Return how many rows the condition cannot judge."""
    from stresslab.store.unknown import unknown_rows

    if question.where is None or not question.models:
        return []
    n, names = unknown_rows(ensure(workspace), question)
    if not n:
        return []
    text = f"In {n:,} rows {', '.join(names)} is not known: a comparison with it is false."
    return [Warn("unknown-in-condition", text, n)]


def _stale(workspace: Any, question: Question) -> list[Warn]:
    """Return which derived values of the condition were computed of what is not so any more."""
    fields = [field.parts for field in fields_of(question.where) if field.parts[0] == "derived"]
    if not fields:
        return []
    dims = dims_of(ensure(workspace))
    task = dims.tasks.index(question.task)
    named = [f"{derived_name(dims, task, '.'.join(parts[1:]))}." for parts in fields]
    warnings = []
    for one in workspace.derived():
        if one.is_stale and any(name.startswith(f"derived.{one.derived_id}.") for name in named):
            text = (
                f"{one.derived_id} was computed before {', '.join(one.changed)} changed. "
                "Compute it again."
            )
            warnings.append(Warn("stale-derived", text))
    return warnings


def _damaged(workspace: Any) -> list[Warn]:
    """Return which runs are left out because their files are damaged."""
    runs = workspace.runs(include=("damaged",))
    if not runs:
        return []
    names = ", ".join(run.run_id for run in runs[:3]) + (", ..." if len(runs) > 3 else "")
    text = f"Left out, as their files are damaged: {names}. `stresslab workspace verify` says more."
    return [Warn("damaged", text, len(runs))]


def _caveats(table: "pd.DataFrame", models: Sequence[str]) -> list[Warn]:
    """Return what workspace.toml says must be kept in mind of these models."""
    mine = table[table["model"].isin(models) & table["caveat"].notna()]
    return [
        Warn("caveat", f"{', '.join(names)}: {caveat}")
        for caveat, names in mine.groupby("caveat", sort=False)["alias"]
    ]


def _check_fields(
    dims: Dims, task: str, predicate: Predicate | None, info: Mapping[str, Mapping[str, Any]]
) -> None:
    if predicate is not None:
        for field in fields_of(predicate):
            find(dims, dims.tasks.index(task), field.parts, info)


def _one_of(kind: str, name: str, known: Iterable[str]) -> str:
    names = list(known)
    if name not in names:
        near = difflib.get_close_matches(name, names, n=3) or names[:10]
        raise ParamError(
            f"No {kind} is called {name!r}. Did you mean: {', '.join(near) or 'none exist yet'}?"
        )
    return name
