"""Digits, their splits and what makes them strange: noise, rotation, a class never seen."""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from stresslab.checks import Array
from stresslab.detectors.sage import SAGE, FittedSAGE
from stresslab.errors import ShapeError
from stresslab.evidence import Evidence
from stresslab.rng import rng_for

N_TRAIN, N_CALIBRATION = 900, 450
TIERS = range(6)
NOISE_SD, DEGREES = 0.1, 15
AXES = ("noise", "rotation")


@dataclass(frozen=True, eq=False)
class Split:
    """Rows to fit on, to calibrate on, and to test.

    Parameters
    ----------
    training, calibration, test : ndarray of int
        Places among all digits; none stands in two.
    """

    training: Array
    calibration: Array
    test: Array

    def __post_init__(self) -> None:
        check_apart(self.training, self.calibration)
        check_apart(self.training, self.test)
        check_apart(self.calibration, self.test)


def check_apart(some: Array, others: Array) -> None:
    """Refuse rows on both sides.

    Raises
    ------
    ShapeError
        If there are any.
    """
    if len(shared := np.intersect1d(some, others)):
        raise ShapeError(
            f"Rows that calibrate or test were not fitted on; {len(shared)} were, the first is "
            f"{shared[0]}. Take them out."
        )


@lru_cache(maxsize=1)
def digits() -> tuple[Array, Array]:
    """Return the 8 x 8 digits of scikit-learn in [0, 1], and their labels."""
    from sklearn.datasets import load_digits

    found = load_digits()
    return found.images / 16.0, found.target


def split(seed: int = 0, n_calibration: int = N_CALIBRATION) -> Split:
    """Return a random split; what is left over is the test."""
    order = np.random.default_rng(seed).permutation(len(digits()[1]))
    stop = N_TRAIN + n_calibration
    return Split(order[:N_TRAIN], order[N_TRAIN:stop], order[N_TRAIN + N_CALIBRATION :])


def evidence(rows: Array) -> Evidence:
    """Return pixels and labels of some digits."""
    images, labels = digits()
    return of_images(images[rows], labels[rows])


def of_images(images: Array, labels: Array | None = None) -> Evidence:
    """Return pixels of images as evidence."""
    return Evidence(features=images.reshape(len(images), -1), labels=labels)


def fitted(parts: Split, *, settings: SAGE | None = None, without: int = -1) -> FittedSAGE:
    """Return SAGE fitted on a split, on digits of all classes but one."""
    labels = digits()[1]
    kept = [rows[labels[rows] != without] for rows in (parts.training, parts.calibration)]
    training, calibration = (evidence(rows) for rows in kept)
    return (settings or SAGE()).fit(replace(training, calibration=calibration))


def changed(images: Array, axis: str, tier: int) -> Array:
    """Return images under noise of sd 0.1, or a rotation by 15 degrees, per tier."""
    if tier and axis == "noise":
        hit = rng_for("sage", axis, tier).standard_normal(images.shape)
        return np.clip(images + NOISE_SD * tier * hit, 0, 1)
    if tier:
        from scipy.ndimage import rotate

        turned = rotate(images, DEGREES * tier, axes=(2, 1), reshape=False, order=1)
        images = np.clip(turned, 0, 1)
    return images
