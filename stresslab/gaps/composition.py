"""Compositions of factors: which data sets together hold the parts of one that was never seen."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, permutations

from stresslab.errors import ParamError

Triple = tuple[str, str, str]

DIRECTIONS = ("fixed first", "fixed second", "fixed third", "paired")
"""Which factor both related sets share with the target; or one holds the first two together."""


@dataclass(frozen=True)
class Composition:
    """A target, and two data sets that together hold its parts while neither is it.

    Parameters
    ----------
    target : tuple of str
        The combination that was never seen.
    related : tuple of tuple
        The two sets.
    direction : str
        One of `DIRECTIONS`.
    """

    target: Triple
    related: tuple[Triple, Triple]
    direction: str


def compositions(cells: Sequence[Triple], direction: str | None = None) -> list[Composition]:
    """Return every way to compose one of the cells from two others.

    Fixed: both share the named factor with the target, one brings the second, the other the third
    part. Paired: one holds the first two parts of the target, the other the third.

    Parameters
    ----------
    cells : sequence of tuple
        The data sets, each as its levels of three factors.
    direction : str, optional
        Only compositions of this direction.

    Raises
    ------
    ParamError
        If there is no such direction.
    """
    if direction is not None and direction not in DIRECTIONS:
        raise ParamError(f"direction must be one of {', '.join(DIRECTIONS)}; got {direction!r}.")
    known = list(dict.fromkeys(cells))
    return [
        Composition(target, (one, other), way)
        for way in ((direction,) if direction else DIRECTIONS)
        for target in known
        for one, other in _pairs(known, target, way)
    ]


def check_related(target: Triple, related: Sequence[Triple]) -> None:
    """Refuse a target that is among the sets it shall be composed from.

    Raises
    ------
    ParamError
        If it is.
    """
    if target in related:
        raise ParamError(f"The target {target} is one of its related sets. Leave it out of them.")


def unrelated(cells: Sequence[Triple], target: Triple) -> list[Triple]:
    """Return the cells that share no level with the target: what "more data" is made of."""
    return [cell for cell in cells if not any(a == b for a, b in zip(cell, target, strict=True))]


def _pairs(cells: Sequence[Triple], target: Triple, direction: str) -> list[tuple[Triple, Triple]]:
    if direction == "paired":
        return [
            (one, other)
            for one, other in permutations(cells, 2)
            if one[:2] == target[:2] and one[2] != target[2]
            and other[2] == target[2] and other[0] != target[0] and other[1] != target[1]
        ]  # fmt: skip
    fixed = DIRECTIONS.index(direction)
    first, second = (place for place in range(3) if place != fixed)
    sharing = [cell for cell in cells if cell[fixed] == target[fixed] and cell != target]
    found = []
    for one, other in combinations(sharing, 2):
        for a, b in ((one, other), (other, one)):
            if a[first] == target[first] and b[second] == target[second]:
                found.append((a, b))
    return found
