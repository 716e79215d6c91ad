"""Some of many rows, where a method does not bear all."""

import numpy as np

from stresslab.checks import Array


def some(features: Array, most: int, seed: int) -> Array:
    """Return at most `most` rows, drawn without replacement, in their order."""
    if len(features) <= most:
        return features
    chosen = np.random.default_rng(seed).choice(len(features), most, replace=False)
    found: Array = features[np.sort(chosen)]
    return found
