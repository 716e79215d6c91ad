"""Pieces of statistics held against scipy, statsmodels, scikit-learn and pandas, to 1e-8."""

import numpy as np
import pandas as pd
import pytest

from stresslab.stats.auc_clusters import clustered_aucs
from stresslab.stats.consistencies import consistencies
from stresslab.stats.family import settle
from stresslab.stats.jackknife import ends, jackknife
from stresslab.stats.label_null import gathering
from stresslab.stats.marks import by_block, by_group, marked
from stresslab.stats.paired import paired_differences
from stresslab.stats.paired_marks import differences_of_marks
from stresslab.stats.risk_coverage import risk_coverage

NEAR = {"rtol": 0, "atol": 1e-8}


def clustered(seed, n_clusters=30):
    rng = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(n_clusters), rng.integers(1, 6, n_clusters))
    own = rng.normal(size=n_clusters)[cluster]
    return own + rng.normal(size=len(cluster)), rng.normal(size=len(cluster)), cluster


def compared(a, b, cluster, **settings):
    return paired_differences(a, b, cluster, np.zeros(len(a), int), 1, rate=False, **settings)


@pytest.mark.parametrize(("correction", "name"), [("holm", "holm"), ("bh", "fdr_bh")])
def test_a_family_is_corrected_as_statsmodels_does(correction, name):
    from statsmodels.stats.multitest import multipletests

    rng = np.random.default_rng(0)
    group = np.repeat(np.arange(25), 40)
    gap = rng.normal(0.02 * group, 1.0)
    found = paired_differences(
        gap, np.zeros(len(gap)), np.tile(np.arange(40), 25), group, 25, rate=False
    )
    expected = multipletests(found.p_value, alpha=0.05, method=name)
    settled = settle([found], correction=correction)
    np.testing.assert_allclose(settled.p_adjusted, expected[1], **NEAR)
    assert (np.isin(settled.verdict, ("better", "worse")) == expected[0]).all()
    assert expected[0].any()
    assert not expected[0].all()


@pytest.mark.parametrize("seed", [0, 1])
def test_the_error_of_clustered_differences_is_that_of_robust_least_squares(seed):
    import statsmodels.api as sm

    a, b, cluster = clustered(seed)
    found = compared(a, b, cluster)
    fitted = sm.OLS(a - b, np.ones(len(a))).fit(cov_type="cluster", cov_kwds={"groups": cluster})
    n_clusters = cluster.max() + 1
    assert found.difference[0] == pytest.approx(fitted.params[0], abs=1e-12)
    error = found.sd_cluster[0] / np.sqrt(n_clusters)
    np.testing.assert_allclose(error, fitted.bse[0], **NEAR)
    from scipy.stats import t

    low = fitted.params[0] - t.ppf(0.975, n_clusters - 1) * fitted.bse[0]
    np.testing.assert_allclose(found.low[0], low, **NEAR)


def test_equivalence_in_clusters_of_one_size_is_that_of_their_means():
    from statsmodels.stats.weightstats import ttost_paired

    rng = np.random.default_rng(2)
    gap = rng.normal(size=(25, 1)) * 0.3 + rng.normal(size=(25, 4)) + 0.05
    found = compared(gap.ravel(), np.zeros(100), np.repeat(np.arange(25), 4), margin=0.4)
    expected = ttost_paired(gap.mean(axis=1), np.zeros(25), -0.4, 0.4)[0]
    np.testing.assert_allclose(found.p_tost[0], expected, **NEAR)


def test_many_pairs_of_models_take_the_mcnemar_test_of_statsmodels():
    from statsmodels.stats.contingency_tables import mcnemar

    rng = np.random.default_rng(3)
    right = [rng.random(60) < share for share in (0.5, 0.7, 0.8)]
    pairs = [(0, 1), (0, 2), (1, 2)]
    found = differences_of_marks(
        marked(right), pairs, np.arange(60), np.zeros(60, int), 1,
        rng=lambda: np.random.default_rng(0),
    )  # fmt: skip
    for place, (a, b) in enumerate(pairs):
        table = pd.crosstab(right[a], right[b]).to_numpy()
        expected = mcnemar(table, exact=True).pvalue
        np.testing.assert_allclose(found.p_value[place], expected, **NEAR)


