"""The cluster sign-flip test: under no difference, each cluster's sign is a fair coin."""

import numpy as np

from stresslab.checks import Array

EXACT_UP_TO = 16
"""Clusters with a difference up to which all sign patterns are enumerated (2^16)."""

DENOMINATORS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 20, 50, 60, 100)
"""Sums that are whole multiples of one of these fractions get an exact p value at any size."""

LATTICE_WORK = 2e7
"""Distinct sums times lattice points up to which the exact distribution is computed."""

MOST_COUNTED = 100_000
"""Whole sizes up to which they are counted one by one; larger ones are sorted."""

FLOOR = 1e-12
"""Smallest p value reported from the lattice: below it lies the rounding of the transform."""

VANISHING = 1e-30
"""Values of the characteristic function that no p value can show."""

BLOCK = 2_000_000
"""Table look-ups held in memory at once when drawing."""


def signflip_p(
    sums: Array,
    counts: Array | None = None,
    *,
    rng: np.random.Generator,
    draws: int = 10_000,
) -> tuple[float, str]:
    """Return the two-sided p value of "the sums are symmetric about 0", and how it was found.

    Up to 16 non-zero sums all patterns of signs are enumerated. Sums on a common lattice (counts,
    means over a few trials) have the exact distribution of the flipped total, as the product of
    cosines cos(t |s_g|) transformed back. Anything else is drawn: p = (k + 1) / (draws + 1) with k
    draws at least as far from 0 as the data.

    Parameters
    ----------
    sums : ndarray of shape (n_clusters,)
        Sum of the paired differences of each cluster.
    counts : ndarray of int, shape (n_clusters,), optional
        Clusters that each sum stands for; one when absent.
    rng : numpy.random.Generator
        Used only where signs are drawn.
    draws : int
        Number of draws.

    Returns
    -------
    p_value : float
        In ``(0, 1]``; 1 when no cluster differs.
    method : str
        ``"sign flip, exact"`` or ``"sign flip, drawn"``.

    References
    ----------
    Fisher (1935), The design of experiments, section 21; Phipson and Smyth (2010) for (k+1)/(m+1).
    """
    sizes = np.abs(np.asarray(sums, float))
    there = sizes > 0
    if not there.any():
        return 1.0, "sign flip, exact"
    observed = abs(float(np.sum(sums) if counts is None else np.sum(sums * counts)))
    sizes, many = sizes[there], None if counts is None else np.asarray(counts)[there]
    reach = float(sizes.sum() if many is None else sizes @ many)
    # Totals that tie with the data but for rounding count as ties.
    threshold = observed - 1e-9 * reach
    n = len(sizes) if many is None else int(many.sum())
    if n > EXACT_UP_TO:
        lattice = _on_lattice(sizes, many)
        if lattice is not None:
            return _from_lattice(*lattice, observed, reach), "sign flip, exact"
    if many is not None:
        sizes = np.repeat(sizes, many)
    if n <= EXACT_UP_TO:
        return _enumerated(sizes, threshold), "sign flip, exact"
    return _drawn(sizes, threshold, rng, draws), "sign flip, drawn"


def _enumerated(sizes: Array, threshold: float) -> float:
    # By symmetry the first sign can stay fixed.
    totals = np.array([sizes[0]])
    for size in sizes[1:]:
        totals = np.concatenate([totals + size, totals - size])
    return float(np.mean(np.abs(totals) >= threshold))


def _on_lattice(sizes: Array, many: Array | None = None) -> tuple[Array, Array] | None:
    """Return distinct whole sizes how often each occurs; None without a cheap lattice."""
    for denominator in DENOMINATORS:
        scaled = sizes * denominator
        whole = np.rint(scaled)
        # float32 means over trials are off by about 1e-7 of a trial.
        if whole.min() >= 1 and np.all(np.abs(scaled - whole) <= 1e-5):
            distinct, counts = _counted(whole, many)
            divisor = int(np.gcd.reduce(distinct))
            distinct = distinct // divisor
            points = int((distinct * counts).sum())
            return (distinct, counts) if points * distinct.size <= LATTICE_WORK else None
    return None


def _counted(whole: Array, many: Array | None) -> tuple[Array, Array]:
    if whole.max() > MOST_COUNTED:
        distinct, place = np.unique(whole.astype(np.int64), return_inverse=True)
        return distinct, np.bincount(place, weights=many).astype(np.int64)
    counts = np.bincount(whole.astype(np.int64), weights=many).astype(np.int64)
    distinct = np.flatnonzero(counts)
    return distinct, counts[distinct]


def _from_lattice(distinct: Array, counts: Array, observed: float, total: float) -> float:
    reach = int((distinct * counts).sum())
    position = int(np.rint(observed / total * reach))
    if position == 0:
        return 1.0
    least = max(FLOOR, 2.0 ** (1 - min(counts.sum(), 1000)))
    # Hoeffding's bound: what is surely below the smallest p value needs no transform.
    if 2 * np.exp(-(position**2) / (2 * float((distinct.astype(float) ** 2) @ counts))) < FLOOR:
        return float(least)
    # The flipped total takes every second whole number from -reach to reach: with (reach + total)/2
    # from 0 to reach the characteristic function needs reach + 1 points, an odd number of them.
    points = reach + 1 + reach % 2
    order = np.argsort(-counts)
    at = np.pi * _peaks(int(distinct[order[0]]), int(counts[order[0]]), points) / points
    spectrum = np.ones_like(at)
    for place in order:
        spectrum *= np.cos(at * distinct[place]) ** counts[place]
        there = np.abs(spectrum) > VANISHING
        at, spectrum = at[there], spectrum[there]
    # The chance of `steps` and more: the inverse transform summed over them, term by term.
    steps = (reach + position) // 2
    beyond = reach - steps + 1
    waves = spectrum * np.cos(at * steps) * np.sin(at * beyond) / np.sin(at)
    tail = 2 * (beyond + 2 * float(waves.sum())) / points
    return float(np.clip(tail, least, 1.0))


def _peaks(size: int, count: int, points: int) -> Array:
    """Return the places from 1 to half of `points` where cos(pi place size / points)^count shows.

    A power of many leaves the neighbourhoods of the cosine's peaks only.
    """
    half = points // 2
    reach = np.arccos(VANISHING ** (1 / count)) / np.pi / size * points + 1
    if 2 * reach >= points / size:
        return np.arange(1, half + 1)
    peaks = np.arange(size // 2 + 1) * points / size
    first = np.maximum(np.ceil(peaks - reach), 1).astype(np.int64)
    last = np.minimum(np.floor(peaks + reach), half).astype(np.int64)
    return np.concatenate([np.arange(one, other + 1) for one, other in zip(first, last)])


def _drawn(sizes: Array, threshold: float, rng: np.random.Generator, draws: int) -> float:
    # Eight clusters at a time: one random byte picks one of their 256 signed totals. A block of
    # groups is drawn for all draws, so that its tables stay in the processor's cache.
    groups = -(-sizes.size // 8)
    padded = np.zeros(groups * 8)
    padded[: sizes.size] = sizes
    signs = 1.0 - 2.0 * np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1)
    totals = np.zeros(draws)
    together = max(1, BLOCK // draws)
    for start in range(0, groups, together):
        tables = padded.reshape(groups, 8)[start : start + together] @ signs.T
        picks = rng.integers(0, 256, size=(len(tables), draws), dtype=np.uint8)
        for table, pick in zip(tables, picks):
            totals += table[pick]
    extreme = int(np.count_nonzero(np.abs(totals) >= threshold))
    return (extreme + 1) / (draws + 1)
