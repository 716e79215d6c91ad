"""Hold printed numbers and rankings against the logs: reproduced, differs, or cannot tell."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.analyses import _claims, _paired, _sentences, _value
from stresslab.analyses import _sentences_claims as rules
from stresslab.analyses._ask import Asked, ask
from stresslab.analyses._claims import Claim
from stresslab.analyses._kind import Analysis
from stresslab.errors import ParamError
from stresslab.params import Params, setting
from stresslab.result import Column, Result, Warn

if TYPE_CHECKING:
    from stresslab.stats.difference import Difference
    from stresslab.store.workspace import Workspace

CHECK = {
    "claim": "int64", "says": "str", "verdict": "str", "reason": "str", "model": "str",
    "model_b": "str", "task": "str", "metric": "str", "slice": "str", "printed": "float64",
    "value": "float64", "low": "float64", "high": "float64", "low_adjusted": "float64",
    "high_adjusted": "float64", "n": "int64", "n_clusters": "int64", "p_adjusted": "float64",
    "n_needed": "Int64", "source": "str",
}  # fmt: skip
REPRODUCED, DIFFERS, CANNOT_TELL = "reproduced", "differs", "cannot tell"


@dataclass(frozen=True, kw_only=True)
class ClaimParams(Params):
    """Settings of a claim check; task, metric and where hold for claims that name none."""

    claims: str = setting("", "Path of a TOML file of claims, or its text.")
    margin: float | None = setting(
        None, "How near is near enough for a number (0.02 for 0-1 scores).", low=0.0
    )
    power: float = setting(0.8, "Power behind `n_needed`.", low=0.05, high=0.999)


@dataclass
class _Case:
    """A claim and what the workspace says to it."""

    claim: Claim
    row: dict[str, Any]
    asked: Asked | None = None
    difference: "Difference | None" = None


def run(workspace: "Workspace", params: ClaimParams) -> Result:
    """Return one row per claim: the printed number or order beside the recomputed one."""
    cases = [_case(workspace, params, claim) for claim in _claims.read(params.claims)]
    _settle_values([one for one in cases if one.asked and not one.claim.model_b], params)
    _settle_orders([one for one in cases if one.difference is not None], params)
    table = _value.frame(CHECK, [one.row for one in cases])
    warnings = [] if cases else [_none_given(), *_nothing_there(workspace, params)]
    return Result(
        analysis="claim_check",
        params=params.to_dict(),
        tables={"claim_check": table, "headlines": _sentences.table(rules.headlines(table))},
        warnings=_value.together(warnings),
        data_version=workspace.data_version,
        columns={
            "claim_check": {
                "value": Column("number", "recomputed; a difference for an order"),
                "low": Column("number", f"{params.level:.0%} interval, not corrected"),
                "low_adjusted": Column("number", "interval that holds for all claims together"),
                "high_adjusted": Column("number", "interval that holds for all claims together"),
            }
        },
    )


def _case(workspace: "Workspace", params: ClaimParams, claim: Claim) -> _Case:
    row: dict[str, Any] = {
        "claim": claim.number, "says": claim.says, "verdict": CANNOT_TELL, "reason": "",
        "model": claim.model, "model_b": claim.model_b, "task": claim.task or params.task or "",
        "metric": claim.metric, "slice": claim.where, "n": 0, "n_clusters": 0, "n_needed": None,
        "printed": np.nan if claim.printed is None else claim.printed, "source": claim.source,
        **dict.fromkeys(
            ("value", "low", "high", "low_adjusted", "high_adjusted", "p_adjusted"), np.nan
        ),
    }  # fmt: skip
    models = (claim.model, claim.model_b) if claim.model_b else (claim.model,)
    asked_for = replace(
        params, task=claim.task or params.task, models=models, metric=claim.metric,
        where=claim.where or params.where,
    )  # fmt: skip
    try:
        asked = ask(workspace, asked_for)
    except ParamError as error:  # no such model, task or metric here: that is an answer
        return _Case(claim, row | {"reason": str(error)})
    row["task"] = asked.question.task
    if asked.empty:
        return _Case(claim, row | {"reason": "The workspace holds no outcomes of this."})
    if not claim.model_b:
        return _Case(claim, row, asked)
    return _ordered(_Case(claim, row, asked))


def _ordered(case: _Case) -> _Case:
    from stresslab.store import query

    asked, claim = case.asked, case.claim
    assert asked is not None
    try:
        question = _paired.row_question(asked)
    except ParamError as error:
        case.row["reason"] = str(error)
        return case
    pairs = query.pairs(asked.workspace, question)
    if not len(pairs.values):
        case.row["reason"] = "The two models have no known value on a common item here."
        return case
    how = _paired.judge(asked)
    a, b = (list(pairs.models).index(name) for name in (claim.model, claim.model_b))
    sign = 1.0 if how.larger_is_better else -1.0
    case.difference = how.paired(
        sign * pairs.values[:, a], sign * pairs.values[:, b], pairs.cluster,
        np.zeros(len(pairs.values), dtype=np.int64), 1, rate=how.rate or pairs.rate,
        single=bool((pairs.trials <= 1).all()),
    )  # fmt: skip
    return case


def _settle_values(cases: Sequence[_Case], params: ClaimParams) -> None:
    """Judge printed numbers against intervals that hold for all of them together."""
    strict = 1 - (1 - params.level) / max(1, len(cases))
    for case in cases:
        asked, claim = case.asked, case.claim
        assert asked is not None
        assert claim.printed is not None
        table = _value.values(asked, ())
        if table.empty or not table["n"].iloc[0]:
            case.row["reason"] = "No row with a known value matches."
            continue
        found = table.iloc[0]
        wide = _value.values(asked, (), level=strict).iloc[0]
        low, high = float(wide["low"]), float(wide["high"])
        case.row |= {
            "value": found["value"], "low": found["low"], "high": found["high"],
            "low_adjusted": low, "high_adjusted": high, "n": int(found["n"]),
            "n_clusters": int(found["n_clusters"]),
        }  # fmt: skip
        margin = _margin(asked, params)
        case.row |= _number_verdict(claim, float(found["value"]), (low, high), margin, strict)


def _margin(asked: Asked, params: ClaimParams) -> float | None:
    if params.margin is not None:
        return params.margin
    return 0.02 if asked.metric.bounds == (0.0, 1.0) else None


def _number_verdict(
    claim: Claim, value: float, ends: tuple[float, float], margin: float | None, level: float
) -> dict[str, str]:
    """Return what a recomputed number says to a printed one.

    Equal up to rounding is reproduced, and so is a printed number the interval of which lies
    within the margin; one outside the interval differs. A printed standard error widens both.
    """
    from scipy.special import ndtri

    assert claim.printed is not None
    gap = abs(value - claim.printed)
    if gap <= claim.tolerance + 1e-12:
        return {"verdict": REPRODUCED, "reason": "equal up to the rounding of the printed number"}
    below, above = value - ends[0], ends[1] - value
    if not np.isfinite([below, above]).all():
        return {"verdict": CANNOT_TELL, "reason": "there is no interval to hold it against"}
    printed_half = 0.0 if claim.stderr is None else float(ndtri(0.5 + level / 2)) * claim.stderr
    side = above if claim.printed > value else below
    reach = float(np.hypot(side, printed_half)) + claim.tolerance
    if gap > reach:
        return {"verdict": DIFFERS, "reason": "the printed number lies outside the interval"}
    widest = float(np.hypot(max(below, above), printed_half))
    if margin is not None and gap + widest <= margin:
        return {"verdict": REPRODUCED, "reason": f"within {margin:g} for sure"}
    return {"verdict": CANNOT_TELL, "reason": "inside the interval, which is wider than the margin"}


def _settle_orders(cases: Sequence[_Case], params: ClaimParams) -> None:
    """Judge claimed orders by paired tests, corrected as one family."""
    from stresslab.stats.family import settle

    if not cases:
        return
    asked = cases[0].asked
    assert asked is not None
    found = [one.difference for one in cases if one.difference is not None]
    margin = _margin(asked, params)
    settled = settle(found, level=params.level, margin=margin, power=params.power)
    words = {
        "better": (REPRODUCED, "better on the same items"),
        "worse": (DIFFERS, "it is the other way round"),
        "equivalent": (DIFFERS, "the two are level"),
        CANNOT_TELL: (CANNOT_TELL, "the difference is not clear on these items"),
    }
    for place, (case, one) in enumerate(zip(cases, found, strict=True)):
        verdict, reason = words[str(settled.verdict[place])]
        needed = settled.n_needed[place]
        case.row |= {
            "value": float(one.difference[0]), "low": float(one.low[0]), "high": float(one.high[0]),
            "low_adjusted": float(settled.low_adjusted[place]),
            "high_adjusted": float(settled.high_adjusted[place]), "n": int(one.n_pairs[0]),
            "n_clusters": int(one.n_clusters[0]), "p_adjusted": float(settled.p_adjusted[place]),
            "n_needed": int(np.ceil(needed)) if np.isfinite(needed) else None,
            "verdict": verdict, "reason": reason,
        }  # fmt: skip


def _nothing_there(workspace: "Workspace", params: ClaimParams) -> list[Warn]:
    """Return the warning that the slice holds nothing, if that is so."""
    if not params.where:
        return []
    asked = ask(workspace, params)
    return [
        one for one in _value.cautions(_value.values(asked, ()), asked) if one.code == "no-rows"
    ]


def _none_given() -> Warn:
    return Warn("no-claims", f"No claim was given. Write claims as TOML, e.g.:\n{_claims.EXAMPLE}")


PIECE = Analysis(
    title="Claim check",
    question="Do the logs support what a paper or a colleague says?",
    params=ClaimParams,
    run=run,
    figures=("dots",),
    source="Wilson or t intervals for numbers, paired tests for orders; corrected over all claims.",
)
