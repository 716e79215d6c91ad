"""Say how often models are right where nobody gave labels, and how far such estimates are off."""

from dataclasses import dataclass, replace
from typing import Any, Literal

from stresslab import estimators
from stresslab.analyses import (
    _estimates,
    _estimates_quality,
    _estimates_rows,
    _ood_split,
    _paired,
    _sentences,
    _value,
)
from stresslab.analyses import _sentences_estimates as rules
from stresslab.analyses._ask import Asked, ask, no_rows
from stresslab.analyses._kind import Analysis
from stresslab.params import Params, setting
from stresslab.result import Column, Result, Warn

MARGIN = 0.02


@dataclass(frozen=True, kw_only=True)
class EstimateParams(Params):
    """Settings of estimates without labels."""

    metric: str = setting(
        "score", "Not read: what is estimated is the share of answers that are right."
    )
    population: Literal["common", "each"] = setting(
        "each", "each: a model's own rows; common: variants every chosen model answered."
    )
    estimators: tuple[str, ...] = setting(
        (), "Estimators; the quick ones when empty, with a space those that read vectors, too."
    )
    space: str | None = setting(None, "Space whose vectors are read; none when empty.")
    inputs: Literal["clean", "all"] = setting(
        "clean", "clean: the labelled side holds untouched inputs only; all: harder ones, too."
    )
    in_domains: tuple[str, ...] = setting(
        (), "Domains with labels; what workspace.toml says of each model when empty."
    )
    out_domains: tuple[str, ...] = setting((), "Domains without labels; all others when empty.")
    in_where: str = setting("", "Condition for rows with labels, in place of domains.")
    out_where: str = setting("", "Condition for rows without; the rest when empty.")
    margin: float | None = setting(None, "Errors of estimates that count as none (0.02).", low=0.0)
    correction: Literal["auto", "holm", "bh", "none"] = setting(
        "auto", "auto: holm up to 20 comparisons, else bh."
    )


def run(workspace: Any, params: EstimateParams) -> Result:
    """Return estimated beside true shares per model and cell, and what estimators are worth."""
    asked = ask(workspace, params)
    names = chosen(params)
    splits = _estimates.home_of(asked, _ood_split.splits(asked))
    table, homes = _estimates.estimates(asked, splits, names, params.space)
    margin = MARGIN if params.margin is None else params.margin
    how = replace(_paired.judge(asked), margin=margin)
    found = _estimates_quality.quality(
        table, level=params.level, margin=margin, correction=params.correction, seed=params.seed
    )
    tested = _estimates_quality.left_out(table, margin)
    tables = {
        "estimate": table,
        "quality": found,
        "advice": _estimates_quality.advice(table, tested),
        "left_out": tested,
        "comparisons": _estimates_quality.comparisons(table, found, how),
    }
    facts = rules.Estimates(tables=tables, names=asked.names, settings=asked.link)
    tables["headlines"] = _sentences.table(rules.headlines(facts))
    warnings = [*asked.question.warnings, *_cautions(asked, homes, table)]
    return Result(
        analysis="estimate",
        params=asked.settings | {"margin": margin, "estimators": list(names)},
        tables=tables,
        warnings=_value.together(warnings),
        data_version=workspace.data_version,
        columns=_meanings(params.level, how),
    )


def chosen(params: EstimateParams) -> list[str]:
    """Return the names of the estimators that are asked for.

    Raises
    ------
    UnknownPieceError
        If there is no such estimator.
    """
    if params.estimators:
        for name in params.estimators:
            estimators.get(name)
        return list(params.estimators)
    pieces = {name: estimators.get(name) for name in estimators.names()}
    return [
        name for name, piece in pieces.items()
        if piece.is_quick or (params.space is not None and "network" not in piece.needs)
    ]  # fmt: skip


def is_slow(params: EstimateParams) -> bool:
    """Return whether what is asked for takes longer than a page should wait."""
    return any(not estimators.get(name).is_quick for name in chosen(params))


def _cautions(asked: Asked, homes: list[_estimates.Home], table: Any) -> list[Warn]:
    """Return what must be known: models without a labelled side, twins, what does not apply."""
    if asked.empty or not homes:
        return [no_rows(asked)]
    name = asked.names.get
    found = []
    homeless = [name(one.model, one.model) for one in homes if not one.n]
    if homeless:
        text = (
            f"Nobody has said where labels are known for {', '.join(homeless)}; only estimators "
            "that need none apply (name in_domains or in_where)."
        )
        found.append(Warn("no-labelled-side", text, len(homeless)))
    twins = _estimates_rows.twins(asked)
    if "disagreement" in set(table["estimator"]):
        text = (
            "Twins (GDE) are models of one family, the nearest there is to two seeds of one "
            f"training: {', '.join(f'{name(a, a)} with {name(b, b)}' for a, b in twins.items())}."
        )
        found.append(Warn("twins", text, len(twins)))
    reasons: dict[str, list[str]] = {}
    for one in homes:
        for piece, reason in one.missing.items():
            if "labelled inputs" not in reason:
                said = f"{estimators.get(piece).title} ({reason.removeprefix('not applicable: ')})"
                reasons.setdefault(said, []).append(name(one.model, one.model))
    for said, models in reasons.items():
        text = f"Left out for {', '.join(models)}: {said}."
        found.append(Warn(f"not-applicable-{said.split(' (')[0].replace(' ', '-')}", text))
    no_interval = sorted(
        {estimators.get(one).title for one in set(table["estimator"])
         if estimators.get(one).weighted is None}
    )  # fmt: skip
    if no_interval:
        text = f"No interval, as it is no mean over rows: {', '.join(no_interval)}."
        found.append(Warn("no-interval", text, len(no_interval)))
    return found


def _meanings(level: float, how: _paired.Judge) -> dict[str, dict[str, Column]]:
    ends = f"{level:.0%} interval, over resampled items"
    alone = f"{level:.0%} interval over blocks of cells, not corrected"
    many = f"{level:.0%} interval, adjusted to all rows of this table"
    return {
        "estimate": {
            "value": Column("number", "estimated share right, or a score of errors"),
            "low": Column("number", ends), "high": Column("number", ends),
            "true": Column("number", "share right, where labels are known"),
            "error": Column("number", "estimate minus truth", "nearer to 0 is better"),
            "error_low": Column("number", ends), "error_high": Column("number", ends),
        },
        "quality": {
            "mae": Column("number", "mean absolute error over cells", "smaller is better"),
            "mae_low": Column("number", alone), "mae_high": Column("number", alone),
            "bias": Column("number", "mean of estimate minus truth over cells"),
            "rank": Column("number", "Spearman's correlation of estimate and truth over cells"),
            "worst": Column("number", "largest absolute error of a cell", "smaller is better"),
            **{f"{one}_{end}": Column("number", many) for one in ("bias", "rank")
               for end in ("low", "high")},
        },
        "advice": {
            "bound": Column("number", "largest absolute error over all cells"),
            "floor": Column("number", "the same of the guess that nothing changes"),
        },
        "comparisons": _paired.meanings(how)
        | {"difference": Column("number", "absolute error of a minus that of b")},
    }  # fmt: skip


PIECE = Analysis(
    title="Estimates without labels",
    question="How often is a model right where nobody gave labels, and which estimate can I trust?",
    params=EstimateParams,
    run=run,
    figures=("scatter",),
    source=(
        "Guillory et al. (2021); Garg et al. (2022); Baek et al. (2022); Jiang et al. (2022); "
        "Lu et al. (2023); leave-one-domain-out bound: ours."
    ),
)
