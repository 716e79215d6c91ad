"""The picture of a number per row and column."""

import pandas as pd

from stresslab.figures import matrix


def table(heads):
    return pd.DataFrame(
        [{"row": "a", "column": one, "value": 0.5, "low": 0.4, "high": 0.6, "n": 50}
         for one in heads]
    )  # fmt: skip


def test_heads_that_do_not_fit_are_slanted_and_have_room_to_stand():
    few = matrix.draw(table(["colour", "edge"])).layout
    many = matrix.draw(table([f"power-equalised {n}" for n in range(17)])).layout
    assert few.xaxis.tickangle == 0
    assert many.xaxis.tickangle == -40
    longest = max(map(len, many.xaxis.ticktext))
    assert many.margin.t - few.margin.t >= 0.6 * 7 * longest
    assert many.height - few.height == many.margin.t - few.margin.t


def test_a_ringed_cell_has_a_line_around_it():
    table = pd.DataFrame(
        {"row": ["a", "a"], "column": ["x", "y"], "value": [0.1, 0.9], "low": [0.0, 0.8],
         "high": [0.2, 1.0], "n": [50, 50], "ringed": [False, True]}
    )  # fmt: skip
    plain, ringed = matrix.draw(table).layout.shapes
    assert ringed.x1 - ringed.x0 < plain.x1 - plain.x0
    assert ringed.line.color != plain.line.color
