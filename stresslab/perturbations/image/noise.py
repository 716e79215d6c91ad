"""Add Gaussian noise to every pixel."""

import numpy as np

from stresslab.perturbations._kind import Perturbation
from stresslab.perturbations.image._codec import Image, to_pixels


def add_noise(image: Image, sd: float, rng: np.random.Generator) -> Image:
    """Return `image` plus white noise of standard deviation ``sd * 255``, clipped to [0, 255]."""
    return to_pixels(image + 255.0 * sd * rng.standard_normal(image.shape))


PIECE = Perturbation(
    title="noise",
    apply=add_noise,
    strengths=(0.1, 0.2, 0.4, 0.6, 0.8),
    unit="standard deviation, share of the range",
    modality="image",
    source="Hendrycks & Dietterich (2019), ImageNet-C, Gaussian noise",
)
