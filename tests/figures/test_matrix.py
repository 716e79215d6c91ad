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
