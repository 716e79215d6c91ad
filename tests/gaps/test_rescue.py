import numpy as np
import pytest

from stresslab.errors import ParamError
from stresslab.gaps.rescue import check_one_regime, rescue_and_harm


def test_rescue_and_harm_make_up_the_accuracy():
    rng = np.random.default_rng(0)
    for _ in range(20):
        model, reference = (rng.random((2, 57)) < 0.6).astype(float)
        found = rescue_and_harm(model, reference)
        a = found.reference
        made = a * (1 - found.harm[0]) + (1 - a) * found.rescue[0]
        assert made == pytest.approx(found.accuracy, abs=1e-12)


def test_the_reference_itself_rescues_and_harms_nothing():
    reference = np.array([1, 0, 1, 0, 1.0])
    found = rescue_and_harm(reference, reference)
    assert (found.rescue[0], found.harm[0]) == (0, 0)


def test_a_reference_that_never_fails_leaves_nothing_to_rescue():
    found = rescue_and_harm(np.array([1, 0, 1]), np.ones(3))
    assert np.isnan(found.rescue).all()
    assert found.harm[0] == pytest.approx(1 / 3)


def test_six_of_six_failures_is_no_certainty():
    found = rescue_and_harm(np.ones(10), np.array([0] * 6 + [1] * 4))
    assert found.rescue[0] == 1
    assert found.rescue[1] == pytest.approx(0.61, abs=0.005)


def test_only_right_and_wrong_are_counted():
    with pytest.raises(ParamError):
        rescue_and_harm(np.array([0.5]), np.array([1.0]))
    found = rescue_and_harm(np.array([1, np.nan]), np.array([0, 1.0]))
    assert (found.n_failed, found.n_right) == (1, 0)


def test_two_ways_of_sampling_are_never_pooled():
    check_one_regime(np.array(["random", "random"], dtype=object))
    with pytest.raises(ParamError, match="failure, random"):
        check_one_regime(np.array(["random", "failure"], dtype=object))
    with pytest.raises(ParamError, match="regime"):
        check_one_regime(np.array(["random", None], dtype=object))


def test_intervals_are_those_of_statsmodels():
    from statsmodels.stats.proportion import proportion_confint

    model, reference = np.random.default_rng(4).integers(0, 2, (2, 90)).astype(float)
    found = rescue_and_harm(model, reference)
    for ends, hits in (
        (found.rescue, model[reference == 0]),
        (found.harm, 1 - model[reference == 1]),
    ):
        expected = proportion_confint(hits.sum(), len(hits), method="wilson")
        assert ends[1:] == pytest.approx(expected, abs=1e-8)
