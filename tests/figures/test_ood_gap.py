import pandas as pd
import pytest

from stresslab.figures import figures, theme
from tests.figures.conftest import texts


@pytest.fixture
def gaps():
    def row(model, inside, outside, verdict):
        found = {"model": model, "in_distribution": "films", "out_of_distribution": "tweets"}
        for side, value in (("in", inside), ("out", outside)):
            found |= {f"value_{side}": value, f"low_{side}": value - 0.05,
                      f"high_{side}": value + 0.05, f"n_{side}": 100}  # fmt: skip
        gap = inside - outside
        return found | {
            "gap": gap, "low_adjusted": gap - 0.1, "high_adjusted": gap + 0.1, "verdict": verdict,
        }  # fmt: skip

    nan = float("nan")
    return pd.DataFrame(
        [row("a", 0.9, 0.6, "worse"), row("b", 0.7, 0.68, "cannot tell"), row("c", nan, 0.5, "")]
    )


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize("name", ["ood_gap", "on_the_line"])
def test_an_empty_table_draws_a_sentence(name, mode, narrow):
    piece = figures.get(name)
    empty = pd.DataFrame({column: pd.Series(dtype=float) for column in piece.columns})
    assert len(texts(piece.draw(empty, mode=mode, narrow=narrow))) == 1


def test_in_is_a_filled_dot_and_out_an_open_square(gaps):
    points = figures.get("ood_gap").draw(gaps).data
    assert len(points) == 5  # the third model has a value outside only
    background = theme.tokens("light").background
    for point in points:
        hollow = point.marker.color == background
        assert point.marker.symbol == ("square" if hollow else "circle")
        assert list(point.error_x.array) == pytest.approx([0.05])


def test_the_gap_stands_at_the_end_and_is_bold_only_where_it_is_told(gaps):
    seen = texts(figures.get("ood_gap").draw(gaps))
    assert "<b>.30</b> [.20, .40]" in seen
    assert ".02 [−.08, .12]" in seen
    assert "one side only" in seen


def test_the_line_is_drawn_with_its_band_and_every_model_named(gaps):
    curve = pd.DataFrame(
        {"in_distribution": "films", "out_of_distribution": "tweets", "x": [0.6, 0.9],
         "y": [0.5, 0.7], "low": [0.4, -1.0], "high": [0.6, 0.9]}
    )  # fmt: skip
    picture = figures.get("on_the_line").draw(gaps, curve=curve)
    assert {"a", "b"} <= set(texts(picture))
    assert "c" not in texts(picture)
    assert "line over models" in {one.name for one in picture.data}
    assert "grey line" in picture.layout.meta["caption"]
    bare = figures.get("on_the_line").draw(gaps)
    assert "grey line" not in bare.layout.meta["caption"]
