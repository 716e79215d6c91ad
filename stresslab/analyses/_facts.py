"""Compute the tables behind the headlines of the overview."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from math import comb
from typing import TYPE_CHECKING

import numpy as np

from stresslab.analyses import _paired, _tiers, _value
from stresslab.analyses._ask import Asked
from stresslab.analyses._sentences import Facts
from stresslab.analyses._sentences_lead import ALWAYS, best
from stresslab.analyses._training import in_training

if TYPE_CHECKING:
    import pandas as pd

    from stresslab.store.query import Pairs

LABELS = ("view", "perturbation", "tier")


def gather(asked: Asked, cells: "pd.DataFrame") -> Facts:
    """Return everything the headline rules read about one question.

    Parameters
    ----------
    asked : Asked
        The question.
    cells : DataFrame
        Its value table by perturbation and tier.
    """
    from stresslab.store import query

    how = _paired.judge(asked)
    question = _paired.row_question(asked)
    pairs = query.pairs(asked.workspace, question, by=("perturbation", "tier"))
    graded = not (cells["tier"] == 0).any()
    silent = asked.params.metric == "score" and bool(cells["n_abstained"].any())
    clean = _clean(asked, graded, silent)
    family = _between_models(asked, pairs, how, clean, silent)
    tables = how.settle([*family, *_tiers.drops(asked, pairs, how)])
    domains = _domains(asked, graded)
    return Facts(
        clean=clean,
        differences=tables.get("differences", _paired.empty_differences(LABELS)),
        drops=_tiers.drop_table(tables.get("drops")),
        domains=domains,
        sure=_sure(asked, len(cells)),
        names=asked.names,
        titles=asked.titles,
        rate=how.rate or bool(pairs.rate),
        graded=graded,
        answered=question is not asked.question,
        grouped=_paired.grouped(pairs),
        trained=_trained(asked, domains),
        margin=how.margin,
        settings=asked.link,
    )


def empty_drops() -> "pd.DataFrame":
    """Return a table of drops without rows."""
    return _tiers.drop_table(None)


def _between_models(
    asked: Asked, pairs: "Pairs", how: _paired.Judge, clean: "pd.DataFrame", silent: bool
) -> list[_paired.Batch]:
    """Return every pair of models on clean inputs; the leader against all on answered and by tier.

    The leader is picked on clean inputs from all models, so all pairs count there.
    """
    import pandas as pd

    if len(pairs.models) < 2 or not clean["value"].notna().any():
        return []
    graded = not (pairs.tier == 0).any()
    untouched = _paired.once(pairs) & (graded | (pairs.tier == 0))
    leader = str(best(clean[clean["value"].notna()])["model"])
    compared = [(leader, model) for model in pairs.models if model != leader]

    def labelled(view: str, groups: "pd.DataFrame") -> "pd.DataFrame":
        return groups.assign(view=view)[list(LABELS)]

    one = pd.DataFrame({"perturbation": pd.Series([None], dtype=object), "tier": [0]})
    others = combinations([model for model in pairs.models if model != leader], 2)
    first = _paired.rows_of(pairs, untouched)
    found = [
        *_paired.between(
            first, np.zeros(len(first.variant), dtype=np.int64), labelled("clean", one),
            [*compared, *others], how, "differences",
        )
    ]  # fmt: skip
    if silent:
        found += _answered(asked, how, compared, graded, labelled("answered", one))
    harder = pairs.groups[pairs.groups["tier"].to_numpy() > 0]
    if len(harder):
        place = np.full(len(pairs.groups) + 1, -1)
        place[harder.index.to_numpy()] = np.arange(len(harder))
        found += _paired.between(
            pairs, place[pairs.group], labelled("tier", harder), compared, how, "differences"
        )
    return found


def _answered(
    asked: Asked,
    how: _paired.Judge,
    compared: Sequence[tuple[str, str]],
    graded: bool,
    labels: "pd.DataFrame",
) -> list[_paired.Batch]:
    """Return the differences on rows that both models answered, where some model abstains."""
    from stresslab.store import query

    if "correct" not in _measures(asked):
        return []
    again = asked.again("correct", population="each")
    pairs = query.pairs(asked.workspace, again.question, by=("tier",))
    untouched = _paired.once(pairs) & (graded | (pairs.tier == 0))
    batches = _paired.between(
        pairs, np.where(untouched, 0, -1), labels, compared, how, "differences"
    )
    return list(batches)


def _clean(asked: Asked, graded: bool, silent: bool) -> "pd.DataFrame":
    """Return each model's value, value over answered rows and coverage on untouched inputs.

    Intervals over answered rows hold for all models together that do not always answer.
    """

    def untouched(one: Asked, level: float | None = None) -> "pd.DataFrame":
        if graded:
            return _value.values(one, (), level=level)
        table = _value.values(one, ("tier",), level=level)
        return table[table["tier"] == 0].drop(columns="tier").reset_index(drop=True)

    table = untouched(asked)[["model", "value", "low", "high", "n", "n_clusters"]]
    if not silent:
        same = {"selective": "value", "selective_low": "low", "selective_high": "high"}
        return table.assign(coverage=1.0, **{new: table[old] for new, old in same.items()})
    names = {"value": "selective", "low": "selective_low", "high": "selective_high"}
    share = untouched(asked.again("coverage")).rename(columns={"value": "coverage"})
    n_silent = max(1, int((share["coverage"] < ALWAYS).sum()))  # the best of them is picked
    strict = 1 - (1 - asked.params.level) / n_silent
    answered = untouched(asked.again("selective_score"), strict).rename(columns=names)
    table = table.merge(answered[["model", *names.values()]], on="model", how="left")
    return table.merge(share[["model", "coverage"]], on="model", how="left")


def _domains(asked: Asked, graded: bool) -> "pd.DataFrame":
    """Return the widest distance between two domains of each model, corrected for the choice."""
    import pandas as pd

    from stresslab.predicate import Compare, Field, all_of
    from stresslab.store import query

    untouched = None if graded else Compare(Field(("tier",)), "=", 0)
    question = replace(asked.question, where=all_of(asked.question.where, untouched))
    cells = query.cells(asked.workspace, question, by=("domain",))
    n_pairs = comb(cells["domain"].dropna().nunique(), 2)
    if not n_pairs:
        return pd.DataFrame()
    strict = 1 - (1 - asked.params.level) / (n_pairs * max(1, cells["model"].nunique()))
    table = _value.from_cells(cells, asked, ("domain",), level=strict)
    table = table.dropna(subset=["domain", "value"])
    rows = []
    for model, part in table.groupby("model", sort=True):
        ordered = part.sort_values(["value", "domain"], ascending=[False, True])
        best, worst = ordered.iloc[0], ordered.iloc[-1]
        low, high = _tiers.distance(best, worst)
        rows.append(
            {
                "model": model, "best": best["domain"], "worst": worst["domain"],
                "best_value": best["value"], "worst_value": worst["value"],
                "difference": best["value"] - worst["value"], "low": low, "high": high,
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def _trained(asked: Asked, domains: "pd.DataFrame") -> dict[tuple[str, str], str | None]:
    return {
        (row["model"], row[end]): in_training(asked.workspace, row["model"], row[end])
        for row in domains.to_dict("records")
        for end in ("best", "worst")
    }


def _sure(asked: Asked, n_cells: int) -> "pd.DataFrame":
    """Return confidence beside the share right, by perturbation and tier, corrected for choice."""
    import pandas as pd

    by = ("perturbation", "tier")
    if not {"correct", "confidence"} <= _measures(asked) or asked.params.metric != "score":
        return pd.DataFrame()
    right, sure = (asked.again(name, population="each") for name in ("correct", "confidence"))
    strict = 1 - (1 - asked.params.level) / n_cells
    table = _value.values(right, by, level=strict).merge(
        _value.values(sure, by, level=strict), on=["model", *by], suffixes=("", "_sure")
    )
    table = table[(table["n"] >= 2 * _value.FEW) & (table["n_sure"] >= 0.9 * table["n"])]
    return table.assign(confidence=table["value_sure"], gap_low=table["low_sure"] - table["high"])


def _measures(asked: Asked) -> set[str]:
    table = asked.contents.measures
    return set(table.loc[table["task"] == asked.question.task, "measure"])
