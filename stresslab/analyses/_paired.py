"""Differences between models on the same rows, corrected as one family per Result."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.analyses._ask import Asked
from stresslab.checks import Array
from stresslab.errors import ParamError
from stresslab.result import Column, Warn
from stresslab.rng import rng_for

if TYPE_CHECKING:
    import pandas as pd

    from stresslab.stats.marks import Marks
    from stresslab.stats.paired import Difference
    from stresslab.store.contents import Question
    from stresslab.store.query import Pairs

ROWS_AT_ONCE = 2_000_000
"""Rows times pairs of models that are laid side by side in memory (about 200 bytes each)."""

WHOLE = ("n_pairs", "n_clusters", "n_discordant")
NUMBERS = (
    "difference", "low", "high", "low_adjusted", "high_adjusted", *WHOLE, "p_value", "p_adjusted",
    "verdict", "n_needed",
)  # fmt: skip
"""Columns of a difference after its labels."""


@dataclass(frozen=True)
class Batch:
    """Differences of one pair of models (or of one model with itself) in several cells.

    Parameters
    ----------
    table : str
        Table they go to.
    labels : DataFrame of n_cells rows
        What each cell is called.
    difference : Difference
        One number per cell.
    """

    table: str
    labels: "pd.DataFrame"
    difference: "Difference"


@dataclass(frozen=True)
class Judge:
    """How differences are tested and corrected.

    Parameters
    ----------
    level, power : float
        Of intervals; behind `n_needed`.
    correction : str
        auto, holm, bh or none.
    margin : float or None
        Differences below it count as equal; None means no claim of equality is possible.
    bounds : tuple of float or None
        Smallest and largest value.
    seed : int
        Seed of the sign-flip draws.
    larger_is_better : bool
        Direction of the value; turns the verdicts of a measure where smaller is better.
    rate : bool
        Whether every single trial is 0 or 1, also where a value is a mean over trials.
    """

    level: float
    power: float
    correction: str
    margin: float | None
    bounds: tuple[float, float] | None
    seed: int
    larger_is_better: bool = True
    rate: bool = False

    def paired(
        self, a: Array, b: Array, cluster: Array, group: Array, n_groups: int, *,
        rate: bool, single: bool,
    ) -> "Difference":  # fmt: skip
        """Return the differences a - b of matching rows, one per group."""
        from stresslab.stats.paired import paired_differences

        return paired_differences(
            a, b, cluster, group, n_groups, rate=rate, single_trial=single, level=self.level,
            margin=self.margin, rng=rng_for(self.seed, "paired"), bounds=self.bounds,
        )  # fmt: skip

    def marked(
        self, rows: "Marks", compared: Sequence[tuple[int, int]], cluster: Array, group: Array,
        n_groups: int,
    ) -> "Difference":  # fmt: skip
        """Return the differences of single-trial rates, one per pair of models and group."""
        from stresslab.stats.paired_marks import differences_of_marks

        return differences_of_marks(
            rows, compared, cluster, group, n_groups, level=self.level, margin=self.margin,
            rng=lambda: rng_for(self.seed, "paired"),
        )  # fmt: skip

    def settle(self, family: Sequence[Batch]) -> dict[str, "pd.DataFrame"]:
        """Return the tables of `family` after one correction over all of it."""
        import pandas as pd

        from stresslab.stats.family import settle

        family = [one for one in family if len(one.labels)]
        if not family:
            return {}
        settled = settle(
            [one.difference for one in family], level=self.level, correction=self.correction,
            margin=self.margin, power=self.power,
        )  # fmt: skip
        numbers = _numbers([one.difference for one in family], settled)
        if not self.larger_is_better:
            numbers["verdict"] = numbers["verdict"].replace({"better": "worse", "worse": "better"})
        sizes = np.array([len(one.labels) for one in family])
        names = np.repeat(np.array([one.table for one in family], dtype=object), sizes)
        found = {}
        for name in dict.fromkeys(one.table for one in family):
            labels = pd.concat([one.labels for one in family if one.table == name])
            parts = [labels.reset_index(drop=True), numbers[names == name].reset_index(drop=True)]
            found[name] = pd.concat(parts, axis=1)
        return found


def judge(asked: Asked) -> Judge:
    """Return how the differences of a question are judged; 0-1 values get a margin of 0.02."""
    params: Any = asked.params
    table = asked.contents.measures
    same = (table["task"] == asked.question.task) & (table["measure"] == asked.question.measure)
    margin = getattr(params, "margin", None)
    low, high = asked.metric.bounds
    if margin is None and (low, high) == (0.0, 1.0):
        margin = 0.02
    return Judge(
        level=params.level,
        power=getattr(params, "power", 0.8),
        correction=getattr(params, "correction", "auto"),
        margin=margin,
        bounds=(low, high) if np.isfinite([low, high]).all() else None,
        seed=params.seed,
        larger_is_better=asked.metric.higher_is_better,
        rate=bool(table.loc[same, "rate"].any()),
    )


def has_rows(asked: Asked) -> bool:
    """Return whether the metric has a value per row."""
    try:
        row_question(asked)
    except ParamError:
        return False
    return True


def answered_only(asked: Asked) -> list[Warn]:
    """Return the warning that verdicts rest on other rows than values, where they do."""
    if row_question(asked) is asked.question:
        return []
    return [
        Warn(
            "answered-only",
            "Verdicts compare models on rows that all of them answered; values are over the rows "
            "each one answers.",
        )
    ]


def ranks(asked: Asked) -> bool:
    """Return whether the metric has a value per row of which more is better."""
    return asked.metric.higher_is_better and has_rows(asked)


def row_question(asked: Asked) -> "Question":
    """Return the question whose value per row a paired comparison subtracts.

    Raises
    ------
    ParamError
        If the metric has no value per row, such as coverage.
    """
    numerator, denominator = asked.metric.ratio or ("total", "n_scored")
    if (numerator, denominator) == ("total", "n_scored"):
        return asked.question
    measures = asked.contents.measures
    known = set(measures.loc[measures["task"] == asked.question.task, "measure"])
    if (numerator, denominator) == ("total", "n_answered") and "correct" in known:
        return asked.again("correct").question
    raise ParamError(
        f"A paired comparison needs a value per row; {asked.metric.title} has none. "
        "Choose score, selective_score or a measure."
    )


def model_pairs(models: Sequence[str], baseline: str | None = None) -> list[tuple[str, str]]:
    """Return the ordered pairs to compare: all, or every other model against `baseline`.

    Raises
    ------
    ParamError
        If the baseline is not among the models.
    """
    if baseline is None:
        return list(itertools.combinations(models, 2))
    if baseline not in models:
        raise ParamError(
            f"baseline must be one of the compared models; got {baseline!r}. "
            f"Compared are: {', '.join(models)}."
        )
    return [(model, baseline) for model in models if model != baseline]


def between(
    pairs: "Pairs",
    group: Array,
    labels: "pd.DataFrame",
    compared: Sequence[tuple[str, str]],
    how: Judge,
    table: str,
) -> Iterator[Batch]:
    """Yield the differences of every pair of models in every cell that has matching rows.

    Parameters
    ----------
    pairs : Pairs
        Values by row and model.
    group : ndarray of int, shape (n_rows,)
        Cell of each row; -1 belongs to none.
    labels : DataFrame of n_cells rows
        What each cell is called.
    compared : sequence of (model_a, model_b)
        Ordered pairs.
    how : Judge
        Tests and correction.
    table : str
        Table the differences go to.
    """
    column = {model: place for place, model in enumerate(pairs.models)}
    rows = marks_of(pairs) if (group >= 0).any() else None
    if rows is not None and compared:
        places = [(column[model_a], column[model_b]) for model_a, model_b in compared]
        marked = how.marked(rows, places, pairs.cluster, group, len(labels))
        yield matched(Batch(table, _named(labels, compared), marked))
        return
    at_once = max(1, ROWS_AT_ONCE // max(1, len(group)))
    for start in range(0, len(compared), at_once):
        part = compared[start : start + at_once]
        left = [column[model_a] for model_a, _ in part]
        right = [column[model_b] for _, model_b in part]
        single = bool((pairs.trials[:, sorted({*left, *right})] <= 1).all())
        cell = np.concatenate(
            [np.where(group < 0, -1, group + k * len(labels)) for k in range(len(part))]
        )
        found = how.paired(
            pairs.values[:, left].T.ravel(), pairs.values[:, right].T.ravel(),
            np.tile(pairs.cluster, len(part)), cell, len(part) * len(labels),
            rate=how.rate or pairs.rate, single=single,
        )  # fmt: skip
        yield matched(Batch(table, _named(labels, part), found))


def marks_of(pairs: "Pairs") -> "Marks | None":
    """Return who is right on each row; None unless every model has one trial of 0 or 1 there."""
    from stresslab.stats.marks import marks

    if not pairs.rate or not (pairs.trials <= 1).all():
        return None
    return marks(pairs.values)


def _named(labels: "pd.DataFrame", part: Sequence[tuple[str, str]]) -> "pd.DataFrame":
    """Return `labels` once per pair of models, with their names in front."""
    import pandas as pd

    named = pd.concat([labels] * len(part), ignore_index=True)
    for place, side in enumerate(("model_a", "model_b")):
        names = np.array([pair[place] for pair in part], dtype=object)
        named.insert(place, side, np.repeat(names, len(labels)))
    return named


def matched(batch: Batch) -> Batch:
    """Return the batch without cells in which nothing matched."""
    keep = np.asarray(batch.difference.n_pairs) > 0
    if keep.all():
        return batch
    return Batch(
        batch.table, batch.labels[keep].reset_index(drop=True), _take(batch.difference, keep)
    )


def rows_of(pairs: "Pairs", chosen: Array) -> "Pairs":
    """Return only the chosen rows of `pairs`: a mask of all rows, or places of some."""
    from stresslab.store.pairs import taken

    rows = np.flatnonzero(chosen) if np.asarray(chosen).dtype == bool else np.asarray(chosen)
    names = ("variant", "item", "cluster", "tier", "perturbation", "group")
    columns: dict[str, Any] = {name: getattr(pairs, name)[rows] for name in names}
    values, trials = taken(pairs.values, rows), taken(pairs.trials, rows)
    return replace(pairs, values=values, trials=trials, **columns)


def once(pairs: "Pairs") -> Array:
    """Return whether a row is the first of its variant (originals may stand several times)."""
    # Rows are in variant order.
    first = np.ones(len(pairs.variant), dtype=bool)
    first[1:] = pairs.variant[1:] != pairs.variant[:-1]
    return first


def grouped(pairs: "Pairs") -> bool:
    """Return whether what is independent is groups of items, not items."""
    n_clusters, n_items = (
        int(np.count_nonzero(np.bincount(one))) for one in (pairs.cluster, pairs.item)
    )
    return n_clusters < n_items


def empty_differences(by: Sequence[str] = ()) -> "pd.DataFrame":
    """Return a table of differences without rows."""
    from stresslab.analyses._value import column_type, frame

    kinds = dict.fromkeys(("model_a", "model_b"), "str") | {one: column_type(one) for one in by}
    kinds |= {one: "int64" if one in WHOLE else "float64" for one in NUMBERS}
    return frame(kinds | {"verdict": "str", "n_needed": "Int64"})


def meanings(how: Judge) -> dict[str, Column]:
    """Return what the columns of a difference mean."""
    return {
        "difference": Column("number", "model_a minus model_b", "larger is better for model_a"),
        "low": Column("number", f"{how.level:.0%} interval, not corrected"),
        "high": Column("number", f"{how.level:.0%} interval, not corrected"),
        "low_adjusted": Column("number", f"{how.level:.0%} simultaneous interval"),
        "high_adjusted": Column("number", f"{how.level:.0%} simultaneous interval"),
        "n_pairs": Column("integer", "rows both models answered"),
        "n_clusters": Column("integer", "independent groups of pairs"),
        "n_discordant": Column("integer", "pairs on which the models differ"),
        "p_adjusted": Column("number", f"corrected ({how.correction}) over all of this result"),
        "verdict": Column("string", "model_a against model_b"),
        "n_needed": Column("integer", f"clusters for power {how.power:g}"),
    }


def _take(difference: "Difference", keep: Array) -> "Difference":
    from dataclasses import fields

    arrays = {
        one.name: value[keep]
        for one in fields(difference)
        if isinstance(value := getattr(difference, one.name), np.ndarray)
    }
    return replace(difference, **arrays)


def _numbers(differences: Sequence["Difference"], settled: Any) -> "pd.DataFrame":
    """Return the columns of differences after their labels, for a whole family."""
    import pandas as pd

    columns: dict[str, Array] = {}
    for name in NUMBERS:
        if hasattr(settled, name):
            values = np.asarray(getattr(settled, name))
        else:
            values = np.concatenate([np.asarray(getattr(one, name)) for one in differences])
        kind: type = np.int64 if name in WHOLE else object if name == "verdict" else np.float64
        columns[name] = values.astype(kind)
    table = pd.DataFrame(columns)
    needed = np.ceil(table["n_needed"].where(np.isfinite(table["n_needed"])))
    return table.assign(n_needed=needed.astype("Int64"))
