"""Say at first sight who leads, where each model breaks, and whether that is real."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stresslab.analyses import _facts, _paired, _sentences, _value
from stresslab.analyses import _sentences_lead as leads
from stresslab.analyses import _sentences_loss as losses
from stresslab.analyses._ask import Asked, ask
from stresslab.analyses._kind import Analysis
from stresslab.analyses._quality import quality
from stresslab.params import Params, setting
from stresslab.result import Column, Result, Warn

if TYPE_CHECKING:
    import pandas as pd

    from stresslab.store.workspace import Workspace

BY = ("perturbation", "tier")


@dataclass(frozen=True, kw_only=True)
class OverviewParams(Params):
    """Settings of the overview."""

    margin: float | None = setting(
        None, "Differences below it count as equal (0.02 for 0-1 scores)."
    )
    power: float = setting(0.8, "Power behind `n_needed`.", low=0.05, high=0.999)


def run(workspace: "Workspace", params: OverviewParams) -> Result:
    """Return every model's value by perturbation and tier, what it answered, and the headlines."""
    asked = ask(workspace, params)
    cells = _value.values(asked, BY)
    strip = quality(asked)
    known = bool((cells["n"] > 0).any())
    found = _facts.gather(asked, cells) if known and _paired.ranks(asked) else None
    tables = {
        "overview": cells,
        "below_line": _below(asked),
        "selective": _selective(asked),
        "headlines": _sentences.table(headlines(found) if found else [_nothing(asked, known)]),
        "quality": strip,
        "differences": found.differences if found else _paired.empty_differences(_facts.LABELS),
        "drops": found.drops if found else _facts.empty_drops(),
    }
    return Result(
        analysis="overview",
        params=asked.settings,
        tables=tables,
        warnings=_value.together(
            asked.question.warnings,
            _value.cautions(cells, asked),
            _strip_warnings(strip),
            _silent_elsewhere(asked, strip),
            _paired.answered_only(asked) if found else (),
        ),
        data_version=workspace.data_version,
        columns={
            "overview": _value.meanings(asked),
            "below_line": _value.meanings(asked),
            "differences": _paired.meanings(_paired.judge(asked)),
            "drops": {"drop": Column("number", "first tier minus last", "smaller is better")},
        },
    )


def headlines(facts: _sentences.Facts) -> list[_sentences.Sentence]:
    """Return the sentences the facts support, the most important first."""
    first = leads.lead(facts)
    rules = (
        leads.abstention, losses.largest_loss, losses.steady, losses.sure_and_wrong,
        losses.domain_gap,
    )  # fmt: skip
    if first.code == "nothing-known":
        return [first]
    rest = (rule(facts) for rule in rules)
    return [first, *(one for one in rest if one is not None)]


def _nothing(asked: Asked, known: bool) -> _sentences.Sentence:
    if known:
        return _sentences.Sentence(
            "no-ranking",
            "Headlines need a value per row of which more is better; "
            f"{asked.metric.title} is not one. The tables hold it.",
        )
    text = "No row of this slice has a known value, so we cannot tell which model leads."
    if asked.empty:
        text = "This workspace holds no outcomes yet, so there is nothing to tell."
    return _sentences.Sentence("nothing-known", text, _sentences.CANNOT_TELL, "inventory", {})


def _selective(asked: Asked) -> "pd.DataFrame":
    """Return the value over answered rows beside the share that was answered."""
    answered = _value.values(asked.again("selective_score"), BY)
    share = _value.values(asked.again("coverage"), BY)
    names = {"value": "coverage", "low": "coverage_low", "high": "coverage_high"}
    share = share[["model", *BY, *names]].rename(columns=names)
    return answered.merge(share, on=["model", *BY], how="left")


def _below(asked: Asked) -> "pd.DataFrame":
    """Return the values of models that cover too little to be ranked, each on its own rows."""
    below = asked.question.below
    if not below:
        return _value.empty(BY)
    return _value.values(asked.again(asked.params.metric, models=below, population="each"), BY)


def _strip_warnings(strip: "pd.DataFrame") -> list[Warn]:
    found = []
    for column, what in (("n_errored", "errored"), ("n_unscored", "have no score")):
        n = int(strip.loc[~strip["below_line"].astype(bool), column].sum())
        if n:
            found.append(
                Warn(column.replace("n_", ""), f"{n:,} rows {what} and leave the denominator.", n)
            )
    return found


def _silent_elsewhere(asked: Asked, strip: "pd.DataFrame") -> list[Warn]:
    """Return how often models abstain on rows that the common population leaves out."""
    if asked.question.measure != "score" or not asked.question.is_common:
        return []
    counted = strip.set_index("model")[["n_abstained", "n_refused"]].sum(axis=1)
    if not counted.any():
        return []
    among = _value.values(asked, ()).set_index("model")["n_abstained"]
    left = (counted.reindex(among.index) - among).astype(int)
    names = [f"{asked.names.get(str(one), one)} {n:,}" for one, n in left.items() if n > 0]
    if not names:
        return []
    text = "Rows abstained or refused that another model has no value for, so that no value here "
    return [Warn("abstained-elsewhere", f"{text}counts them: {', '.join(names)}.", int(left.sum()))]


PIECE = Analysis(
    title="Overview",
    question="Which model leads, where does each one break, and is that real?",
    params=OverviewParams,
    run=run,
    figures=("heatmap",),
    source="Intervals: Wilson (1927) with a design effect; verdicts: paired tests, corrected.",
)
