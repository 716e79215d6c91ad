"""The models that are chosen among, and what each of them is trained on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from stresslab.checks import Array
from stresslab.errors import ShapeError
from stresslab.rng import rng_for
from stresslab.studies._crafted_edges import edge_maps
from stresslab.studies._crafted_images import STRENGTHS, changed

FAMILIES = ("logistic", "nearest neighbours", "network", "network, augmented", "network, edges")
SETTINGS = (0, 1, 2, 3)
SEEDS = (0, 1, 2)
STRENGTH = {"logistic": (0.003, 0.03, 0.3, 3.0), "nearest neighbours": (1, 3, 9, 27)}
RATES = (0.0003, 0.001, 0.003, 0.03)
"""Learning rates of the networks."""
EDGE_WEIGHT = 1.0
"""Weight of the loss on edge maps: as many edge maps as images."""


@dataclass(frozen=True)
class Configuration:
    """One point of the grid: a family and how it is set; seeds are repetitions of it."""

    family: str
    setting: int

    @property
    def name(self) -> str:
        """Return what it is called."""
        return f"{self.family} {self.setting + 1}"

    @property
    def augmented(self) -> bool:
        """Return whether it is trained on crafted changes."""
        return self.family == "network, augmented"


def grid(settings: Sequence[int] = SETTINGS) -> list[Configuration]:
    """Return all configurations."""
    return [Configuration(family, setting) for family in FAMILIES for setting in settings]


def check_fold(trained: Sequence[str], validated: Sequence[str]) -> None:
    """Refuse to validate a model on a kind of change it was trained on.

    Raises
    ------
    ShapeError
        Named "leaky fold".
    """
    if shared := set(trained) & set(validated):
        raise ShapeError(
            f"leaky fold: {min(shared)!r} is trained on and validated on. Take it out of either."
        )


def fit(
    one: Configuration, images: Array, labels: Array, seed: int, kinds: Sequence[str] = ()
) -> Any:
    """Return a trained model.

    Parameters
    ----------
    one : Configuration
        What is trained.
    images : ndarray of shape (n, 16, 16)
        Source images.
    labels : ndarray of int, shape (n,)
        Digits.
    seed : int
        Of the sample and of the network.
    kinds : sequence of str
        Kinds of change to train on, for the augmented family.
    """
    from threadpoolctl import threadpool_limits

    rng = rng_for("crafted", "fit", one.name, seed, *kinds)
    rows = rng_for("crafted", "sample", seed).choice(len(images), round(0.7 * len(images)), False)
    images, labels = images[rows], labels[rows]
    lots = [(images, labels)]
    if one.family == "network, edges":
        lots.append((edge_maps(images, rng), labels))
    if one.augmented:
        lots.append((_mixed(images, kinds, rng), labels))
    inputs = np.concatenate([lot for lot, _ in lots]).reshape(-1, images[0].size)
    with threadpool_limits(1):  # threads cost more than they give on batches this small
        return _model(one, seed).fit(inputs, np.concatenate([told for _, told in lots]))


def _mixed(images: Array, kinds: Sequence[str], rng: np.random.Generator) -> Array:
    """Return every image changed by one of the kinds."""
    found = images.copy()
    kind = rng.integers(len(kinds), size=len(images))
    strength = rng.choice(STRENGTHS, len(images))
    for place, name in enumerate(kinds):
        for level in STRENGTHS:
            chosen = (kind == place) & (strength == level)
            if chosen.any():
                found[chosen] = changed(images[chosen], name, level, "training")
    return found


def _model(one: Configuration, seed: int) -> Any:
    if one.family == "logistic":
        from sklearn.linear_model import LogisticRegression

        return LogisticRegression(C=STRENGTH["logistic"][one.setting], max_iter=300)
    if one.family == "nearest neighbours":
        from sklearn.neighbors import KNeighborsClassifier

        return KNeighborsClassifier(int(STRENGTH["nearest neighbours"][one.setting]))
    from sklearn.neural_network import MLPClassifier

    return MLPClassifier(
        (64,), learning_rate_init=RATES[one.setting], max_iter=25, batch_size=64,
        random_state=seed, tol=0.0, n_iter_no_change=25,
    )  # fmt: skip
