"""One model against the rest: the mean of all other models as if it were a model."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from stresslab.result import Warn

if TYPE_CHECKING:
    import pandas as pd

    from stresslab.store.query import Pairs

REST = "the others"
"""What the rest is called in tables and sentences."""

MARK = "\x00rest of "
"""No model has a name that begins like this."""


def others(model: str) -> str:
    """Return the name under which `beside` adds the mean of all models but one."""
    return MARK + model


def beside(pairs: "Pairs") -> "Pairs":
    """Return `pairs` with one more column per model: the mean of the others on the same row.

    The mean is over the models with a known value, and is unknown where there is none.
    """
    known = np.isfinite(pairs.values)
    values = np.where(known, pairs.values, 0.0)
    n = known.sum(axis=1, keepdims=True) - known
    total = values.sum(axis=1, keepdims=True) - values
    means = np.divide(total, n, out=np.full(values.shape, np.nan), where=n > 0)
    trials = pairs.trials.sum(axis=1, keepdims=True) - pairs.trials
    return replace(
        pairs,
        models=(*pairs.models, *map(others, pairs.models)),
        values=np.asfortranarray(np.column_stack([pairs.values, means])),
        trials=np.asfortranarray(np.column_stack([pairs.trials, np.maximum(trials, 2)])),
    )


def named(table: "pd.DataFrame") -> "pd.DataFrame":
    """Return a table of differences in which the rest is called as people say it."""
    rest = table["model_b"].str.startswith(MARK)
    return table.assign(model_b=table["model_b"].mask(rest, REST))


def no_agreement() -> Warn:
    """Return the warning that who is right is not counted against several models."""
    return Warn("no-agreement", "Who is right is counted for pairs of models, not for the rest.")
