"""Follow each model as inputs get harder: value by tier, slope, and what breaks when."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stresslab.analyses import _curve, _paired, _sentences, _shape, _training, _value
from stresslab.analyses import _sentences_curve as rules
from stresslab.analyses._ask import Asked, ask
from stresslab.analyses._kind import Analysis
from stresslab.params import ByParams, setting
from stresslab.result import Column, Result, Warn

if TYPE_CHECKING:
    import pandas as pd

    from stresslab.store.workspace import Workspace

STEPS = ("strength", "unit", "axis")


@dataclass(frozen=True, kw_only=True)
class TierCurveParams(ByParams):
    """Settings of tier curves."""

    by: tuple[str, ...] = setting(
        ("perturbation",),
        "One curve per value of these: task, domain, perturbation, or an attribute. "
        "The tier is always there.",
    )


def run(workspace: "Workspace", params: TierCurveParams) -> Result:
    """Return value by tier, the summary of every curve, and how long items hold out."""
    asked = ask(workspace, params)
    by = tuple(name for name in params.by if name != "tier")
    cells = _with_steps(asked, _value.values(asked, (*by, "tier")), by)
    warnings = [*asked.question.warnings, *_value.cautions(cells, asked)]
    summary, survival = _curve.empty_summary(by), _curve.empty_survival(by)
    shapes, how = _shape.empty(by), _paired.judge(asked)
    if (cells["n"] > 0).any() and _paired.has_rows(asked):
        curves = _curve.curves_of(asked, by)
        summary, survival = _curve.summarise(curves, how, by)
        shapes = _shape.shapes(asked, by, curves, how)
        warnings += _refusals(asked, cells, by) + _short(summary)
    facts = rules.Curves(
        summary=summary, shape=shapes["shape"], by=by, names=asked.names, titles=asked.titles,
        rate=how.rate, settings=asked.link,
        higher=asked.metric.higher_is_better, known=bool((cells["n"] > 0).any()),
    )  # fmt: skip
    return Result(
        analysis="tier_curve",
        params=asked.settings | {"by": list(by)},
        tables={
            "tier_curve": _training.marked(cells, workspace),
            "summary": _training.marked(summary, workspace),
            "survival": survival,
            **shapes,
            "headlines": _sentences.table(rules.headlines(facts)),
        },
        warnings=_value.together(warnings),
        data_version=workspace.data_version,
        columns={
            "tier_curve": _value.meanings(asked),
            "summary": {
                "drop": Column("number", "first tier minus last", "smaller is better"),
                "retention": Column("number", "last tier / first tier", "larger is better"),
                "slope": Column("number", "change per tier", "larger is better"),
                "area": Column("number", "mean height of the curve", "larger is better"),
                "share_never_broke": Column(
                    "number", "items right at tier 0 and at every tier after", "larger is better"
                ),
                "n_pairs": Column("integer", "items known at the first and at the last tier"),
                "median_break": Column("number", "tier by which half of them broke"),
            },
            **_shape.meanings(asked.params.level),
        },
    )


def _with_steps(asked: Asked, cells: "pd.DataFrame", by: tuple[str, ...]) -> "pd.DataFrame":
    """Return `cells` with strength, unit and axis of their tier; null where several mix."""
    import pandas as pd

    known = {
        (row["perturbation"], int(tier)): (strength, row["unit"], row["axis"])
        for row in asked.perturbations.to_dict("records")
        for tier, strength in zip(row["tiers"], row["strengths"], strict=True)
    }
    axes = set(asked.perturbations["axis"])
    mixed = (None, None, axes.pop() if len(axes) == 1 else None)
    if "perturbation" in by:
        keys = zip(cells["perturbation"], cells["tier"], strict=True)
        steps = [known.get((name, int(tier)), mixed) for name, tier in keys]
    else:
        steps = [mixed] * len(cells)
    strengths = [np.nan if step[0] is None else float(step[0]) for step in steps]
    place = list(cells.columns).index("tier") + 1
    table = cells.copy()
    table.insert(place, "strength", pd.Series(strengths, dtype="float64"))
    table.insert(place + 1, "unit", pd.Series([step[1] for step in steps], dtype="object"))
    table.insert(place + 2, "axis", pd.Series([step[2] for step in steps], dtype="object"))
    return table


def _refusals(asked: Asked, cells: "pd.DataFrame", by: tuple[str, ...]) -> list[Warn]:
    graded = _curve.graded_names(asked, cells, by)
    if not graded:
        return []
    names = ", ".join(asked.titles.get(name, name) for name in graded)
    return [
        Warn(
            "graded-axis",
            f"The tiers of {names} hold different items, so break tier and survival, which need "
            "the same item at every tier, are left out, and drops have unpaired intervals.",
            len(graded),
        )
    ]


def _short(summary: "pd.DataFrame") -> list[Warn]:
    found = []
    few = int((summary["n_tiers"] < 2).sum())
    if few:
        text = "a single tier, so there is no slope, drop or area."
        found.append(Warn("one-tier", f"{_curves(few)} {text}", few))
    apart = int(((summary["n_tiers"] > 1) & summary["drop"].isna()).sum())
    if apart:
        text = "no item at both the first and the last tier, so there is no drop."
        found.append(Warn("no-drop", f"{_curves(apart)} {text}", apart))
    return found


def _curves(n: int) -> str:
    return f"{n} curve{'s have' if n > 1 else ' has'}"


PIECE = Analysis(
    title="Tier curves",
    question="How fast does each model fall as inputs get harder?",
    params=TierCurveParams,
    run=run,
    figures=("tier_curve", "survival"),
    source="Bands: Wilson (1927) with a design effect; slopes: least squares on cluster sums.",
)