@pytest.mark.parametrize("rows", [1, 4])
def test_kappa_of_many_pairs_and_groups_is_that_of_scikit_learn(rows):
    from sklearn.metrics import cohen_kappa_score

    rng = np.random.default_rng(4)
    cluster = np.repeat(np.arange(200 // rows), rows)
    group = np.arange(200) % 3
    right = [rng.random(200) < share for share in (0.4, 0.6, 0.9)]
    pairs = [(0, 1), (0, 2), (1, 2)]
    for (a, b), found in zip(pairs, consistencies(right, pairs, cluster, group, 3), strict=True):
        expected = [
            cohen_kappa_score(right[a][group == one], right[b][group == one]) for one in range(3)
        ]
        np.testing.assert_allclose(found.kappa, expected, **NEAR)
        assert found.mean == pytest.approx(np.mean(expected), abs=1e-12)
        assert found.mean_low < found.mean < found.mean_high


def test_the_jackknife_is_its_formula_on_what_numpy_computes():
    from scipy.stats import t

    rng = np.random.default_rng(5)
    x = rng.normal(size=60)
    y = x + rng.normal(size=60)
    block = np.arange(60) % 12
    found = jackknife(lambda rows: {"r": np.corrcoef(x[rows], y[rows])[0, 1]}, block)
    left = np.array([np.corrcoef(x[block != k], y[block != k])[0, 1] for k in range(12)])
    error = np.sqrt(11 * np.var(left))
    np.testing.assert_allclose(found.error("r"), error, **NEAR)
    expected = t.interval(0.9, 11, loc=found.values["r"], scale=error)
    np.testing.assert_allclose(ends(found.values["r"], error, 12, 0.9), expected, **NEAR)


def test_the_null_of_labels_is_that_of_all_permutations_of_scipy():
    from scipy.stats import permutation_test

    rng = np.random.default_rng(6)
    values = rng.random(7)
    inside = np.array([True, True, True, False, False, False, False])
    found = gathering(inside[None], values, np.arange(7), np.zeros(7, int), n_draws=20_000)
    null = permutation_test(
        (values,), lambda x: x[inside].mean(), permutation_type="pairings", n_resamples=10_000
    ).null_distribution
    assert len(null) == 5040
    np.testing.assert_allclose(found.value[0], values[inside].mean(), **NEAR)
    np.testing.assert_allclose(found.expected[0], null.mean(), **NEAR)
    np.testing.assert_allclose(found.error[0], null.std(), **NEAR)
    away = abs(values[inside].mean() - null.mean())
    share = (np.abs(null - null.mean()) >= away - 1e-12).mean()
    assert found.p_value[0] == pytest.approx(share, abs=0.015)


def test_the_area_under_risk_and_coverage_is_the_mean_over_how_many_are_kept():
    rng = np.random.default_rng(7)
    right, score = (rng.random(50) < 0.7).astype(float), rng.random(50)
    ordered = right[np.argsort(score)]
    risks = [1 - ordered[:kept].mean() for kept in range(1, 51)]
    found = risk_coverage(right, score, np.ones((1, 50)), dropped=[0.0, 0.2, 0.5])
    np.testing.assert_allclose(found.area[0], np.mean(risks), **NEAR)
    expected = [ordered.mean(), ordered[:40].mean(), ordered[:25].mean()]
    np.testing.assert_allclose(found.kept[0], expected, **NEAR)


def test_marks_are_counted_as_pandas_counts():
    rng = np.random.default_rng(8)
    right = [rng.random(300) < 0.5 for _ in range(4)]
    group, block = rng.integers(0, 3, 300), rng.integers(0, 20, 300)
    rows = marked(right)
    table = pd.DataFrame({"group": group, "block": block, "code": rows.code})
    counts = pd.crosstab(table["group"], table["code"])
    expected = counts.reindex(columns=range(len(rows.right)), fill_value=0).to_numpy()
    np.testing.assert_array_equal(by_group(rows.code, len(rows.right), group, 3), expected)
    sizes = np.bincount(block, minlength=20).astype(float)
    for model, found in enumerate(by_block(rows.code, block, sizes, rows.right)):
        sums = table.assign(right=right[model]).groupby("block")["right"].sum()
        np.testing.assert_array_equal(found, sums.reindex(range(20), fill_value=0))


def test_areas_in_clusters_are_those_of_scikit_learn():
    from sklearn.metrics import roc_auc_score

    rng = np.random.default_rng(9)
    truth = rng.integers(0, 2, 120)
    scores = np.round(rng.normal(size=(120, 3)) + truth[:, None] * [0, 1, 2], 1)
    found = clustered_aucs(truth, scores, np.repeat(np.arange(40), 3))
    expected = [roc_auc_score(truth, one) for one in scores.T]
    np.testing.assert_allclose(found.values, expected, **NEAR)
