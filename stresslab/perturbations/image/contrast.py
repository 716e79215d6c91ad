"""Pull every pixel towards middle grey."""

import numpy as np

from stresslab.perturbations._kind import Perturbation
from stresslab.perturbations.image._codec import Image, to_pixels


def lower_contrast(image: Image, share: float, rng: np.random.Generator) -> Image:
    """Return `image` with `share` of its distance to middle grey (127.5) taken away."""
    return to_pixels(127.5 + (1.0 - share) * (image - 127.5))


PIECE = Perturbation(
    title="low contrast",
    apply=lower_contrast,
    strengths=(0.2, 0.4, 0.6, 0.75, 0.9),
    unit="share of contrast removed",
    modality="image",
    source="Hendrycks & Dietterich (2019), ImageNet-C, contrast (there towards the mean)",
)
