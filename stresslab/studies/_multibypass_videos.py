"""Two simulated centres: videos of phases with their own order, length and looks; a recogniser."""

from dataclasses import dataclass

import numpy as np

from stresslab.checks import Array
from stresslab.rng import rng_for

PHASES, DIMENSION = 12, 8
CENTRES = ("B", "S")
OFFSETS = (0.0, 0.5, 1.0, 2.0)
"""How far the looks of centre S lie from those of B, by tier."""

THINNED = 3
"""Every third frame is trained on: the two between are nearly the same."""


@dataclass(frozen=True)
class Video:
    """One operation.

    Parameters
    ----------
    name : str
        Its id.
    phases : ndarray of int, shape (n_frames,)
        True phase of each frame.
    features : ndarray of shape (n_frames, `DIMENSION`)
        What a camera sees.
    """

    name: str
    phases: Array
    features: Array


def videos(centre: str, n: int, offset: float) -> list[Video]:
    """Return the operations of a centre; `offset` moves the looks of centre S."""
    looks = rng_for("multibypass", "looks").normal(0, 1.1, (PHASES, DIMENSION))
    away = np.zeros(DIMENSION)
    if centre == "S":
        direction = rng_for("multibypass", "direction").normal(0, 1, DIMENSION)
        away = offset * direction / np.linalg.norm(direction)
    return [_video(centre, number, looks + away) for number in range(n)]


def _video(centre: str, number: int, looks: Array) -> Video:
    rng = rng_for("multibypass", centre, number)
    order = _order(centre, rng)
    lengths = rng.gamma(6.0, _pace(centre)[order] / 6.0).astype(int) + 8
    phases = np.repeat(order, lengths)[:900]
    drift = np.cumsum(rng.normal(0, 0.03, (len(phases), DIMENSION)), axis=0)
    noise = rng.normal(0, 1.0, (len(phases), DIMENSION))
    return Video(f"{centre}{number:02d}", phases, looks[phases] + drift + noise)


def _order(centre: str, rng: np.random.Generator) -> Array:
    """Return the phases in the order of one operation: some are swapped, some left out."""
    order = np.arange(PHASES)
    swap = 0.1 if centre == "B" else 0.5
    if rng.random() < swap:
        order[[4, 5]] = order[[5, 4]]
    if rng.random() < swap:
        order[[8, 9]] = order[[9, 8]]
    keep = rng.random(PHASES) > (0.05 if centre == "B" else 0.12)
    return order[keep]


def _pace(centre: str) -> Array:
    """Return the mean number of frames of each phase at a centre."""
    pace = rng_for("multibypass", "pace").uniform(25, 75, PHASES)
    return pace if centre == "B" else pace[::-1] * 0.9


def windows(video: Video, width: int = 10) -> Array:
    """Return what the recogniser sees of each frame: the mean over the last `width` frames."""
    sums = np.cumsum(np.vstack([np.zeros(DIMENSION), video.features]), axis=0)
    ends = np.arange(1, len(video.features) + 1)
    starts = np.maximum(ends - width, 0)
    found: Array = (sums[ends] - sums[starts]) / (ends - starts)[:, None]
    return found


def recogniser(trained: list[Video]) -> "Recogniser":
    """Return a logistic regression of windows, with a median filter over its answers."""
    from sklearn.linear_model import LogisticRegression

    inputs = np.concatenate([windows(one)[::THINNED] for one in trained])
    labels = np.concatenate([one.phases[::THINNED] for one in trained])
    return Recogniser(LogisticRegression(max_iter=200).fit(inputs, labels))


@dataclass(frozen=True)
class Recogniser:
    """A fitted model of phases."""

    model: object

    def __call__(self, video: Video) -> Array:
        """Return the phase of every frame of a video."""
        from scipy.ndimage import median_filter

        said = self.model.predict(windows(video))  # type: ignore[attr-defined]
        smoothed: Array = median_filter(said, size=9, mode="nearest")
        return smoothed
