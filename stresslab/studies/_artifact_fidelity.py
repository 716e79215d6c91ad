"""How near generated signals come to real ones: spectrum, channels, distribution, content."""

from dataclasses import dataclass

import numpy as np

from stresslab.checks import Array
from stresslab.errors import ShapeError
from stresslab.stats.jackknife import ends, jackknife

BANDS = {
    "delta": (0.5, 4.0), "theta": (4.0, 8.0), "alpha": (8.0, 13.0), "beta": (13.0, 30.0),
    "gamma": (30.0, 45.0),
}  # fmt: skip
"""Ends of the bands in Hz, the upper one left out; ours, usual ranges."""

MODES = ("raw", "per window", "per channel")
LAGS, BLOCKS, TINY = 100, 20, 1e-12
SAME = 0.999
"""Correlation from which one window repeats another."""


def standardised(windows: Array, mode: str) -> Array:
    """Return windows as they are, or scaled to mean 0 and variance 1: each, or channels of all."""
    if mode == "raw":
        return windows
    axes = (1, 2) if mode == "per window" else (0, 2)
    middle = windows.mean(axis=axes, keepdims=True)
    spread = windows.std(axis=axes, keepdims=True)
    found: Array = (windows - middle) / np.where(spread > 0, spread, 1.0)
    return found


def spectrum(windows: Array, rate: float, segment: int | None = None) -> tuple[Array, Array]:
    """Return frequencies (Hz) and Welch's power density per window, a mean over channels.

    Parameters
    ----------
    windows : ndarray of shape (n, channels, samples)
        Signals.
    rate : float
        Samples a second.
    segment : int, optional
        Samples of a segment (Hann, half overlapping); all by default.

    References
    ----------
    Welch (1967).
    """
    from scipy.signal import welch

    frequency, power = welch(
        windows, fs=rate, window="hann", nperseg=segment or windows.shape[-1], axis=-1
    )
    return frequency, power.mean(axis=1)


def band_power(frequency: Array, power: Array) -> dict[str, Array]:
    """Return the power of every band: the sum of its bins times their width."""
    width = frequency[1] - frequency[0]
    return {
        name: power[..., (frequency >= low) & (frequency < high)].sum(axis=-1) * width
        for name, (low, high) in BANDS.items()
    }


def correlations(windows: Array) -> Array:
    """Return Pearson's correlation of every pair of windows; NaN for a constant one."""
    flat = windows.reshape(len(windows), -1)
    flat = flat - flat.mean(axis=1, keepdims=True)
    length = np.linalg.norm(flat, axis=1, keepdims=True)
    units = np.divide(flat, length, out=np.full_like(flat, np.nan), where=length > 0)
    found: Array = units @ units.T
    return found


@dataclass(frozen=True, eq=False)
class Summary:
    """What a set of windows adds up to, one row per window.

    Parameters
    ----------
    power : ndarray of shape (n, n_bins)
        Spectra.
    bands : dict of ndarray of shape (n,)
        Power of every band.
    means : ndarray of shape (n, channels)
        Mean of each channel.
    covariances : ndarray of shape (n, channels, channels)
        Of the channels of a window.
    memory : ndarray of shape (n, LAGS + 1)
        Autocorrelation, a mean over channels.
    alike : ndarray of shape (n, n)
        Correlation of windows.
    """

    power: Array
    bands: dict[str, Array]
    means: Array
    covariances: Array
    memory: Array
    alike: Array


def summary(windows: Array, rate: float) -> Summary:
    """Return the summary of a set of windows."""
    frequency, power = spectrum(windows, rate)
    middle = windows.mean(axis=-1)
    centred = windows - middle[..., None]
    length = windows.shape[-1]
    raised = np.abs(np.fft.rfft(centred, 2 * length, axis=-1)) ** 2
    lags = np.fft.irfft(raised, axis=-1)[..., : LAGS + 1]
    start = lags[..., :1]
    memory = np.divide(lags, start, out=np.zeros_like(lags), where=start > 0).mean(axis=1)
    covariances = centred @ centred.transpose(0, 2, 1) / length
    return Summary(
        power, band_power(frequency, power), middle, covariances, memory, correlations(windows)
    )


def check_alike(real: Array, fake: Array) -> None:
    """Refuse sets of another number of channels or samples.

    Raises
    ------
    ShapeError
        If they differ.
    """
    if real.shape[1:] != fake.shape[1:]:
        raise ShapeError(
            f"Windows have {real.shape[1:]} and {fake.shape[1:]} channels and samples. Bring both "
            "to one number of channels and one rate."
        )


