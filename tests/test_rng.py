import numpy as np
import pytest

from stresslab.rng import rng_for


def test_the_same_parts_give_the_same_numbers():
    assert rng_for(1, "typos", "a").random() == rng_for(1, "typos", "a").random()


def test_numbers_are_the_same_on_every_machine_and_day():
    assert rng_for(0, "text.typos", "imdb/7").integers(0, 1000, 4).tolist() == KNOWN


KNOWN = [333, 965, 298, 213]


@pytest.mark.parametrize("other", [(1, "ab"), ("1", "a"), (1.5, "a"), ("a", 1), (1, "a", ""), (1,)])
def test_other_parts_give_other_numbers(other):
    assert rng_for(1, "a").random() != rng_for(*other).random()


def test_parts_do_not_run_into_each_other():
    assert rng_for("ab", "c").random() != rng_for("a", "bc").random()


def test_numbers_of_many_items_are_uniform_and_unrelated():
    first = np.array([rng_for(0, f"item/{number}").random() for number in range(2000)])
    assert abs(first.mean() - 0.5) < 0.03
    assert abs(np.corrcoef(first[:-1], first[1:])[0, 1]) < 0.07
