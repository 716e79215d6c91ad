"""Six text-like tasks of two coverages and three skills, and a general pool that touches them all.

A text is twenty words of a vocabulary of 500 in ten topics. What decides the label depends on the
skill: *understanding* adds up what the words mean, *reasoning* compares the two halves of the text,
*factual* looks up what is stored about the one entity that is named. A broad task uses all topics,
a narrow one a single topic, whose words mean something of their own now and then.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.checks import Array
from stresslab.errors import ShapeError
from stresslab.rng import rng_for

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

N_WORDS, N_TOPICS, LENGTH, N_ENTITIES = 500, 10, 20, 150
SKILLS = ("understanding", "reasoning", "factual")
COVERAGES = ("broad", "narrow")
TASKS = tuple((coverage, skill) for skill in SKILLS for coverage in COVERAGES)
JARGON = 0.35
"""Share of the narrow topic's words (and entities) that mean the opposite there."""
NARROW = 3
"""The topic of the narrow tasks."""
HASHED = 4096
SIZES = (30, 100, 300, 1000, 3000)
"""Own texts trained on, by tier."""

UPDATES = 10_000
"""Steps, of one text each, where every arm is trained alike."""


@dataclass(frozen=True)
class Texts:
    """Texts of one task.

    Parameters
    ----------
    ids : list of str
        Name of each text.
    words : ndarray of int, shape (n, LENGTH)
        Words; of factual texts the first is the entity.
    skill : ndarray of str, shape (n,)
        Skill that decides the label.
    label : ndarray of int, shape (n,)
        0 or 1.
    """

    ids: list[str]
    words: Array
    skill: Array
    label: Array

    def __len__(self) -> int:
        """Return the number of texts."""
        return len(self.label)

    def first(self, n: int) -> "Texts":
        """Return the first `n` texts."""
        return Texts(self.ids[:n], self.words[:n], self.skill[:n], self.label[:n])


def draw(name: str, coverage: str, skill: str, n: int) -> Texts:
    """Return `n` texts of a task; of the same name the same texts, whatever `n`."""
    rng = rng_for("specialist", name, coverage, skill)
    size = N_WORDS // N_TOPICS
    topic = np.full(n, NARROW) if coverage == "narrow" else rng.integers(N_TOPICS, size=n)
    words = topic[:, None] * size + rng.integers(size, size=(n, LENGTH))
    if skill == "factual":
        each = N_ENTITIES // N_TOPICS
        words[:, 0] = N_WORDS + topic * each + rng.integers(each, size=n)
    label = _label(words, skill, coverage == "narrow")
    return Texts(
        [f"{name} {coverage} {skill} {place:05d}" for place in range(n)], words,
        np.full(n, skill), label,
    )  # fmt: skip


def general(n: int, conflicts: float) -> Texts:
    """Return the general pool: broad texts of every skill, a share of facts told the wrong way."""
    parts = [draw("general", "broad", skill, n // len(SKILLS)) for skill in SKILLS]
    found = together(parts)
    wrong = rng_for("specialist", "conflicts").random(len(found)) < conflicts
    told = (found.skill == "factual") & wrong
    return Texts(found.ids, found.words, found.skill, np.where(told, 1 - found.label, found.label))


def together(parts: Sequence[Texts]) -> Texts:
    """Return several lots of texts as one."""
    return Texts(
        [name for part in parts for name in part.ids],
        np.concatenate([part.words for part in parts]),
        np.concatenate([part.skill for part in parts]),
        np.concatenate([part.label for part in parts]),
    )


def check_apart(trained: Texts, tested: Texts) -> None:
    """Refuse a text on both sides.

    Raises
    ------
    ShapeError
        If there is one.
    """
    if shared := set(trained.ids) & set(tested.ids):
        raise ShapeError(f"Text {min(shared)!r} is in training and in the test. Take it out.")


def features(texts: Texts) -> "csr_matrix":
    """Return counts of words, and of words under their instruction, hashed."""
    from scipy.sparse import csr_matrix

    n = len(texts)
    skill = np.array([SKILLS.index(one) for one in texts.skill])[:, None]
    half = np.where(np.arange(LENGTH) < LENGTH // 2, 0, 1)[None, :]
    plain = texts.words
    # Under its instruction a word is told apart by the half it stands in.
    told = 1000 + (texts.words * 2 + half) * len(SKILLS) + skill
    columns = np.concatenate([plain, (told * 2654435761 % HASHED) + 700], axis=1)
    rows = np.repeat(np.arange(n), columns.shape[1])
    return csr_matrix(
        (np.ones(rows.size), (rows, columns.ravel())), shape=(n, HASHED + 700)
    )  # fmt: skip


def fit(texts: Texts) -> Any:
    """Return a logistic regression on the texts; a constant where all labels agree."""
    from sklearn.dummy import DummyClassifier
    from sklearn.linear_model import LogisticRegression

    one = len(np.unique(texts.label)) < 2
    model = DummyClassifier(strategy="most_frequent") if one else LogisticRegression(
        C=0.3, max_iter=300
    )  # fmt: skip
    return model.fit(features(texts), texts.label)


def fit_updates(texts: Texts) -> Any:
    """Return a logistic regression after `UPDATES` steps of one text, however many there are.

    Steps fall as scikit-learn's do by default; the same texts give the same model.
    """
    from sklearn.linear_model import SGDClassifier

    seen = rng_for("specialist", "updates", len(texts)).integers(len(texts), size=UPDATES)
    model = SGDClassifier(loss="log_loss", alpha=1e-3, random_state=0)
    return model.partial_fit(features(texts)[seen], texts.label[seen], classes=[0, 1])


def _label(words: Array, skill: str, narrow: bool) -> Array:
    rng = rng_for("specialist", "world")
    meaning, size, fact = rng.normal(size=N_WORDS), rng.normal(size=N_WORDS), None
    fact = rng.integers(2, size=N_ENTITIES)
    if narrow:
        odd = rng_for("specialist", "jargon")
        flipped = odd.random(N_WORDS) < JARGON
        meaning, size = (np.where(flipped, -one, one) for one in (meaning, size))
        fact = np.where(odd.random(N_ENTITIES) < JARGON / 2, 1 - fact, fact)
    if skill == "factual":
        found = fact[words[:, 0] - N_WORDS]
    elif skill == "understanding":
        found = meaning[words].sum(axis=1) > 0
    else:
        half = LENGTH // 2
        found = size[words[:, :half]].sum(axis=1) > size[words[:, half:]].sum(axis=1)
    return np.asarray(found).astype(int)
