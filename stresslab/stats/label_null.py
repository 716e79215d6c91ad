"""Does something gather in a region of a map? Items change places, what happened to them stays."""

from dataclasses import dataclass

import numpy as np

from stresslab.checks import Array, check_rows_match

MOST_DRAWN = 20_000
"""Beyond so many places of items and cells the null is normal with its exact moments."""


@dataclass(frozen=True)
class Gathering:
    """What lies in each region, and what the null expects there; arrays of shape (n_regions,).

    Parameters
    ----------
    value, expected : ndarray
        Mean inside, and its mean under the null.
    error : ndarray
        Standard deviation of the mean under the null, exact.
    p_value : ndarray
        Two-sided; NaN where a region holds nothing or everything that could be elsewhere.
    n_draws : int
        Permutations behind it; 0 where the null is taken as normal.
    """

    value: Array
    expected: Array
    error: Array
    p_value: Array
    n_draws: int


def gathering(
    inside: Array, values: Array, item: Array, cell: Array, *, n_draws: int = 2000, seed: int = 0
) -> Gathering:
    """Return whether values in regions differ from those of other items under the same treatment.

    Under the null, which item stands where is chance: the values of an item move, all together, to
    the place of another item, cell by cell (a cell is a perturbation and tier), so that what cells
    explain is no finding and variants of one item stay together.

    Parameters
    ----------
    inside : ndarray of bool, shape (n_regions, n_rows)
        Which rows lie in each region.
    values : ndarray of shape (n_rows,)
        Known values, e.g. 1 for a failure.
    item, cell : ndarray of int, shape (n_rows,)
        Codes from 0; an item stands at most once in a cell.
    n_draws : int
        Permutations, where items times cells are no more than `MOST_DRAWN`.

    References
    ----------
    Hoeffding (1951), A combinatorial central limit theorem, for the moments.
    """
    check_rows_match(values, item, cell, inside.T)
    n_items, n_cells = int(item.max()) + 1, int(cell.max()) + 1
    sizes = np.bincount(cell, minlength=n_cells)
    means = np.bincount(cell, values, minlength=n_cells) / np.maximum(sizes, 1)
    grid = np.zeros((n_items, n_cells))
    grid[item, cell] = values - means[cell]
    n_inside = inside.sum(axis=1)
    spread = grid - grid.mean(axis=0)
    spread = spread.T @ spread
    found = [_moments(_placed(one, item, cell, grid.shape), grid, spread) for one in inside]
    total = np.array([one[0] for one in found])
    centre = np.array([one[1] for one in found])
    error = np.sqrt([max(one[2], 0.0) for one in found])
    draws = n_draws if grid.size <= MOST_DRAWN else 0
    known = (n_inside > 0) & (n_inside < len(values)) & (error > 0)
    if draws:
        p_value = _drawn(inside, item, cell, grid, total - centre, centre, draws, seed)
    else:
        from scipy.special import ndtr

        with np.errstate(all="ignore"):
            p_value = 2 * ndtr(-np.abs(total - centre) / error)
    with np.errstate(all="ignore"):
        value = (inside @ values) / n_inside
        expected = (inside @ means[cell] + centre) / n_inside
        error = error / n_inside
    return Gathering(value, expected, error, np.where(known, p_value, np.nan), draws)


def _placed(one: Array, item: Array, cell: Array, shape: tuple[int, ...]) -> Array:
    places = np.zeros(shape)
    places[item[one], cell[one]] = 1
    return places


def _moments(places: Array, grid: Array, spread: Array) -> tuple[float, float, float]:
    """Return the sum inside, its mean and its variance over all permutations of items."""
    n = len(grid)
    total = float((places * grid).sum())
    centre = float(places.sum(axis=0) @ grid.sum(axis=0)) / n
    if n < 2:
        return total, centre, 0.0
    a = places - places.mean(axis=0)
    return total, centre, float(((a.T @ a) * spread).sum()) / (n - 1)


def _drawn(
    inside: Array, item: Array, cell: Array, grid: Array, seen: Array, centre: Array,
    n_draws: int, seed: int,
) -> Array:  # fmt: skip
    rng = np.random.default_rng(seed)
    rows = [(item[one], cell[one]) for one in inside]
    beyond = np.ones(len(inside))  # what was seen counts as one draw
    for _ in range(n_draws):
        moved = grid[rng.permutation(len(grid))]
        drawn = np.array([moved[at].sum() for at in rows]) - centre
        beyond += np.abs(drawn) >= np.abs(seen) - 1e-9
    found: Array = beyond / (n_draws + 1)
    return found
