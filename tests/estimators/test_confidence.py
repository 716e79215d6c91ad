"""Average confidence, difference of confidences, ATC: known answers of study 29, by hand."""

import numpy as np
import pytest
from scipy.stats import beta

from stresslab import estimators
from stresslab.evidence import Evidence
from tests.estimators.worlds import beta_world


def of(name, source, target):
    return estimators.get(name).estimate(source, target, rng=None)


@pytest.fixture(scope="module")
def betas():
    rng = np.random.default_rng(0)
    return beta_world(200_000, 5, 2, rng), beta_world(200_000, 2, 2, rng)


def expected_confidence(a, b):
    return 1 - beta(a, b).expect(lambda p: np.minimum(p, 1 - p))


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("average_confidence", 0.688), ("difference_of_confidences", 0.687),
        ("atc_confidence", 0.602), ("atc_entropy", 0.602),
    ],
)  # fmt: skip
def test_calibrated_beta_probabilities_give_the_known_answers(betas, name, printed):
    source, target = betas
    assert source.correct.mean() == pytest.approx(0.733, abs=0.005)
    assert target.correct.mean() == pytest.approx(0.687, abs=0.005)
    assert of(name, source, target) == pytest.approx(printed, abs=0.005)


def test_the_known_answers_are_those_of_the_integrals(betas):
    _, target = betas
    assert expected_confidence(5, 2) == pytest.approx(0.733, abs=0.002)
    assert expected_confidence(2, 2) == pytest.approx(11 / 16)  # 1 - 2 int_0^.5 6 p^2 (1 - p) dp
    found = of("average_confidence", target, target)
    assert found == pytest.approx(expected_confidence(2, 2), abs=0.002)


def test_difference_of_confidences_by_hand():
    source = Evidence(confidence=np.array([0.9, 0.8, 0.7]), correct=np.array([1.0, 0.0, 1.0]))
    target = Evidence(confidence=np.array([0.6, 0.5]))
    assert of("difference_of_confidences", source, target) == pytest.approx(2 / 3 - 0.8 + 0.55)
    assert of("average_confidence", source, target) == pytest.approx(0.55)


def test_a_correction_beyond_all_or_nothing_is_cut():
    source = Evidence(confidence=np.full(4, 0.9), correct=np.zeros(4))
    assert of("difference_of_confidences", source, Evidence(confidence=np.full(2, 0.5))) == 0
    source = Evidence(confidence=np.full(4, 0.1), correct=np.ones(4))
    assert of("difference_of_confidences", source, Evidence(confidence=np.full(2, 0.5))) == 1


def test_the_threshold_by_hand():
    # two of five are wrong, so the threshold is the third lowest score, .6
    source = Evidence(
        confidence=np.array([0.9, 0.5, 0.7, 0.6, 0.4]), correct=np.array([1.0, 0, 1, 0, 1])
    )
    target = Evidence(confidence=np.array([0.59, 0.6, 0.61, 0.2]))
    assert of("atc_confidence", source, target) == 0.5
    assert of("atc_confidence", source, source) == pytest.approx(0.6)


def test_nobody_or_everybody_right_at_home():
    target = Evidence(confidence=np.array([0.3, 0.99]))
    confidence = np.array([0.5, 0.7])
    assert of("atc_confidence", Evidence(confidence=confidence, correct=np.zeros(2)), target) == 0
    right = Evidence(confidence=confidence, correct=np.ones(2))
    assert of("atc_confidence", right, target) == 0.5


def test_entropy_orders_as_the_formula_says():
    probs = np.array([[0.6, 0.4, 0.0], [0.6, 0.2, 0.2], [0.5, 0.5, 0.0]])
    entropy = -(probs * np.log(np.where(probs > 0, probs, 1))).sum(axis=1)
    source = Evidence(probs=probs, correct=np.array([1.0, 0.0, 1.0]))  # one of three is wrong
    assert entropy.argmax() == 1
    assert of("atc_entropy", source, Evidence(probs=probs)) == pytest.approx(2 / 3)
    assert of("atc_confidence", source, Evidence(probs=probs[[1]])) == 1.0
    assert of("atc_entropy", source, Evidence(probs=probs[[1]])) == 0.0


def test_confidence_where_all_probabilities_are_kept_is_their_largest():
    probs = np.array([[0.2, 0.8], [0.7, 0.3]])
    both = Evidence(probs=probs, confidence=np.array([0.1, 0.1]))
    assert of("average_confidence", both, both) == pytest.approx(0.75)
