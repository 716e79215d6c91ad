"""Draw rows with columns that say nothing, or one conjunction that does, and search them."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from stresslab.analyses._found_target import Target
from stresslab.analyses._found_test import How, search_and_test
from stresslab.checks import Array
from stresslab.predicate import parse
from stresslab.slices.columns import Column, of_numbers
from stresslab.validity._draw import uniforms
from stresslab.validity._kind import Case

if TYPE_CHECKING:
    import pandas as pd

VALUES = (3, 3, 2, 4, 2, 3)
"""Values of the columns c0, c1, ...; every second column is the same for all rows of a cluster."""
PLANTED = frozenset(str(parse(one)) for one in ("c0 = 1", "c1 = 1"))


def searches(
    case: Case, runs: int, rng: np.random.Generator, level: float
) -> Iterator["pd.DataFrame"]:
    """Yield what is found in every run; rows with c0 = 1 and c1 = 1 differ by the effect."""
    for run in range(runs):
        columns = _columns(case, rng)
        hard = (columns[0].codes == 1) & (columns[1].codes == 1)
        chance = case.share + case.effect * hard
        values = (uniforms(case, 1, rng).ravel() < chance).astype(float)
        cluster = np.repeat(np.arange(case.n_clusters), case.rows)
        of = Target(
            "score", ("m",), "score", "", values, np.arange(len(values)), cluster, "low", True,
            (0.0, 1.0),
        )  # fmt: skip
        yield search_and_test(of, columns, How(support=0.05, level=level, seed=run), {})[0]


def _columns(case: Case, rng: np.random.Generator) -> list[Column]:
    made = []
    for number, n_values in enumerate(VALUES):
        if number % 2:
            codes: Array = np.repeat(rng.integers(0, n_values, case.n_clusters), case.rows)
        else:
            codes = rng.integers(0, n_values, case.n_clusters * case.rows)
        made.append(of_numbers(f"c{number}", codes.astype(float)))
    return made


def parts(condition: str) -> frozenset[str]:
    """Return the conditions of a slice."""
    return frozenset(str(parse(one)) for one in condition.split(" and "))
