"""Areas of clustered rows: DeLong's where clusters are rows, and coverage where they are not."""

import numpy as np
import pytest

from stresslab.errors import ShapeError
from stresslab.stats.auc import auc, auc_difference
from stresslab.stats.auc_clusters import clustered_aucs


def rows(n, rng):
    truth = (rng.random(n) < 0.4).astype(int)
    return truth, np.column_stack(
        [truth + rng.standard_normal(n), truth + 2 * rng.standard_normal(n)]
    )


def test_areas_by_hand():
    found = clustered_aucs([0, 0, 1, 1], [[1, 5.0], [2, 5], [2, 5], [3, 5]], np.arange(4))
    assert found.values == pytest.approx([3.5 / 4, 0.5])
    assert np.isnan(found.covariance).all()


def test_with_a_row_per_cluster_it_is_delongs():
    truth, scores = rows(2000, np.random.default_rng(0))
    found = clustered_aucs(truth, scores, np.arange(2000))
    for column in range(2):
        theirs = auc(truth, scores[:, column])
        assert found.values[column] == pytest.approx(theirs.value, abs=1e-12)
        assert found.covariance[column, column] ** 0.5 == pytest.approx(theirs.error, rel=2e-3)
    gap, error, p_value = found.differences([0], [1])
    value, low, high = auc_difference(truth, scores[:, 0], scores[:, 1])
    assert gap[0] == pytest.approx(value, abs=1e-12)
    assert error[0] == pytest.approx((high - low) / 2 / 1.959964, rel=2e-3)
    assert 0 < p_value[0] < 0.01


def test_rows_seen_five_times_do_not_narrow_the_interval():
    truth, scores = rows(300, np.random.default_rng(1))
    once = clustered_aucs(truth, scores, np.arange(300))
    often = clustered_aucs(
        np.repeat(truth, 5), np.repeat(scores, 5, axis=0), np.repeat(np.arange(300), 5)
    )
    assert often.values == pytest.approx(once.values, abs=1e-12)
    assert often.covariance == pytest.approx(once.covariance, rel=1e-9)


def test_intervals_cover_where_clusters_hold_both_classes():
    rng = np.random.default_rng(2)
    hits, truth_value = [], None
    for _ in range(400):
        own = rng.standard_normal(60)
        cluster = np.repeat(np.arange(60), 6)
        truth = np.tile([0, 0, 0, 1, 1, 1], 60)
        score = truth + own[cluster] + rng.standard_normal(360)
        low, high = clustered_aucs(truth, score[:, None], cluster).interval(0.95)
        # a positive and a negative of different clusters: difference is normal(1, sd 2)
        truth_value = 0.6914625
        hits.append(low[0] < truth_value < high[0])
    assert 0.91 < np.mean(hits) < 0.985


def test_the_same_score_twice_does_not_differ():
    truth, scores = rows(100, np.random.default_rng(3))
    found = clustered_aucs(truth, scores[:, [0, 0]], np.arange(100))
    gap, _, p_value = found.differences([0], [1])
    assert gap[0] == 0
    assert p_value[0] == pytest.approx(1)


def test_one_class_alone_or_no_rows_have_no_area():
    assert np.isnan(clustered_aucs([1, 1], [[1.0], [2]], [0, 1]).values).all()
    assert np.isnan(clustered_aucs([], np.empty((0, 3)), []).values).all()
    with pytest.raises(ShapeError, match="0 or 1"):
        clustered_aucs([2], [[1.0]], [0])
    with pytest.raises(ShapeError, match=r"\(n, k\)"):
        clustered_aucs([1], [1.0], [0])
