"""Agreement on the line and of twins: published formulas written as loops."""

from itertools import combinations

import numpy as np
import pytest
from scipy.stats import norm

from stresslab import estimators
from stresslab.evidence import Evidence


def of(name, source, target):
    return estimators.get(name).estimate(source, target, rng=None)


def test_twins_that_agree_on_three_of_four():
    target = Evidence(answers=np.array([0, 1, 2, 0, -1]), twin=np.array([0, 1, 1, 0, 2]))
    assert of("disagreement", target, target) == 0.75


def test_a_row_the_twin_left_out_counts_for_nothing():
    target = Evidence(answers=np.array([0, 1]), twin=np.array([-1, 1]))
    assert of("disagreement", target, target) == 1.0


def test_the_line_is_least_squares_on_probits_of_pairs():
    rng = np.random.default_rng(0)
    sides = []
    for noise in (0.2, 0.4):
        labels = rng.integers(0, 3, 500)
        answers = np.column_stack(
            [np.where(rng.random(500) < noise * k / 2, rng.integers(0, 3, 500), labels)
             for k in (1, 2, 3, 4)]
        )  # fmt: skip
        sides.append(
            Evidence(answers=answers[:, 0], others=answers[:, 1:],
                     correct=(answers[:, 0] == labels).astype(float))
        )  # fmt: skip
    x, y = [], []
    for a, b in combinations(range(4), 2):
        columns = [np.column_stack([one.answers, one.others]) for one in sides]
        x.append(norm.ppf((columns[0][:, a] == columns[0][:, b]).mean()))
        y.append(norm.ppf((columns[1][:, a] == columns[1][:, b]).mean()))
    slope, intercept = np.polyfit(x, y, 1)
    expected = norm.cdf(slope * norm.ppf(sides[0].correct.mean()) + intercept)
    assert of("agreement_line", *sides) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("n_others", [0, 1])
def test_two_models_draw_no_line(n_others):
    side = Evidence(
        answers=np.array([0, 1, 0, 1]), others=np.zeros((4, n_others), int),
        correct=np.array([1.0, 0, 1, 1]),
    )  # fmt: skip
    assert np.isnan(of("agreement_line", side, side))


def test_models_that_all_agree_alike_draw_no_line():
    answers = np.array([0, 1, 0, 1])
    side = Evidence(answers=answers, others=np.column_stack([answers] * 3), correct=np.ones(4))
    assert np.isnan(of("agreement_line", side, side))
