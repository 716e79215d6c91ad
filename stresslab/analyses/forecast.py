"""Say which marker, known in distribution, told what models score out of distribution."""

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.analyses import (
    _forecast_words,
    _ood_sides,
    _ood_split,
    _sentences,
    _space_cells,
    _value,
)
from stresslab.analyses._ask import Asked, ask, no_rows
from stresslab.analyses._kind import Analysis
from stresslab.analyses._ood_params import OodGapParams
from stresslab.errors import ParamError, StresslabError
from stresslab.evidence import lacking
from stresslab.params import setting
from stresslab.result import Column, Result, Warn
from stresslab.rng import rng_for
from stresslab.stats.correct import adjust
from stresslab.stats.forecast import FEWEST, forecast

if TYPE_CHECKING:
    import pandas as pd

    from stresslab.store.workspace import Workspace

INSIDE, OUTSIDE = "tier = 0", "tier > 0"
SCORE, SURE, LABEL_FREE = "score inside", "confidence inside", "confidence outside"
BASELINE, ESTIMATE, OUTPUT, GEOMETRY = "baseline", "label-free estimate", "outputs", "geometry"
COLUMNS = (
    "pearson", "pearson_low", "pearson_high", "spearman", "spearman_low", "spearman_high",
    "error", "error_of_mean", "pairs", "p_value",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class ForecastParams(OodGapParams):
    """Settings of a forecast over models."""

    measures: tuple[str, ...] = setting(
        (), "Measures of geometry: `stresslab list geometry`; all of one cloud when empty."
    )
    draws: int = setting(60, "Signs and vectors drawn for class manifolds.", low=10)
    sample: int = setting(500, "Most in-distribution vectors of a model.", low=20)


def run(workspace: "Workspace", params: ForecastParams) -> Result:
    """Return how well every marker tells the score outside, corrected over markers."""
    asked = ask(workspace, params)
    warnings = list(asked.question.warnings)
    asked, found = _split(asked)
    points = _points(asked, found)
    if found and not asked.empty:
        rows, told = _geometry(asked, found, params)
        outcome = points[["model", "family", "y", "y_low", "y_high", "n"]].drop_duplicates("model")
        points = _stacked(points, outcome, rows)
        warnings += told
    elif not asked.empty:
        warnings.append(Warn("no-split", _forecast_words.NONE))
    points = points[points["y"].notna()].reset_index(drop=True)
    if points.empty:
        warnings.append(no_rows(asked))
    table = _table(points, params)
    n_models = int(points["model"].nunique())
    if 0 < n_models < FEWEST:
        text = f"{n_models} models: correlations need at least {FEWEST}, so only dots are shown."
        warnings.append(Warn("few-models", text, n_models))
    said = _forecast_words.headlines(table, n_models, asked.link)
    where = f"{params.level:.0%} bootstrap over models"
    return Result(
        analysis="forecast",
        params=asked.settings | params.to_dict() | {"task": asked.question.task},
        tables={"forecast": table, "points": points, "headlines": _sentences.table(said)},
        warnings=_value.together(warnings),
        data_version=workspace.data_version,
        columns={
            "forecast": {
                "pearson_low": Column("number", where), "pearson_high": Column("number", where),
                "spearman_low": Column("number", where), "spearman_high": Column("number", where),
                "error": Column(
                    "number", "of the score outside, family left out", "smaller is better"
                ),
                "pairs": Column("number", "share of pairs of models", "larger is better"),
            }
        },
    )  # fmt: skip


def _split(asked: Asked) -> tuple[Asked, list[_ood_split.Split]]:
    """Return the sides of the models; untouched against harder inputs where nobody named any."""
    found = [one for one in _ood_split.splits(asked) if one.whole]
    params: Any = asked.params
    if found or asked.empty or not len(asked.perturbations):
        return asked, found
    again = replace(asked, params=replace(params, in_where=INSIDE, out_where=OUTSIDE))
    return again, [one for one in _ood_split.splits(again) if one.whole]


def _points(asked: Asked, found: list[_ood_split.Split]) -> "pd.DataFrame":
    """Return the baselines of every model: its score inside, and how sure it is on either side."""
    import pandas as pd

    made = []
    family = {
        model: str(dict(info).get("family") or model) for model, info in asked.question.model_info
    }
    for split in found:
        scores = _ood_sides.sides_of(asked, split).rows
        sure = _sure(asked, split)
        for row in scores.to_dict("records"):
            model = row["model"]
            base = {
                "model": model, "family": family.get(model, model), "y": row["value_out"],
                "y_low": row["low_out"], "y_high": row["high_out"], "n": row["n_out"],
            }  # fmt: skip
            made.append(base | {"marker": SCORE, "kind": BASELINE, "x": row["value_in"]})
            if model in sure.index:
                ends = sure.loc[model]
                made.append(base | {"marker": SURE, "kind": OUTPUT, "x": ends["value_in"]})
                made.append(base | {"marker": LABEL_FREE, "kind": ESTIMATE, "x": ends["value_out"]})
    columns = ["model", "family", "marker", "kind", "x", "y", "y_low", "y_high", "n"]
    kinds: dict[str, Any] = dict.fromkeys(columns[:4], "str")
    kinds |= dict.fromkeys(columns[4:8], "float64") | {"n": "int64"}
    return pd.DataFrame(made, columns=columns).astype(kinds)


def _sure(asked: Asked, split: _ood_split.Split) -> "pd.DataFrame":
    import pandas as pd

    try:
        rows = _ood_sides.sides_of(asked.again("confidence"), split).rows
    except ParamError:  # nobody said how sure a model was
        return pd.DataFrame()
    return rows.set_index("model")


def _geometry(
    asked: Asked, found: list[_ood_split.Split], params: ForecastParams
) -> tuple[list[dict[str, Any]], list[Warn]]:
    """Return the markers of every model that has a space of its own, on rows inside."""
    from stresslab import geometry

    names = params.measures or [one for one in geometry.names() if not one.startswith("between.")]
    rows, warnings, without = [], [], []
    spaces = {
        str((one.manifest.get("settings") or {}).get("model")): one.space_id
        for one in asked.workspace.spaces()
    }
    for split in found:
        for model in split.models:
            if model not in spaces:
                without.append(model)
                continue
            inside = replace(asked, question=split.question(asked, split.inside))
            cells, told = _space_cells.cells(
                _space_cells.gathered(inside, spaces[model]), (), most=params.sample,
                seed=params.seed,
            )  # fmt: skip
            warnings += told
            for name in names if cells else ():
                rows += _markers(geometry.get(name), name, model, cells[0], params, warnings)
    if without:
        text = f"No space of their own, so no geometry: {', '.join(without[:5])}"
        text += f" and {len(without) - 5} more." if len(without) > 5 else "."
        warnings.append(Warn("without-space", text, len(without)))
    return rows, warnings


def _markers(
    piece: Any, name: str, model: str, cell: _space_cells.Cell, params: ForecastParams,
    warnings: list[Warn],
) -> list[dict[str, Any]]:  # fmt: skip
    if lacking(cell.evidence, piece.needs):
        return []
    settings = {"draws": params.draws} if "draws" in piece.settings else {}
    try:
        values = piece.compute(
            cell.evidence, rng=rng_for("forecast", params.seed, name), **settings
        )
    except StresslabError as error:
        warnings.append(Warn("not-measured", f"{piece.title}: {error}"))
        return []
    kind = OUTPUT if name in ("outputs", "logits") else GEOMETRY
    return [
        {"model": model, "marker": marker, "kind": kind, "x": value}
        for marker, value in values.items()
    ]


def _stacked(
    points: "pd.DataFrame", outcome: "pd.DataFrame", rows: list[dict[str, Any]]
) -> "pd.DataFrame":
    import pandas as pd

    if not rows:
        return points
    more = pd.DataFrame(rows).merge(outcome, on="model")
    return pd.concat([points, more[list(points.columns)].astype(points.dtypes.to_dict())],
                     ignore_index=True)  # fmt: skip


def _table(points: "pd.DataFrame", params: ForecastParams) -> "pd.DataFrame":
    import pandas as pd

    made = []
    for (marker, kind), part in points.groupby(["marker", "kind"], sort=False):
        rng = rng_for("forecast", params.seed, str(marker))
        found = forecast(
            part["x"].to_numpy(), part["y"].to_numpy(), list(part["family"]), rng=rng,
            level=params.level,
        )  # fmt: skip
        made.append({"marker": marker, "kind": kind} | asdict(found))
    columns = ["marker", "kind", *COLUMNS, "n_models", "n_families"]
    kinds: dict[str, Any] = dict.fromkeys(("marker", "kind"), "str")
    kinds |= dict.fromkeys(COLUMNS, "float64") | dict.fromkeys(("n_models", "n_families"), "int64")
    table = pd.DataFrame(made, columns=columns).astype(kinds)
    table["p_adjusted"] = adjust(table["p_value"].to_numpy(), params.correction)
    table["says"] = pd.Series(_forecast_words.verdicts(table, 1 - params.level), dtype="str")
    order = np.lexsort([table["error"].fillna(np.inf), table["says"] == "cannot tell"])
    return table.iloc[order].reset_index(drop=True)


PIECE = Analysis(
    title="Forecast",
    question="Could the failure out of distribution be seen from in-distribution data alone?",
    params=ForecastParams,
    run=run,
    figures=("scatter", "dots"),
    source="Study 06, geometry markers; families left out one at a time.",
)
