"""Names and facts of one index generation that every query needs; read once, then kept."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from stresslab.store import small
from stresslab.store.index import Generation


@dataclass(frozen=True)
class RunRow:
    """One live run as the index knows it."""

    run: int
    run_id: str
    task: int
    model: int
    revision: str | None
    created: str
    n_outcomes: int
    n_counted: int
    n_duplicates: int
    measures: Mapping[str, Any]


@dataclass(frozen=True)
class TaskRow:
    """Sizes and properties of one task."""

    n_items: int
    n_variants: int
    n_outcomes: int
    single_trial: bool
    clusters_nest: bool
    n_edited: int
    has_cluster_cube: bool


@dataclass(frozen=True)
class Attribute:
    """A typed column made of one JSON key of items or variants."""

    name: str
    column: str | None
    type: str | None
    n_known: int
    n_values: int | None
    values: tuple[Any, ...]


@dataclass(frozen=True)
class Dims:
    """Dictionaries of the index: position in a tuple = code."""

    tasks: tuple[str, ...]
    models: tuple[str, ...]
    measures: tuple[str, ...]
    domains: tuple[str, ...]
    perturbations: tuple[str, ...]
    runs: tuple[RunRow, ...]
    task_rows: Mapping[int, TaskRow]
    axes: Mapping[int, Mapping[int, tuple[str, str | None]]]
    """task -> perturbation -> (axis, unit)"""
    echo_sets: Mapping[int, tuple[tuple[int, int], ...]]
    """task -> (echo set, perturbation) pairs"""
    attributes: Mapping[int, Mapping[str, Attribute]]
    """task -> name -> attribute of items and variants, or derived value"""

    def paired(self, task: int) -> tuple[int, ...]:
        """Return the codes of perturbations in which originals stand as tier 0."""
        return tuple(sorted({p for _, p in self.echo_sets.get(task, ())}))


def dims_of(generation: Generation) -> Dims:
    """Return the dictionaries of a generation."""
    return _read(generation.folder, generation.data_version)


@lru_cache(maxsize=16)
def _read(folder: Path, version: str) -> Dims:
    said = small.dictionaries(folder)

    def names(table: str) -> tuple[str, ...]:
        return tuple(name for _, name in said[table])

    axes: dict[int, dict[int, tuple[str, str | None]]] = {}
    for task, perturbation, axis, unit in said["task_perturbations"]:
        axes.setdefault(task, {})[perturbation] = (axis, unit)
    echoes: dict[int, list[tuple[int, int]]] = {}
    for task, echo_set, perturbation in said["echo_sets"]:
        echoes.setdefault(task, []).append((echo_set, perturbation))
    attributes: dict[int, dict[str, Attribute]] = {}
    for task, name, column, kind, n_known, n_values, values in said["attributes"]:
        listed = tuple(json.loads(values)) if values else ()
        one = Attribute(name, column, kind, n_known, n_values, listed)
        attributes.setdefault(task, {})[name] = one
    return Dims(
        tasks=names("tasks"),
        models=names("models"),
        measures=names("measures"),
        domains=names("domains"),
        perturbations=names("perturbations"),
        runs=tuple(map(_run_row, said["runs"])),
        task_rows={task: TaskRow(*rest) for task, *rest in said["task_facts"]},
        axes=axes,
        echo_sets={task: tuple(pairs) for task, pairs in echoes.items()},
        attributes=attributes,
    )


def _run_row(row: list[Any]) -> RunRow:
    *fields, measures = row
    known: list[Any] = [*fields, json.loads(measures)]
    return RunRow(*known)
