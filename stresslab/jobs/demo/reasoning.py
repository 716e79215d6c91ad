"""The task `reasoning`: generated questions with one exact answer, in growing sizes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from stresslab.jobs.demo._rows import item_row, variant_row
from stresslab.nouns import item_id, variant_id
from stresslab.rng import rng_for

ITEM_SET = "reasoning"
MAX_TOKENS = 40
"""Longest output; the longest right answer has 12 words."""
WORDS = (
    "apple", "river", "stone", "window", "garden", "paper", "mountain", "silver", "bottle",
    "candle", "forest", "island", "pencil", "basket", "table", "winter", "cloud", "bridge",
    "hammer", "orange", "rabbit", "ladder", "pocket", "letter", "camera", "engine", "carpet",
    "button", "mirror", "ticket", "castle", "feather", "lemon", "market", "needle", "ocean",
    "pillow", "saddle", "tunnel", "wagon",
)  # fmt: skip
NAMES = (
    "Anna", "Ben", "Clara", "David", "Emma", "Frank", "Grace", "Henry", "Ida", "Jack", "Kate",
    "Leo", "Mia", "Noah", "Olga", "Paul", "Rosa", "Sam", "Tom", "Vera",
)  # fmt: skip

Make = Callable[[int, np.random.Generator], tuple[str, str]]


@dataclass(frozen=True)
class Grade:
    """A kind of question whose difficulty is a size.

    Parameters
    ----------
    perturbation : str
        Name of the grade in the workspace.
    title, unit : str
        For people.
    sizes : tuple of int
        Size of tier 1, 2, ...
    make : callable
        ``make(size, rng) -> (question, answer)``; the question ends where the answer begins.
    shots : int
        Solved questions of the same size that stand before it in the prompt.
    blank : str
        What stands between a solved question and its answer.
    """

    perturbation: str
    title: str
    unit: str
    sizes: tuple[int, ...]
    make: Make
    shots: int
    blank: str = " "


def addition(size: int, rng: np.random.Generator) -> tuple[str, str]:
    """Return the sum of two numbers of `size` digits each."""
    low = 10 ** (size - 1) if size > 1 else 0
    one, two = (int(rng.integers(low, 10**size)) for _ in range(2))
    return f"{one}+{two}=", str(one + two)


def list_copy(size: int, rng: np.random.Generator) -> tuple[str, str]:
    """Return a list of `size` different words to repeat."""
    words = ", ".join(_words(size, rng))
    return f"List: {words}\nCopy:", words


def reverse(size: int, rng: np.random.Generator) -> tuple[str, str]:
    """Return a list of `size` different words to say backwards."""
    words = _words(size, rng)
    return f"List: {', '.join(words)}\nReversed:", ", ".join(reversed(words))


def recall(size: int, rng: np.random.Generator) -> tuple[str, str]:
    """Return `size` facts of the form name = number, and a question about one of them."""
    names = [NAMES[place] for place in rng.permutation(len(NAMES))[:size]]
    codes = [str(code) for code in rng.permutation(np.arange(100, 1000))[:size]]
    asked = int(rng.integers(size))
    facts = ", ".join(f"{name} = {code}" for name, code in zip(names, codes, strict=True))
    return f"{facts}\n{names[asked]} =", codes[asked]


GRADES = {
    "addition": Grade("digits", "digits to add", "digits", (1, 2, 3, 4), addition, 4, ""),
    "copy": Grade("copy_words", "words to copy", "words", (2, 4, 8, 12), list_copy, 1),
    "reverse": Grade("reverse_words", "words to reverse", "words", (2, 3, 4, 5), reverse, 2),
    "recall": Grade("pairs", "facts to keep in mind", "pairs", (2, 4, 8, 16), recall, 0),
}


def questions(
    per_cell: int = 100, seed: int = 0
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Yield ``(item, variant)`` rows: `per_cell` questions of every kind and size.

    The same question number is the same question in a larger set.
    """
    for kind, grade in GRADES.items():
        for tier, size in enumerate(grade.sizes, start=1):
            for number in range(per_cell):
                yield _question(kind, grade, tier, size, number, seed)


def _question(
    kind: str, grade: Grade, tier: int, size: int, number: int, seed: int
) -> tuple[dict[str, Any], dict[str, Any]]:
    rng = rng_for(seed, ITEM_SET, kind, size, number)
    ask, answer = grade.make(size, rng)
    shown = [grade.blank.join(grade.make(size, rng)) for _ in range(grade.shots)]
    item = item_id(ITEM_SET, f"{kind}-{size}-{number:03d}")
    return (
        item_row(
            item=item, item_set=ITEM_SET, task="reasoning", text="\n\n".join([*shown, ask]),
            reference=answer, domain=kind, attributes={"size": size, "shots": grade.shots},
        ),
        variant_row(
            variant_id(item, grade.perturbation, tier), item, grade.perturbation, tier=tier,
            axis="graded", strength=float(size), unit=grade.unit, seed=seed,
        ),
    )  # fmt: skip


def _words(size: int, rng: np.random.Generator) -> list[str]:
    return [WORDS[place] for place in rng.permutation(len(WORDS))[:size]]
