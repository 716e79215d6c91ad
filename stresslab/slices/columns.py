"""Columns as a search takes them: each row has one of a few values, each value a condition."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from stresslab.checks import Array
from stresslab.predicate import And, Compare, Field, IsNull, Not, Predicate

FEW = 12
"""Numbers with at most so many different values are taken one by one, others in bins."""
BINS = 4


@dataclass(frozen=True)
class Column:
    """One column of a search.

    Parameters
    ----------
    name : str
        Its field in a condition.
    codes : ndarray of int64, shape (n_rows,)
        Value of each row; -1 where it has none.
    conditions : tuple of Predicate
        What holds for the rows of a value, by code.
    """

    name: str
    codes: Array
    conditions: tuple[Predicate, ...]

    def rows(self, chosen: Array) -> "Column":
        """Return the column of some rows."""
        return Column(self.name, self.codes[chosen], self.conditions)


def of_codes(name: str, codes: Array, values: Mapping[int, Any]) -> Column:
    """Return a column of codes with a dictionary, in order of the values; others have none.

    Parameters
    ----------
    name : str
        Field, such as ``domain``.
    codes : ndarray of int, shape (n_rows,)
        Code of each row.
    values : mapping
        Code to text; a code that is missing, or whose text is None, is no value.
    """
    known = sorted((text, code) for code, text in values.items() if text is not None)
    return of_tests(
        name, codes, [(code, Compare(_field(name), "=", str(text))) for text, code in known]
    )


def of_tests(name: str, codes: Array, tests: Sequence[tuple[int, Predicate]]) -> Column:
    """Return a column of codes that have conditions of their own."""
    codes = np.asarray(codes).astype(np.int64)
    if not len(codes):
        return Column(name, codes, ())
    low, high = int(codes.min()), int(codes.max())
    place = np.full(high - low + 1, -1, dtype=np.int64)
    there = [(code, test) for code, test in tests if low <= code <= high]
    for number, (code, _) in enumerate(there):
        place[code - low] = number
    return Column(name, place[codes - low], tuple(test for _, test in there))


def of_numbers(name: str, values: Array) -> Column:
    """Return a column of numbers: each value where they are few, else four bins of like size.

    A bin ends at a quantile, rounded to three digits so that its condition can be read.
    """
    field, values = _field(name), np.asarray(values, float)
    known = np.isfinite(values)
    found, codes = np.unique(values[known], return_inverse=True)
    every = np.full(len(values), -1, dtype=np.int64)
    if len(found) <= FEW:
        every[known] = codes
        return Column(name, every, tuple(Compare(field, "=", _plain(one)) for one in found))
    cuts = np.quantile(values[known], np.arange(1, BINS) / BINS, method="inverted_cdf")
    cuts = np.unique([_rounded(one) for one in cuts])
    cuts = cuts[(cuts >= found[0]) & (cuts < found[-1])]
    every[known] = np.searchsorted(cuts, values[known], side="left")
    ends = [_plain(one) for one in cuts]
    above = [None, *(Compare(field, ">", one) for one in ends)]
    below = [*(Compare(field, "<=", one) for one in ends), None]
    tests: list[Predicate] = []
    for over, under in zip(above, below, strict=True):
        parts = tuple(one for one in (over, under) if one is not None)
        tests.append(parts[0] if len(parts) == 1 else And(parts) if parts else _known(field))
    return Column(name, every, tuple(tests))


def of_bools(name: str, values: Array, known: Array) -> Column:
    """Return a column of true and false."""
    codes = np.where(known, np.asarray(values, bool).astype(np.int64), -1)
    field = _field(name)
    return Column(name, codes, (Compare(field, "=", False), Compare(field, "=", True)))


def of_texts(name: str, values: Sequence[Any]) -> Column:
    """Return a column of texts; None is no value."""
    import pandas as pd

    codes, found = pd.factorize(pd.Series(values, dtype="object"), use_na_sentinel=True)
    return of_codes(name, codes, dict(enumerate(map(str, found))))


def _field(name: str) -> Field:
    return Field(tuple(name.split(".")))


def _known(field: Field) -> Predicate:
    return Not(IsNull(field))


def _rounded(value: float) -> float:
    return float(f"{value:.3g}") if abs(value) < 1000 else float(round(value))


def _plain(value: float) -> int | float:
    return int(value) if float(value).is_integer() and abs(value) < 2**53 else float(value)
