"""Images as PNG data addresses and as arrays."""

import base64
import binascii
import io
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stresslab.errors import ParamError

Image = NDArray[np.uint8]
_HEAD = "data:image/png;base64,"


def to_uri(image: Image) -> str:
    """Return a ``data:image/png;base64,`` address of a uint8 image."""
    from PIL import Image as pillow

    packed = io.BytesIO()
    pillow.fromarray(image).save(packed, format="PNG", optimize=True)
    return _HEAD + base64.b64encode(packed.getvalue()).decode()


@lru_cache(maxsize=4096)
def from_uri(uri: str) -> Image:
    """Return the image behind a PNG data address, as an array that cannot be written to.

    Raises
    ------
    ParamError
        If the text is not such an address.
    """
    from PIL import Image as pillow
    from PIL import UnidentifiedImageError

    if not uri.startswith(_HEAD):
        raise ParamError(f"An image must be a {_HEAD} address; got {uri[:40]!r}.")
    try:
        image = np.asarray(pillow.open(io.BytesIO(base64.b64decode(uri[len(_HEAD) :]))))
    except (binascii.Error, UnidentifiedImageError, OSError) as error:
        raise ParamError(f"The image {uri[:60]!r}... cannot be decoded: {error}") from error
    image = image.astype(np.uint8)
    image.flags.writeable = False
    return image


def to_pixels(values: NDArray[Any]) -> Image:
    """Return `values` rounded and clipped to uint8."""
    pixels: Image = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return pixels
