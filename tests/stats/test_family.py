import numpy as np
import pytest

from stresslab.errors import ParamError
from stresslab.stats.family import VERDICTS, settle
from stresslab.stats.paired import paired_difference, paired_from_counts


def family(seed, size=12, n=300):
    rng = np.random.default_rng(seed)
    share = rng.uniform(0.02, 0.3, size)
    lean = rng.choice([0.5, 0.5, 0.8, 0.2], size)
    wins = rng.binomial(n, share * lean)
    losses = rng.binomial(n - wins, share * (1 - lean))
    return paired_from_counts(wins, losses, np.full(size, n))


def test_clear_cases_get_their_verdict():
    found = paired_from_counts([60, 5, 1, 6], [5, 60, 1, 4], [200, 200, 5000, 40])
    settled = settle([found], margin=0.02)
    assert settled.verdict.tolist() == ["better", "worse", "equivalent", "cannot tell"]


@pytest.mark.parametrize("correction", ["holm", "bh", "none"])
@pytest.mark.parametrize("seed", range(8))
def test_an_interval_excludes_zero_exactly_when_better_or_worse(correction, seed):
    settled = settle([family(seed)], correction=correction, margin=0.02)
    above, below = settled.low_adjusted > 0, settled.high_adjusted < 0
    assert (above == (settled.verdict == "better")).all()
    assert (below == (settled.verdict == "worse")).all()
    assert set(settled.verdict) <= set(VERDICTS)


def test_better_and_worse_follow_the_adjusted_p_value():
    settled = settle([family(3)])
    decided = np.isin(settled.verdict, ["better", "worse"])
    assert (decided == (settled.p_adjusted < 0.05)).all()


def test_swapping_the_models_swaps_better_and_worse():
    a = settle([paired_from_counts([60, 9, 4], [5, 8, 40], [200] * 3)], margin=0.02)
    b = settle([paired_from_counts([5, 8, 40], [60, 9, 4], [200] * 3)], margin=0.02)
    swap = {"better": "worse", "worse": "better"}
    assert [swap.get(one, one) for one in a.verdict] == b.verdict.tolist()
    assert a.low_adjusted == pytest.approx(-b.high_adjusted, abs=1e-12)


def test_without_a_margin_nothing_is_equivalent():
    settled = settle([paired_from_counts([0], [0], [100_000])])
    assert settled.verdict.tolist() == ["cannot tell"]


def test_adjusted_intervals_are_at_least_as_wide():
    found = family(1)
    for correction in ("holm", "bh"):
        settled = settle([found], correction=correction)
        clipped = np.isclose(settled.low_adjusted, 0) | np.isclose(settled.high_adjusted, 0)
        wider = (settled.low_adjusted <= found.low) & (settled.high_adjusted >= found.high)
        assert (wider | clipped).all()


def test_a_family_of_one_keeps_its_interval_when_test_and_interval_agree():
    found = paired_from_counts([60], [5], [200])
    settled = settle([found])
    assert settled.low_adjusted[0] == found.low[0]
    assert settled.p_adjusted[0] == found.p_value[0]


def test_unknown_comparisons_cannot_be_told_and_do_not_count():
    found = paired_from_counts([60, 0], [5, 0], [200, 0])
    settled = settle([found], margin=0.02)
    assert settled.verdict.tolist() == ["better", "cannot tell"]
    assert settled.p_adjusted[0] == found.p_value[0]
    assert np.isnan(settled.n_needed[1])


def test_n_needed_is_given_only_where_nothing_can_be_told():
    settled = settle([family(2)], margin=0.02)
    assert (np.isfinite(settled.n_needed) == (settled.verdict == "cannot tell")).all()


def test_a_list_of_differences_is_one_family():
    found = family(5)
    parts = [
        paired_from_counts([w], [c], [n])
        for w, c, n in zip(found.wins, found.losses, found.n_pairs, strict=True)
    ]
    assert settle(parts).p_adjusted == pytest.approx(settle([found]).p_adjusted)


def test_rates_and_scores_stand_in_one_family():
    scores = paired_difference(np.arange(9.0), np.zeros(9), np.arange(9), rate=False)
    settled = settle([paired_from_counts([60], [5], [200]), scores])
    assert settled.verdict.tolist() == ["better", "better"]


def test_more_than_twenty_comparisons_take_bh():
    assert settle([family(0, size=20)]).correction == "holm"
    assert settle([family(0, size=21)]).correction == "bh"


def test_an_empty_family_is_empty():
    assert settle([]).verdict.size == 0


def test_a_power_of_one_is_refused():
    with pytest.raises(ParamError, match="power"):
        settle([family(0)], power=1.0)
