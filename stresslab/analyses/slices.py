"""Every saved slice in a row: how each model does on it, beside all other rows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.analyses import _paired, _sentences, _value
from stresslab.analyses import _sentences_slices as rules
from stresslab.analyses._ask import Asked, ask, no_rows
from stresslab.analyses._kind import Analysis
from stresslab.checks import Array
from stresslab.errors import ConditionError
from stresslab.params import Params, setting
from stresslab.predicate import Predicate, all_of, parse
from stresslab.result import Column, Result, Warn
from stresslab.saved_slices import expand

if TYPE_CHECKING:
    import pandas as pd

    from stresslab.store.query import Pairs
    from stresslab.store.workspace import Workspace

KINDS = {
    "slice": "str", "condition": "str", "model": "str", "value": "float64", "low": "float64",
    "high": "float64", "n": "int64", "n_clusters": "int64", "n_abstained": "int64",
    "n_errored": "int64", "n_unscored": "int64", "difference": "float64",
    "difference_low": "float64", "difference_high": "float64", "low_adjusted": "float64",
    "high_adjusted": "float64", "n_rest": "int64", "verdict": "str",
}  # fmt: skip
TIERS = {"slice": "str", "model": "str", "tier": "int64", "value": "float64", "low": "float64",
         "high": "float64", "n": "int64", "n_clusters": "int64"}  # fmt: skip
MOST = 200
"""Slices shown at once."""
AT_ONCE = 20
"""Slices whose rows are held at once."""
MOST_DOMAINS = 30
"""Domains shown where no slice is saved, those of most items; or perturbations."""


@dataclass(frozen=True, kw_only=True)
class SliceParams(Params):
    """Settings of a table of slices."""

    slices: tuple[str, ...] = setting(
        (), "Slices, each as `name: condition`; those saved in the workspace when empty; its "
        "domains when none is saved, its perturbations where it has no domains.",
    )  # fmt: skip


@dataclass(frozen=True)
class _Slice:
    name: str
    text: str
    where: Predicate | None
    error: str = ""


def run(workspace: "Workspace", params: SliceParams) -> Result:
    """Return one row per slice and model: value, difference to all other rows, curve by tier."""
    asked = ask(workspace, params)
    named = list(_named(asked, params.slices))
    told = named[:MOST]
    readable = [one for one in told if not one.error]
    rows: list[dict[str, Any]] = []
    tiers: list[dict[str, Any]] = []
    whole = None if asked.empty else _rows(asked, asked.question.where)
    # The family is every model on every slice.
    strict = 1 - (1 - params.level) / max(1, len(readable) * max(1, len(asked.models)))
    if whole is None or not len(whole.values):
        readable = []
    for start in range(0, len(readable), AT_ONCE):
        waiting: list[_Waiting] = []
        for one in readable[start : start + AT_ONCE]:
            try:
                assert whole is not None
                found, by_tier = list(_of_slice(asked, one, whole)), _by_tier(asked, one)
            except ConditionError as error:  # a column that is not there
                told[told.index(one)] = replace(one, error=str(error))
            else:
                waiting, tiers = waiting + found, tiers + by_tier
        if whole is not None:
            rows += _with_differences(asked, whole, waiting, strict)
    table = _value.frame(KINDS, rows)
    failed = [one for one in told if one.error]
    facts = rules.Slices(
        table=table, names=asked.names, rate=_paired.judge(asked).rate,
        higher=asked.metric.higher_is_better, n_slices=len(told), settings=asked.link,
    )  # fmt: skip
    return Result(
        analysis="slices",
        params=asked.settings | {"slices": [f"{one.name}: {one.text}" for one in told]},
        tables={
            "slices": table, "tiers": _value.frame(TIERS, tiers),
            "problems": _value.frame(
                {"slice": "str", "condition": "str", "error": "str"},
                [{"slice": one.name, "condition": one.text, "error": one.error} for one in failed],
            ),
            "headlines": _sentences.table(rules.headlines(facts)),
        },
        warnings=_value.together(
            asked.question.warnings, _cautions(asked, table, told, failed),
            _left_out(asked, params, len(named)),
        ),
        data_version=workspace.data_version,
        columns={
            "slices": _value.meanings(asked)
            | {
                "difference": Column("number", "inside minus outside", "larger is better"),
                "low_adjusted": Column("number", "interval that holds for all rows together"),
                "high_adjusted": Column("number", "interval that holds for all rows together"),
                "n_rest": Column("integer", "rows outside with a known value"),
            }
        },
    )  # fmt: skip


def _named(asked: Asked, given: Sequence[str]) -> Iterator[_Slice]:
    """Yield the slices asked for, the saved ones, or the domains, or the harder inputs."""
    pairs = [one.partition(":")[::2] for one in given]
    if not given:
        pairs = list(asked.workspace.config.slices.items())
    pairs = pairs or _domains(asked) or _harder(asked)
    for name, text in pairs:
        name, text = name.strip(), text.strip()
        try:
            where = expand(parse(text), asked.workspace.config.slices)
        except ConditionError as error:
            yield _Slice(name, text, None, str(error))
        else:
            yield _Slice(name, text, where, "" if where else "The condition is empty.")


def _domains(asked: Asked) -> list[tuple[str, str]]:
    """Return the domains of most items as slices."""
    domains = asked.contents.domains
    domains = domains[(domains["task"] == asked.question.task) & domains["domain"].notna()]
    mine = domains["domain"]
    if len(domains) > MOST_DOMAINS:
        mine = domains.nlargest(MOST_DOMAINS, "n_items")["domain"].sort_values()
    return [(str(one), f"domain = {_sentences.quoted(str(one))}") for one in mine]


def _harder(asked: Asked) -> list[tuple[str, str]]:
    """Return the perturbations as slices, without the originals."""
    return [
        (str(one), f"perturbation = {_sentences.quoted(str(one))} and tier > 0")
        for one in asked.perturbations["perturbation"][:MOST_DOMAINS]
    ]


def _rows(asked: Asked, where: Predicate | None) -> "Pairs":
    from stresslab.store import query

    question = replace(_paired.row_question(asked), where=where)
    return query.pairs(asked.workspace, question)


@dataclass(frozen=True)
class _Waiting:
    """A row of the table whose difference to the rest is still to be told."""

    row: dict[str, Any]
    place: int
    """Column of the model."""
    is_in: Array
    """Which rows of the whole lie in the slice."""


def _of_slice(asked: Asked, one: _Slice, whole: "Pairs") -> Iterator[_Waiting]:
    """Yield a row per model with its value on the slice, and which rows are in it."""
    inside = _inside(asked, one)
    values = _value.values(inside, ())
    rows = _rows(inside, inside.question.where)
    for found in values.to_dict("records"):
        model = str(found["model"])
        known = np.isfinite(rows.values[:, rows.models.index(model)])
        row: dict[str, Any] = {"slice": one.name, "condition": one.text}
        row |= {str(name): value for name, value in found.items()}
        place = whole.models.index(model)
        yield _Waiting(row, place, _among(whole.variant, rows.variant[known]))


def _inside(asked: Asked, one: _Slice) -> Asked:
    """Return the question about the rows of a slice."""
    where = all_of(asked.question.where, one.where)
    return replace(asked, question=replace(asked.question, where=where))


def _among(variant: Array, chosen: Array) -> Array:
    """Return which variant codes are among the chosen ones."""
    if not len(variant) or not len(chosen):
        return np.zeros(len(variant), dtype=bool)
    listed = np.zeros(max(int(variant.max()), int(chosen.max())) + 1, dtype=bool)
    listed[chosen] = True
    return listed[variant]


def _with_differences(
    asked: Asked, whole: "Pairs", waiting: Sequence[_Waiting], strict: float
) -> list[dict[str, Any]]:
    """Return the rows with mean inside minus mean outside; clusters may lie on both sides."""
    from stresslab.slices.measure import measure
    from stresslab.stats.intervals import t_quantile

    how = _paired.judge(asked)
    for place in dict.fromkeys(one.place for one in waiting):
        mine = [one for one in waiting if one.place == place]
        known = np.isfinite(whole.values[:, place])
        masks = np.array([one.is_in[known] for one in mine])
        found = measure(
            masks, whole.values[known, place], whole.cluster[known], rate=how.rate,
            level=how.level, bounds=how.bounds,
        )  # fmt: skip
        half = t_quantile(strict, found.df) * found.error
        span = np.inf if how.bounds is None else how.bounds[1] - how.bounds[0]
        low, high = (np.clip(found.difference + side * half, -span, span) for side in (-1, 1))
        for number, one in enumerate(mine):
            verdict = "cannot tell"
            if low[number] > 0 or high[number] < 0:
                verdict = "better" if (low[number] > 0) == how.larger_is_better else "worse"
            one.row.update(
                difference=found.difference[number], low_adjusted=low[number],
                high_adjusted=high[number], n_rest=int(found.n_rest[number]), verdict=verdict,
                difference_low=max(found.difference_low[number], -span),
                difference_high=min(found.difference_high[number], span),
            )  # fmt: skip
    return [one.row for one in waiting]


def _by_tier(asked: Asked, one: _Slice) -> list[dict[str, Any]]:
    table = _value.values(_inside(asked, one), ("tier",))
    names = [name for name in TIERS if name != "slice"]
    found = table[names].assign(slice=one.name).to_dict("records")
    return [{str(name): value for name, value in row.items()} for row in found]


def _left_out(asked: Asked, params: SliceParams, n_named: int) -> list[Warn]:
    """Return which slices, or domains in their place, are not shown."""
    if n_named > MOST:
        text = f"Only the first {MOST} of {n_named:,} slices are shown."
        return [Warn("many-slices", text, n_named - MOST)]
    if params.slices or asked.workspace.config.slices:
        return []
    domains = asked.contents.domains
    n = int((domains["task"] == asked.question.task).sum())
    if n <= MOST_DOMAINS:
        return []
    text = f"No slice is saved; shown are the {MOST_DOMAINS} domains of most items, of {n:,}."
    return [Warn("many-domains", text, n - MOST_DOMAINS)]


def _cautions(
    asked: Asked, table: "pd.DataFrame", told: Sequence[_Slice], failed: Sequence[_Slice]
) -> list[Warn]:
    found = [
        Warn("bad-slice", f"Slice {one.name!r} cannot be read: {one.error}", None) for one in failed
    ]
    if not told and not asked.empty:
        text = "No slice is saved, and the items have neither domains nor harder variants. "
        text += "Save one with `stresslab slice save`, or give a condition."
        return [Warn("no-slices", text, 0)]
    if table.empty or not (table["n"] > 0).any():
        return [no_rows(asked), *found]
    empty = len({one.name for one in told} - set(table["slice"]) - {one.name for one in failed})
    if empty:
        text = f"{empty} of {len(told)} slices hold no row with a known value."
        found.append(Warn("empty-slice", text, empty))
    return found


PIECE = Analysis(
    title="Slices",
    question="How does each model do on the saved slices, beside everything else?",
    params=SliceParams,
    run=run,
    figures=("dots",),
    source="Differences to the rest: Welch's, less what shared clusters have in common; "
    "simultaneous over the table.",
)
