import pandas as pd
import pytest

from stresslab.figures._blocks import arrange, blocks_of


def test_blocks_that_fit_share_one_row():
    grid = arrange([6, 6], most=18, gap=0.5)
    assert grid.n_rows == 1
    assert grid.cells[0].x0 == 0
    assert grid.cells[1].x1 == pytest.approx(1)


def test_six_blocks_become_two_even_rows():
    assert [cell.row for cell in arrange([6] * 6, most=18, gap=0.5).cells] == [0, 0, 0, 1, 1, 1]


def test_four_blocks_become_two_and_two():
    assert [cell.row for cell in arrange([1] * 4, most=3, gap=0.1).cells] == [0, 0, 1, 1]


def test_blocks_keep_the_order_met_and_a_null_is_its_own():
    table = pd.DataFrame({"perturbation": ["typos", None, "blur"], "tier": [1, 0, 2]})
    blocks = blocks_of(table, ("perturbation",), {"typos": "Typing slips"})
    assert [block.title for block in blocks] == ["Typing slips", "Untouched", "Blur"]
