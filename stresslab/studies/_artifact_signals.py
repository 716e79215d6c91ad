"""Invented recordings with five kinds of artefact, and five ways to imitate them."""

from collections.abc import Callable

import numpy as np

from stresslab.checks import Array
from stresslab.rng import rng_for

RATE, CHANNELS, LENGTH, N_WINDOWS = 250, 8, 500, 500
"""Samples a second; channels and samples of a window; windows of a set."""

CLASSES = ("blink", "muscle", "chewing", "electrode pop", "shiver")
TIERS = range(6)
DISTORTION = 0.25
"""Standard deviation of the noise that a tier adds, in those of the set."""

ORDER, COMPONENTS, REPEATED, SCALE = 8, 20, 20, 3.0


def labels(n: int = N_WINDOWS) -> Array:
    """Return the class of each window, as codes of `CLASSES`, in turn."""
    return np.arange(n) % len(CLASSES)


def reference(n: int = N_WINDOWS, *, name: str = "reference") -> Array:
    """Return windows (n, channels, samples): 1/f noise, a 10 Hz rhythm and an artefact."""
    rng = rng_for("artifact", name)
    time = np.arange(LENGTH) / RATE
    slow = np.fft.rfft(rng.normal(size=(n, CHANNELS, LENGTH)), axis=-1)
    frequency = np.fft.rfftfreq(LENGTH, 1 / RATE)
    slow *= 1 / np.sqrt(np.maximum(frequency, frequency[1]))
    noise = np.fft.irfft(slow, LENGTH, axis=-1)
    noise *= 8.0 / noise.std()
    phase = rng.uniform(0, 2 * np.pi, (n, 1, 1))
    gains = rng.normal(1.0, 0.15, (n, CHANNELS, 1))
    rhythm = 6.0 * gains * np.sin(2 * np.pi * 10 * time + phase)
    artefacts = np.stack([_artefact(int(one), time, rng) for one in labels(n)])
    reach = np.linspace(1.2, 0.4, CHANNELS)[:, None] * rng.uniform(0.8, 1.2, (n, 1, 1))
    found: Array = noise + rhythm + reach * artefacts[:, None, :]
    return found


def _artefact(kind: int, time: Array, rng: np.random.Generator) -> Array:
    """Return one artefact over the samples of a window."""
    start = rng.uniform(0, 0.5)
    if kind == 0:  # bumps, one a second
        return np.asarray(40 * np.exp(-(((time - start) % 1.0 - 0.3) ** 2) / (2 * 0.06**2)))
    if kind == 1:  # bursts of 20 to 45 Hz
        waves = sum(
            np.sin(2 * np.pi * f * time + rng.uniform(0, 6.3)) for f in rng.uniform(20, 45, 12)
        )
        return np.asarray(6 * waves * (np.sin(2 * np.pi * (time + start)) > 0))
    if kind == 2:  # bursts, two a second
        return np.asarray(30 * np.maximum(np.sin(2 * np.pi * 2 * (time + start)), 0) ** 3)
    if kind == 3:  # a step that decays
        at = rng.uniform(0.2, 1.2)
        return np.where(time >= at, 70 * np.exp(-(time - at) / 0.3), 0.0)
    envelope = np.maximum(np.sin(2 * np.pi * 0.8 * (time + start)), 0)
    return np.asarray(22 * envelope * np.sin(2 * np.pi * 10 * time + rng.uniform(0, 6.3)))


def surrogate(real: Array, rng: np.random.Generator) -> Array:
    """Return the windows with their phases at random: the same spectra, in every channel alike."""
    spectrum = np.fft.rfft(real, axis=-1)
    turn = np.exp(1j * rng.uniform(0, 2 * np.pi, (len(real), 1, spectrum.shape[-1])))
    turn[..., 0] = turn[..., -1] = 1
    found: Array = np.fft.irfft(spectrum * turn, real.shape[-1], axis=-1)
    return found


def autoregressive(real: Array, rng: np.random.Generator) -> Array:
    """Return noise through a filter of order 8, fitted per class (Yule and Walker)."""
    from scipy.linalg import solve_toeplitz
    from scipy.signal import lfilter

    found, code = np.empty_like(real), labels(len(real))
    for one in range(len(CLASSES)):
        mine = real[code == one] - real[code == one].mean(axis=-1, keepdims=True)
        lags = np.array(
            [(mine[..., : LENGTH - lag] * mine[..., lag:]).mean() for lag in range(ORDER + 1)]
        )
        weights = solve_toeplitz(lags[:-1], lags[1:])
        power = lags[0] - weights @ lags[1:]
        drive = rng.normal(0, np.sqrt(power), (*mine.shape[:-1], 2 * LENGTH))
        found[code == one] = lfilter([1.0], [1.0, *-weights], drive, axis=-1)[..., LENGTH:]
    return found


def gaussian(real: Array, rng: np.random.Generator) -> Array:
    """Return normal draws along the 20 main directions of each class."""
    found, code = np.empty_like(real), labels(len(real))
    for one in range(len(CLASSES)):
        mine = real[code == one].reshape(int((code == one).sum()), -1)
        middle = mine.mean(axis=0)
        _, sizes, axes = np.linalg.svd(mine - middle, full_matrices=False)
        kept = min(COMPONENTS, len(sizes))
        spread = sizes[:kept] / np.sqrt(len(mine) - 1)
        drawn = middle + (rng.normal(size=(len(mine), kept)) * spread) @ axes[:kept]
        found[code == one] = drawn.reshape(len(mine), CHANNELS, LENGTH)
    return found


def collapsed(real: Array, rng: np.random.Generator) -> Array:
    """Return 20 of the windows over and over, of every class as many."""
    return np.asarray(real[np.arange(len(real)) % REPEATED])


def rescaled(real: Array, rng: np.random.Generator) -> Array:
    """Return other windows of the same kind, three times as large."""
    return SCALE * reference(len(real), name="other windows")


GENERATORS: dict[str, Callable[[Array, np.random.Generator], Array]] = {
    "random phases": surrogate, "autoregressive": autoregressive, "PCA and normal": gaussian,
    "collapsed": collapsed, "rescaled": rescaled,
}  # fmt: skip


def generated(name: str, real: Array, tier: int = 0) -> Array:
    """Return what a generator makes of a set, with the noise of a tier on top."""
    found = GENERATORS[name](real, rng_for("artifact", "generator", name))
    if tier:
        noise = rng_for("artifact", "distortion", name, tier).normal(size=found.shape)
        found = found + DISTORTION * tier * found.std() * noise
    return found
