"""SAGE: empirical probabilities, their mean, and what may calibrate it."""

import numpy as np
import pytest
from scipy import stats

from stresslab.detectors.sage import SAGE
from stresslab.errors import ParamError, ShapeError, TooFewRowsError
from stresslab.evidence import Evidence


@pytest.fixture(scope="module")
def digits():
    """Return 900 rows to fit on, 450 to calibrate and 447 to test, of 8 x 8 digits."""
    from sklearn.datasets import load_digits

    data = load_digits()
    order = np.random.default_rng(0).permutation(len(data.target))
    parts = [order[:900], order[900:1350], order[1350:]]
    return [Evidence(features=data.data[rows] / 16, labels=data.target[rows]) for rows in parts]


def with_calibration(training, calibration):
    return Evidence(features=training.features, labels=training.labels, calibration=calibration)


def noisy(test, tier, seed=0):
    noise = np.random.default_rng(seed).standard_normal(test.features.shape)
    return Evidence(features=np.clip(test.features + 0.1 * tier * noise, 0, 1))


def test_clean_rows_are_as_usual_as_those_that_calibrate(digits):
    training, calibration, test = digits
    fitted = SAGE().fit(with_calibration(training, calibration))
    parts = fitted.parts(test)
    assert parts.mean(axis=0) == pytest.approx([0.5, 0.5, 0.5], abs=0.05)
    raw, usual = fitted.raw(test), fitted.raw(calibration)
    assert all(stats.ks_2samp(raw[:, j], usual[:, j]).pvalue > 0.01 for j in range(3))


def test_familiarity_falls_with_noise_and_tells_the_last_tier(digits):
    training, calibration, test = digits
    fitted = SAGE().fit(with_calibration(training, calibration))
    medians = [np.median(fitted.familiarity(noisy(test, tier))) for tier in range(6)]
    assert (np.diff(medians) < 0).all()
    assert medians == pytest.approx([0.48, 0.37, 0.14, 0.05, 0.03, 0.02], abs=0.02)
    clean, last = fitted.score(test), fitted.score(noisy(test, 5))
    assert (last[:, None] > clean).mean() > 0.95


def test_far_rows_have_the_least_probability_of_distance_and_reconstruction(digits):
    training, calibration, _ = digits
    fitted = SAGE().fit(with_calibration(training, calibration))
    far = Evidence(features=np.full((1, 64), 1e6))
    parts = fitted.parts(far)[0]
    assert parts[:2] == pytest.approx([1 / 451, 1 / 451])
    assert fitted.familiarity(far)[0] <= 451 ** (-2 / 3) + 1e-12


def test_the_order_of_what_calibrates_does_not_matter(digits):
    training, calibration, test = digits
    order = np.random.default_rng(1).permutation(calibration.n)
    first = SAGE().fit(with_calibration(training, calibration)).familiarity(test)
    second = SAGE().fit(with_calibration(training, calibration.take(order))).familiarity(test)
    assert np.array_equal(first, second)


def test_the_most_familiar_digits_are_read_better(digits):
    training, calibration, test = digits
    fitted = SAGE().fit(with_calibration(training, calibration))
    right = fitted.probabilities(test).argmax(axis=1) == test.labels
    kept = np.argsort(-fitted.familiarity(test))[: round(0.8 * test.n)]
    assert right[kept].mean() > right.mean() + 0.01


def test_probabilities_are_counts_among_those_that_calibrate():
    line = np.linspace(0, 1, 40)[:, None]
    probs = np.tile([0.6, 0.4], (40, 1))
    held = Evidence(features=np.array([[0.0], [0.5], [5.0]]), probs=np.tile([0.6, 0.4], (3, 1)))
    fit_on = Evidence(features=line, probs=probs, calibration=held)
    fitted = SAGE(k=1, dimension=1).fit(fit_on)
    asked = Evidence(features=np.array([[2.0]]), probs=np.array([[0.5, 0.5]]))
    assert fitted.parts(asked)[0, 0] == pytest.approx(2 / 4)  # one of three is as far: (1 + 1) / 4
    assert fitted.parts(asked)[0, 2] == pytest.approx(1 / 4)  # none is as unsure
    mean = fitted.parts(asked).prod() ** (1 / 3)
    assert fitted.familiarity(asked)[0] == pytest.approx(mean)


def test_ways_to_combine_agree_on_their_definitions(digits):
    training, calibration, test = digits
    fit_on = with_calibration(training, calibration)
    parts = SAGE().fit(fit_on).parts(test)
    assert SAGE(combine="min").fit(fit_on).familiarity(test) == pytest.approx(parts.min(axis=1))
    fisher = stats.combine_pvalues(parts[0], method="fisher").pvalue
    assert SAGE(combine="fisher").fit(fit_on).familiarity(test)[0] == pytest.approx(fisher)


def test_rows_that_were_fitted_on_calibrate_only_by_force(digits):
    training, _, test = digits
    seen = with_calibration(training, training.take(slice(0, 100)))
    with pytest.raises(ParamError, match="100 of 100 are"):
        SAGE().fit(seen)
    forced = SAGE(allow_seen=True).fit(seen)
    assert forced.parts(test)[:, 0].mean() < 0.45


def test_too_few_rows_and_nothing_to_be_sure_of_are_refused(digits):
    training, calibration, _ = digits
    with pytest.raises(TooFewRowsError, match="more than k = 10 fit rows"):
        SAGE().fit(with_calibration(training.take(slice(0, 10)), calibration))
    one = Evidence(features=training.features, labels=np.zeros(training.n, int))
    with pytest.raises(ParamError, match="two classes"):
        SAGE().fit(one)


def test_fit_rows_are_not_their_own_neighbours(digits):
    training, calibration, test = digits
    fitted = SAGE().fit(with_calibration(training, calibration))
    gaps = np.linalg.norm(fitted.code.codes[:20, None] - fitted.code.codes, axis=2)
    by_hand = np.sort(gaps, axis=1)[:, 1:11].mean(axis=1)
    assert fitted.raw(training, own=True)[:20, 0] == pytest.approx(by_hand, rel=1e-5)
    assert (fitted.raw(training)[:20, 0] < by_hand).all()
    with pytest.raises(ShapeError, match="900 fit rows; got 447"):
        fitted.raw(test, own=True)


def test_the_smallest_probability_is_the_resolution(digits):
    training, calibration, _ = digits
    fitted = SAGE().fit(with_calibration(training, calibration.take(slice(0, 19))))
    assert fitted.resolution == pytest.approx(0.05)
    far = Evidence(features=np.full((1, 64), 1e6))
    assert fitted.parts(far)[0, 0] == fitted.resolution
