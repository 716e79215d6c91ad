import pandas as pd
import pytest

from stresslab.figures import agreement
from tests.figures.conftest import texts


def table(**counts):
    row = {"model_a": "alpha", "model_b": "beta", "both_right": 60, "only_a": 20, "only_b": 10,
           "both_wrong": 10, "n_pairs": 100} | counts  # fmt: skip
    return pd.DataFrame([row])


def test_areas_are_in_proportion_to_the_counts():
    shapes = agreement.draw(table()).layout.shapes
    areas = sorted((one.x1 - one.x0) * (one.y1 - one.y0) for one in shapes)
    assert areas == pytest.approx([0.1, 0.1, 0.2, 0.6])


def test_a_wide_cell_shows_its_count_and_share():
    assert any("60</b>  60 %" in text for text in texts(agreement.draw(table())))


def test_an_empty_cell_is_not_drawn():
    assert len(agreement.draw(table(only_b=0, both_wrong=20)).layout.shapes) == 3


def test_no_pairs_is_said():
    assert texts(agreement.draw(table(n_pairs=0))) == [
        "Counted for pairs of models that answered the same items."
    ]
    assert texts(agreement.draw(table().iloc[:0])) == [
        "Counted for pairs of models that answered the same items."
    ]
