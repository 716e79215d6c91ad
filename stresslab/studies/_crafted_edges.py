"""Canny edge maps of small images, with a threshold rule drawn at random."""

import numpy as np

from stresslab.checks import Array

RULES = ("otsu", "yen", "mean", "isodata", "li")
LOW, HIGH = 0.5, 1.5
"""Factors of the threshold between which an edge must touch a stronger one."""
BINS = 64


def edge_maps(images: Array, rng: np.random.Generator) -> Array:
    """Return edge maps of images of shape (n, h, w) in [0, 1]: random blur, rule and inversion."""
    found = np.empty_like(images)
    for place, image in enumerate(images):
        sigma = rng.uniform(0.4, 1.2)
        edges = canny(image, sigma, str(rng.choice(RULES)))
        found[place] = 1 - edges if rng.random() < 0.5 else edges
    return found


def canny(image: Array, sigma: float, rule: str) -> Array:
    """Return the edges of one image of shape (h, w), 0 or 1 (Canny 1986)."""
    from scipy import ndimage

    smooth = ndimage.gaussian_filter(image, sigma)
    down, across = ndimage.sobel(smooth, axis=0), ndimage.sobel(smooth, axis=1)
    strength = np.hypot(down, across)
    if strength.max() == 0:
        return np.zeros_like(image)
    thin = np.where(_is_ridge(strength, down, across), strength, 0.0)
    level = threshold(strength, rule)
    weak, strong = thin > LOW * level, thin > HIGH * level
    labels, _ = ndimage.label(weak, structure=np.ones((3, 3)))
    kept = np.unique(labels[strong])
    return np.isin(labels, kept[kept > 0]).astype(float)


def _is_ridge(strength: Array, down: Array, across: Array) -> Array:
    """Return where the gradient is no smaller than on either side along its direction."""
    padded = np.pad(strength, 1)
    h, w = strength.shape
    angle = (np.round(np.arctan2(down, across) / (np.pi / 4)) % 4).astype(int)
    found = np.zeros_like(strength, dtype=bool)
    for one, (dy, dx) in enumerate(((0, 1), (1, 1), (1, 0), (1, -1))):
        ahead = padded[1 + dy : 1 + dy + h, 1 + dx : 1 + dx + w]
        behind = padded[1 - dy : 1 - dy + h, 1 - dx : 1 - dx + w]
        found |= (angle == one) & (strength >= ahead) & (strength >= behind)
    return found


def threshold(values: Array, rule: str) -> float:
    """Return the level a rule puts between two kinds of values.

    Parameters
    ----------
    values : ndarray
        Any numbers, not all the same.
    rule : str
        One of `RULES`: between-class variance (Otsu 1979), correlation criterion (Yen 1995), mean,
        midpoint of the two means (Ridler and Calvard 1978), minimum cross entropy (Li 1998).
    """
    flat = np.asarray(values, float).ravel()
    if rule == "mean":
        return float(flat.mean())
    if rule in ("isodata", "li"):
        return _iterated(flat, rule)
    counts, ends = np.histogram(flat, bins=BINS)
    middle = (ends[:-1] + ends[1:]) / 2
    share = counts / counts.sum()
    below = np.cumsum(share)[:-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        if rule == "otsu":
            partial = np.cumsum(share * middle)[:-1]
            whole = (share * middle).sum()
            score = (whole * below - partial) ** 2 / (below * (1 - below))
        else:
            square = share**2
            first, last = np.cumsum(square)[:-1], square.sum() - np.cumsum(square)[:-1]
            score = np.log((below * (1 - below)) ** 2 / (first * last))
    score = np.where(np.isfinite(score), score, -np.inf)
    return float(middle[int(np.argmax(score))])


def _iterated(flat: Array, rule: str) -> float:
    level = float(flat.mean())
    for _ in range(100):
        low, high = flat[flat <= level], flat[flat > level]
        if not low.size or not high.size:
            break
        a, b = float(low.mean()), float(high.mean())
        if rule == "isodata":
            after = (a + b) / 2
        else:
            tiny = 1e-9
            after = (b - a) / (np.log(b + tiny) - np.log(a + tiny))
        if abs(after - level) < 1e-6:
            break
        level = float(after)
    return level
