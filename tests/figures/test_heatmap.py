from stresslab.figures import heatmap
from tests.figures.conftest import texts


def test_every_cell_shows_its_value_and_its_interval(tiers):
    seen = texts(heatmap.draw(tiers))
    assert seen.count(".90") == 2
    assert ".85–.95" in seen


def test_blue_above_chance_and_orange_below(tiers):
    tiers["value"] = [0.9, 0.5, 0.1] * 4
    fills = [shape.fillcolor for shape in heatmap.draw(tiers, chance=0.5).layout.shapes][:3]
    red, blue = (lambda c: int(c[1:3], 16)), (lambda c: int(c[5:7], 16))
    assert blue(fills[0]) > red(fills[0])
    assert blue(fills[2]) < red(fills[2])


def test_a_cell_of_few_rows_is_hollow(tiers):
    tiers["n"] = 9
    shapes = heatmap.draw(tiers).layout.shapes
    assert {shape.fillcolor for shape in shapes} == {"#ffffff"}


def test_models_under_the_coverage_line_stand_below_a_rule(tiers):
    picture = heatmap.draw(tiers, below=["alpha"])
    names = picture.layout.yaxis.ticktext
    assert "beta" in names[0]
    assert "alpha" in names[1]
    assert any("outside the ranking" in text for text in texts(picture))


def test_abstentions_leave_a_mark(tiers):
    tiers.loc[0, "n_abstained"] = 20
    marks = [trace for trace in heatmap.draw(tiers).data if trace.name == "abstained"]
    assert sum(len(trace.x) for trace in marks) == 1


def test_untouched_rows_without_perturbation_are_a_block_of_their_own(tiers):
    tiers["perturbation"] = None
    tiers = tiers[tiers["tier"] == 0]
    assert "<b>Untouched</b>" in texts(heatmap.draw(tiers))


def test_an_unknown_value_is_a_dash_and_never_zero(tiers):
    tiers.loc[0, ["value", "low", "high"]] = float("nan")
    assert "–" in texts(heatmap.draw(tiers))


def test_nothing_to_draw_is_said(tiers):
    assert texts(heatmap.draw(tiers.iloc[:0])) == ["No rows match."]


def test_a_hostile_model_name_is_shown_as_text(tiers):
    tiers["model"] = "<b>x</b>"
    assert "&lt;b&gt;x&lt;/b&gt;" in heatmap.draw(tiers).layout.yaxis.ticktext[0]
