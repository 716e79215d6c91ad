"""Give every item its own random numbers, so that adding or reordering items changes nothing."""

import hashlib
import json

import numpy as np


def rng_for(*parts: str | int | float) -> np.random.Generator:
    """Return a generator that depends on `parts` and on nothing else.

    Parameters
    ----------
    *parts : str, int or float
        What the numbers are for, e.g. ``rng_for(seed, "text.typos", item_id)``.

    Returns
    -------
    numpy.random.Generator
        PCG64 seeded with the first 16 bytes of the SHA-256 of the JSON list of `parts`.
    """
    digest = hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:16], "little"))
