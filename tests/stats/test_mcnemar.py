import numpy as np
import pytest

from stresslab.stats.mcnemar import mcnemar_exact


def test_nine_against_none_is_two_in_512():
    assert mcnemar_exact(9, 0) == pytest.approx(2 / 512)


def test_no_discordant_pair_gives_one():
    assert mcnemar_exact(0, 0) == 1.0


def test_a_tie_gives_one():
    assert mcnemar_exact(7, 7) == 1.0


@pytest.mark.parametrize(("wins", "losses"), [(1, 0), (3, 8), (40, 20), (500, 430)])
def test_it_equals_scipy_and_statsmodels(wins, losses):
    from scipy.stats import binomtest
    from statsmodels.stats.contingency_tables import mcnemar

    expected = binomtest(wins, wins + losses).pvalue
    assert mcnemar_exact(wins, losses) == pytest.approx(expected, abs=1e-12, rel=1e-8)
    table = np.array([[5, wins], [losses, 5]])
    assert mcnemar_exact(wins, losses) == pytest.approx(mcnemar(table).pvalue, rel=1e-8)
