"""Six made-up body signals of people whose arousal rises and falls, cut into windows."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np

from stresslab.checks import Array
from stresslab.rng import rng_for

SIGNALS = ("ECG", "EDA", "EMG", "RESP", "TEMP", "ACC")
N_PEOPLE, SECONDS, RATE = 15, 1200, 16
WINDOW, STEP, LENGTH = 480, 240, 128
"""Samples of a window, from one window to the next, and of a window after resampling."""

NOISE = (0.0, 0.5, 1.0, 2.0)
"""Noise of a channel at tiers 0 to 3, in its standard deviations."""

QUANTILES = (0.02, 0.1, 0.25, 0.4, 0.6, 0.75, 0.9, 0.98)
BANDS = (1, 2, 3, 5, 8, 13, 21, 36, 64)
"""Ends of the eight bands, in cycles per window."""

LAGS = (1, 2, 3, 4, 6, 8, 12, 16)


@dataclass(frozen=True, eq=False)
class Windows:
    """Windows of every signal, the same moments in each.

    Parameters
    ----------
    signals : dict of str to ndarray of shape (n, LENGTH)
        Standardised per person.
    labels : ndarray of shape (n,)
        1 where arousal is above the person's median.
    person : ndarray of shape (n,)
        Whose window it is.
    """

    signals: Mapping[str, Array]
    labels: Array
    person: Array


@lru_cache(maxsize=2)
def windows(n_people: int = N_PEOPLE) -> Windows:
    """Return the windows of the first people."""
    from scipy.signal import resample

    kept: dict[str, list[Array]] = {name: [] for name in SIGNALS}
    labels = []
    starts = np.arange(0, SECONDS * RATE - WINDOW + 1, STEP)
    rows = starts[:, None] + np.arange(WINDOW)
    for person in range(n_people):
        arousal = arousal_of(person)
        level = arousal[rows].mean(axis=1)
        labels.append((level > np.median(level)).astype(int))
        for name, channel in channels(arousal, person).items():
            short = resample(channel[rows], LENGTH, axis=1)
            kept[name].append((short - short.mean()) / short.std())
    return Windows(
        {name: np.concatenate(parts) for name, parts in kept.items()},
        np.concatenate(labels), np.repeat(np.arange(n_people), len(starts)),
    )  # fmt: skip


def arousal_of(person: int) -> Array:
    """Return the arousal of a person over time, in [0, 1]: calm and stress by turns, and drift."""
    rng, n = rng_for("cross_modality", "arousal", person), SECONDS * RATE
    lengths = rng.uniform(90, 240, 16) * RATE
    turns = np.repeat(np.arange(16) + rng.integers(2), lengths.astype(int))[:n] % 2
    found: Array = _smooth(turns + _smooth(rng.normal(size=n), 60) * 8, 15)
    scaled: Array = (found - found.min()) / (found.max() - found.min())
    return scaled


def channels(arousal: Array, person: int) -> dict[str, Array]:
    """Return the six channels of a person; how strongly each follows arousal is the person's own.

    ECG is a train of pulses and RESP a sine whose rates rise; EDA a slow level with bursts; EMG
    bursts of noise; TEMP a drift that falls with arousal; ACC the size of a jitter on three axes.
    """
    rng, n = rng_for("cross_modality", "channels", person), len(arousal)
    strength = dict(zip(SIGNALS, rng.lognormal(0, 0.35, 6), strict=True))
    beat = 2 * np.pi * np.cumsum(rng.uniform(0.9, 1.2) + 0.5 * strength["ECG"] * arousal) / RATE
    breath = 2 * np.pi * np.cumsum(rng.uniform(0.2, 0.28) + 0.12 * strength["RESP"] * arousal)
    level = _smooth(arousal, 20) * strength["EDA"] + 0.2 * _smooth(rng.normal(size=n), 60) * 8
    bursts = (rng.random(n) < (0.02 + 0.1 * arousal) / RATE).astype(float)
    drift = _smooth(rng.normal(size=n), 120) * 10
    jitter = rng.normal(size=(3, n)) * (1 + 0.8 * strength["ACC"] * arousal)
    return {
        "ECG": np.exp(8 * (np.cos(beat) - 1)) + 0.1 * rng.normal(size=n),
        "EDA": level + _smooth(bursts, 4) * 8 + 0.02 * rng.normal(size=n),
        "EMG": rng.normal(size=n) * (0.5 + strength["EMG"] * arousal * (rng.random(n) < 0.6)),
        "RESP": np.sin(breath / RATE) * (1 + 0.2 * arousal) + 0.1 * rng.normal(size=n),
        "TEMP": -_smooth(arousal, 60) * strength["TEMP"] + drift + 0.02 * rng.normal(size=n),
        "ACC": np.sqrt((jitter**2).sum(axis=0)),
    }


def noisy(signal: Array, name: str, tier: int) -> Array:
    """Return the windows of a signal with the noise of a tier."""
    if tier == 0:
        return signal
    drawn: Array = rng_for("cross_modality", "noise", name, tier).normal(size=signal.shape)
    found: Array = signal + NOISE[tier] * signal.std() * drawn
    return found


def features(signal: Array) -> Array:
    """Return 24 numbers per window: quantiles, logarithms of band powers, autocorrelations."""
    centred = signal - signal.mean(axis=1, keepdims=True)
    power = np.abs(np.fft.rfft(centred, axis=1)) ** 2 / signal.shape[1]
    bands = [np.log(power[:, low:high].sum(axis=1) + 1e-6) for low, high in pairwise(BANDS)]
    whole = (centred**2).sum(axis=1) + 1e-9
    again = [(centred[:, lag:] * centred[:, :-lag]).sum(axis=1) / whole for lag in LAGS]
    return np.column_stack([*np.quantile(signal, QUANTILES, axis=1), *bands, *again])


def _smooth(values: Array, seconds: float) -> Array:
    """Return the exponential moving average, begun at the first value's level."""
    from scipy.signal import lfilter

    keep = np.exp(-1 / (seconds * RATE))
    found: Array = lfilter([1 - keep], [1, -keep], values, zi=[keep * values[0]])[0]
    return found
