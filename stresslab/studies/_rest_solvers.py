"""Simulated solvers of several questions at once: what a weakness looks like in the answers."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from stresslab.checks import Array
from stresslab.rng import rng_for
from stresslab.studies._rest_questions import Question, is_right

if TYPE_CHECKING:
    import pandas as pd

SKILL = {"2 steps": 0.97, "4 steps": 0.9, "6 steps": 0.8}
"""Chance to solve a question of each difficulty when it is given the tokens it needs."""
NEEDS = {"2 steps": 60.0, "4 steps": 90.0, "6 steps": 120.0}
"""Tokens a question needs."""
BUDGET = 400.0
"""Tokens that the two solvers with a budget spend on a prompt."""
FIRST = 0.6
"""Share of its budget that the overthinker spends on the first question."""
SWAPPED = 0.03
"""Chance to give the answer of the next question, per question in the prompt."""

ERRORS = ("truncation", "omission", "summary", "reasoning", "format", "endless repetition")
"""Kinds of error; no simulated solver makes the last two."""

Spend = Callable[[Array, Array, int], Array]
"""``spend(need, position, size)`` gives the tokens spent on a question; arrays of one shape."""


def enough(need: Array, position: Array, size: int) -> Array:
    """Spend on every question what it needs, as if it stood alone."""
    return need


def first_only(need: Array, position: Array, size: int) -> Array:
    """Answer the first question and stop."""
    return np.where(position == 0, need, 0.0)


def limited(need: Array, position: Array, size: int) -> Array:
    """Spend a fixed budget of which later questions get less and less."""
    return BUDGET * (size - position) / (size * (size + 1) / 2)


def overthinking(need: Array, position: Array, size: int) -> Array:
    """Spend most of a fixed budget on the first question, the rest evenly."""
    if size == 1:
        return np.full(np.shape(position), BUDGET)
    return np.where(position == 0, FIRST, (1 - FIRST) / (size - 1)) * BUDGET


SOLVERS: dict[str, Spend] = {
    "independent": enough, "budget-limited": limited, "overthinker": overthinking,
    "order-confused": enough, "first only": first_only,
}  # fmt: skip


def chance(skill: Array, need: Array, tokens: Array) -> Array:
    """Return the chance to solve questions with so many tokens."""
    found: Array = skill * np.minimum(tokens / need, 1.0) ** 0.5
    return found


def answered(
    solver: str, asked: Sequence[Question], places: Array, *names: str | int
) -> "pd.DataFrame":
    """Return a solver's answers to prompts.

    Parameters
    ----------
    solver : str
        One of `SOLVERS`.
    asked : sequence of Question
        The questions.
    places : ndarray of int, shape (n_prompts, size)
        Which of them stand in which prompt.
    names : str or int
        Names of the draw.

    Returns
    -------
    DataFrame
        A row per prompt and position: ``place`` of the question, ``position`` from 0, ``answer``
        (None if left out), ``correct``, ``error`` (one of `ERRORS`, or None), ``tokens_out``.
    """
    import pandas as pd

    rng = rng_for("rest", solver, *names)
    truth = np.array([one.answer for one in asked])[places]
    position = np.broadcast_to(np.arange(places.shape[1]), places.shape)
    skill, need = (
        np.array([table[one.domain] for one in asked])[places] for table in (SKILL, NEEDS)
    )
    tokens = SOLVERS[solver](need, position, places.shape[1])
    solved = rng.random(places.shape) < chance(skill, need, tokens)
    given = np.where(solved, truth, truth + rng.integers(1, 9, places.shape))
    error = np.where(tokens < need, "truncation", "reasoning")
    if solver == "order-confused" and places.shape[1] > 1:
        swapped = rng.random(places.shape) < SWAPPED * places.shape[1]
        given = np.where(swapped, np.roll(given, -1, axis=1), given)
        error = np.where(swapped, "summary", error)
    said = [
        str(one) if spent > 0 else None
        for one, spent in zip(given.flat, np.broadcast_to(tokens, given.shape).flat, strict=True)
    ]
    right = [
        one is not None and is_right(asked[place], one)
        for one, place in zip(said, places.flat, strict=True)
    ]
    kinds = np.where(tokens > 0, error, "omission").ravel()
    return pd.DataFrame(
        {
            "place": places.ravel(), "position": position.ravel(), "answer": said,
            "correct": np.array(right, int), "tokens_out": np.round(tokens.ravel()).astype(int),
            "error": [None if ok else str(kind) for ok, kind in zip(right, kinds, strict=True)],
        }
    )  # fmt: skip


def by_position(right: Array) -> Array:
    """Return the share right at each position; a missing answer (NaN) is wrong.

    Parameters
    ----------
    right : ndarray of shape (n_prompts, size)
        1 right, 0 wrong, NaN missing.
    """
    shares: Array = np.nan_to_num(np.asarray(right, float)).mean(axis=0)
    return shares


def omissions(right: Array) -> list[tuple[int, int]]:
    """Return the (prompt, position) of every missing answer (NaN), both from 0."""
    return [(int(i), int(j)) for i, j in np.argwhere(np.isnan(np.asarray(right, float)))]


def position_slope(shares: Array) -> float:
    """Return the least-squares slope of the share right over position / last; NaN for one."""
    shares = np.asarray(shares, float)
    if len(shares) < 2:
        return float("nan")
    place = np.linspace(0, 1, len(shares))
    return float(np.polyfit(place, shares, 1)[0])
