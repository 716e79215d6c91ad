"""Turn the image around its centre."""

import numpy as np

from stresslab.perturbations._kind import Perturbation
from stresslab.perturbations.image._codec import Image, to_pixels


def turn(image: Image, degrees: float, rng: np.random.Generator) -> Image:
    """Return `image` turned by `degrees`, to the left or to the right by the toss of a coin.

    Bilinear; the size stays, and what comes in at the corners has the value of the nearest border
    pixel.
    """
    from scipy.ndimage import rotate

    side = 1.0 if rng.random() < 0.5 else -1.0
    if image.size == 0:
        return image.copy()
    turned = rotate(
        image.astype(np.float64), side * degrees, reshape=False, order=1, mode="nearest"
    )
    return to_pixels(turned)


PIECE = Perturbation(
    title="rotation",
    apply=turn,
    strengths=(10.0, 20.0, 30.0, 45.0, 60.0),
    unit="degrees",
    modality="image",
    source="ours",
)