def distances(
    real: Summary, fake: Summary, real_rows: Array | None = None, fake_rows: Array | None = None
) -> dict[str, float]:
    """Return how far apart two sets are: relative error of bands, spectra, channels, memory.

    Of the second set alone: its diversity, and the share of windows that repeat another.

    Parameters
    ----------
    real, fake : Summary
        The sets.
    real_rows, fake_rows : ndarray of bool, optional
        Windows that count.
    """
    a = np.ones(len(real.power), bool) if real_rows is None else real_rows
    b = np.ones(len(fake.power), bool) if fake_rows is None else fake_rows
    found = {}
    for name in BANDS:
        true, made = real.bands[name][a].mean(), fake.bands[name][b].mean()
        found[f"error of {name}"] = float(abs(made - true) / (true + TINY))
    for name, part in (("spectra", "power"), ("autocorrelation", "memory")):
        gap = getattr(fake, part)[b].mean(axis=0) - getattr(real, part)[a].mean(axis=0)
        found[name] = float(gap @ gap)
    shift = fake.means[b].mean(axis=0) - real.means[a].mean(axis=0)
    found["channel means"] = float(np.abs(shift).mean())
    turned = fake.covariances[b].mean(axis=0) - real.covariances[a].mean(axis=0)
    found["covariances"] = float(np.linalg.norm(turned))
    alike = fake.alike[np.ix_(b, b)]
    found["diversity"] = diversity(alike)
    twins = np.triu(alike, 1) + np.tril(alike, -1)
    found["repeats"] = float((twins.max(axis=1) > SAME).mean())
    return found


def diversity(alike: Array) -> float:
    """Return one minus the mean correlation of pairs of windows."""
    return 1 - float(alike[np.triu_indices(len(alike), 1)].mean())


def measured(real: Summary, fake: Summary) -> list[dict[str, float | str]]:
    """Return `distances` with intervals: one block of windows of both sets left out in turn."""
    block = [np.arange(len(one.power)) * BLOCKS // len(one.power) for one in (real, fake)]

    def compute(rows: Array) -> dict[str, float]:
        kept = set(np.flatnonzero(rows).tolist())
        sides = [np.isin(one, list(kept)) for one in block]
        return distances(real, fake, *sides)

    found = jackknife(compute, np.arange(BLOCKS))
    rows: list[dict[str, float | str]] = []
    for name, value in found.values.items():
        low, high = ends(value, found.error(name), BLOCKS)
        rows.append({"measure": name, "value": value, "low": max(low, 0.0), "high": high,
                     "n": len(fake.power)})  # fmt: skip
    return rows


def discrepancy(
    real: Array, fake: Array, *, rng: np.random.Generator, draws: int = 200, width: float = 0.0
) -> tuple[float, float]:
    """Return the unbiased squared MMD of flattened windows and its p by permutations.

    Parameters
    ----------
    real, fake : ndarray of shape (n, ...)
        Windows.
    rng : numpy.random.Generator
        Source of the permutations.
    draws : int
        Permutations; with fewer than 20 windows on a side p is NaN.
    width : float
        s of ``exp(-|x - y|^2 / (2 s^2))``; 0 takes the median distance of the pooled set.

    References
    ----------
    Gretton et al. (2012), A kernel two-sample test; the value is that of `geometry.between.mmd`.
    """
    both = np.concatenate([one.reshape(len(one), -1) for one in (real, fake)])
    square = (both**2).sum(axis=1)
    apart = np.maximum(square[:, None] + square[None, :] - 2 * both @ both.T, 0)
    s2 = width**2 if width else float(np.median(apart[np.triu_indices(len(both), 1)]))
    if s2 <= 0:
        return 0.0, float("nan")
    kernel = np.exp(-apart / (2 * s2))
    np.fill_diagonal(kernel, 0)
    n, m = len(real), len(fake)
    side = np.repeat([1.0, 0.0], [n, m])
    sides = np.stack([side, *(rng.permutation(side) for _ in range(draws))])
    first = ((sides @ kernel) * sides).sum(axis=1)
    second = (((1 - sides) @ kernel) * (1 - sides)).sum(axis=1)
    across = (kernel.sum() - first - second) / 2
    values = first / (n * (n - 1)) + second / (m * (m - 1)) - 2 * across / (n * m)
    p = float((1 + (values[1:] >= values[0] - 1e-12).sum()) / (draws + 1))
    return float(values[0]), p if min(n, m) >= 20 else float("nan")
