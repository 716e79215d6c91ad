import pandas as pd
import pytest

from stresslab.figures import selective
from tests.figures.conftest import texts

TABLE = pd.DataFrame(
    {"model": ["alpha", "beta"], "value": [0.9, 0.8], "low": [0.85, 0.75], "high": [0.95, 0.85],
     "n": [80, 100], "coverage": [0.8, 1.0], "coverage_low": [0.7, 0.96],
     "coverage_high": [0.87, 1.0]}
)  # fmt: skip
SCORE = TABLE.assign(value=[0.72, 0.8], low=[0.62, 0.75], high=[0.8, 0.85])


def points(picture, name):
    return [trace for trace in picture.data if trace.name == name]


def test_coverage_stands_beside_accuracy_for_every_model():
    picture = selective.draw(TABLE)
    assert [trace.x[0] for trace in points(picture, "answered")] == [0.8, 1.0]
    assert [trace.x[0] for trace in points(picture, "right if answered")] == [0.9, 0.8]


def test_every_point_has_its_interval():
    answered = points(selective.draw(TABLE), "answered")[0]
    assert answered.error_x.arrayminus[0] == pytest.approx(0.1)


def test_the_score_is_joined_to_the_share_right_if_answered():
    shapes = selective.draw(TABLE, score=SCORE).layout.shapes
    assert (shapes[0].x0, shapes[0].x1) == (0.72, 0.9)


def test_nothing_to_draw_is_said():
    assert texts(selective.draw(TABLE.iloc[:0])) == ["No rows match."]
