"""What a projection declares: from vectors to a map of two dimensions, or to clusters."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from stresslab.checks import Array

Report = Callable[[int, int, str], None]
"""``report(done, total, what)``, called now and then; what it raises ends the computation."""

Setting = float | int | str | bool


@dataclass(frozen=True)
class Projection:
    """A way to draw or to group the vectors of a space.

    Parameters
    ----------
    title : str
        Name for people, in lower case.
    kind : str
        ``projection``: places of shape (n, 2); ``clusters``: whole numbers of shape (n,), -1 is
        none.
    compute : callable
        ``compute(vectors, *, seed, report, **settings) -> ndarray``; vectors are finite, of shape
        (n, dimension), n >= 3, and stay as they are.
    settings : mapping
        Keyword settings of `compute` with their defaults.
    packages : tuple of str
        Distributions whose version belongs to the recipe.
    source : str
        Where the method is defined.
    """

    title: str
    kind: str
    compute: Callable[..., Array]
    settings: Mapping[str, Setting] = field(default_factory=dict)
    packages: tuple[str, ...] = ("numpy",)
    source: str = ""


def nothing(done: int, total: int, what: str) -> None:
    """Report to nobody."""
