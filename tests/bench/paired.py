"""How long does a paired difference of two models take, beside a merge?"""

from collections.abc import Iterator

import numpy as np
import polars as pl

from stresslab.store import query
from stresslab.store.contents import resolve
from tests.bench import _synthetic
from tests.bench._frames import frame
from tests.bench._kind import Bench, Row, best


def run(scale: float) -> Iterator[Row]:
    """Yield the paired difference of two models over 6 M pairs (a workspace of 50 M outcomes)."""
    n = int(48e6 * scale)
    made = _synthetic.workspace(n)
    question = resolve(made, models=_synthetic.MODELS[:2])
    table = frame(made, "model::UTINYINT AS model, variant, score::FLOAT AS score", "model < 2")
    left = table[table["model"] == 0][["variant", "score"]]
    right = table[table["model"] == 1][["variant", "score"]]
    pairs = query.pairs(made, question)
    n_pairs = len(pairs.values)
    expected = float(np.diff(pairs.values, axis=1).mean())
    found = _pandas(left, right)
    if not np.isclose(-expected, found):
        raise ValueError(f"ours {-expected} and the merge's {found} must be the same")
    theirs = best(lambda: _pandas(left, right), times=3)
    ours = best(lambda: _difference(made, question))
    yield Row(
        "paired difference, 2x2 and clusters", n_pairs, ours, "pandas merge", theirs, "x >= 30"
    )
    a, b = pl.from_pandas(left), pl.from_pandas(right)
    polars = best(
        lambda: a.join(b, on="variant").select((pl.col("score") - pl.col("score_right")).mean()),
        times=3,
    )
    yield Row("the same beside polars", n_pairs, ours, "polars join", polars)


def _difference(made, question):
    values = query.pairs(made, question).values
    return float((values[:, 0] - values[:, 1]).mean())


def _pandas(left, right):
    both = left.merge(right, on="variant")
    return float((both["score_x"] - both["score_y"]).mean())


PIECE = Bench("a paired comparison of 6 M pairs", run)
