"""Where each field of a condition (or of a `by`) is found: column, table to join, dictionary."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stresslab.errors import UnknownColumnError
from stresslab.nouns import STATUSES
from stresslab.store.dims import Dims
from stresslab.store.text_features import FEATURES

Join = str
"""``items, variants, item_columns, variant_columns, imported, text_features, of_model``, the
table of a derived value without its task, or nothing for the facts themselves."""

PLAIN: dict[str, tuple[str, Join, str]] = {
    "tier": ("number", "", "tier"),
    "strength": ("number", "", "strength"),
    "trial": ("number", "", "trial"),
    "score": ("number", "", "score"),
    "correct": ("number", "", "correct"),
    "confidence": ("number", "", "confidence"),
    "latency_s": ("number", "", "latency_s"),
    "tokens_in": ("number", "", "tokens_in"),
    "tokens_out": ("number", "", "tokens_out"),
    "output": ("text", "", "output"),
    "answer": ("text", "", "answer"),
    "error": ("text", "", "error"),
    "item_id": ("text", "items", "item_id"),
    "item_set": ("text", "items", "item_set"),
    "group_id": ("text", "items", "group_id"),
    "reference": ("text", "items", "reference"),
    "variant_id": ("text", "variants", "variant_id"),
    "input": ("text", "variants", "input"),
}
CODED = ("task", "model", "run", "domain", "perturbation", "axis", "status")
MODEL_FIELDS = ("family", "revision", "alias", "trained_on")
OF_MODEL = ("score", "correct", "confidence")
"""``correct.gpt-x``: what that model's answer to the same variant came to (mean over trials)."""
DERIVED, OF_RUNS = "derived_", "derived_runs_"
OUTCOME_COLUMNS = (
    "run", "trial", "status", "score", "correct", "confidence", "latency_s", "tokens_in",
    "tokens_out", "output", "answer", "error",
)  # fmt: skip
"""Columns that say something of one outcome; the others are the same for every model."""


@dataclass(frozen=True)
class Source:
    """Where a field is found.

    Parameters
    ----------
    kind : str
        ``"codes"`` (small integers with a dictionary), ``"number"``, ``"text"``, ``"bool"`` or
        ``"point"`` (two columns, the second is `other`).
    column : str
        Column of the joined frame.
    join : str
        Table the column comes from; empty for the facts themselves.
    values : mapping
        Code -> value, for codes; a code that is missing there is null.
    measure : int or None
        Code of an imported measure, or of the measure of a model.
    native : str
        Column of the joined table, or code of the model.
    """

    kind: str
    column: str
    join: Join = ""
    values: Mapping[int, Any] | None = None
    measure: int | None = None
    native: str = ""

    @property
    def of_outcome(self) -> bool:
        """Return whether the value may differ between two models on one variant."""
        joined = self.join == "imported" or self.join.startswith(OF_RUNS)
        return joined or self.column in (*OUTCOME_COLUMNS, "model")

    @property
    def is_derived(self) -> bool:
        """Return whether it is a derived value."""
        return self.join.startswith(DERIVED)

    @property
    def parts(self) -> dict[str, str]:
        """Return ``{column of the joined table: column of the joined frame}``."""
        if self.kind != "point":
            return {self.native: self.column}
        return {self.native: self.column, "y": self.other}

    @property
    def other(self) -> str:
        """Return the column of the second coordinate of a point."""
        return f"{self.join}__y"


def find(
    dims: Dims, task: int, parts: tuple[str, ...], models: Mapping[str, Mapping[str, Any]]
) -> Source:
    """Return where a field is found.

    Parameters
    ----------
    dims : Dims
        Dictionaries of the index.
    task : int
        Code of the task.
    parts : tuple of str
        The field, e.g. ``("item", "length")``.
    models : mapping
        What is known of each model: ``{name: {"family": ..., ...}}``.

    Raises
    ------
    UnknownColumnError
        If the workspace has no such column; the message lists near names and all names.
    """
    name = ".".join(parts)
    if len(parts) == 1 and name in PLAIN:
        kind, join, native = PLAIN[name]
        return Source(kind, name if not join else f"{join}__{native}", join, native=native)
    if len(parts) == 1 and name in CODED:
        return _coded(dims, task, name)
    head, tail = parts[0], ".".join(parts[1:])
    if head == "model" and tail in MODEL_FIELDS:
        values = {
            code: _text(models.get(model, {}).get(tail)) for code, model in enumerate(dims.models)
        }
        return Source("codes", "model", values=values)
    if head in ("item", "variant"):
        found = dims.attributes.get(task, {}).get(name)
        if found is not None and found.column is not None:
            kind = {"VARCHAR": "text", "BOOLEAN": "bool"}.get(str(found.type), "number")
            table: Join = "item_columns" if head == "item" else "variant_columns"
            return Source(kind, f"{table}__{found.column}", table, native=found.column)
    if head == "derived":
        return _derived(dims, task, tail)
    if head == "input" and tail in FEATURES:
        return Source(FEATURES[tail][0], f"text_features__{tail}", "text_features", native=tail)
    found_measure = _of_measure(dims, head, tail)
    if found_measure is not None:
        return found_measure
    raise _unknown(dims, task, name)


