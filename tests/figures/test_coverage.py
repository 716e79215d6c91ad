import pandas as pd

from stresslab.figures import coverage
from tests.figures.conftest import texts

TABLE = pd.DataFrame(
    {"model": ["alpha", "alpha", "beta"], "task": ["one", "two", "one"],
     "coverage": [1.0, 0.25, 0.0], "n": [8, 2, 0]}
)  # fmt: skip


def test_every_cell_says_its_share_and_nothing_is_a_dash():
    assert texts(coverage.draw(TABLE))[-3:] == ["100 %", "25 %", "–"]


def test_parts_stand_across_the_top():
    assert list(coverage.draw(TABLE).layout.xaxis.ticktext) == ["one", "two"]


def test_nothing_to_draw_is_said():
    assert texts(coverage.draw(TABLE.iloc[:0])) == ["No runs yet."]
