"""Turn black into white by degrees."""

import numpy as np

from stresslab.perturbations._kind import Perturbation
from stresslab.perturbations.image._codec import Image, to_pixels


def invert(image: Image, share: float, rng: np.random.Generator) -> Image:
    """Return a mix of `image` (weight ``1 - share``) and its negative (weight `share`).

    A share of one half would be a plain grey image; the tiers step over it.
    """
    return to_pixels((1.0 - share) * image + share * (255.0 - image))


PIECE = Perturbation(
    title="inverted colours",
    apply=invert,
    strengths=(0.15, 0.3, 0.4, 0.7, 1.0),
    unit="share of the negative",
    modality="image",
    source="ours",
)
