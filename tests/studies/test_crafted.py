"""The parts a study of validation is made of: edges, thresholds, folds."""

import numpy as np
import pandas as pd
import pytest

from stresslab import Workspace
from stresslab.errors import ShapeError
from stresslab.studies import _crafted_edges as edges
from stresslab.studies import _crafted_images as images
from stresslab.studies import crafted_validation as study
from stresslab.studies._crafted_known import is_any_leaky
from stresslab.studies._crafted_models import check_fold


@pytest.mark.parametrize("rule", edges.RULES)
def test_a_threshold_lies_between_two_kinds_of_values(rule):
    rng = np.random.default_rng(0)
    values = np.concatenate([rng.normal(1, 0.1, 300), rng.normal(5, 0.1, 300)])
    assert 1.2 < edges.threshold(values, rule) < 4.9


def test_otsu_is_the_split_of_largest_variance_between():
    values = np.random.default_rng(1).gamma(2, size=400)
    counts, ends = np.histogram(values, edges.BINS)
    middle = (ends[:-1] + ends[1:]) / 2

    def between(cut):
        low, high = counts[: cut + 1], counts[cut + 1 :]
        if not low.sum() or not high.sum():
            return -1.0
        gap = np.average(middle[: cut + 1], weights=low) - np.average(
            middle[cut + 1 :], weights=high
        )
        return low.sum() * high.sum() * gap**2

    best = max(range(edges.BINS - 1), key=between)
    assert edges.threshold(values, "otsu") == pytest.approx(middle[best])


def test_canny_finds_the_outline_of_a_square_and_nothing_in_a_flat_image():
    image = np.zeros((16, 16))
    image[5:11, 5:11] = 1
    found = edges.canny(image, 0.5, "otsu")
    assert found[7, 4:6].any()
    assert not found[8, 8]
    assert not found[:3].any()
    assert not edges.canny(np.full((16, 16), 0.3), 0.5, "otsu").any()


@pytest.mark.parametrize("kind", images.CATEGORIES)
def test_a_change_stays_in_bounds_repeats_and_grows(kind):
    some = images.digits()[0][:40]
    far = [np.abs(images.changed(some, kind, s) - some).mean() for s in (1, 5)]
    assert 0 < far[0] < far[1]
    one = images.changed(some, kind, 3)
    assert 0 <= one.min() <= one.max() <= 1
    assert (one == images.changed(some, kind, 3)).all()


def test_a_kind_on_both_sides_is_a_leaky_fold():
    check_fold(*images.FOLDS)
    assert set(images.FOLDS[0]) | set(images.FOLDS[1]) == set(images.CATEGORIES)
    with pytest.raises(ShapeError, match="leaky fold"):
        check_fold(images.FOLDS[0], images.FOLDS[0])


def test_crafted_validation_is_over_the_kinds_every_model_was_asked():
    shares = pd.DataFrame({"blur": [0.5, 0.7], "edges": [0.1, np.nan], "weather": [0.7, 0.9]})
    assert study.of_common(shares).tolist() == pytest.approx([0.6, 0.8])


def test_the_verdict_follows_from_the_difference_and_from_the_folds(built):
    gain = pd.DataFrame({"low": [0.1, 0.0]})
    assert study._verdict(gain) == "trust augmented validation"
    assert study._verdict(gain.assign(low=-0.1)) == "no better than standard"
    assert study._verdict(gain, leaky=True) == "leaky"
    workspace = Workspace.open(built("crafted_validation").folder)
    assert not is_any_leaky(workspace, study.TASK)
    assert not study._left_out(workspace)


def test_a_run_whose_folds_share_a_kind_is_leaky(tmp_path):
    from stresslab.studies._record import record

    workspace = Workspace.create(tmp_path / "leaky", name="leaky")
    rows = pd.DataFrame({"item": ["a"], "correct": [1]})
    record(workspace, rows, model="m", task=study.TASK,
           settings={"folds": [[["blur", "edges"], ["edges"]]]})  # fmt: skip
    assert is_any_leaky(workspace, study.TASK)
