import json

import numpy as np
import pandas as pd
import pytest

from stresslab.figures import figures

draw = figures.get("embedding_map").draw


@pytest.fixture
def points():
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "variant_id": [f"a/{one}" for one in range(30)], "item_id": "a", "tier": 0,
            "perturbation": None, "x": rng.random(30), "y": rng.random(30), "x2": np.nan,
            "y2": rng.random(30), "colour": np.r_[np.zeros(14), np.ones(15), np.nan], "text": "<b>",
        }
    )  # fmt: skip


def test_right_and_wrong_differ_in_colour_and_shape(points):
    traces = {one.name: one for one in draw(points).data}
    assert {name: len(one.x) for name, one in traces.items()} == {
        "not known": 1,
        "right": 14,
        "wrong": 15,
    }
    assert traces["right"].marker.symbol != traces["wrong"].marker.symbol
    assert "<b>" not in traces["right"].text[0]


def test_numbers_have_a_scale_and_codes_have_names(points):
    assert draw(points, colour="confidence").data[-1].marker.colorbar.title.text == "confidence"
    colours = pd.DataFrame({"code": [0, 1], "name": ["news", "tweets"]})
    names = [one.name for one in draw(points, colour="domain", colours=colours).data]
    assert names == ["not known", "news", "tweets"]


def test_a_raster_lies_under_the_points_at_its_place(points):
    raster = pd.DataFrame({"column": [0, 3], "row": [0, 1], "count": [5, 50], "colour": [0.0, 1.0]})
    frame = pd.DataFrame(
        [
            {
                "left": -1.0,
                "right": 3.0,
                "bottom": 0.0,
                "top": 2.0,
                "wide": 4,
                "high": 2,
                "n_points": 55,
                "n_drawn": 30,
            }
        ]
    )
    [image] = draw(points, raster=raster, frame=frame).layout.images
    assert (image.x, image.y, image.sizex, image.sizey) == (-1, 2, 4, 2)
    assert image.source.startswith("data:image/png;base64,")


def test_region_and_paths_are_drawn(points):
    picture = draw(points, region=json.dumps([[0, 0], [1, 0], [1, 1]]))
    assert picture.layout.shapes[0].path == "M 0,0 L 1,0 L 1,1 Z"
    arrows = pd.DataFrame(
        {"item_id": ["a", "b"], "x0": 0.0, "y0": 0.0, "x1": 1.0, "y1": 1.0, "failure": [0.0, 1.0]}
    )
    names = [one.name for one in draw(points, arrows=arrows).data]
    assert names[-3:] == ["path from tier 0", "right after", "wrong after"]


def test_beside_there_may_be_nothing(points):
    assert "No map" in draw(points, axes=("x2", "y2")).layout.annotations[0].text


def test_what_is_dragged_around_stands_out_on_the_map_beside(points):
    there = points.assign(x2=points["y2"], chosen=points["x"] > 0.5)
    region = json.dumps([[0.5, 0], [1, 0], [1, 1], [0.5, 1]])
    traces = draw(there, axes=("x2", "y2"), region=region).data
    assert traces[0].name == "elsewhere"
    assert len(traces[0].x) == (~there["chosen"]).sum()
    assert sum(len(one.x) for one in traces[1:]) == there["chosen"].sum()
    assert "elsewhere" not in [one.name for one in draw(there, axes=("x2", "y2")).data]
