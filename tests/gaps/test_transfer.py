import numpy as np
import pytest

from stresslab.errors import ShapeError
from stresslab.gaps.transfer import asymmetry, pooling_benefit, transfer_gaps

T = np.array([[80, 55], [50, 78]])


def test_two_centres_and_a_pooled_model():
    assert transfer_gaps(T).tolist() == [[0, 23], [30, 0]]
    assert pooling_benefit(T, np.array([82, 81])).tolist() == [2, 3]


def test_asymmetry_turns_its_sign_with_the_direction():
    found = asymmetry(T)
    assert found[0, 1] == -7
    assert (found == -found.T).all()


def test_a_matrix_is_square_and_pooled_values_fit_it():
    with pytest.raises(ShapeError):
        transfer_gaps(np.ones((2, 3)))
    with pytest.raises(ShapeError):
        pooling_benefit(T, np.ones(3))
