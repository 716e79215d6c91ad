"""Digits in four renderings, and classifiers of them: a reference and what may rescue it."""

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from stresslab.checks import Array
from stresslab.rng import rng_for

DOMAINS = ("photo", "sketch", "cartoon", "art")
VARIANCES = (0.0, 0.01, 0.04, 0.09)
"""Variance of the noise on pixels in [0, 1], by tier."""

CHANGES = {
    "noise": (VARIANCES[1:], "variance"), "shift": ((1.0, 2.0), "pixels"),
    "negative": ((1.0,), "grey values turned around"),
}  # fmt: skip
"""Strengths by tier from 1 on, and their unit: noise, and two variants of another style."""

N_TEST = 140
SHOTS = (0, 2, 8)
REFERENCE = "kNN on photos"


@lru_cache(maxsize=1)
def digits() -> tuple[Array, Array]:
    """Return the 8 x 8 digits of scikit-learn in [0, 1], shuffled once, and their labels."""
    from sklearn.datasets import load_digits

    found = load_digits()
    order = rng_for("gpt4v", "order").permutation(len(found.target))
    return found.images[order] / 16.0, found.target[order]


def rendered(images: Array, domain: str, rng: np.random.Generator) -> Array:
    """Return images as a photo (as they are), a sketch (edges), a cartoon (3 levels) or art."""
    if domain == "sketch":
        down = np.abs(np.diff(images, axis=1, append=0.0))
        across = np.abs(np.diff(images, axis=2, append=0.0))
        edges: Array = np.clip(down + across, 0, 1)
        return edges
    if domain == "cartoon":
        return np.round(images * 2) / 2
    if domain == "art":
        return np.clip(0.7 * images + 0.45 * rng.random(images.shape), 0, 1)
    return images


@lru_cache(maxsize=8)
def test_set(domain: str) -> tuple[Array, Array, Array]:
    """Return images, labels and places of the `N_TEST` items of a domain, other ones in each."""
    images, labels = digits()
    start = DOMAINS.index(domain) * N_TEST
    place = np.arange(start, start + N_TEST)
    return rendered(images[place], domain, rng_for("gpt4v", domain)), labels[place], place


def training_set(domain: str) -> tuple[Array, Array]:
    """Return what classifiers learn from: digits that no test holds."""
    images, labels = digits()
    rest = images[len(DOMAINS) * N_TEST :]
    return rendered(rest, domain, rng_for("gpt4v train", domain)), labels[len(DOMAINS) * N_TEST :]


Predict = Callable[[Array], tuple[Array, Array]]
"""``predict(images)`` returns labels and confidence."""


def reference(extra: int = 0, domain: str = "photo") -> Predict:
    """Return the k-nearest-neighbour reference, with `extra` examples of each class of a domain."""
    from sklearn.neighbors import KNeighborsClassifier

    images, labels = training_set("photo")
    if extra:
        more, known = training_set(domain)
        chosen = np.concatenate([np.flatnonzero(known == one)[:extra] for one in range(10)])
        images = np.concatenate([images, more[chosen]])
        labels = np.concatenate([labels, known[chosen]])
    model = KNeighborsClassifier(3, weights="distance")  # the same with and without examples
    return _predictor(model.fit(_flat(images), labels))


def network(domains: tuple[str, ...], noise: float = 0.0) -> Predict:
    """Return a net trained on renderings of the digits, with noise of a variance added."""
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    parts = [training_set(domain) for domain in domains]
    images = np.concatenate([one for one, _ in parts])
    labels = np.concatenate([one for _, one in parts])
    if noise:
        images = noisy(images, noise, rng_for("gpt4v", "augment"))
    net = MLPClassifier((64,), max_iter=80, learning_rate_init=3e-3, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # so many rounds are enough here
        net.fit(_flat(images), labels)
    return _predictor(net)


def noisy(images: Array, variance: float, rng: np.random.Generator) -> Array:
    """Return images with Gaussian noise, kept in [0, 1]."""
    return np.clip(images + rng.normal(0, variance**0.5, images.shape), 0, 1)


def shifted(images: Array, pixels: int) -> Array:
    """Return images moved to the right by some pixels; what leaves the picture is gone."""
    moved = np.zeros_like(images)
    moved[:, :, pixels:] = images[:, :, :-pixels]
    return moved


def changed(images: Array, kind: str, strength: float, *names: str | int) -> Array:
    """Return images under one of `CHANGES`; of the same names the same."""
    if kind == "noise":
        return noisy(images, strength, rng_for("gpt4v noise", *names))
    if kind == "shift":
        return shifted(images, int(strength))
    if kind == "negative":
        return 1 - images
    return images


def _predictor(model: object) -> Predict:
    def predict(images: Array) -> tuple[Array, Array]:
        probs = model.predict_proba(_flat(images))  # type: ignore[attr-defined]
        return model.classes_[probs.argmax(axis=1)], probs.max(axis=1)  # type: ignore[attr-defined]

    return predict


def _flat(images: Array) -> Array:
    return np.reshape(images, (len(images), -1))
