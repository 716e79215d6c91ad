"""The columns a search for slices looks through: what rows are, and what their texts look like."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from stresslab.analyses._ask import Asked
from stresslab.checks import Array
from stresslab.predicate import And, Compare, Field, IsNull, Predicate
from stresslab.result import Warn

if TYPE_CHECKING:
    from stresslab.slices.columns import Column
    from stresslab.store.columns import VariantColumn

PLAIN = ("domain", "perturbation", "tier")
MOST = 60
"""Columns searched when none are named; those known of most rows first."""
FEWEST_VALUES = 2


def columns(
    asked: Asked, variant: Array, named: Sequence[str], target: str
) -> tuple[list["Column"], list[Warn]]:
    """Return the columns of some variants, in the order in which they are searched.

    Parameters
    ----------
    variant : ndarray of int, shape (n_rows,)
        Variants of the slice.
    named : sequence of str
        Fields to search; domain, perturbation, tier, every attribute and what texts look like
        when empty.
    target : str
        What is looked for.

    Raises
    ------
    UnknownColumnError, ParamError
        If a named field is not there or belongs to answers.
    """
    from stresslab.store.columns import columns as ask_columns

    fields, warned = (list(dict.fromkeys(named)), []) if named else _every(asked)
    if target == "tier_drop" and not named:
        fields.remove("tier")  # that a drop grows with the tier is what tiers are for
    place, found = ask_columns(asked.workspace, asked.question, fields)
    at = np.searchsorted(place, variant)
    made = [_made(asked, name, one, at) for name, one in found.items()]
    return [one for one in made if len(one.conditions) >= FEWEST_VALUES or named], warned


def _every(asked: Asked) -> tuple[list[str], list[Warn]]:
    from stresslab.store.text_features import FEATURES

    table = asked.contents.attributes
    mine = table[(table["task"] == asked.question.task) & (table["n_values"] >= FEWEST_VALUES)]
    derived = mine["name"].str.startswith("derived.")
    mine = mine[~derived | (mine["type"] == "integer")]  # a stretch of a map's axis says nothing
    names = mine.sort_values("n_known", ascending=False, kind="stable")["name"].tolist()
    fields = [*PLAIN, *names, *(f"input.{name}" for name in FEATURES)]
    if len(fields) <= MOST:
        return fields, []
    room = MOST - len(PLAIN) - len(FEATURES)
    text = (
        f"Only {room} of {len(names)} attributes were searched, those known of most items. "
        "Name others as columns."
    )
    kept = [*PLAIN, *names[:room], *(f"input.{name}" for name in FEATURES)]
    return kept, [Warn("many-columns", text, len(names) - room)]


def _made(asked: Asked, name: str, column: "VariantColumn", at: Array) -> "Column":
    from stresslab.slices import columns as make

    values = column.values[at]
    if name == "perturbation":
        return _perturbation(asked, values, column)
    if column.kind == "codes":
        return make.of_codes(name, values, column.names)
    if column.kind == "number" and name in _clusterings(asked):
        return _clusters(name, values)
    if column.kind == "number":
        return make.of_numbers(name, values)
    if column.kind == "bool":
        return make.of_bools(name, np.nan_to_num(values) > 0, np.isfinite(values))
    return make.of_texts(name, values.tolist())


def _clusterings(asked: Asked) -> set[str]:
    table = asked.contents.attributes
    whole = table["name"].str.startswith("derived.") & (table["type"] == "integer")
    return set(table.loc[whole & (table["task"] == asked.question.task), "name"])


def _clusters(name: str, values: Array) -> "Column":
    """Return clusters, each for itself: their numbers have no order; -1 is none."""
    from stresslab.slices.columns import of_tests

    codes = np.where(np.isfinite(values), values, -1).astype(np.int64)
    field = Field(tuple(name.split(".")))
    found = [int(one) for one in np.unique(codes) if one >= 0]
    return of_tests(name, codes, [(one, Compare(field, "=", one)) for one in found])


def _perturbation(asked: Asked, codes: Array, column: "VariantColumn") -> "Column":
    """Return the perturbations; an original counts as under none, unlike in a condition.

    The condition ``perturbation = "typos"`` holds for originals, too, which stand as tier 0 of
    every perturbation of their item; here each row lies in one slice.
    """
    from stresslab.slices.columns import of_tests

    field = Field(("perturbation",))
    tests: list[tuple[int, Predicate]] = [(-1, IsNull(field))]
    for code, name in sorted(column.names.items(), key=lambda one: str(one[1])):
        same: Predicate = Compare(field, "=", str(name))
        if name not in asked.graded:
            same = And((same, Compare(Field(("tier",)), ">", 0)))
        tests.append((code, same))
    return of_tests("perturbation", codes, tests)
