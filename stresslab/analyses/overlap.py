"""Say which models fail on the same rows, which alone, and what they could do together."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stresslab.analyses import _overlap_patterns, _overlap_tables, _paired, _sentences, _value
from stresslab.analyses import _sentences_overlap as rules
from stresslab.analyses._ask import Asked, ask, no_rows
from stresslab.analyses._kind import Analysis
from stresslab.params import ByParams, setting
from stresslab.result import Result, Warn

if TYPE_CHECKING:
    import pandas as pd

    from stresslab.store.query import Pairs
    from stresslab.store.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class OverlapParams(ByParams):
    """Settings of an overlap of failures."""

    by: tuple[str, ...] = setting(
        ("perturbation", "tier"),
        "Error consistency within every value of these, too: domain, perturbation, tier, ...",
    )
    patterns: int = setting(
        20, "Sets of failing models to show, the most frequent first.", low=1, high=500
    )


def run(workspace: "Workspace", params: OverlapParams) -> Result:
    """Return failures by who shares them, error consistency of every pair, and the oracle gain."""
    asked = ask(workspace, params)
    by = tuple(dict.fromkeys(params.by))
    tables = _overlap_tables.empty(by)
    warnings = list(asked.question.warnings)
    right, told = _of_right(asked)
    warnings += told
    if asked.empty:
        warnings.append(no_rows(asked))
    elif right is not None:
        from stresslab.store import query

        pairs = query.pairs(asked.workspace, _paired.row_question(right), by=by)
        whole = pairs
        if not (once := _paired.once(pairs)).all():
            whole = _paired.rows_of(pairs, once)
        found = _overlap_patterns.patterns(whole)
        if len(found.code):
            tables |= _tables(right, found, pairs, by)
            warnings += _cautions(asked, found, pairs)
        else:
            warnings.append(_nothing(asked, pairs))
    facts = rules.Overlapped(
        overlap=tables["overlap"], shared=tables["shared"], oracle=tables["oracle"],
        alone=tables["alone"], consistency=tables["consistency"], names=asked.names,
        settings=asked.link,
    )  # fmt: skip
    tables["headlines"] = _sentences.table(rules.headlines(facts))
    return Result(
        analysis="overlap",
        params=asked.settings | {"by": list(by)},
        tables=tables,
        warnings=_value.together(warnings),
        data_version=workspace.data_version,
        columns=_overlap_tables.meanings(asked),
    )


def _tables(
    asked: Asked, found: _overlap_patterns.Patterns, pairs: "Pairs", by: tuple[str, ...]
) -> dict[str, "pd.DataFrame"]:
    params: Any = asked.params
    level = params.level
    pairwise, cells = _overlap_tables.consistency(found, pairs, by, level)
    return {
        "overlap": _overlap_tables.overlap(asked, found, params.patterns, level),
        "shared": _overlap_tables.shared(found, level),
        "alone": _overlap_tables.alone(found, level),
        "oracle": _overlap_tables.oracle(found, level),
        "consistency": pairwise,
        "by_cell": cells,
    }


def _of_right(asked: Asked) -> tuple[Asked | None, list[Warn]]:
    """Return the question about right and wrong, and what the user must know about it."""
    if asked.empty:
        return None, []
    how = _paired.judge(asked)
    if _paired.has_rows(asked) and (how.rate or how.bounds == (0.0, 1.0)):
        return asked, []
    measures = asked.contents.measures
    if "correct" in set(measures.loc[measures["task"] == asked.question.task, "measure"]):
        text = f"{asked.metric.title} is not a matter of right or wrong, so rows count as "
        return asked.again("correct"), [Warn("of-correct", text + "failed where the answer is.")]
    text = f"{asked.metric.title} is not a matter of right or wrong, so nothing overlaps."
    return None, [Warn("no-right-or-wrong", text)]


def _cautions(asked: Asked, found: _overlap_patterns.Patterns, pairs: "Pairs") -> list[Warn]:
    warned = []
    if len(found.models) == 1:
        name = asked.names.get(found.models[0], found.models[0])
        warned.append(Warn("one-model", f"There is one model, {name}: an overlap needs two.", 1))
    clusters = len(set(found.cluster.tolist())) if len(found.cluster) < 1000 else 1000
    if clusters < _value.FEW:
        text = "independent items or groups of items; read the intervals with care."
        warned.append(Warn("few-clusters", f"All rests on only {clusters} {text}", clusters))
    unmatched = sum(int(n) for n in pairs.unmatched.values())
    if unmatched:
        text = "values of one model have no partner in another and are left out."
        warned.append(Warn("unmatched", f"{unmatched:,} {text}", unmatched))
    if pairs.n_edited:
        text = "variants carry one id and different contents, so they are left out."
        warned.append(Warn("edited", f"{pairs.n_edited:,} {text}", int(pairs.n_edited)))
    return warned


def _nothing(asked: Asked, pairs: "Pairs") -> Warn:
    if any(pairs.unmatched.values()) or pairs.n_edited:
        text = "The models have no item in common with a known value and the same contents."
        return Warn("no-common-items", text, 0)
    return no_rows(asked)


PIECE = Analysis(
    title="Overlap",
    question="Do the models fail on the same items, and what could they do together?",
    params=OverlapParams,
    run=run,
    figures=("upset", "kappas"),
    source="Error consistency: Geirhos et al. (2020); variance: Fleiss, Cohen and Everitt (1969) "
    "on cluster sums; shares: Wilson (1927) with a design effect.",
)
