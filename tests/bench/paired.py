"""How long does a paired difference of two models take, beside a merge?"""

from collections.abc import Iterator
from functools import partial

import numpy as np
import polars as pl

from stresslab import analyses
from stresslab.store import query, recent
from stresslab.store.contents import resolve
from stresslab.store.overlap import overlap
from tests.bench import _synthetic
from tests.bench._frames import frame
from tests.bench._kind import Asked, Bench, Row, best

COLUMNS = "model::UTINYINT AS model, variant, score::FLOAT AS score"


def run(asked: Asked) -> Iterator[Row]:
    """Yield who is right where, the mean difference, and all that Compare shows, on 6 M pairs."""
    made = _synthetic.workspace(asked.n(50e6))
    models = _synthetic.MODELS[:2]
    question = resolve(made, models=models)
    table = frame(made, COLUMNS, "model < 2")
    left, right = (table.loc[table["model"] == code, ["variant", "score"]] for code in (0, 1))
    n = len(left)
    _check(made, question, left, right)
    work = {
        "2x2 of two models, from bits": partial(overlap, made, question, *models),
        "mean difference, from aligned arrays": partial(_difference, made, question),
    }
    wanted = ">= x 30"
    ours = {what: best(one) for what, one in work.items()}
    orders = {"same row order": right, "rows as they come": right.sample(frac=1, random_state=0)}
    for note, other in orders.items():
        if "pandas" in asked.opponents:
            theirs = best(partial(_pandas, left, other), times=3)
            for what, took in ours.items():
                yield Row(what, n, took, "pandas merge", theirs, wanted, note)
        if "polars" in asked.opponents:
            theirs = best(partial(_polars, pl.from_pandas(left), pl.from_pandas(other)), times=3)
            for what, took in ours.items():
                yield Row(what, n, took, "polars join", theirs, note=note)
    piece = analyses.get("compare")
    params = piece.params(models=models)
    note = "domains, tiers, intervals, verdicts"
    yield Row(
        "Compare, all its tables",
        n,
        best(lambda: piece.run(made, params), 2, recent.forget),
        note=note,
    )


def _difference(made, question) -> float:
    values = query.pairs(made, question).values
    return float((values[:, 0] - values[:, 1]).mean())


def _pandas(left, right) -> float:
    both = left.merge(right, on="variant")
    return float((both["score_x"] - both["score_y"]).mean())


def _polars(left, right) -> float:
    difference = (pl.col("score") - pl.col("score_right")).mean()
    return float(left.join(right, on="variant").select(difference).item())


def _check(made, question, left, right) -> None:
    """Refuse to compare times where the numbers differ."""
    ours, theirs = _difference(made, question), _pandas(left, right)
    bits = overlap(made, question, *question.models)
    counted = bits.both + bits.only_a + bits.only_b + bits.neither
    from_bits = (bits.only_a - bits.only_b) / counted
    if not np.allclose([ours, from_bits], theirs):
        raise ValueError(f"ours {ours}, the bits' {from_bits} and the merge's {theirs} must agree")


PIECE = Bench("a paired comparison of 6 M pairs", run)
