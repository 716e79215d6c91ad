import pytest

from stresslab.figures import tier_curve
from tests.figures.conftest import texts


def lines(picture):
    return [trace for trace in picture.data if trace.mode == "lines+markers"]


def bands(picture):
    return [trace for trace in picture.data if trace.fill == "toself"]


def test_one_line_and_one_band_per_model_and_perturbation(tiers):
    picture = tier_curve.draw(tiers)
    assert len(lines(picture)) == 4
    assert len(bands(picture)) == 4


def test_a_rate_spans_zero_to_one_unless_zoomed(tiers):
    assert tuple(tier_curve.draw(tiers).layout.yaxis.range) == (0, 1)
    zoomed = tier_curve.draw(tiers, zoom=True).layout.yaxis
    assert zoomed.range[0] > 0.3
    assert "zoomed" in zoomed.title.text


def test_the_axis_says_which_direction_is_better(tiers):
    title = tier_curve.draw(tiers, metric="brier score", higher_is_better=False).layout.yaxis.title
    assert title.text == "Brier score (smaller is better)"


def test_points_of_few_rows_are_hollow(tiers):
    tiers["n"] = 9
    assert set(lines(tier_curve.draw(tiers))[0].marker.color) == {"#ffffff"}


def test_chance_is_named(tiers):
    assert "chance .50" in texts(tier_curve.draw(tiers, chance=0.5))


def test_lines_are_named_at_their_ends(tiers):
    seen = texts(tier_curve.draw(tiers))
    assert seen.count("alpha") == 2


def test_a_graded_axis_is_whiskers_and_says_so(tiers):
    tiers["axis"] = "graded"
    picture = tier_curve.draw(tiers)
    assert not bands(picture)
    assert lines(picture)[0].error_y.array[0] == pytest.approx(0.05)
    assert "different items" in picture.layout.xaxis.title.text


def test_a_narrow_page_stacks_the_panels(tiers):
    picture = tier_curve.draw(tiers, narrow=True)
    assert picture.layout.yaxis.domain[0] > picture.layout.yaxis2.domain[1]


def test_nothing_to_draw_is_said(tiers):
    assert texts(tier_curve.draw(tiers.iloc[:0])) == ["No rows match."]


def test_domains_a_model_was_not_trained_on_are_open_squares(tiers):
    tiers["domain"] = "news"
    tiers["in_training"] = ["in" if model == "alpha" else "out" for model in tiers["model"]]
    picture = tier_curve.draw(tiers[tiers["perturbation"] == "typos"], by=("domain",))
    alpha, beta = (line.marker for line in lines(picture))
    assert set(alpha.symbol) == {"circle"}
    assert set(beta.symbol) == {"square"}
    assert set(beta.color) == {"#ffffff"}
    assert "Open squares" in picture.layout.meta["caption"]


def test_fitted_shapes_are_dashed_lines_beside_the_data(tiers):
    fitted = tiers[["model", "perturbation"]].drop_duplicates().assign(position=0.5, fitted=0.7)
    dashed = [
        one for one in tier_curve.draw(tiers, fitted=fitted).data if one.name.startswith("fitted")
    ]
    assert len(dashed) == 4
    assert {one.line.dash for one in dashed} == {"4px,3px"}
