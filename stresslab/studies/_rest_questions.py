"""Arithmetic questions with an exact checker, and the prompts that hold several of them."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from stresslab.checks import Array
from stresslab.errors import ParamError
from stresslab.rng import rng_for

STEPS = {"2 steps": 2, "4 steps": 4, "6 steps": 6}
"""Operations of a question, by domain."""

LEVELS = (1, 3, 5, 7, 9)
"""Problems per prompt; the first is the untouched original."""

DEFAULT_LEVELS = {"short": (1, 3, 6, 9, 12), "medium": (1, 3, 5, 7, 9), "hard": (1, 2, 3, 4, 5)}
"""Levels of the paper, by how long the answers to a question are."""

N_ITEMS = 120


@dataclass(frozen=True)
class Question:
    """A question with its one right answer.

    Parameters
    ----------
    name : str
        Its id.
    domain : str
        One of `STEPS`.
    text : str
        What is asked.
    answer : int
        What is right.
    """

    name: str
    domain: str
    text: str
    answer: int


def questions(domain: str, n: int = N_ITEMS) -> list[Question]:
    """Return `n` questions of a domain: a number, then steps that add, take away or double."""
    return [_question(domain, number) for number in range(n)]


def _question(domain: str, number: int) -> Question:
    rng = rng_for("rest question", domain, number)
    value = int(rng.integers(2, 30))
    said = [f"Start with {value}."]
    for _ in range(STEPS[domain]):
        other, kind = int(rng.integers(2, 10)), int(rng.integers(3))
        if kind == 0:
            value, words = value + other, f"Add {other}."
        elif kind == 1:
            value, words = value - other, f"Take away {other}."
        else:
            value, words = value * 2, "Double it."
        said.append(words)
    return Question(f"{domain} {number:03d}", domain, " ".join([*said, "What is it now?"]), value)


def is_right(question: Question, said: str) -> bool:
    """Return whether the text of an answer is the right number."""
    try:
        return int(said.strip()) == question.answer
    except ValueError:
        return False


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


def check_apart(names: Sequence[str]) -> None:
    """Refuse questions that share an id: they could not be told apart in a prompt.

    Raises
    ------
    ParamError
        Naming the id.
    """
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ParamError(f"The question {name!r} is there twice. Give every question its id.")
        seen.add(name)


def prompt(asked: Sequence[Question]) -> str:
    """Return the text of a prompt that holds these questions."""
    listed = "\n".join(f"Q{place}. {one.text}" for place, one in enumerate(asked, start=1))
    answers = "\n".join(f"A{place}: <number>" for place in range(1, len(asked) + 1))
    return f"Answer every question, in this form:\n{answers}\n\n{listed}"


def exported(asked: Sequence[Question], levels: Sequence[int] = LEVELS) -> Iterator[str]:
    """Yield a line of JSON per prompt: its level, its text, its questions and what is right.

    Parameters
    ----------
    asked : sequence of Question
        Questions of one pool, each with an id of its own.
    levels : sequence of int
        Problems per prompt.

    Raises
    ------
    ParamError
        If two questions share an id, or a level holds more questions than there are.
    """
    check_apart([one.name for one in asked])
    for size in levels:
        for number, places in enumerate(bundles(len(asked), size)):
            held = [asked[place] for place in places]
            yield json.dumps(
                {
                    "prompt_id": f"{held[0].domain}, {size} at once, {number:03d}", "level": size,
                    "prompt": prompt(held), "questions": [one.name for one in held],
                    "answers": [one.answer for one in held],
                }
            )  # fmt: skip
