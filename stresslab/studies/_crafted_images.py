"""Small digits, ten crafted kinds of change, four shifts that no kind makes."""

from collections.abc import Callable

import numpy as np

from stresslab.checks import Array
from stresslab.rng import rng_for
from stresslab.studies._crafted_edges import edge_maps

Change = Callable[[Array, int, np.random.Generator], Array]
STRENGTHS = (1, 2, 3, 4, 5)


def digits() -> tuple[Array, Array]:
    """Return 1,797 digits as (n, 16, 16) in [0, 1] and their labels, in a fixed random order."""
    from scipy.ndimage import zoom
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    images = images.reshape(-1, 8, 8) / 16
    order = rng_for("crafted", "order").permutation(len(labels))
    return np.clip(zoom(images[order], (1, 2, 2), order=1), 0, 1), labels[order]


def _arithmetic(images: Array, strength: int, rng: np.random.Generator) -> Array:
    factor = 1 - 0.12 * strength * rng.random((len(images), 1, 1))
    return images * factor + rng.normal(0, 0.04 * strength, images.shape)


def _artistic(images: Array, strength: int, rng: np.random.Generator) -> Array:
    levels = 7 - strength
    return np.round(images * (levels - 1)) / (levels - 1)


def _blur(images: Array, strength: int, rng: np.random.Generator) -> Array:
    from scipy.ndimage import gaussian_filter

    found: Array = gaussian_filter(images, (0, 0.35 * strength, 0.35 * strength))
    return found


def _colour(images: Array, strength: int, rng: np.random.Generator) -> Array:
    sign = rng.choice([-1, 1], (len(images), 1, 1))
    return np.clip(images, 1e-6, 1) ** np.exp(sign * 0.3 * strength)


def _contrast(images: Array, strength: int, rng: np.random.Generator) -> Array:
    return 0.5 + (images - 0.5) * (1 - 0.17 * strength)


def _convolutional(images: Array, strength: int, rng: np.random.Generator) -> Array:
    from scipy.ndimage import convolve

    found = np.empty_like(images)
    for place, image in enumerate(images):
        kernel = rng.normal(0, 0.09 * strength, (3, 3))
        kernel[1, 1] += 1
        found[place] = convolve(image, kernel / max(abs(kernel.sum()), 0.5))
    return found


def _edges(images: Array, strength: int, rng: np.random.Generator) -> Array:
    share = 0.2 * strength
    return (1 - share) * images + share * edge_maps(images, rng)


def _geometric(images: Array, strength: int, rng: np.random.Generator) -> Array:
    from scipy.ndimage import rotate, shift

    found = np.empty_like(images)
    for place, image in enumerate(images):
        turned = rotate(image, rng.choice([-1, 1]) * 7 * strength, reshape=False, order=1)
        found[place] = shift(turned, rng.uniform(-0.4, 0.4, 2) * strength, order=1)
    return found


def _segmentation(images: Array, strength: int, rng: np.random.Generator) -> Array:
    n, h, w = images.shape
    blocks = images.reshape(n, h // 2, 2, w // 2, 2).mean(axis=(2, 4))
    coarse = blocks.repeat(2, axis=1).repeat(2, axis=2)
    chosen = rng.random((n, h // 2, w // 2)) < 0.2 * strength
    flat = (coarse > 0.5).astype(float)
    return np.where(chosen.repeat(2, axis=1).repeat(2, axis=2), flat, images)


def _weather(images: Array, strength: int, rng: np.random.Generator) -> Array:
    from scipy.ndimage import gaussian_filter

    fog = gaussian_filter(rng.random(images.shape), (0, 3, 3))
    fog = (fog - fog.min()) / max(np.ptp(fog), 1e-9)
    drops = rng.random(images.shape) < 0.02 * strength
    return np.where(drops, 1.0, images + 0.14 * strength * fog)


CATEGORIES: dict[str, Change] = {
    "arithmetic": _arithmetic, "artistic": _artistic, "blur": _blur, "colour": _colour,
    "contrast": _contrast, "convolutional": _convolutional, "edges": _edges,
    "geometric": _geometric, "segmentation": _segmentation, "weather": _weather,
}  # fmt: skip
FOLDS = (tuple(CATEGORIES)[::2], tuple(CATEGORIES)[1::2])
"""Halves of the kinds: a model trained on one half is validated on the other."""


def changed(images: Array, kind: str, strength: int, *names: str | int) -> Array:
    """Return images changed by one kind, in [0, 1]; of the same names the same."""
    rng = rng_for("crafted", kind, strength, *names)
    found: Array = np.clip(CATEGORIES[kind](images, strength, rng), 0, 1)
    return found


def _thick(images: Array, rng: np.random.Generator) -> Array:
    from scipy.ndimage import grey_dilation

    found: Array = grey_dilation(images, size=(1, 3, 3))
    return found


def _textured(images: Array, rng: np.random.Generator) -> Array:
    h, w = images.shape[1:]
    rows, columns = np.mgrid[0:h, 0:w]
    phase = rng.uniform(0, 2 * np.pi, (len(images), 1, 1))
    slope = rng.uniform(0.6, 1.6, (len(images), 2, 1, 1))
    stripes = np.sin(slope[:, 0] * rows + slope[:, 1] * columns + phase)
    found: Array = np.maximum(images, 0.25 + 0.25 * stripes)
    return found


def _sheared(images: Array, rng: np.random.Generator) -> Array:
    from scipy.ndimage import affine_transform

    found = np.empty_like(images)
    for place, image in enumerate(images):
        slope = rng.choice([-1, 1]) * rng.uniform(0.35, 0.55)
        matrix = np.array([[1, 0], [slope, 1]])
        found[place] = affine_transform(image, matrix, offset=(0, -slope * 7.5), order=1)
    return found


TARGETS: dict[str, Callable[[Array, np.random.Generator], Array]] = {
    "negative": lambda images, rng: 1 - images, "thick stroke": _thick,
    "textured background": _textured, "shear": _sheared,
}  # fmt: skip


def target(images: Array, name: str) -> Array:
    """Return images in a domain nobody trained on."""
    return np.clip(TARGETS[name](images, rng_for("crafted", name)), 0, 1)
