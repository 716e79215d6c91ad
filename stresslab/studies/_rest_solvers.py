"""Bundles of questions asked at once, and simulated solvers of them."""

from collections.abc import Callable

import numpy as np

from stresslab.checks import Array
from stresslab.errors import ParamError

LEVELS = (1, 3, 5, 7, 9)
"""Problems per prompt; the first is the untouched original."""

SKILL = {"2 steps": 0.97, "4 steps": 0.9, "6 steps": 0.8}
"""Chance to solve a question of each difficulty when it is asked alone."""

Solver = Callable[[Array, Array, int], Array]
"""``solver(skill, position, size)`` gives the chance to solve; arrays of one shape."""


def bundles(n_questions: int, size: int) -> Array:
    """Return which questions stand in which prompt: prompt i holds `size` in a row from i on.

    Parameters
    ----------
    n_questions : int
        Questions, in a circle.
    size : int
        Problems per prompt.

    Returns
    -------
    ndarray of int, shape (n_questions, size)
        Each question stands once at every position.

    Raises
    ------
    ParamError
        If a prompt would hold a question twice.
    """
    if not 1 <= size <= n_questions:
        raise ParamError(
            f"A prompt can hold 1 to {n_questions} of {n_questions} questions; got {size}."
        )
    start = np.arange(n_questions)[:, None]
    placed: Array = (start + np.arange(size)[None, :]) % n_questions
    return placed


def by_position(right: Array) -> Array:
    """Return the share right at each position; a missing answer (NaN) is wrong.

    Parameters
    ----------
    right : ndarray of shape (n_prompts, size)
        1 right, 0 wrong, NaN missing.
    """
    shares: Array = np.nan_to_num(np.asarray(right, float)).mean(axis=0)
    return shares


def position_slope(shares: Array) -> float:
    """Return the least-squares slope of the share right over position / last; NaN for one."""
    shares = np.asarray(shares, float)
    if len(shares) < 2:
        return float("nan")
    place = np.linspace(0, 1, len(shares))
    return float(np.polyfit(place, shares, 1)[0])


def independent(skill: Array, position: Array, size: int) -> Array:
    """Solve every question as if it stood alone."""
    return skill


def first_only(skill: Array, position: Array, size: int) -> Array:
    """Answer the first question and stop."""
    return np.where(position == 0, skill, 0.0)


def limited(skill: Array, position: Array, size: int) -> Array:
    """Spend a fixed budget evenly: what is left for each falls with their number."""
    share = min(1.0, 3.0 / size)
    return skill * float(share**0.4)


def overthinker(skill: Array, position: Array, size: int) -> Array:
    """Spend most of a fixed budget on the first question."""
    share = np.where(position == 0, 1.0, 0.4 * 3.0 / max(size - 1, 1))
    spent: Array = np.minimum(share, 1.0) ** 0.5
    return skill * spent


def confused(skill: Array, position: Array, size: int) -> Array:
    """Swap answers more often the more questions there are."""
    return skill * (1 - 0.03 * (size - 1))


SOLVERS: dict[str, Solver] = {
    "independent": independent,
    "budget-limited": limited,
    "overthinker": overthinker,
    "order-confused": confused,
    "first only": first_only,
}
