from stresslab.figures import survival
from tests.figures.conftest import texts


def test_shares_are_drawn_as_steps_from_zero_to_one(tiers):
    picture = survival.draw(tiers.rename(columns={"value": "share_holding"}))
    steps = [trace for trace in picture.data if trace.mode == "lines+markers"]
    assert {trace.line.shape for trace in steps} == {"hv"}
    assert picture.layout.yaxis.range[0] == 0


def test_nothing_to_draw_is_said(tiers):
    empty = tiers.iloc[:0].rename(columns={"value": "share_holding"})
    assert texts(survival.draw(empty)) == ["No rows match."]
