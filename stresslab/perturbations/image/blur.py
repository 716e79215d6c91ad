"""Blur with a Gaussian."""

import numpy as np

from stresslab.perturbations._kind import Perturbation
from stresslab.perturbations.image._codec import Image, to_pixels


def blur(image: Image, width: float, rng: np.random.Generator) -> Image:
    """Return `image` convolved with a Gaussian of standard deviation `width` pixels."""
    from scipy.ndimage import gaussian_filter

    if image.size == 0:
        return image.copy()
    return to_pixels(gaussian_filter(image.astype(np.float64), (width, width, 0.0)[: image.ndim]))


PIECE = Perturbation(
    title="blur",
    apply=blur,
    strengths=(0.5, 1.0, 1.5, 2.0, 3.0),
    unit="standard deviation in pixels",
    modality="image",
    source="Hendrycks & Dietterich (2019), ImageNet-C, Gaussian blur",
)
