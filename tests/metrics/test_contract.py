"""What every metric promises, held for every piece in the folder."""

import numpy as np
import pytest

from stresslab import metrics
from stresslab.errors import TooFewRowsError
from stresslab.metrics import measure_metric

PIECES = [pytest.param(piece, id=name) for name, piece in metrics.metrics] + [
    pytest.param(measure_metric("score", {"rate": True, "low": None}), id="measure")
]


def random_columns(n=400, seed=0):
    rng = np.random.default_rng(seed)
    status = rng.choice(["answered", "abstained", "refused", "errored", "unscored"], n)
    right = rng.integers(0, 2, n).astype(float)
    answered = status == "answered"
    silent = np.isin(status, ["abstained", "refused"])
    return {
        "status": status,
        "score": np.where(answered, right, np.where(silent, 0.0, np.nan)),
        "correct": np.where(answered, right, np.nan),
        "confidence": np.where(rng.random(n) < 0.1, np.nan, rng.random(n)),
    }


def perfect_columns(n=50):
    one = np.ones(n)
    return {"status": np.full(n, "answered"), "score": one, "correct": one, "confidence": one}


@pytest.mark.parametrize("piece", PIECES)
@pytest.mark.parametrize("seed", range(3))
def test_a_value_lies_within_the_bounds(piece, seed):
    low, high = piece.bounds
    assert low <= piece.compute(random_columns(seed=seed)) <= high


@pytest.mark.parametrize("piece", PIECES)
def test_row_order_does_not_matter(piece):
    columns = random_columns()
    order = np.random.default_rng(1).permutation(400)
    shuffled = {name: column[order] for name, column in columns.items()}
    assert piece.compute(shuffled) == pytest.approx(piece.compute(columns), abs=1e-12)


@pytest.mark.parametrize("piece", PIECES)
def test_perfect_rows_beat_random_rows(piece):
    gain = piece.compute(perfect_columns()) - piece.compute(random_columns())
    assert gain > 0 if piece.higher_is_better else gain < 0


@pytest.mark.parametrize("piece", [one for one in PIECES if one.values[0].ratio])
def test_sums_give_what_rows_give(piece):
    columns = random_columns()
    values = columns[piece.measure or "score"]
    known = np.isfinite(values)
    sums = {
        "total": values[known].sum(),
        "n_scored": known.sum(),
        "n_answered": (known & (columns["status"] == "answered")).sum(),
    }
    numerator, denominator = piece.ratio
    assert piece.compute(columns) == pytest.approx(sums[numerator] / sums[denominator], abs=1e-12)


@pytest.mark.parametrize("piece", PIECES)
def test_only_the_needed_columns_are_read(piece):
    columns = random_columns()
    needed = {name: columns[name] for name in piece.needs}
    assert piece.compute(needed) == piece.compute(columns)


@pytest.mark.parametrize("piece", PIECES)
def test_no_rows_are_an_error_and_never_zero(piece):
    empty = {name: column[:0] for name, column in random_columns().items()}
    with pytest.raises(TooFewRowsError):
        piece.compute(empty)


@pytest.mark.parametrize("piece", PIECES)
def test_a_metric_says_what_it_is_and_where_it_comes_from(piece):
    assert piece.title
    assert piece.title != piece.title.upper()
    assert piece.source
