"""The map: its regions and clusters against the rest, points, raster, paths, what is missing."""

import numpy as np
import pandas as pd
import pytest

from stresslab import analyses
from stresslab.analyses import _map_raster
from stresslab.analyses._map_terms import lifted, weigh
from stresslab.errors import ParamError
from stresslab.predicate import parse
from stresslab.store import query
from stresslab.store.contents import resolve
from stresslab.store.derived import inputs_of, seal_derived
from stresslab.store.pairs import ids, pairs
from tests.factory import steady, toy_workspace

SQUARE = "[[-1, -1], [2, -1], [2, 2], [-1, 2]]"


@pytest.fixture(scope="module")
def mapped(tmp_path_factory):
    """Items of the south lie in the square, the others far off; alpha fails in the south."""
    made = toy_workspace(
        tmp_path_factory.mktemp("map") / "w", n_items=160,
        models={"alpha": lambda p, t, d: (0.9 if d == "north" else 0.5) - 0.1 * t, "beta": steady(0.6)},
    )  # fmt: skip
    found = pairs(made, resolve(made))
    named = ids(made, "toy", found.variant)["variant_id"].tolist()
    with made.add_space("one", encoder="t", dimension=2, kind="features") as space:
        space.write(named[:2], np.eye(2))
    south = np.array([int(one.split("#")[0].removeprefix("toy/")) % 2 for one in named])
    rng = np.random.default_rng(0)
    places = rng.random((len(named), 2)) + np.where(south, 0, 10)[:, None]
    how = {"inputs": inputs_of(made, spaces=["one"]), "seed": 0, "recipe": {"space": "one"}}
    table = pd.DataFrame({"variant_id": named, "x": places[:, 0], "y": places[:, 1]})
    good = {"trustworthiness": 0.8, "preservation": 0.2, "k": 15, "low": 0.7, "high": 0.9}
    seal_derived(made, "one.umap", kind="projection", table=table, quality=good, **how)
    seal_derived(
        made, "one.pca", kind="projection", table=table[::-1].reset_index(drop=True), **how
    )
    clusters = pd.DataFrame({"variant_id": named, "value": south})
    seal_derived(made, "one.hdbscan", kind="clusters", table=clusters, **how)
    return made


def ask(workspace, **settings):
    piece = analyses.get("embedding_map")
    return piece.run(workspace, piece.params(**settings))


def test_the_region_is_held_against_the_rest_and_is_a_slice(mapped):
    found = ask(mapped, models=("alpha",), region=SQUARE)
    row = found.table.iloc[0]
    assert row["region"] == "your region"
    parse(row["condition"])
    cells = query.cells(mapped, resolve(mapped, models=("alpha",), where=row["condition"]))
    assert cells["n"].iloc[0] == row["n"] == 80 * 7
    assert row["value"] == pytest.approx(1 - cells["total"].iloc[0] / row["n"])
    assert row["low"] < row["value"] < row["high"]
    assert row["rest"] < row["value"]
    assert row["verdict"] == "worse"
    assert "In the region you drew" in found.tables["headlines"]["text"].iloc[0]


def test_clusters_are_a_family_and_both_sides_are_told(mapped):
    table = ask(mapped, models=("alpha",)).table.set_index("region")
    assert table.loc["cluster 1", "verdict"] == "worse"
    assert table.loc["cluster 0", "verdict"] == "better"
    assert (table["p_adjusted"] >= table["p_value"]).all()
    assert set(ask(mapped, models=("beta",)).table["verdict"]) == {"cannot tell"}


@pytest.mark.parametrize(
    "colour",
    [
        "failure",
        "disagreement",
        "confidence",
        "tier",
        "domain",
        "perturbation",
        "cluster",
        "item.length",
    ],
)
def test_every_colour_colours_every_point(mapped, colour):
    found = ask(mapped, colour=colour)
    points = found.tables["points"]
    assert len(points) == 160 * 7
    known = points["colour"].dropna()
    assert len(known) == len(points)
    if colour == "domain":
        names = dict(found.tables["colours"].itertuples(index=False))
        assert [names[one] for one in points["colour"]] == points["domain"].tolist()
    if colour == "tier":
        assert (points["colour"] == points["tier"]).all()
    if colour == "item.length":
        assert known.nunique() == 160


