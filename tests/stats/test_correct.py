import numpy as np
import pytest

from stresslab.errors import ParamError
from stresslab.stats.correct import adjust, benjamini_hochberg, holm, interval_levels, resolve


def test_holm_by_hand():
    assert holm(np.array([0.04, 0.01, 0.03])) == pytest.approx([0.06, 0.03, 0.06])


def test_bh_by_hand():
    assert benjamini_hochberg(np.array([0.04, 0.01, 0.03])) == pytest.approx([0.04, 0.03, 0.04])


@pytest.mark.parametrize(("name", "method"), [("holm", "holm"), ("bh", "fdr_bh")])
@pytest.mark.parametrize("seed", range(4))
def test_adjusted_values_equal_statsmodels(name, method, seed):
    from statsmodels.stats.multitest import multipletests

    p_values = np.random.default_rng(seed).beta(0.5, 2, size=30).round(3)
    expected = multipletests(p_values, method=method)[1]
    assert adjust(p_values, name) == pytest.approx(expected, abs=1e-8)


def test_auto_is_holm_up_to_twenty():
    assert [resolve("auto", n) for n in (1, 20, 21)] == ["holm", "holm", "bh"]


def test_an_unknown_p_value_stays_unknown_and_does_not_count():
    found = adjust(np.array([0.02, np.nan, 0.5]), "holm")
    assert np.isnan(found[1])
    assert found[0] == pytest.approx(0.04)


def test_an_empty_family_is_empty():
    assert adjust(np.empty(0), "auto").size == 0


def test_an_unknown_correction_is_named():
    with pytest.raises(ParamError, match="bonferroni"):
        adjust(np.array([0.1]), "bonferroni")


def test_one_comparison_keeps_its_level():
    for correction in ("holm", "bh", "none"):
        for rejected in (True, False):
            levels = interval_levels(np.array([rejected]), np.array([True]), correction, 0.95)
            assert levels == pytest.approx([0.95])
