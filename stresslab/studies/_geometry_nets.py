"""Two dozen small networks on digits, and what makes the digits strange for them."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from stresslab.checks import Array
from stresslab.rng import rng_for

WIDTHS, DECAYS, SEEDS = (32, 64, 128), (1e-4, 1e-1, 1.0, 5.0), (0, 1)
TIERS = range(1, 6)
SHIFTS = {
    "noise": ("sd", np.linspace(0.05, 0.5, 5)),
    "rotation": ("degrees", np.linspace(5, 40, 5)),
    "contrast": ("of the spread kept", np.linspace(0.9, 0.2, 5)),
}
"""Unit and strength of each shift, by tier."""

POINTS = 50
"""Test digits of each class; as many points of every manifold."""


@dataclass(frozen=True)
class Settings:
    """How one network is made."""

    width: int
    decay: float
    seed: int

    @property
    def name(self) -> str:
        """Return what it is called."""
        return f"{self.width} units, decay {self.decay:g}, seed {self.seed}"

    @property
    def family(self) -> str:
        """Return its architecture."""
        return f"{self.width} units"


def grid(decays: tuple[float, ...] = DECAYS) -> list[Settings]:
    """Return the settings of all networks."""
    return [Settings(w, d, s) for w in WIDTHS for d in decays for s in SEEDS]


@dataclass(frozen=True, eq=False)
class Digits:
    """Digits to train on and to test, in [0, 1].

    Parameters
    ----------
    training, test : ndarray of shape (n, 8, 8)
        Images.
    training_labels, labels : ndarray of int, shape (n,)
        What they are; the test holds `POINTS` of each.
    places : ndarray of int
        Place of each test image among all digits.
    """

    training: Array
    training_labels: Array
    test: Array
    labels: Array
    places: Array


@lru_cache(maxsize=1)
def digits() -> Digits:
    """Return the 8 x 8 digits of scikit-learn, split once and for all."""
    from sklearn.datasets import load_digits

    found = load_digits()
    order = rng_for("geometry markers", "split").permutation(len(found.target))
    labels = found.target[order]
    # the first of every class, in the order of the shuffle
    rank = np.array([np.sum(labels[:n] == labels[n]) for n in range(len(labels))])
    test = rank < POINTS
    images = found.images[order] / 16.0
    return Digits(images[~test], labels[~test], images[test], labels[test], order[test])


@dataclass(frozen=True, eq=False)
class Net:
    """A trained network: one hidden layer of rectified units, then logits.

    Parameters
    ----------
    weights : sequence of ndarray
        Of both layers, each (inputs, outputs).
    biases : sequence of ndarray
        Of both layers.
    """

    weights: Any
    biases: Any

    def features(self, images: Array) -> Array:
        """Return what stands before the last layer, shape (n, width)."""
        flat = images.reshape(len(images), -1)
        found: Array = np.maximum(flat @ self.weights[0] + self.biases[0], 0.0)
        return found

    def probabilities(self, images: Array) -> Array:
        """Return the probabilities of the ten digits."""
        logits = self.features(images) @ self.weights[1] + self.biases[1]
        raised = np.exp(logits - logits.max(axis=1, keepdims=True))
        found: Array = raised / raised.sum(axis=1, keepdims=True)
        return found


def train(settings: Settings) -> Net:
    """Return a trained network; the same settings give the same one."""
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier
    from threadpoolctl import threadpool_limits

    known = digits()
    model = MLPClassifier(
        (settings.width,), alpha=settings.decay, random_state=settings.seed, max_iter=60,
        learning_rate_init=0.003,
    )  # fmt: skip
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # all train for as long
        model.fit(known.training.reshape(len(known.training), -1), known.training_labels)
    return Net(model.coefs_, model.intercepts_)


def changed(images: Array, shift: str, tier: int) -> Array:
    """Return images under a shift at a tier; at 0 they are as they were."""
    if not tier:
        return images
    strength = float(SHIFTS[shift][1][tier - 1])
    if shift == "noise":
        hit = rng_for("geometry markers", shift, tier).normal(0, strength, images.shape)
        return np.asarray(np.clip(images + hit, 0, 1))
    if shift == "contrast":
        middle = images.mean(axis=(1, 2), keepdims=True)
        return np.asarray(middle + strength * (images - middle))
    from scipy.ndimage import rotate

    turned = rotate(images, strength, axes=(2, 1), reshape=False, order=1)
    return np.asarray(np.clip(turned, 0, 1))
