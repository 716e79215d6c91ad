from pages.ui.map import corners_of


def test_a_drag_is_an_outline():
    lasso = {"lasso": [{"x": [0, 1, 1], "y": [0, 0, 1]}], "box": []}
    assert corners_of(lasso) == [(0, 0), (1, 0), (1, 1)]
    box = {"box": [{"x": [2, 0], "y": [1, 3]}], "lasso": []}
    assert corners_of(box) == [(0, 1), (2, 1), (2, 3), (0, 3)]
    assert corners_of({"lasso": [], "box": []}) == []
