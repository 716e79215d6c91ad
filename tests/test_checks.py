import numpy as np
import pytest

from stresslab.checks import check_level, check_rows_match
from stresslab.errors import ParamError, ShapeError, TooFewRowsError


def test_the_common_number_of_rows_is_returned():
    assert check_rows_match(np.ones((3, 2)), np.ones(3)) == 3


@pytest.mark.parametrize("arrays", [(np.ones(3), np.ones(2)), (np.float64(1),), ()])
def test_arrays_that_do_not_match_are_refused_with_their_shapes(arrays):
    with pytest.raises(ShapeError, match="got shapes"):
        check_rows_match(*arrays)


def test_no_rows_are_too_few():
    with pytest.raises(TooFewRowsError, match="got none"):
        check_rows_match(np.ones((0, 2)))


@pytest.mark.parametrize("level", [0, 1, -0.1, 95, float("nan")])
def test_a_level_lies_strictly_between_0_and_1(level):
    with pytest.raises(ParamError, match="strictly between"):
        check_level(level)


def test_a_usual_level_is_taken():
    check_level(0.95)
