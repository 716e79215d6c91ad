import numpy as np
import pytest

from stresslab import metrics
from stresslab.errors import ShapeError, UnknownPieceError
from stresslab.metrics import measure_metric

ROWS = {
    "status": np.array(["answered", "answered", "abstained", "refused", "errored"]),
    "score": np.array([1.0, 0.5, 0.0, 0.0, np.nan]),
    "correct": np.array([1.0, 0.0, np.nan, np.nan, np.nan]),
    "confidence": np.array([0.8, 0.6, 0.3, np.nan, np.nan]),
}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("score", 1.5 / 4), ("selective_score", 0.75), ("coverage", 0.5), ("accuracy", 0.5),
        ("confidence", 1.7 / 3), ("brier", (0.04 + 0.36) / 2), ("ece", (0.2 + 0.6) / 2),
    ],
)  # fmt: skip
def test_values_by_hand(name, value):
    assert metrics.get(name).compute(ROWS) == pytest.approx(value)


def test_brier_equals_scikit_learn():
    from sklearn.metrics import brier_score_loss

    rng = np.random.default_rng(0)
    correct, confidence = rng.integers(0, 2, 99).astype(float), rng.random(99)
    columns = {"correct": correct, "confidence": confidence}
    expected = brier_score_loss(correct, confidence)
    assert metrics.get("brier").compute(columns) == pytest.approx(expected, abs=1e-12)


def test_ece_of_a_calibrated_bin_is_zero():
    columns = {"correct": np.repeat([1.0, 0.0], [7, 3]), "confidence": np.full(10, 0.7)}
    assert metrics.get("ece").compute(columns) == pytest.approx(0, abs=1e-12)


def test_ece_puts_full_confidence_in_the_last_bin():
    columns = {"correct": np.array([1.0, 0.0]), "confidence": np.array([1.0, 0.95])}
    # One bin with accuracy 0.5 and mean confidence 0.975.
    assert metrics.get("ece").compute(columns) == pytest.approx(0.475)


def test_columns_of_different_length_are_named():
    with pytest.raises(ShapeError, match=r"'confidence': 5.*'correct': 2"):
        metrics.get("brier").compute(ROWS | {"correct": np.zeros(2)})


def test_a_measure_takes_bounds_and_direction_from_its_run():
    info = {"rate": False, "low": 0.0, "high": 100.0, "higher_is_better": False}
    found = measure_metric("words", info)
    assert (found.bounds, found.higher_is_better, found.measure) == ((0, 100), False, "words")


def test_a_measure_nobody_described_has_no_bounds():
    assert measure_metric("words", {"low": np.nan}).bounds == (-np.inf, np.inf)
    assert measure_metric("hit", {"rate": True}).bounds == (0.0, 1.0)


def test_an_unknown_metric_suggests_near_names():
    with pytest.raises(UnknownPieceError, match="score"):
        metrics.get("scor")