def _of_measure(dims: Dims, head: str, tail: str) -> Source | None:
    """Return where ``correct.<model>`` or ``measure.<name>`` is found."""
    if head in OF_MODEL and tail in dims.models:
        code = dims.models.index(tail)
        return Source(
            "number", f"of_model__{head}__{code}", "of_model", measure=dims.measures.index(head),
            native=str(code),
        )  # fmt: skip
    if head == "measure" and tail in dims.measures:
        if tail in ("score", "correct", "confidence"):
            return Source("number", tail, native=tail)
        code = dims.measures.index(tail)
        return Source("number", f"imported__{code}", "imported", measure=code, native="value")
    return None


def derived_name(dims: Dims, task: int, tail: str) -> str | None:
    """Return the name of the derived value called so, or the only one that ends so."""
    known = [name for name in dims.attributes.get(task, {}) if name.startswith("derived.")]
    if f"derived.{tail}" in known:
        return f"derived.{tail}"
    ending = [name for name in known if name.endswith(f".{tail}")]
    if len(ending) > 1:
        raise UnknownColumnError(
            f"derived.{tail} could be any of {', '.join(ending)}. Write one of them out."
        )
    return ending[0] if ending else None


def _derived(dims: Dims, task: int, tail: str) -> Source:
    name = derived_name(dims, task, tail)
    if name is None:
        raise _unknown(dims, task, f"derived.{tail}")
    found = dims.attributes[task][name]
    table, _, column = str(found.column).partition(".")
    kind = "point" if found.type == "POINT" else "number"
    return Source(kind, f"{table}__{column}", table, native=column)


def _coded(dims: Dims, task: int, name: str) -> Source:
    if name == "axis":
        axes = dims.axes.get(task, {})
        return Source("codes", "perturbation", values={p: axis for p, (axis, _) in axes.items()})
    values: dict[str, Mapping[int, Any]] = {
        "task": dict(enumerate(dims.tasks)),
        "model": dict(enumerate(dims.models)),
        "run": {run.run: run.run_id for run in dims.runs},
        "domain": dict(enumerate(dims.domains)),
        "perturbation": dict(enumerate(dims.perturbations)),
        "status": dict(enumerate(STATUSES)),
    }
    return Source("codes", name, values=values[name])


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or None
    return str(value)


def _unknown(dims: Dims, task: int, name: str) -> UnknownColumnError:
    attributes = dims.attributes.get(task, {})
    derived = [one for one in attributes if one.startswith("derived.")]
    if name.startswith("derived.") and not derived:
        return UnknownColumnError(
            f"Column {name!r} does not exist: nothing was derived of this task yet. "
            "`stresslab project` makes a map and clusters of a space."
        )
    rare = name in attributes
    known = [
        *CODED,
        *PLAIN,
        *(f"model.{field}" for field in MODEL_FIELDS),
        *(f"input.{feature}" for feature in FEATURES),
        *(one.name for one in attributes.values() if one.column is not None),
        *(f"measure.{measure}" for measure in dims.measures),
    ]
    of_models = [f"{measure}.{model}" for measure in OF_MODEL for model in dims.models]
    near = difflib.get_close_matches(name, known + of_models, n=3) or difflib.get_close_matches(
        name.rpartition(".")[2], known, n=3
    )
    hint = f"Did you mean: {', '.join(near)}? " if near else ""
    reason = "is too rare to be indexed" if rare else "does not exist"
    listed = ", ".join(known[:60]) + (" ..." if len(known) > 60 else "")
    return UnknownColumnError(f"Column {name!r} {reason}. {hint}Known columns: {listed}.")
