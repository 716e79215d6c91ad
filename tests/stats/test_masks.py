"""Overlap of masks and of their outlines, by hand and against scikit-learn."""

import numpy as np
import pytest

from stresslab.errors import ParamError, ShapeError
from stresslab.stats.masks import dice, surface_dice


def square(size, row, column, side):
    mask = np.zeros((size, size), bool)
    mask[row : row + side, column : column + side] = True
    return mask


def test_dice_is_the_f1_of_the_cells():
    from sklearn.metrics import f1_score

    rng = np.random.default_rng(0)
    a, b = rng.random((2, 9, 7, 5)) < 0.4
    assert dice(a, b) == pytest.approx(f1_score(a.ravel(), b.ravel()))


@pytest.mark.parametrize("measure", [dice, lambda a, b: surface_dice(a, b, 1.0)])
def test_same_masks_are_1_and_an_empty_one_is_0(measure):
    mask, empty = square(9, 2, 2, 4), np.zeros((9, 9), bool)
    assert measure(mask, mask) == 1
    assert measure(empty, empty) == 1
    assert measure(mask, empty) == 0
    assert measure(empty, mask) == 0


def test_a_shift_is_forgiven_up_to_the_tolerance():
    a, b = square(12, 3, 3, 4), square(12, 3, 5, 4)  # two columns to the right
    assert dice(a, b) == 0.5
    assert surface_dice(a, b, 2.0) == 1
    # Of the 12 cells of each outline the 4 of the far column are 2 away; the others at most 1.
    assert surface_dice(a, b, 1.0) == pytest.approx(8 / 12)


def test_distances_are_measured_in_the_size_of_cells():
    a, b = square(12, 3, 3, 4), square(12, 3, 4, 4)
    assert surface_dice(a, b, 1.0, spacing=(1.0, 1.0)) == 1
    assert surface_dice(a, b, 1.0, spacing=(1.0, 3.0)) < 1


def test_sides_are_exchangeable_and_a_wider_tolerance_never_loses():
    rng = np.random.default_rng(1)
    a, b = rng.random((2, 20, 20)) < 0.5
    found = [surface_dice(a, b, one) for one in (0.0, 1.0, 1.5, 3.0)]
    assert found == sorted(found)
    assert surface_dice(b, a, 1.5) == found[2]


def test_masks_that_do_not_fit_are_refused():
    with pytest.raises(ShapeError, match="one shape"):
        dice(np.zeros((2, 2)), np.zeros((2, 3)))
    with pytest.raises(ParamError, match="must not be negative"):
        surface_dice(np.zeros((2, 2)), np.zeros((2, 2)), -1.0)
