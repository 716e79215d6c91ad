"""Search all slices of up to three conditions for those that stand out, and test what is found."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from stresslab.analyses import _sentences, _value
from stresslab.analyses import _sentences_found as rules
from stresslab.analyses._ask import Asked, ask, no_rows
from stresslab.analyses._found_columns import columns as columns_of
from stresslab.analyses._found_target import Target, target
from stresslab.analyses._found_test import KINDS, SAME, How, search_and_test
from stresslab.analyses._kind import Analysis
from stresslab.params import Params, setting
from stresslab.result import Column, Result, Warn

if TYPE_CHECKING:
    import pandas as pd

    from stresslab.slices.columns import Column as Searched
    from stresslab.store.workspace import Workspace

SEARCHED = {"column": "str", "n_values": "int64", "n_known": "int64"}
LEAST_CLUSTERS = 20
"""Below so many clusters there is nothing to halve."""


@dataclass(frozen=True, kw_only=True)
class FoundParams(Params):
    """Settings of a search for slices."""

    target: Literal["score", "sure_and_wrong", "difference", "tier_drop"] = setting(
        "score", "score: where it is low; sure_and_wrong; difference: of two models; tier_drop: "
        "from the untouched item.",
    )  # fmt: skip
    columns: tuple[str, ...] = setting(
        (), "Columns to search: domain, perturbation, tier, attributes, input.words ...; all when "
        "empty.",
    )  # fmt: skip
    conditions: int = setting(3, "Most conditions of a slice.", low=1, high=3)
    support: float = setting(0.02, "Smallest share of rows in a slice.", low=0.0005, high=0.5)
    most: int = setting(20, "Most slices to test.", low=1, high=100)
    sure: float = setting(0.9, "Confidence that counts as sure.", low=0.0, high=1.0)


def run(workspace: "Workspace", params: FoundParams) -> Result:
    """Return the slices that stand out on one half of the clusters, measured on the other."""
    asked = ask(workspace, params)
    warnings = list(asked.question.warnings)
    tables = {"find_slices": _value.frame(KINDS), "same_rows": _value.frame(SAME)}
    tables["columns"] = _value.frame(SEARCHED)
    of, told = (None, []) if asked.empty else target(asked, params.target, params.sure)
    warnings += told
    n_looked = 0
    if of is None:
        warnings += [] if told else [no_rows(asked)]
    else:
        searched, said = columns_of(asked, of.variant, params.columns, params.target)
        warnings += said
        n_looked = _search(asked, of, searched, tables, warnings)
    facts = rules.Found(
        table=tables["find_slices"], target=of, n_looked=n_looked, names=asked.names,
        n_columns=len(tables["columns"]), settings=asked.link,
    )  # fmt: skip
    tables["headlines"] = _sentences.table(rules.headlines(facts))
    return Result(
        analysis="find_slices",
        params=asked.settings,
        tables=tables,
        warnings=_value.together(warnings),
        data_version=workspace.data_version,
        columns={"find_slices": _meanings(asked, of)},
    )


def _search(
    asked: Asked, of: Target, columns: list["Searched"], tables: dict[str, "pd.DataFrame"],
    warnings: list[Warn],
) -> int:  # fmt: skip
    """Fill the tables; return how many slices were looked at."""
    params: Any = asked.params
    n_clusters = int(of.cluster.max()) + 1
    if n_clusters < LEAST_CLUSTERS or not columns:
        text = f"A search needs {LEAST_CLUSTERS} independent items or groups; there are "
        warnings.append(Warn("too-few-to-search", f"{text}{n_clusters}.", n_clusters))
        return 0
    tables["columns"] = _searched(columns)
    how = How(params.conditions, params.support, params.most, params.level, params.seed)
    found = search_and_test(of, columns, how, asked.titles)
    tables["find_slices"], tables["same_rows"], n_looked = found
    return n_looked


def _searched(columns: list["Searched"]) -> "pd.DataFrame":
    rows = [
        {
            "column": one.name, "n_values": len(one.conditions),
            "n_known": int((one.codes >= 0).sum()),
        }
        for one in columns
    ]  # fmt: skip
    return _value.frame(SEARCHED, rows)


def _meanings(asked: Asked, of: Target | None) -> dict[str, Column]:
    title, unit = ("", "") if of is None else (of.title, of.unit)
    said = _value.meanings(asked) | {"value": Column("number", title, unit)}
    wide = "interval at the level the corrected test leaves"
    more = {
        "rest": Column("number", "the same on all other rows"),
        "n_rest": Column("integer", "rows outside with a known value"),
        "difference": Column("number", "inside minus outside, on rows not searched", unit),
        "low_adjusted": Column("number", wide),
        "high_adjusted": Column("number", wide),
        "p_adjusted": Column("number", "Benjamini and Hochberg over the slices listed"),
        "support": Column("number", "share of all rows that lie in the slice"),
        "found_difference": Column("number", "difference on the half that was searched: too large"),
        "n_same": Column("integer", "other slices of nearly the same rows"),
    }
    names = ("value", "low", "high", "n", "n_clusters")
    return {name: said[name] for name in names} | more


PIECE = Analysis(
    title="Found slices",
    question="On which slices is it worst, of all there are?",
    params=FoundParams,
    run=run,
    figures=("dots",),
    source="Search: exact joint histograms; half of the clusters is searched, the other half tests "
    "(Cox 1975); false discoveries: Benjamini and Hochberg (1995).",
)