def test_disagreement_of_two_models_is_whether_they_differ(mapped):
    points = ask(mapped, colour="disagreement").tables["points"]
    values = pairs(mapped, resolve(mapped)).values
    np.testing.assert_allclose(points["colour"], values[:, 0] != values[:, 1])


def test_paths_lead_from_the_original_to_the_tier(mapped):
    found = ask(mapped, perturbation="noise", tier=2).tables
    points = found["points"].set_index("variant_id")
    assert len(found["arrows"]) == 160
    row = found["arrows"].iloc[7]
    start, end = points.loc[row["item_id"]], points.loc[f"{row['item_id']}#noise:2"]
    assert (row["x0"], row["y0"], row["x1"], row["y1"]) == (
        start["x"],
        start["y"],
        end["x"],
        end["y"],
    )
    assert len(ask(mapped, perturbation="noise").tables["arrows"]) == 160


def test_beside_are_the_places_of_the_same_inputs(mapped):
    points = ask(mapped, map="one.umap", beside="one.pca").tables["points"]
    np.testing.assert_allclose(points["x"], points["x2"])


def test_very_many_points_are_a_raster_with_failures_upon_it(mapped, monkeypatch):
    monkeypatch.setattr(_map_raster, "MOST_POINTS", 500)
    monkeypatch.setattr(_map_raster, "MOST_OTHERS", 10)
    monkeypatch.setattr(_map_raster, "MOST_ALONE", 30)
    found = ask(mapped, models=("alpha",)).tables
    raster, points = found["raster"], found["points"]
    assert raster["count"].sum() == 160 * 7
    failed = ask(mapped, models=("alpha",), view="").tables["points"]["failure"]
    n_failed = int((pairs(mapped, resolve(mapped, models=("alpha",))).values == 0).sum())
    assert (points["failure"] == 1).sum() == n_failed == (failed == 1).sum()
    assert len(points) <= n_failed + 40
    part = ask(mapped, models=("alpha",), view="-1, 2, -1, 2").tables
    assert part["raster"]["count"].sum() == 80 * 7
    assert part["frame"]["right"].iloc[0] == 2


def test_a_map_below_the_stated_quality_says_so(mapped):
    text = ask(mapped, map="one.umap").tables["headlines"]["text"].iloc[-1]
    assert "below 0.85, do not read distances off it" in text


def test_words_are_lifted_where_they_stand():
    texts = ["a good film"] * 20 + [
        "a bad phone",
        "phone is broken",
        "the phone died",
        "my phone",
    ] * 5
    mask = np.arange(40) >= 20
    first, other = lifted(weigh(texts), [mask, ~mask])
    assert first.startswith("phone")
    assert "phone" not in other
    assert "good" in other
    assert lifted(weigh([None] * 40), [mask]) == [""]


def test_what_is_missing_or_wrong_is_said(mapped, tmp_path):
    bare = toy_workspace(tmp_path / "w", n_items=10)
    assert [one.code for one in ask(bare).warnings if one.code == "no-map"] == ["no-map"]
    assert len(ask(bare).tables["points"]) == 0
    with pytest.raises(ParamError, match="No map of this task is called 'umap'"):
        ask(mapped, map="umap")
    with pytest.raises(ParamError, match="at least three corners"):
        ask(mapped, region="[[0, 1]]")
    with pytest.raises(ParamError, match="left, right, bottom, top"):
        ask(mapped, view="3, 1, 0, 1")
    with pytest.raises(ParamError, match="There are: noise, swap"):
        ask(mapped, perturbation="blur")
