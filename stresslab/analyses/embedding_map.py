"""Show where on a map of a space a model fails, and test regions of it against the rest."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.analyses import _map_points, _map_raster, _map_regions, _sentences
from stresslab.analyses import _sentences_map as rules
from stresslab.analyses._ask import Asked, ask, no_rows
from stresslab.analyses._kind import Analysis
from stresslab.analyses._map_points import COLOURS, Points, remember
from stresslab.analyses._map_regions import Region, quoted
from stresslab.analyses._map_terms import Weights, lifted, weigh
from stresslab.analyses._value import frame, together
from stresslab.errors import ParamError
from stresslab.params import Params, setting
from stresslab.result import Column, Result, Warn
from stresslab.stats.polygon import inside, simplified

if TYPE_CHECKING:
    import pandas as pd

    from stresslab.store.derived import DerivedInfo
    from stresslab.store.workspace import Workspace

POINTS = {
    "variant_id": "str", "item_id": "str", "domain": "str", "perturbation": "str",
    "tier": "int64", "x": "float64", "y": "float64", "x2": "float64", "y2": "float64",
    "colour": "float64", "failure": "float64", "chosen": "bool", "text": "str",
}  # fmt: skip
ARROWS = {
    "item_id": "str", "x0": "float64", "y0": "float64", "x1": "float64", "y1": "float64",
    "failure": "float64",
}  # fmt: skip
FRAME = {
    "left": "float64", "right": "float64", "bottom": "float64", "top": "float64", "wide": "int64",
    "high": "int64", "n_points": "int64", "n_drawn": "int64",
}  # fmt: skip
QUALITY = {
    "map": "str", "space": "str", "trustworthiness": "float64", "low": "float64",
    "high": "float64", "preservation": "float64", "neighbours": "int64", "n": "int64",
    "stale": "bool",
}  # fmt: skip
LEAST_TRUST = 0.85
"""Stated quality: a map of less trustworthiness says so."""

MOST_ARROWS = 1500
TERMS_FROM = 20_000
"""Texts that words of clusters are counted in."""


@dataclass(frozen=True, kw_only=True)
class EmbeddingMapParams(Params):
    """Settings of a map."""

    map: str = setting("", "Map, e.g. minilm.umap; the first UMAP of the task when empty.")
    beside: str = setting("", "A second map of the same inputs, drawn beside the first.")
    colour: str = setting(
        "failure", f"Colour of points: {', '.join(COLOURS)}, or an attribute such as item.length."
    )
    region: str = setting(
        "", "Corners [[x, y], ...] of a region of the map that is held against the rest."
    )
    perturbation: str = setting("", "Perturbation along which inputs are followed from tier 0.")
    tier: int = setting(0, "Tier up to which they are followed; the last when 0.", low=0)
    view: str = setting("", "Part of the map that is drawn: left, right, bottom, top.")


def run(workspace: "Workspace", params: EmbeddingMapParams) -> Result:
    """Return regions and clusters with their failures, the points or a raster, and the quality."""
    asked = ask(workspace, params)
    drawn, beside = _maps(asked, params)
    region = _polygon(params.region)
    found = None
    warnings: list[Warn] = list(asked.question.warnings)
    if drawn is not None:
        clusters = _clusters(asked, drawn)
        found = _map_points.points(asked, drawn, beside, clusters, params.colour)
        warnings += [*found.warnings, *_stale(drawn, beside, clusters)]
    if found is None or not len(found.x):
        warnings += [no_map(asked)] if drawn is None and not asked.empty else []
        warnings += [no_rows(asked)] if found is not None or asked.empty else []
        if not warnings or warnings[-1].code != "no-rows":
            warnings += _nothing_there(asked)
        return _result(asked, params, workspace, _empty(), warnings, None)
    assert drawn is not None
    frame_ = _map_raster.frame_of(found, params.view)
    chosen = inside(found.x, found.y, region) if region else np.zeros(len(found.x), dtype=bool)
    tables: dict[str, Any] = {
        "embedding_map": _regions(asked, params, found, drawn, chosen, clusters)
    }
    many = len(found.x) > _map_raster.MOST_POINTS
    rows = np.arange(len(found.x))
    if many:
        rows = _map_raster.overlay(found, frame_, params.seed)
    tables["points"] = _drawn(asked, found.take(rows), chosen[rows])
    tables["raster"] = _map_raster.raster(found, frame_) if many else _empty()["raster"]
    tables["arrows"] = _arrows(asked, params, found)
    ends = {name: getattr(frame_, name) for name in ("left", "right", "bottom", "top")}
    size = {"wide": _map_raster.WIDE, "high": _map_raster.HIGH}
    counts = {"n_points": len(found.x), "n_drawn": len(rows)}
    tables["frame"] = frame(FRAME, [ends | size | counts])
    tables["colours"] = frame(
        {"code": "int64", "name": "str"},
        [{"code": code, "name": name} for code, name in enumerate(found.names)],
    )
    tables["quality"] = _quality([one for one in (drawn, beside) if one is not None])
    return _result(asked, params, workspace, tables, warnings, found)


def no_map(asked: Asked) -> Warn:
    """Return the warning that nothing was drawn yet."""
    spaces = [one.space_id for one in asked.workspace.spaces()]
    if not spaces:
        text = "This workspace has no vectors. `stresslab embed` makes a space of them."
    else:
        text = (
            f"No map was drawn for task {asked.question.task!r} yet. "
            f"`stresslab project {spaces[0]}` draws one."
        )
    return Warn("no-map", text, 0)


def _nothing_there(asked: Asked) -> list[Warn]:
    """Return that the slice holds no rows, where that is so."""
    from stresslab.store import query

    if not asked.empty and not query.cells(asked.workspace, asked.question)["n_rows"].sum():
        return [no_rows(asked)]
    return []


def _maps(
    asked: Asked, params: EmbeddingMapParams
) -> tuple["DerivedInfo | None", "DerivedInfo | None"]:
    """Return the map and the one beside it."""
    known = {one.derived_id: one for one in projections_of(asked)}
    for name in (params.map, params.beside):
        if name and name not in known:
            there = ", ".join(known) or "none yet"
            raise ParamError(f"No map of this task is called {name!r}. There are: {there}.")
    first = sorted(known, key=lambda one: (not one.endswith(".umap"), one))
    name = params.map or next(iter(first), "")
    return known.get(name), known.get(params.beside)


def projections_of(asked: Asked) -> list["DerivedInfo"]:
    """Return the maps that hold variants of the task."""
    table = asked.contents.attributes
    names = set(table.loc[table["task"] == asked.question.task, "name"])
    return [
        one
        for one in asked.workspace.derived()
        if one.kind == "projection" and f"derived.{one.derived_id}.x" in names
    ]


def _clusters(asked: Asked, drawn: "DerivedInfo") -> "DerivedInfo | None":
    """Return clusters of the space of a map."""
    table = asked.contents.attributes
    names = set(table.loc[table["task"] == asked.question.task, "name"])
    found = [
        one
        for one in asked.workspace.derived()
        if one.kind == "clusters" and one.space == drawn.space
        and f"derived.{one.derived_id}" in names
    ]  # fmt: skip
    return next(iter(found), None)


def _polygon(text: str) -> list[tuple[float, float]]:
    if not text.strip():
        return []
    try:
        corners = [(float(x), float(y)) for x, y in json.loads(text)]
    except (TypeError, ValueError):
        corners = []
    if len(corners) < 3 or not np.isfinite(corners).all():
        raise ParamError(f"region is [[x, y], ...] of at least three corners; got {text[:80]!r}.")
    return simplified(corners)


def _regions(
    asked: Asked, params: EmbeddingMapParams, found: Points, drawn: "DerivedInfo", chosen: Any,
    clusters: "DerivedInfo | None",
) -> "pd.DataFrame":  # fmt: skip
    """Return the region that was drawn, then the clusters as a family of their own."""
    import pandas as pd

    how: dict[str, Any] = {"level": params.level, "seed": params.seed}
    groups = [] if clusters is None else _map_regions.clusters(found, clusters.derived_id)

    def make() -> "pd.DataFrame":
        table = _map_regions.table(found, groups, **how)
        table = table.assign(terms=_terms(asked, found, table, groups))
        return table.sort_values(["p_adjusted", "value"], ascending=[True, False], kind="stable")

    told = remember(found, ("clusters", params.level, params.seed), make)
    if not chosen.any():
        return told.reset_index(drop=True)
    corners = ", ".join(f"[{x!r}, {y!r}]" for x, y in _polygon(params.region))
    condition = f"within(derived.{quoted(drawn.derived_id)}, [{corners}])"
    mine = [Region("your region", condition, chosen)]
    first = _map_regions.table(found, mine, **how)
    first = first.assign(terms=_terms(asked, found, first, mine))
    return pd.concat([one for one in (first, told) if len(one)] or [first], ignore_index=True)


def _terms(asked: Asked, found: Points, table: "pd.DataFrame", regions: list[Region]) -> list[str]:
    """Return the words of every region of a table."""
    from stresslab.store.excerpts import excerpts

    masks = {one.name: one.inside for one in regions}
    rows = np.arange(len(found.x))
    if len(rows) > TERMS_FROM:
        rows = np.sort(np.random.default_rng(0).choice(rows, TERMS_FROM, replace=False))

    def make() -> Weights | None:
        texts = excerpts(asked.workspace, asked.question.task, found.variant[rows].tolist())
        return weigh([one if isinstance(one, str) else None for one in texts["text"]])

    weights = remember(found, ("words",), make)
    return lifted(weights, [masks[one][rows] for one in table["region"]])


def _drawn(asked: Asked, found: Points, chosen: Any) -> "pd.DataFrame":
    from stresslab.store.excerpts import excerpts

    told = excerpts(asked.workspace, asked.question.task, found.variant.tolist())
    blank = np.full(len(found.x), np.nan)
    told = told.assign(
        tier=found.tier, x=found.x, y=found.y, colour=found.colour, failure=found.failure,
        x2=blank if found.x2 is None else found.x2, y2=blank if found.y2 is None else found.y2,
        chosen=chosen,
    )  # fmt: skip
    return told[list(POINTS)].astype({"tier": "int64", "chosen": "bool"})


def _arrows(asked: Asked, params: EmbeddingMapParams, found: Points) -> "pd.DataFrame":
    """Return where inputs move from tier 0 to a tier of one perturbation."""
    if not params.perturbation:
        return frame(ARROWS)
    table = asked.perturbations
    known = [str(one) for one in table["perturbation"]]
    if params.perturbation not in known:
        raise ParamError(
            f"No perturbation of this task is called {params.perturbation!r}. "
            f"There are: {', '.join(known) or 'none'}."
        )
    from stresslab.store.excerpts import excerpts

    code = found.perturbations.index(params.perturbation)
    mine = found.perturbation == code
    last = params.tier or int(found.tier[mine].max(initial=0))
    ends = np.flatnonzero(mine & (found.tier == last))
    starts = np.flatnonzero((found.perturbation == -1) & (found.tier == 0))
    place = {int(item): int(row) for item, row in zip(found.item[starts], starts, strict=True)}
    ends = np.array([one for one in ends if int(found.item[one]) in place], dtype=np.int64)
    if len(ends) > MOST_ARROWS:
        ends = np.sort(np.random.default_rng(params.seed).choice(ends, MOST_ARROWS, replace=False))
    begin = np.array([place[int(found.item[one])] for one in ends], dtype=np.int64)
    told = excerpts(asked.workspace, asked.question.task, found.variant[ends].tolist())
    moved = told[["item_id"]].assign(
        x0=found.x[begin], y0=found.y[begin], x1=found.x[ends], y1=found.y[ends],
        failure=found.failure[ends],
    )  # fmt: skip
    return frame(ARROWS, [{str(k): v for k, v in one.items()} for one in moved.to_dict("records")])


def _quality(maps: list["DerivedInfo"]) -> "pd.DataFrame":
    rows = [
        {
            "map": one.derived_id, "space": one.space, "stale": one.is_stale,
            "neighbours": int(one.quality.get("k", 0)),
            **{
                name: one.quality.get(name, np.nan)
                for name in ("trustworthiness", "low", "high", "preservation")
            },
            "n": int(one.quality.get("n_sampled", 0)),
        }
        for one in maps
    ]  # fmt: skip
    return frame(QUALITY, rows)


def _stale(*derived: "DerivedInfo | None") -> list[Warn]:
    names = [one.derived_id for one in derived if one is not None and one.is_stale]
    if not names:
        return []
    text = f"Made before their vectors changed: {', '.join(names)}. `stresslab project` again."
    return [Warn("stale-derived", text, len(names))]


def _empty() -> dict[str, Any]:
    raster = {"column": "int64", "row": "int64", "count": "int64", "colour": "float64"}
    return {
        "embedding_map": frame(_map_regions.KINDS), "points": frame(POINTS),
        "raster": frame(raster), "arrows": frame(ARROWS), "frame": frame(FRAME),
        "colours": frame({"code": "int64", "name": "str"}), "quality": frame(QUALITY),
    }  # fmt: skip


def _result(
    asked: Asked, params: EmbeddingMapParams, workspace: "Workspace", tables: dict[str, Any],
    warnings: list[Warn], found: Points | None,
) -> Result:  # fmt: skip
    facts = rules.Map(
        regions=tables["embedding_map"], quality=tables["quality"], names=asked.names,
        focus="" if found is None else found.focus, n_points=0 if found is None else len(found.x),
        settings=asked.link, least=LEAST_TRUST, why=next(
            (one.message for one in warnings if one.code in ("no-map", "no-rows")), ""
        ),
    )  # fmt: skip
    drawn = "" if tables["quality"].empty else str(tables["quality"]["map"].iloc[0])
    said = {"map": drawn, "focus": "" if found is None else found.focus}
    return Result(
        analysis="embedding_map",
        params=asked.settings | said,
        tables=tables | {"headlines": _sentences.table(rules.headlines(facts))},
        warnings=together(warnings),
        data_version=workspace.data_version,
        columns={
            "embedding_map": {
                "value": Column("number", "share of inputs failed", "smaller is better"),
                "rest": Column("number", "share failed elsewhere", "smaller is better"),
                "difference": Column("number", "inside minus elsewhere", "smaller is better"),
                "expected": Column("number", "share failed if items had the same tiers by chance"),
                "p_value": Column("number", "items change places, cell by cell"),
            }
        },
    )


PIECE = Analysis(
    title="Map of a space",
    question="Where on the map does a model fail?",
    params=EmbeddingMapParams,
    run=run,
    figures=("embedding_map",),
    source="ours; permutation null of items within perturbation and tier",
)
