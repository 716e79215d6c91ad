"""The pictures of a ranking."""

import pandas as pd
import pytest

from stresslab.figures import figures, rank_grid, rank_map, ranks
from tests.figures.conftest import texts


@pytest.fixture
def rankings():
    def row(model, rank, low, high, group, n=100):
        return {"model": model, "rank": rank, "rank_low": low, "rank_high": high, "tie_group": group,
                "value": 0.9 - rank / 10, "low": 0.8 - rank / 10, "high": 1 - rank / 10, "n": n}  # fmt: skip

    return pd.DataFrame([row("a", 1, 1, 2, 1), row("b", 2, 1, 2, 1), row("<i>c", 3, 3, 3, 2, n=5)])


@pytest.fixture
def places(rankings):
    parts = [
        rankings.assign(kind=kind, view=view, often_low=rankings["rank"], often_high=3.0)
        for kind, view in (("all", "all rows"), ("tier", "0"), ("tier", "1"))
    ]
    return pd.concat(parts, ignore_index=True)


@pytest.mark.parametrize("name", ["ranks", "rank_map", "rank_grid"])
@pytest.mark.parametrize("mode", ["light", "dark"])
def test_an_empty_table_says_so(name, mode):
    piece = figures.get(name)
    empty = pd.DataFrame({column: pd.Series(dtype=float) for column in piece.columns})
    assert texts(piece.draw(empty, mode=mode)) == ["No rows match."]


def test_a_group_that_is_told_apart_is_parted_by_a_line(rankings):
    shapes = ranks.draw(rankings).layout.shapes
    dotted = [one for one in shapes if one.line.dash == "dot"]
    assert [one.y0 for one in dotted] == [1.5]


def test_blobs_grow_with_the_share(rankings):
    often = pd.DataFrame(
        {"model": ["a", "a"], "rank": [1, 2], "share": [0.9, 0.1], "n": [2000, 2000]}
    )
    sizes = ranks.draw(rankings, often=often).data[0].marker.size
    assert sizes[0] > sizes[1]


def test_a_model_of_few_rows_is_hollow(rankings):
    own = [one for one in ranks.draw(rankings).data if len(one.x) == 1 and one.marker.size == 9]
    assert own[0].marker.color != own[2].marker.color == "#ffffff"


def test_a_pair_reads_the_same_from_both_sides():
    table = pd.DataFrame(
        [{"model_a": "a", "model_b": "b", "difference": 0.1, "low": 0.05, "high": 0.15,
          "verdict": "better", "n_pairs": 50}]
    )  # fmt: skip
    picture = rank_map.draw(table, order=["b", "a"])
    said = picture.data[-1].customdata
    assert "a against b: <b>better</b><br>+.10 [.05, .15]" in said[0]
    assert "b against a: <b>worse</b><br>−.10 [−.15, −.05]" in said[1]
    assert {"▲", "▼"} <= set(texts(picture))


def test_places_that_move_are_in_brackets_and_rules_stand_beside_the_views(places):
    rule = places[places["kind"] == "all"].assign(view="mean of all rows")
    rules = pd.concat([rule, rule.assign(view="mean over tiers")])
    picture = rank_grid.draw(places, rules=rules, order=["a", "b", "<i>c"])
    assert {"(1)", "(2)", "3"} <= set(texts(picture))
    assert list(picture.layout.xaxis.ticktext) == [
        "all rows",
        "tier 0",
        "tier 1",
        "mean over tiers",
    ]


def test_names_stay_text(rankings, places):
    for picture in (ranks.draw(rankings), rank_grid.draw(places)):
        assert not any(one.startswith("<i>") for one in picture.layout.yaxis.ticktext)
