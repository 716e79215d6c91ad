"""Evidence: parts with one row per input, and what is missing in words."""

import numpy as np
import pytest

from stresslab.errors import ShapeError
from stresslab.evidence import Evidence, finite_rows, lacking


def test_parts_of_other_lengths_are_refused_with_their_sizes():
    with pytest.raises(ShapeError, match="features 3, labels 2"):
        Evidence(features=np.zeros((3, 2)), labels=np.zeros(2, int))


def test_rows_are_taken_from_every_part():
    whole = Evidence(features=np.arange(6.0).reshape(3, 2), labels=np.array([0, 1, 2]))
    some = whole.take(np.array([2, 0]))
    assert some.n == 2
    assert some.labels.tolist() == [2, 0]
    assert some.features.tolist() == [[4, 5], [0, 1]]


def test_what_is_missing_is_said_in_words():
    whole = Evidence(features=np.zeros((3, 2)))
    assert lacking(whole, ("features",)) == ""
    assert lacking(whole, ("features", "logits")) == "not applicable: needs logits"
    assert lacking(whole, ("logits|probs",)) == "not applicable: needs logits or probs"
    assert lacking(Evidence(probs=np.ones((2, 1))), ("logits|probs",)) == ""
    with pytest.raises(ValueError, match="no part"):
        lacking(whole, ("colour",))


def test_rows_that_are_not_finite_are_found_in_any_part():
    features, probs = np.zeros((3, 2)), np.full((3, 2), 0.5)
    features[1, 0], probs[2, 1] = np.nan, np.inf
    assert finite_rows(Evidence(features=features, probs=probs)).tolist() == [True, False, False]
