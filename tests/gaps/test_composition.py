import pytest

from stresslab.errors import ParamError
from stresslab.gaps.composition import DIRECTIONS, check_related, compositions, unrelated

CELLS = [(a, b, c) for a in "xy" for b in "pq" for c in "mn"]


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_the_parts_hold_every_level_of_the_target_and_none_is_it(direction):
    found = compositions(CELLS, direction)
    assert found
    for one in found:
        assert one.target not in one.related
        for place, level in enumerate(one.target):
            assert level in {cell[place] for cell in one.related}


def test_a_fixed_direction_shares_its_factor_with_both_parts():
    for place, direction in enumerate(DIRECTIONS[:3]):
        for one in compositions(CELLS, direction):
            assert {cell[place] for cell in one.related} == {one.target[place]}


def test_two_levels_of_each_factor_are_composed_in_one_way_per_direction():
    # With two levels the part that brings a level has the other level elsewhere: it is determined.
    for direction in DIRECTIONS:
        found = compositions(CELLS, direction)
        assert len(found) == len(CELLS)
        assert len({one.target for one in found}) == len(CELLS)


def test_unrelated_cells_share_nothing():
    assert unrelated(CELLS, ("x", "p", "m")) == [("y", "q", "n")]


def test_a_target_among_its_parts_and_an_unknown_direction_are_refused():
    with pytest.raises(ParamError, match="Leave it out"):
        check_related(CELLS[0], CELLS)
    with pytest.raises(ParamError, match="direction must be"):
        compositions(CELLS, "fixed modality")
