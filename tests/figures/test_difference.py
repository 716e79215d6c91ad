from stresslab.figures import difference
from tests.figures.conftest import texts


def marks(picture):
    return {trace.name: trace.marker for trace in picture.data if trace.mode == "markers"}


def test_each_verdict_has_its_own_shape(differences):
    found = {name: mark.symbol for name, mark in marks(difference.draw(differences)).items()}
    assert found["better"] != found["worse"] != found["equivalent"]


def test_cannot_tell_is_hollow_and_never_coloured_as_a_result(differences):
    found = marks(difference.draw(differences))
    assert found["cannot tell"].color == "#ffffff"
    sides = {found["better"].line.color, found["worse"].line.color}
    assert found["cannot tell"].line.color not in sides


def test_both_intervals_of_every_comparison_are_drawn(differences):
    picture = difference.draw(differences)
    assert sum(trace.name == "interval" for trace in picture.data) == 8


def test_the_words_carry_number_verdict_and_what_is_missing(differences):
    seen = texts(difference.draw(differences))
    assert "<b>+.10</b>  better" in seen
    assert any("cannot tell (needs about 900)" in text for text in seen)


def test_the_axis_is_centred_on_zero(differences):
    low, high = difference.draw(differences).layout.xaxis.range
    assert low == -high


def test_several_pairs_are_named_in_the_rows(differences):
    differences.loc[0, "model_b"] = "gamma"
    names = difference.draw(differences).layout.yaxis.ticktext
    assert names[0].startswith("alpha − gamma")


def test_nothing_to_draw_is_said(differences):
    assert texts(difference.draw(differences.iloc[:0])) == ["No pairs to compare."]


def test_a_row_tells_for_each_model_whether_it_was_trained_on_the_domain(differences):
    differences["in_training_a"] = ["in", "out", None, "in"]
    differences["in_training_b"] = ["out", "out", None, None]
    picture = difference.draw(differences)
    names = picture.layout.yaxis.ticktext
    assert [name.count("●") for name in names] == [1, 0, 0, 1]
    assert [name.count("○") for name in names] == [1, 2, 0, 0]
    assert "● trained on it, ○ not" in picture.layout.meta["caption"]
    plain = difference.draw(differences.drop(columns=["in_training_a", "in_training_b"]))
    assert "trained" not in plain.layout.meta["caption"]
