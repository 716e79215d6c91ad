"""List tasks of five complexities, each with a generator and a checker that takes any witness."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np

Numbers = tuple[int, ...]
Solve = Callable[[Numbers, int], Numbers | None]
Check = Callable[[Numbers, int, Numbers], bool]


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


def _sum_of(k: int, level: int) -> ListTask:
    """Return "find k numbers that add up to the target"."""

    def target(numbers: Numbers, rng: np.random.Generator) -> int:
        return int(sum(rng.choice(numbers, k, replace=False)))

    return _witness(k, level, lambda total, goal: total == goal, target)


def _witness(
    k: int, level: int, right: Callable[[int, int], bool],
    target: Callable[[Numbers, np.random.Generator], int],
) -> ListTask:  # fmt: skip
    def solve(numbers: Numbers, goal: int) -> Numbers | None:
        return next((one for one in combinations(numbers, k) if right(sum(one), goal)), None)

    def check(numbers: Numbers, goal: int, answer: Numbers) -> bool:
        return len(answer) == k and is_within(numbers, answer) and right(sum(answer), goal)

    return ListTask(level, solve, check, target)


def _subset(level: int) -> ListTask:
    """Return "find numbers, however many, that add up to the target"."""

    def target(numbers: Numbers, rng: np.random.Generator) -> int:
        many = int(rng.integers(2, max(3, len(numbers) // 2 + 1)))
        return int(sum(rng.choice(numbers, many, replace=False)))

    def solve(numbers: Numbers, goal: int) -> Numbers | None:
        reached: dict[int, Numbers] = {0: ()}
        for one in numbers:
            for total, chosen in list(reached.items()):
                if total + one <= goal:
                    reached.setdefault(total + one, (*chosen, one))
        return reached.get(goal)

    def check(numbers: Numbers, goal: int, answer: Numbers) -> bool:
        return bool(answer) and is_within(numbers, answer) and sum(answer) == goal

    return ListTask(level, solve, check, target)


def _halves(level: int) -> ListTask:
    """Return "find numbers that add up to half of all", where there are such."""
    base = _subset(level)

    def solve(numbers: Numbers, goal: int) -> Numbers | None:
        return None if sum(numbers) % 2 else base.solve(numbers, sum(numbers) // 2)

    def check(numbers: Numbers, goal: int, answer: Numbers) -> bool:
        return base.check(numbers, sum(numbers) // 2, answer) and sum(numbers) % 2 == 0

    return ListTask(level, solve, check, _no_target)


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
    "two that add up": _sum_of(2, 2),
    "three that add up": _sum_of(3, 3),
    "three in range": _witness(
        3, 3, lambda total, goal: abs(total - goal) <= goal // 20,
        lambda numbers, rng: int(sum(rng.choice(numbers, 3, replace=False))),
    ),
    "three to a multiple of ten": _witness(3, 3, lambda total, _: total % 10 == 0, _no_target),
    "four that add up": _sum_of(4, 4),
    "four to a multiple of fifty": _witness(4, 4, lambda total, _: total % 50 == 0, _no_target),
    "subset that adds up": _subset(5),
    "two equal halves": _halves(5),
}  # fmt: skip

ORDERS = {1: 1, 2: 2, 3: 3, 4: 4}


def operations(level: int, size: int) -> int:
    """Return how many steps a plain search takes: n^level, and 2^n at level 5."""
    return int(2**size if level == 5 else size ** ORDERS[level])


def draw_size(task: ListTask, rng: np.random.Generator) -> int:
    """Return how long a list is: the same for familiar and unfamiliar numbers."""
    return int(rng.integers(max(4, task.level + 1), 13))


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


def witnesses(numbers: Sequence[int], k: int, goal: int) -> int:
    """Return in how many ways `k` numbers of a list add up to `goal` (for tests; n choose k)."""
    assert comb(len(numbers), k) < 10**6
    return sum(sum(one) == goal for one in combinations(numbers, k))
