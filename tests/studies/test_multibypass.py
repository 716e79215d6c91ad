"""The parts study 48 is made of: scores of a video, mixes, and what it refuses."""

import numpy as np
import pytest

from stresslab.errors import ShapeError
from stresslab.studies._multibypass_mix import distances, split, weights
from stresslab.studies._multibypass_scores import of_runs, recalls, runs, scores
from stresslab.studies._multibypass_videos import videos
from stresslab.studies.multibypass import check_apart


def test_class_means_are_those_of_scikit_learn():
    from sklearn.metrics import accuracy_score, precision_recall_fscore_support

    rng = np.random.default_rng(0)
    for _ in range(20):
        truth, said = rng.integers(0, 6, 40), rng.integers(2, 9, 40)
        found = scores("v", truth, said)
        theirs = precision_recall_fscore_support(truth, said, average="macro", zero_division=0)
        assert [found[one] for one in ("precision", "recall", "f1")] == pytest.approx(theirs[:3])
        assert found["accuracy"] == accuracy_score(truth, said)


def test_a_video_with_too_few_predictions_is_refused_by_name():
    with pytest.raises(ShapeError, match="Video B07 has 5 frames and 4 predictions"):
        scores("B07", np.zeros(5, int), np.zeros(4, int))


def test_recall_of_phases_adds_up_to_the_accuracy():
    rng = np.random.default_rng(1)
    truth, said = rng.integers(0, 5, 200), rng.integers(0, 5, 200)
    parts = recalls(truth, said)
    right = sum(one["frames"] * one["score"] for one in parts)
    assert right == pytest.approx((truth == said).sum())
    assert sum(one["frames"] for one in parts) == 200


def test_a_sequence_is_read_as_it_was_written():
    phases = np.array([0, 0, 0, 1, 4, 4, 0])
    assert runs(phases) == "0x3 1x1 4x2 0x1"
    assert of_runs(runs(phases)).tolist() == phases.tolist()


def test_a_video_on_both_sides_is_refused():
    found = videos("B", 3, 0.0)
    check_apart(found[:2], found[2:])
    with pytest.raises(ShapeError, match="B01"):
        check_apart(found[:2], found[1:])


def test_what_is_lost_is_the_mix_and_the_rest():
    rng = np.random.default_rng(2)
    frames = rng.integers(1, 40, (2, 12, 4))
    right = rng.binomial(frames, 0.7)
    found = split(frames[0], right[0], frames[1], right[1]).set_index("part")["value"]
    assert found["lost"] == pytest.approx(found["mix"] + found["rest"])
    home, away = (right[side].sum() / frames[side].sum() for side in (0, 1))
    assert found["lost"] == pytest.approx(home - away)


def test_no_frame_weighs_more_than_ten():
    assert weights(np.array([99.0, 1.0]), np.array([1.0, 99.0])).tolist() == [10.0, 1 / 99]
    assert weights(np.array([1.0, 1.0]), np.array([0.0, 2.0])).tolist() == [0.0, 0.5]


def test_two_centres_of_one_kind_are_close_and_the_interval_says_so():
    one = [video.phases for video in videos("B", 30, 0.0)]
    found = distances(one[:15], one[15:], 12)
    apart = distances(one, [video.phases for video in videos("S", 30, 0.0)], 12)
    assert (found["low"] == 0).all()
    assert (apart["value"] > found["value"]).all()
    assert (apart["low"] > 0).all()
