"""How many clusters a comparison needs, and what power it has."""

import numpy as np
from numpy.typing import ArrayLike

from stresslab.checks import Array
from stresslab.stats.difference import Difference
from stresslab.stats.intervals import divide


def clusters_for_mean(
    sd_cluster: ArrayLike, effect: ArrayLike, *, alpha: float, power: float
) -> Array:
    """Return the clusters a two-sided t test needs to find `effect`.

    ``((z_{1-alpha/2} + z_power) sd / effect)^2 + z_{1-alpha/2}^2 / 2``, rounded up; the second term
    pays for the t quantile. NaN where the effect is 0 or a number is unknown.

    Parameters
    ----------
    sd_cluster : array_like
        Standard deviation of a cluster's effect.
    effect : array_like
        Difference to be found; its sign does not matter.
    alpha, power : float
        Level of the test, and the wanted chance to find the effect.

    References
    ----------
    Guenther (1981), Sample size formulas for normal theory t tests.
    """
    from scipy.special import ndtri

    sd_cluster, effect = np.broadcast_arrays(
        np.asarray(sd_cluster, float), np.abs(np.asarray(effect, float))
    )
    z_alpha, z_power = ndtri(1 - alpha / 2), ndtri(power)
    wanted: Array = ((z_alpha + z_power) * divide(sd_cluster, effect)) ** 2 + z_alpha**2 / 2
    return np.ceil(wanted)


def pairs_for_rate(
    discordant: ArrayLike, effect: ArrayLike, *, alpha: float, power: float
) -> Array:
    """Return the independent pairs McNemar's exact test needs to find `effect`.

    ``n0 = (z_{1-alpha/2} sqrt(psi) + z_power sqrt(psi - effect^2))^2 / effect^2`` with psi the
    share of pairs that differ, plus 2 / effect because the exact test is discrete; rounded up.
    Exact power at that n is .799 to .90 for a wanted .8, least where many pairs differ by little.

    Parameters
    ----------
    discordant : array_like
        Share of pairs that differ; at least `effect` is used.
    effect : array_like
        Difference of the rates to be found; its sign does not matter.
    alpha, power : float
        Level of the test, and the wanted chance to find the effect.

    References
    ----------
    Connor (1987), Sample size for testing differences in proportions for the paired-sample design.
    """
    from scipy.special import ndtri

    size: Array = np.abs(np.asarray(effect, float))
    psi = np.maximum(np.asarray(discordant, float), size)
    root = ndtri(1 - alpha / 2) * np.sqrt(psi) + ndtri(power) * np.sqrt(psi - size**2)
    wanted: Array = divide(root, size) ** 2 + divide(2.0, size)
    return np.ceil(wanted)


def n_needed(
    found: Difference, *, alpha: float, power: float, margin: float | None = None
) -> Array:
    """Return the clusters each comparison needs at the larger of its difference and the margin.

    A rate needs `pairs_for_rate` effective pairs, each worth n_clusters / n_effective clusters
    (half a pair is added to each discordant corner, so that "none differ" does not mean "never"),
    and where clusters hold several pairs z_{1-alpha/2}^2 / 2 clusters more, as a mean does. Other
    scores need `clusters_for_mean`.

    Parameters
    ----------
    found : Difference
        What was seen.
    alpha, power : float
        Level of the test, and the wanted chance to find the effect.
    margin : float, optional
        Smallest difference that matters.

    Returns
    -------
    ndarray of shape (n_comparisons,)
        NaN where nothing is known, or the difference is 0 and there is no margin.
    """
    from scipy.special import ndtri

    effect = np.fmax(np.abs(found.difference), 0.0 if margin is None else margin)
    effect = np.where(np.isfinite(found.difference), effect, np.nan)
    psi = divide(found.wins + found.losses + 1, found.n_effective + 1)
    pairs = pairs_for_rate(
        np.minimum(psi, 1.0), np.where(found.rate, np.minimum(effect, 1.0), np.nan),
        alpha=alpha, power=power,
    )  # fmt: skip
    of_rate = pairs * divide(found.n_clusters, found.n_effective)
    several = np.asarray(found.n_clusters) < np.asarray(found.n_pairs)
    of_rate = np.ceil(of_rate + np.where(several, ndtri(1 - alpha / 2) ** 2 / 2, 0.0))
    of_mean = clusters_for_mean(found.sd_cluster, effect, alpha=alpha, power=power)
    return np.where(found.rate, of_rate, of_mean)
