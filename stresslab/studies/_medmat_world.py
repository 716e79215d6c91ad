"""A small world of images: four shapes, four textures, three questions; and a net to learn it."""

from functools import lru_cache

import numpy as np

from stresslab.checks import Array
from stresslab.gaps.composition import Triple
from stresslab.rng import rng_for

SHAPES = ("disc", "square", "cross", "bars")
TEXTURES = ("plain", "noise", "stripes", "dots")
QUESTIONS = ("left or right", "large or small", "bright or dark")
CELLS: tuple[Triple, ...] = tuple(
    (texture, shape, question) for texture in TEXTURES for shape in SHAPES for question in QUESTIONS
)
SIZE, PER_CELL = 16, 240


@lru_cache(maxsize=64)
def cell(which: Triple) -> tuple[Array, Array]:
    """Return inputs (`PER_CELL`, 259) and answers of a cell: the image, then the question."""
    texture, shape, question = which
    rng = rng_for("medmat", *which)
    answers = rng.integers(0, 2, PER_CELL)
    rows = []
    for answer in answers:
        side, large, bright = rng.integers(0, 2, 3)
        if question == QUESTIONS[0]:
            side = answer
        elif question == QUESTIONS[1]:
            large = answer
        else:
            bright = answer
        image = _textured(_drawn(shape, int(side), int(large), rng), texture, int(bright), rng)
        code = np.eye(len(QUESTIONS))[QUESTIONS.index(question)]
        rows.append(np.concatenate([image.ravel(), 2 * code]))
    return np.array(rows), answers


def learned(trained: list[Triple], n: int, tested: Triple, seed: str) -> tuple[Array, Array]:
    """Return the answers of a net trained on `n` items, and the right ones, on a cell it never saw.

    Parameters
    ----------
    trained : list of tuple
        Cells to learn from, in equal parts.
    n : int
        Items in all; fewer where the cells hold no more.
    tested : tuple
        The cell that is asked.
    seed : str
        Names the draw.
    """
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    rng = rng_for("medmat train", seed, n)
    each = max(n // len(trained), 1)
    parts = []
    for which in trained:
        inputs, answers = cell(which)
        chosen = rng.permutation(len(answers))[:each]
        parts.append((inputs[chosen], answers[chosen]))
    inputs = np.concatenate([one for one, _ in parts])
    answers = np.concatenate([one for _, one in parts])
    net = MLPClassifier(
        (64,), alpha=1e-3, learning_rate_init=3e-3, max_iter=60,
        random_state=int(rng.integers(2**31)),
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # so many rounds are enough here
        net.fit(inputs, answers)
    asked, right = cell(tested)
    return net.predict(asked), right


def _drawn(shape: str, side: int, large: int, rng: np.random.Generator) -> Array:
    radius = (5.0 if large else 2.8) + rng.normal(0, 0.25)
    y = 7.5 + rng.normal(0, 1.2)
    x = (11.0 if side else 4.5) + rng.normal(0, 0.6)
    down, across = np.mgrid[0:SIZE, 0:SIZE]
    dy, dx = np.abs(down - y), np.abs(across - x)
    inside = {
        "disc": dy**2 + dx**2 <= radius**2,
        "square": np.maximum(dy, dx) <= radius * 0.88,
        "cross": np.minimum(dy, dx) <= radius * 0.35,
        "bars": (np.maximum(dy, dx) <= radius) & (down % 3 != 0),
    }[shape]
    if shape == "cross":
        inside = inside & (np.maximum(dy, dx) <= radius)
    image: Array = inside.astype(float)
    return image


def _textured(shape: Array, texture: str, bright: int, rng: np.random.Generator) -> Array:
    level = 0.95 if bright else 0.6
    image = shape * (level + rng.normal(0, 0.03))
    if texture == "noise":
        image = image + rng.normal(0, 0.15, shape.shape)
    elif texture == "stripes":
        image = image + 0.25 * (np.arange(SIZE) % 4 < 2)[None, :]
    elif texture == "dots":
        image = image + 0.4 * (rng.random(shape.shape) < 0.08)
    return image
