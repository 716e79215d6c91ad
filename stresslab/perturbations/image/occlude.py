"""Cover a square of the image with middle grey."""

import numpy as np

from stresslab.perturbations._kind import Perturbation
from stresslab.perturbations.image._codec import Image

_GREY = 128


def cover(image: Image, share: float, rng: np.random.Generator) -> Image:
    """Return `image` with a grey rectangle whose sides are `share` of the image's sides.

    The rectangle grows around one centre, drawn from the middle half of the image, and is cut at
    the border.
    """
    covered = image.copy()
    spans = []
    for length in image.shape[:2]:
        centre = length * rng.uniform(0.25, 0.75)
        half = length * share / 2
        spans.append(slice(max(0, round(centre - half)), max(0, round(centre + half))))
    covered[tuple(spans)] = _GREY
    return covered


PIECE = Perturbation(
    title="covered patch",
    apply=cover,
    strengths=(0.2, 0.3, 0.4, 0.5, 0.6),
    unit="share of the side",
    modality="image",
    source="ours, after DeVries & Taylor (2017), Cutout",
)
