"""Say how the vectors of a space lie, with intervals and nulls, and what changes with the tier."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.analyses import _geometry_words, _sentences, _space_cells, _value
from stresslab.analyses._ask import ask, no_rows
from stresslab.analyses._kind import Analysis
from stresslab.analyses._space_cells import Cell
from stresslab.checks import Array
from stresslab.errors import StresslabError
from stresslab.evidence import Evidence, lacking
from stresslab.params import ByParams, setting
from stresslab.result import Column, Result, Warn
from stresslab.rng import rng_for
from stresslab.stats.correct import adjust
from stresslab.stats.jackknife import Jackknifed, ends, error_of, jackknife, p_value

if TYPE_CHECKING:
    import pandas as pd

    from stresslab.store.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class GeometryParams(ByParams):
    """Settings of measures of one space."""

    by: tuple[str, ...] = setting(("tier",), "Cut the space by these: tier, perturbation, domain.")
    space: str = setting("", "Space of the vectors; the first of the task when empty.")
    layers: tuple[str, ...] = setting((), "Layers; that of the whole space when empty.")
    measures: tuple[str, ...] = setting(
        (), "Measures: `stresslab list geometry`; all of one cloud when empty."
    )
    draws: int = setting(60, "Signs and vectors drawn for class manifolds.", low=10)
    sample: int = setting(300, "Most vectors of a group, whole items at random.", low=20)
    nulls: int = setting(3, "Times the null is drawn: classes shuffled, or noise.", low=0, high=999)


def run(workspace: "Workspace", params: GeometryParams) -> Result:
    """Return every measure of every group, with a jackknife interval and a null."""
    asked = ask(workspace, params)
    warnings = list(asked.question.warnings)
    by = ("layer", *dict.fromkeys(params.by))
    space = None if asked.empty else _space_cells.space_of_task(asked, params.space)
    values, changes, found = [], [], ""
    if space is None:
        warnings += [] if asked.empty else [_space_cells.no_space()]
    else:
        found = space.space_id
        for layer in params.layers or (None,):
            gathered = _space_cells.gathered(asked, found, layer)
            cells, told = _space_cells.cells(
                gathered, params.by, most=params.sample, seed=params.seed
            )
            warnings += [*gathered.warnings, *told]
            name = layer or str(space.manifest["layer"])
            for piece in params.measures or _alone():
                rows, moves, unsaid = _measured(piece, cells, params)
                values += [{"layer": name, **row} for row in rows]
                changes += [{"layer": name, **row} for row in moves]
                warnings += unsaid
    if not values:
        warnings.append(no_rows(asked))
    tables = {"geometry": _table(values, by), "changes": _changes(changes)}
    link = asked.link | ({"space": found} if found else {})
    said = _geometry_words.headlines(tables["geometry"], tables["changes"], params.by, link)
    tables["headlines"] = _sentences.table(said)
    return Result(
        analysis="geometry",
        params=asked.settings | {"space": found or params.space},
        tables=tables,
        warnings=_value.together(warnings),
        data_version=workspace.data_version,
        columns={
            "geometry": {
                "value": Column("number", "of its own kind; see the measure"),
                "low": Column("number", f"{params.level:.0%} block-jackknife interval"),
                "high": Column("number", f"{params.level:.0%} block-jackknife interval"),
                "null": Column("number", "mean with classes shuffled, or of noise of the shape"),
            }
        },
    )


def _alone() -> list[str]:
    from stresslab import geometry

    return [name for name in geometry.names() if not name.startswith("between.")]


def _measured(
    name: str, cells: list[Cell], params: GeometryParams
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[Warn]]:
    """Return the values of one piece in every cell, and how each differs from the first cell."""
    from stresslab import geometry

    piece = geometry.get(name)
    rows: list[dict[str, Any]] = []
    moves: list[dict[str, Any]] = []
    warnings = []
    first: tuple[Cell, Jackknifed] | None = None
    for cell in cells:
        if reason := lacking(cell.evidence, piece.needs):
            return rows, moves, [Warn("not-applicable", f"{piece.title}: {reason}.")]
        rng = rng_for("geometry", params.seed, name)
        used = np.arange(cell.evidence.n) if piece.rows is None else piece.rows(cell.evidence, rng)
        warnings += _classes_left(piece, cell.evidence, used)
        cell = replace(
            cell, evidence=cell.evidence.take(used), blocks=cell.blocks[used],
            clusters=cell.clusters[used],
        )  # fmt: skip
        try:
            found = jackknife(partial(_without, piece, cell.evidence, params, name), cell.blocks)
        except StresslabError as error:
            warnings.append(Warn("not-measured", f"{piece.title}: {error}"))
            continue
        if piece.whole:
            text = f"{piece.title}: a count, which jumps; it has no interval."
            warnings.append(Warn("no-interval", text))
            gone = {one: np.full_like(found.without[one], np.nan) for one in piece.whole}
            found = replace(found, without={**found.without, **gone})
        nulls = list(_nulls(piece, cell.evidence, params, name))
        rows += _rows(piece, name, cell, found, nulls, params)
        if first is None:
            first = cell, found
        else:
            moves += _moves(name, first, (cell, found), params.level)
    return rows, moves, warnings


def _classes_left(piece: Any, evidence: Evidence, used: Array) -> list[Warn]:
    """Return a warning of the classes of which a measure takes no point."""
    if piece.rows is None or evidence.labels is None:
        return []
    known = evidence.labels[evidence.labels >= 0]
    n = len(np.setdiff1d(known, evidence.labels[used]))
    text = f"{piece.title}: {n} of {len(np.unique(known))} classes are left out (one point, or "
    return [Warn("classes-left-out", text + "more classes than it takes).", n)] if n else []


def _of(piece: Any, evidence: Evidence, params: GeometryParams, name: str) -> dict[str, float]:
    """Return the values of a piece; random parts are the same for every block left out."""
    rng = rng_for("geometry", params.seed, name, "draws")
    settings = {"draws": params.draws} if "draws" in piece.settings else {}
    found: dict[str, float] = piece.compute(evidence, rng=rng, **settings)
    return found


def _without(
    piece: Any, evidence: Evidence, params: GeometryParams, name: str, mask: Array
) -> dict[str, float]:
    return _of(piece, evidence.take(mask), params, name)


def _nulls(
    piece: Any, evidence: Evidence, params: GeometryParams, name: str
) -> Iterator[dict[str, float]]:
    """Yield values where nothing is to be found: shuffled classes, or noise of the same shape."""
    for draw in range(params.nulls):
        rng = rng_for("geometry null", params.seed, name, draw)
        if "labels" in piece.needs and evidence.labels is not None:
            made = replace(evidence, labels=rng.permutation(evidence.labels))
        else:
            x = np.asarray(evidence.features, float)
            noise = x.mean(axis=0) + np.std(x) * rng.normal(size=x.shape)
            made = replace(evidence, features=noise)
        try:
            yield _of(piece, made, params, name)
        except StresslabError:
            continue


def _rows(
    piece: Any, name: str, cell: Cell, found: Jackknifed, nulls: list[dict[str, float]],
    params: GeometryParams,
) -> list[dict[str, Any]]:  # fmt: skip
    made = []
    n_blocks = len(np.unique(cell.blocks))
    for marker, value in found.values.items():
        low, high = ends(value, found.error(marker), n_blocks, params.level)
        least, most = piece.bounds[marker]
        drawn = np.array([one[marker] for one in nulls if np.isfinite(one[marker])])
        some = len(drawn) > 0
        made.append(
            cell.key
            | {
                "measure": name, "marker": marker, "value": value,
                "low": float(np.clip(low, least, most)), "high": float(np.clip(high, least, most)),
                "n": cell.evidence.n, "n_clusters": cell.n_clusters,
                "null": float(drawn.mean()) if some else np.nan,
                "null_low": float(drawn.min()) if some else np.nan,
                "null_high": float(drawn.max()) if some else np.nan,
            }
        )  # fmt: skip
    return made


def _moves(
    name: str, first: tuple[Cell, Jackknifed], second: tuple[Cell, Jackknifed], level: float
) -> list[dict[str, Any]]:
    """Return second minus first; a block leaves both at once, so shared items pair up."""
    made = []
    blocks = np.intersect1d(first[0].blocks, second[0].blocks)
    for marker, value in second[1].values.items():
        difference = value - first[1].values[marker]
        sides = [
            one.without[marker][np.isin(np.unique(cell.blocks), blocks)]
            for cell, one in (second, first)
        ]
        error = error_of(sides[0] - sides[1])
        low, high = ends(difference, error, len(blocks), level)
        made.append(
            {
                "measure": name, "marker": marker, "from": _called(first[0]),
                "to": _called(second[0]), "difference": difference, "low": low, "high": high,
                "n": min(first[0].evidence.n, second[0].evidence.n),
                "p_value": p_value(difference, error, len(blocks)),
            }
        )  # fmt: skip
    return made


def _called(cell: Cell) -> str:
    parts = [f"{name} {'untouched' if one is None else one}" for name, one in cell.key.items()]
    return ", ".join(parts) or "all"


def _table(values: list[dict[str, Any]], by: tuple[str, ...]) -> "pd.DataFrame":
    import pandas as pd

    kinds = {"tier": "int64"}
    columns: dict[str, Any] = {one: kinds.get(one, "object") for one in by}
    columns |= {"layer": "str", "measure": "str", "marker": "str"}
    columns |= dict.fromkeys(("value", "low", "high"), "float64")
    columns |= dict.fromkeys(("n", "n_clusters"), "int64")
    columns |= dict.fromkeys(("null", "null_low", "null_high"), "float64")
    return pd.DataFrame(values, columns=list(columns)).astype(columns).reset_index(drop=True)


def _changes(moves: list[dict[str, Any]]) -> "pd.DataFrame":
    import pandas as pd

    columns: dict[str, Any] = dict.fromkeys(("layer", "measure", "marker", "from", "to"), "str")
    columns |= dict.fromkeys(("difference", "low", "high"), "float64") | {"n": "int64"}
    columns |= {"p_value": "float64"}
    found = pd.DataFrame(moves, columns=list(columns)).astype(columns)
    found["p_adjusted"] = adjust(found["p_value"].to_numpy(), "auto")
    says = np.where(found["difference"] > 0, "rises", "falls")
    found["says"] = pd.Series(
        np.where(found["p_adjusted"] < 0.05, says, "cannot tell"), dtype="str"
    )
    return found


PIECE = Analysis(
    title="Geometry",
    question="How do the vectors lie, and what becomes of their shape as inputs get harder?",
    params=GeometryParams,
    run=run,
    figures=("lines",),
    source="Measures: `stresslab list geometry`; intervals: block jackknife over items, Kunsch "
    "(1989).",
)
