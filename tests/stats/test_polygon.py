import numpy as np
import pytest

from stresslab.stats.polygon import inside, simplified


@pytest.mark.parametrize("seed", range(5))
def test_inside_is_what_matplotlib_says(seed):
    path = pytest.importorskip("matplotlib.path")
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(2, 5000))
    polygon = rng.normal(size=(9, 2))  # crosses itself
    turn = np.sort(rng.uniform(0, 2 * np.pi, 40))
    star = np.c_[np.cos(turn), np.sin(turn)] * rng.uniform(0.3, 2, (40, 1))
    wanted = path.Path(star, closed=False).contains_points(np.c_[x, y])
    np.testing.assert_array_equal(inside(x, y, star.tolist()), wanted)
    halves = inside(x, y, polygon.tolist())
    assert 0 < halves.sum() < 5000


def test_a_square_by_hand_and_points_nowhere():
    square = [(0, 0), (2, 0), (2, 2), (0, 2)]
    x, y = np.array([1, 3, np.nan, 0.5]), np.array([1, 1, 1, np.nan])
    assert inside(x, y, square).tolist() == [True, False, False, False]
    assert not inside(x, y, square[:2]).any()


def test_an_outline_keeps_its_area_with_fewer_corners():
    turn = np.linspace(0, 2 * np.pi, 900, endpoint=False)
    circle = list(zip(np.cos(turn), np.sin(turn), strict=True))
    fewer = simplified(circle)
    x, y = np.array(fewer).T
    area = 0.5 * abs(x @ np.roll(y, -1) - y @ np.roll(x, -1))
    assert len(fewer) == 200
    assert area == pytest.approx(np.pi, rel=0.002)
    assert simplified(circle[:5]) == circle[:5]
