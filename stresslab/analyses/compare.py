"""Say whether one model is really better than another on the same items, and where."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from stresslab.analyses import _paired, _rest, _sentences, _training, _trials, _value
from stresslab.analyses import _sentences_compare as rules
from stresslab.analyses._ask import Asked, ask, no_rows
from stresslab.analyses._kind import Analysis
from stresslab.analyses._words import plural
from stresslab.errors import ParamError
from stresslab.params import PairedParams, setting
from stresslab.result import Result, Warn

if TYPE_CHECKING:
    import pandas as pd

    from stresslab.store.query import Pairs
    from stresslab.store.workspace import Workspace

TIERS = ("perturbation", "tier")
AGREEMENT = {
    "model_a": "str", "model_b": "str", "both_right": "int64", "only_a": "int64",
    "only_b": "int64", "both_wrong": "int64", "n_pairs": "int64",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class CompareParams(PairedParams):
    """Settings of a comparison of models."""

    by: tuple[str, ...] = setting(
        ("domain",),
        "Group by task, domain, perturbation, tier, or an attribute such as item.length.",
    )
    against: Literal["each", "rest"] = setting(
        "each", "each: pairs of models; rest: every model against the mean of the others."
    )


def run(workspace: "Workspace", params: CompareParams) -> Result:
    """Return the paired differences of models, by cell, overall and by tier, as one family."""
    asked = ask(workspace, params)
    by = params.by
    how = _paired.judge(asked)
    empty = {
        "compare": _paired.empty_differences(by),
        "overall": _paired.empty_differences(),
        "by_tier": _paired.empty_differences(TIERS),
    }
    tables: dict[str, pd.DataFrame] = dict(empty)
    agreement, unmatched = _value.frame(AGREEMENT), _value.frame({"model": "str", "n": "int64"})
    warnings, rate, grouped = list(asked.question.warnings), True, False
    compared = _compared(asked.models, params)
    repeated = _value.frame(_trials.KINDS)
    if compared:
        pairs, family = _family(asked, by, compared, how)
        tables |= how.settle(family)
        if params.against == "rest":
            tables = {name: _rest.named(table) for name, table in tables.items()}
        unmatched = _unmatched(pairs)
        grouped = _paired.grouped(pairs)
        warnings = _edited(warnings, pairs) + _cautions(asked, tables["overall"], pairs)
        rate = how.rate or bool(pairs.rate)
        warnings += _paired.answered_only(asked)
        repeated = _trials.flips(pairs, params.level, rate=rate)
        if params.against == "rest":
            warnings.append(_rest.no_agreement())
        elif rate:
            agreement = _agreement(pairs, compared)
        else:
            warnings.append(_no_agreement(asked))
    else:
        warnings.append(_too_few(asked))
    facts = rules.Compared(
        compare=tables["compare"], overall=tables["overall"], by_tier=tables["by_tier"],
        agreement=agreement, by=by, names=asked.names, titles=asked.titles, rate=rate,
        margin=how.margin, grouped=grouped, settings=asked.link, titled=asked.metric.title,
    )  # fmt: skip
    tables |= {"agreement": agreement, "trials": repeated, "unmatched": unmatched}
    tables["compare"] = _training.marked(tables["compare"], workspace)
    tables["headlines"] = _sentences.table(rules.headlines(facts))
    meanings = _paired.meanings(how)
    return Result(
        analysis="compare",
        params=asked.settings | {"margin": how.margin},
        tables=tables,
        warnings=_value.together(warnings),
        data_version=workspace.data_version,
        columns={
            **dict.fromkeys(("compare", "overall", "by_tier"), meanings),
            "trials": _trials.meanings(params.level),
        },
    )


def _compared(models: list[str], params: CompareParams) -> list[tuple[str, str]]:
    """Return the ordered pairs to compare; the second may stand for all other models."""
    if params.against == "rest" and params.baseline is not None:
        raise ParamError(
            f"against = rest compares every model with all others; got baseline "
            f"{params.baseline!r}, too. Leave one of them out."
        )
    if params.against == "rest" and len(models) > 1:
        return [(model, _rest.others(model)) for model in models]
    return _paired.model_pairs(models, params.baseline) if models else []


def _family(
    asked: Asked, by: tuple[str, ...], compared: list[tuple[str, str]], how: _paired.Judge
) -> tuple["Pairs", list[_paired.Batch]]:
    """Return the values by tier, and every difference of this result."""
    import pandas as pd

    from stresslab.store import query

    question = _paired.row_question(asked)
    rest = [b for _, b in compared if b not in asked.models]

    def pairs_by(names: tuple[str, ...]) -> "Pairs":
        found = query.pairs(asked.workspace, question, by=names)
        return _rest.beside(found) if rest else found

    tiers = pairs_by(TIERS)
    whole = pd.DataFrame(index=range(1))
    everywhere = np.where(_paired.once(tiers), 0, -1)
    family = list(_paired.between(tiers, everywhere, whole, compared, how, "overall"))
    if by:
        cells = pairs_by(by)
        family += _paired.between(cells, cells.group, cells.groups, compared, how, "compare")
    else:
        family += _paired.between(tiers, everywhere, whole, compared, how, "compare")
    if by != TIERS:
        family += _paired.between(tiers, tiers.group, tiers.groups, compared, how, "by_tier")
    return query.pairs(asked.workspace, question, by=TIERS) if rest else tiers, family


def _agreement(pairs: "Pairs", compared: list[tuple[str, str]]) -> "pd.DataFrame":
    """Return who is right on how many pairs; a mean over trials is right from one half on."""
    first = np.flatnonzero(_paired.once(pairs))
    column = {model: place for place, model in enumerate(pairs.models)}
    known, right = {}, {}
    for model in dict.fromkeys(name for pair in compared for name in pair):
        values = np.take(pairs.values[:, column[model]], first)
        known[model], right[model] = np.isfinite(values), values >= 0.5
    complete = all(one.all() for one in known.values())
    n_right = {model: int(np.count_nonzero(one)) for model, one in right.items()}
    rows: list[dict[str, Any]] = []
    for a, b in compared:
        both = int(np.count_nonzero(right[a] & right[b]))
        if complete:
            n, of_a, of_b = len(first), n_right[a], n_right[b]
        else:
            n = int(np.count_nonzero(known[a] & known[b]))
            of_a, of_b = (
                int(np.count_nonzero(right[one] & known[other])) for one, other in ((a, b), (b, a))
            )
        rows.append(
            {
                "model_a": a, "model_b": b, "both_right": both, "only_a": of_a - both,
                "only_b": of_b - both, "both_wrong": n - of_a - of_b + both, "n_pairs": n,
            }
        )  # fmt: skip
    return _value.frame(AGREEMENT, rows)


def _unmatched(pairs: "Pairs") -> "pd.DataFrame":
    left_out = pairs.unmatched
    rows = [{"model": model, "n": int(left_out.get(model, 0))} for model in pairs.models]
    return _value.frame({"model": "str", "n": "int64"}, rows)


def _cautions(asked: Asked, overall: "pd.DataFrame", pairs: "Pairs") -> list[Warn]:
    found = []
    if overall.empty and not (pairs.n_edited or any(pairs.unmatched.values())):
        found.append(no_rows(asked))
    elif overall.empty:
        text = "The models have no item in common with a known value and the same contents."
        found.append(Warn("no-common-items", text, 0))
    elif (overall["n_clusters"] < _value.FEW).any():
        n = int(overall["n_clusters"].min())
        many = plural(n, "independent item")
        if _paired.grouped(pairs):
            many = plural(n, "independent group of items", "independent groups of items")
        found.append(Warn("few-clusters", f"A comparison rests on only {many}.", n))
    unmatched = sum(int(n) for n in pairs.unmatched.values())
    if unmatched:
        found.append(
            Warn(
                "unmatched",
                f"{unmatched:,} values of one model have no partner in another and are left out.",
                unmatched,
            )
        )
    return found


def _edited(warnings: list[Warn], pairs: "Pairs") -> list[Warn]:
    """Return the warnings with what edited items mean for this comparison, said once."""
    if not pairs.n_edited:
        return warnings
    text = f"{pairs.n_edited:,} variants carry one id and different contents, so they are not "
    found = Warn("edited", f"{text}paired. Workspace lists the items.", int(pairs.n_edited))
    return [*(one for one in warnings if one.code != "edited-items"), found]


def _no_agreement(asked: Asked) -> Warn:
    return Warn(
        "no-agreement",
        f"Who is right is not counted: {asked.metric.title} is not a matter of right or wrong.",
    )


def _too_few(asked: Asked) -> Warn:
    if asked.empty:
        return no_rows(asked)
    return Warn("one-model", f"A comparison needs two models; there is one: {asked.models[0]}.", 1)


PIECE = Analysis(
    title="Compare",
    question="Is one model really better than another on the same items, and where?",
    params=CompareParams,
    run=run,
    figures=("difference", "agreement"),
    source="Exact McNemar or cluster sign-flip tests; Tango (1998) intervals; Holm or BH.",
)
