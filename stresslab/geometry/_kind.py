"""What a measure of geometry declares: of one cloud of vectors, or between two."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from stresslab.checks import Array
from stresslab.evidence import Evidence, lacking

Bounds = Mapping[str, tuple[float, float]]
INVARIANCES = ("rotation", "scale", "shift", "order", "reflection", "permutation")


@dataclass(frozen=True)
class Geometry:
    """A way to describe how vectors lie, in their own space.

    Parameters
    ----------
    title : str
        Name for people, in lower case.
    compute : callable
        ``compute(evidence, *, rng, **settings) -> {name: value}``; NaN is undefined.
    needs : tuple of str
        Parts of `Evidence` it reads.
    bounds : mapping
        ``{name: (low, high)}`` of every value `compute` returns; infinite where there is none.
    invariant_to : tuple of str
        Of `INVARIANCES`: changes of the features that leave every value as it is.
    settings : mapping
        Keyword settings of `compute` with their defaults.
    rows : callable, optional
        ``rows(evidence, rng) -> places`` of the inputs it takes where it does not take all: who
        wants an interval draws them once.
    cost : str
        How time grows, e.g. ``"n * dimension**2"``.
    source : str
        Where the definition comes from.
    whole : tuple of str
        Values that are counts: they jump, so leaving blocks out says nothing of their error.
    """

    title: str
    compute: Callable[..., dict[str, float]]
    needs: tuple[str, ...]
    bounds: Bounds
    invariant_to: tuple[str, ...] = ("order",)
    settings: Mapping[str, float | int | str | bool] = field(default_factory=dict)
    rows: Callable[[Evidence, np.random.Generator], Array] | None = None
    cost: str = ""
    source: str = ""
    whole: tuple[str, ...] = ()


@dataclass(frozen=True)
class PairGeometry(Geometry):
    """A way to compare two clouds; ``compute(a, b, *, rng, **settings) -> {name: value}``.

    Parameters
    ----------
    paired : bool
        Whether row i of both must be the same input; else only their distributions are compared.
    self_value : mapping
        ``{name: value}`` of a cloud compared with itself.
    """

    paired: bool = False
    self_value: Mapping[str, float] = field(default_factory=dict)


def applicable(piece: Geometry, *clouds: Evidence) -> str:
    """Return why a measure cannot be taken of these clouds, or ``""``."""
    return next((reason for cloud in clouds if (reason := lacking(cloud, piece.needs))), "")
