"""List tasks of five complexities, each with a generator and a checker that takes any witness."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from operator import eq

import numpy as np

Numbers = tuple[int, ...]
Solve = Callable[[Numbers, int], Numbers | None]
Check = Callable[[Numbers, int, Numbers], bool]
Right = Callable[[int, int], bool]


@dataclass(frozen=True)
class ListTask:
    """A question about a list of numbers.

    Parameters
    ----------
    level : int
        Complexity, 1 to 5.
    solve : callable
        ``solve(numbers, target)`` returns a right answer, or None if there is none.
    check : callable
        ``check(numbers, target, answer)`` says whether an answer is right, whichever it is.
    target : callable
        ``target(numbers, rng)`` draws the target, so that there is an answer.
    """

    level: int
    solve: Solve
    check: Check
    target: Callable[[Numbers, np.random.Generator], int]


def is_within(numbers: Numbers, answer: Numbers) -> bool:
    """Return whether all of an answer's numbers can be taken from the list at once."""
    return not Counter(answer) - Counter(numbers)


def _no_target(numbers: Numbers, rng: np.random.Generator) -> int:
    return 0


def _one(level: int, solve: Callable[[Numbers], Numbers]) -> ListTask:
    """Return a task with one right answer."""
    return ListTask(
        level, lambda numbers, _: solve(numbers), lambda n, _, a: tuple(a) == solve(n), _no_target
    )


def _witness(
    k: int, level: int, right: Right, target: Callable[[Numbers, np.random.Generator], int]
) -> ListTask:
    @cache
    def solve(numbers: Numbers, goal: int) -> Numbers | None:
        return next((one for one in combinations(numbers, k) if right(sum(one), goal)), None)

    def check(numbers: Numbers, goal: int, answer: Numbers) -> bool:
        return len(answer) == k and is_within(numbers, answer) and right(sum(answer), goal)

    return ListTask(level, solve, check, target)


def _in_range(total: int, goal: int) -> bool:
    """Return whether a sum is within a twentieth of the goal."""
    return abs(total - goal) <= goal // 20


def _tens(total: int, goal: int) -> bool:
    return total % 10 == 0


def _some(k: int) -> Callable[[Numbers, np.random.Generator], int]:
    """Return what draws the sum of `k` numbers of a list."""
    return lambda numbers, rng: int(sum(rng.choice(numbers, k, replace=False)))


def _many(numbers: Numbers, rng: np.random.Generator) -> int:
    """Draw the sum of two or more numbers of a list, at most half of them."""
    many = int(rng.integers(2, max(3, len(numbers) // 2 + 1)))
    return int(sum(rng.choice(numbers, many, replace=False)))


def _subset(right: Right, target: Callable[[Numbers, np.random.Generator], int]) -> ListTask:
    """Return "find numbers, two or more, whose sum is right"."""

    @cache
    def solve(numbers: Numbers, goal: int) -> Numbers | None:
        reached: dict[int, Numbers] = {0: ()}
        for one in numbers:
            for total, chosen in list(reached.items()):
                held = (*chosen, one)
                if len(held) > 1 and right(total + one, goal):
                    return held
                if len(held) > len(reached.get(total + one, ())):
                    reached[total + one] = held
        return None

    def check(numbers: Numbers, goal: int, answer: Numbers) -> bool:
        return len(answer) > 1 and is_within(numbers, answer) and right(sum(answer), goal)

    return ListTask(5, solve, check, target)


def _mode(numbers: Numbers) -> Numbers:
    counted = Counter(numbers)
    most = max(counted.values())
    return (min(one for one, n in counted.items() if n == most),)


TASKS: dict[str, ListTask] = {
    "smallest": _one(1, lambda numbers: (min(numbers),)),
    "largest": _one(1, lambda numbers: (max(numbers),)),
    "most frequent": _one(1, _mode),
    "three largest": _one(2, lambda numbers: tuple(sorted(numbers, reverse=True)[:3])),
    "sort": _one(2, lambda numbers: tuple(sorted(numbers))),
    "without repeats": _one(2, lambda numbers: tuple(dict.fromkeys(numbers))),
    "two that add up": _witness(2, 2, eq, _some(2)),
    "three that add up": _witness(3, 3, eq, _some(3)),
    "three in range": _witness(3, 3, _in_range, _some(3)),
    "three to a multiple of ten": _witness(3, 3, _tens, _no_target),
    "four that add up": _witness(4, 4, eq, _some(4)),
    "four in range": _witness(4, 4, _in_range, _some(4)),
    "four to a multiple of ten": _witness(4, 4, _tens, _no_target),
    "some that add up": _subset(eq, _many),
    "some in range": _subset(_in_range, _many),
    "some to a multiple of ten": _subset(_tens, _no_target),
}

ORDERS = {1: 1, 2: 2, 3: 3, 4: 4}


def operations(level: int, size: int) -> int:
    """Return how many steps a plain search takes: n^level, and 2^n at level 5."""
    return int(2**size if level == 5 else size ** ORDERS[level])


def draw_size(task: ListTask, rng: np.random.Generator) -> int:
    """Return how long a list is: the same for familiar and unfamiliar numbers."""
    return int(rng.integers(max(4, task.level + 1), 17))


def draw(
    task: ListTask, size: int, low: int, high: int, rng: np.random.Generator
) -> tuple[Numbers, int]:
    """Return a list from ``[low, high]`` and a target that the task can be solved for."""
    while True:
        numbers = tuple(int(one) for one in rng.integers(low, high + 1, size))
        goal = task.target(numbers, rng)
        if task.solve(numbers, goal) is not None:
            return numbers, goal


def wrong_answer(task: ListTask, numbers: Numbers, goal: int, rng: np.random.Generator) -> Numbers:
    """Return an answer of the right form that is wrong, as a slip would give it."""
    right = task.solve(numbers, goal) or numbers[:1]
    slipped = list(right)
    for _ in range(20):
        place = int(rng.integers(len(slipped)))
        slipped[place] = int(rng.choice(numbers))
        if not task.check(numbers, goal, tuple(slipped)):
            return tuple(slipped)
    slipped[0] += 1
    return tuple(slipped)
