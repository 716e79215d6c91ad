"""Clouds of a space cut by tier, domain and layer: rows drawn by cluster, the same in every cut."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.analyses._ask import Asked
from stresslab.analyses._evidence import Gathered, gather
from stresslab.checks import Array
from stresslab.errors import ParamError
from stresslab.evidence import Evidence, finite_rows
from stresslab.result import Warn
from stresslab.rng import rng_for

if TYPE_CHECKING:
    from stresslab.store.spaces import SpaceInfo

BLOCKS = 10
FEWEST = 20
"""Rows of a cell below which nothing is measured."""


@dataclass(frozen=True, eq=False)
class Cell:
    """Some rows of a space.

    Parameters
    ----------
    key : dict
        Values of what it was cut by.
    evidence : Evidence
        Its vectors.
    blocks, clusters : ndarray of int, shape (n,)
        Block of the jackknife and cluster of every row.
    """

    key: dict[str, Any]
    evidence: Evidence
    blocks: Array
    clusters: Array

    @property
    def n_clusters(self) -> int:
        """Return the number of clusters."""
        return len(np.unique(self.clusters))


def space_of_task(asked: Asked, name: str) -> "SpaceInfo | None":
    """Return the space that was asked for, else the first that says it is of the task.

    Raises
    ------
    ParamError
        If there is no such space.
    """
    spaces = asked.workspace.spaces()
    if name:
        found = [one for one in spaces if one.space_id == name]
        if not found:
            known = ", ".join(one.space_id for one in spaces) or "none"
            raise ParamError(f"No space is called {name!r}. There are: {known}.")
        return found[0]
    mine = [one for one in spaces if _task(one) == asked.question.task]
    untold = [one for one in spaces if _task(one) is None]
    return next(iter([*mine, *untold]), None)


def _task(space: "SpaceInfo") -> str | None:
    found = (space.manifest.get("settings") or {}).get("task")
    return None if found is None else str(found)


def no_space() -> Warn:
    """Return the warning that there are no vectors."""
    text = "This task has no space: `stresslab embed` makes one, `stresslab import` brings one in."
    return Warn("no-space", text, 0)


def gathered(asked: Asked, space: str, layer: str | None = None) -> Gathered:
    """Return the evidence of a space on the rows asked for."""
    return gather(asked.workspace, asked.question, space, layer=layer)


def cells(
    found: Gathered, by: tuple[str, ...], *, most: int, seed: int
) -> tuple[list[Cell], list[Warn]]:
    """Return the cells in order, each of at most `most` rows, whole clusters drawn at random."""
    rows, evidence = found.rows, found.evidence
    keep = finite_rows(evidence) if evidence.features is not None else np.ones(len(rows), bool)
    warnings = []
    if not keep.all():
        n = int((~keep).sum())
        warnings.append(Warn("not-finite", f"{n:,} rows with a number that is not finite.", n))
    clusters = rows["cluster"].to_numpy()
    rank = ranks(clusters, seed)
    made, small = [], 0
    groups = rows.assign(**{one: rows[one].astype(object) for one in by}).groupby(
        list(by), dropna=False, sort=True
    ) if by else [((), rows)]  # fmt: skip
    for key, part in groups:
        places = np.flatnonzero(np.isin(np.arange(len(rows)), part.index) & keep)
        places = places[np.argsort(rank[places], kind="stable")][:most]
        if len(places) < FEWEST:
            small += 1
            continue
        values = key if isinstance(key, tuple) else (key,)
        made.append(
            Cell(
                {name: _plain(one) for name, one in zip(by, values, strict=True)},
                replace(evidence, units=clusters).take(places),
                rank[places] % BLOCKS,
                clusters[places],
            )
        )
    if small:
        text = f"{small} groups of fewer than {FEWEST} vectors are not measured."
        warnings.append(Warn("small-groups", text, small))
    return made, warnings


def ranks(clusters: Array, seed: int) -> Array:
    """Return the place of every row's cluster in one random order of clusters."""
    names, code = np.unique(clusters, return_inverse=True)
    order = rng_for("space cells", seed).permutation(len(names))
    found: Array = order[code]
    return found


def _plain(value: Any) -> Any:
    return None if value is None or value != value else value
