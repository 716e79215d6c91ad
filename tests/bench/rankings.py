"""How long do a ranking and an overlap take, beside the same numbers from pandas?"""

from collections.abc import Iterator
from functools import partial
from itertools import combinations

import numpy as np

from stresslab import analyses
from stresslab.store import query, recent
from stresslab.store.contents import resolve
from tests.bench import _synthetic
from tests.bench._frames import frame
from tests.bench._kind import Asked, Bench, Row, best, once

COLUMNS = "model::UTINYINT AS model, variant, score::FLOAT AS score"
DRAWS = 20
"""Bootstraps of the rows that pandas is asked for; ours draws 2,000."""


def run(asked: Asked) -> Iterator[Row]:
    """Yield the time of the two analyses on all models."""
    n = asked.n(10e6)
    made = _synthetic.workspace(n)
    for name, theirs in (("rankings", _pandas_ranks), ("overlap", _pandas_kappas)):
        piece = analyses.get(name)
        params = piece.params()
        ours = best(partial(piece.run, made, params), 2, recent.forget)
        if "pandas" in asked.opponents:
            table = frame(made, COLUMNS)
            took = once(partial(theirs, table))
            note = f"pandas: {DRAWS} draws of rows" if name == "rankings" else "pandas: kappas only"
            _check(made, table)
            yield Row(f"{name}, all its tables", n, ours, "pandas", took, note=note)
        else:
            yield Row(f"{name}, all its tables", n, ours)


def _wide(table):
    return table.pivot_table(index="variant", columns="model", values="score").to_numpy()


def _pandas_ranks(table) -> np.ndarray:
    values, rng = _wide(table), np.random.default_rng(0)
    return np.array(
        [values[rng.integers(0, len(values), len(values))].mean(axis=0) for _ in range(DRAWS)]
    )


def _pandas_kappas(table) -> list[float]:
    values, found = _wide(table), []
    for a, b in combinations(range(values.shape[1]), 2):
        one, two = values[:, a], values[:, b]
        chance = one.mean() * two.mean() + (1 - one.mean()) * (1 - two.mean())
        found.append(((one == two).mean() - chance) / (1 - chance))
    return found


def _check(made, table) -> None:
    """Refuse to compare times where the numbers differ."""
    ours = query.pairs(made, resolve(made)).values.mean(axis=0)
    if not np.allclose(ours, _wide(table).mean(axis=0)):
        raise ValueError(f"ours {ours} and the pivot's means must agree")


PIECE = Bench("a ranking and an overlap of all models", run)
