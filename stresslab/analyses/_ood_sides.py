"""The score of each model on either side, the gap, and the gap as a share of the score inside."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.analyses import _ood_sums, _paired, _value
from stresslab.analyses._ask import Asked
from stresslab.analyses._ood_split import Split
from stresslab.errors import ParamError
from stresslab.result import Column, Warn

if TYPE_CHECKING:
    import pandas as pd

TABLE = "ood_gap"
ENDS = ("value", "low", "high", "n", "n_clusters")
SIDES = ("in", "out")
GAP = (
    "gap", "low", "high", "low_adjusted", "high_adjusted", "relative_gap", "relative_low",
    "relative_high", "n", "n_clusters", "p_value", "p_adjusted", "verdict", "n_needed",
)  # fmt: skip


@dataclass(frozen=True)
class Sides:
    """Values of the models of one split.

    Parameters
    ----------
    split : Split
        What they are compared on.
    rows : DataFrame
        One row per model: labels and the values of either side.
    inside, outside : DataFrame
        Their cells, one row per model in the same order; a missing side has no numbers.
    linked : bool
        Whether both sides hold the same items or groups of items.
    """

    split: Split
    rows: "pd.DataFrame"
    inside: "pd.DataFrame"
    outside: "pd.DataFrame"
    linked: bool

    @property
    def known(self) -> "pd.Series[bool]":
        """Return which models have a value on both sides."""
        return self.rows["value_in"].notna() & self.rows["value_out"].notna()


def sides_of(asked: Asked, split: Split) -> Sides:
    """Return the values of the models of a split on either side."""
    import pandas as pd

    rows = pd.DataFrame({"model": list(split.models)})
    rows["in_distribution"], rows["out_of_distribution"] = split.in_words, split.out_words
    found: dict[str, pd.DataFrame] = {}
    for name, side in zip(SIDES, (split.inside, split.outside), strict=True):
        cells = rows[["model"]].iloc[:0] if side is None else _ood_sums.cells(asked, split, side)
        values = _value.empty(()) if side is None else _value.from_cells(cells, asked, ())
        values = values[["model", *ENDS]].rename(columns={one: f"{one}_{name}" for one in ENDS})
        rows = rows.merge(values, on="model", how="left")
        for one in ("n", "n_clusters"):
            rows[f"{one}_{name}"] = rows[f"{one}_{name}"].fillna(0).astype("int64")
        wanted = cells.set_index("model").reindex(split.models).reset_index()
        found[name] = wanted.reindex(columns=["model", *_ood_sums.MOMENTS])
    return Sides(split, rows, found["in"], found["out"], _linked(asked, split, rows))


def gaps(asked: Asked, sides: Sides, how: _paired.Judge) -> _paired.Batch | None:
    """Return what every model of a split loses outside, still to be corrected."""
    known = sides.known.to_numpy()
    if not known.any():
        return None
    both = (_ood_sums.side(one[known]) for one in (sides.inside, sides.outside))
    found = _ood_sums.difference(asked, how, *both)
    rows = sides.rows[known].reset_index(drop=True)
    if sides.linked and _paired.has_rows(asked):
        found = _ood_sums.linked(asked, sides.split, found, list(rows["model"]))
    return _paired.Batch(TABLE, rows, found)


def table(asked: Asked, found: list[Sides], settled: "pd.DataFrame | None") -> "pd.DataFrame":
    """Return one row per model, the widest gap first."""
    import pandas as pd

    if not found:
        return empty()
    rows = pd.concat([one.rows for one in found], ignore_index=True)
    rows = rows[(rows["n_in"] > 0) | (rows["n_out"] > 0)]
    numbers = empty() if settled is None else settled.rename(columns={"difference": "gap"})
    kept = ["model", *(one for one in GAP if one in numbers and one != "n")]
    rows = rows.merge(numbers[kept].drop(columns=["n_clusters"]), on="model", how="left")
    rows["n"] = rows["n_in"] + rows["n_out"]
    rows["n_clusters"] = rows["n_clusters_in"] + rows["n_clusters_out"]
    rows["verdict"] = rows["verdict"].fillna("").replace({"better": "worse", "worse": "better"})
    _relate(asked, rows)
    rows = rows.sort_values("gap", ascending=False, kind="stable", na_position="last")
    kinds = empty().dtypes
    return rows[list(kinds.index)].astype(kinds.to_dict()).reset_index(drop=True)


def empty() -> "pd.DataFrame":
    """Return the table without rows."""
    kinds: dict[str, Any] = {"model": "str"}
    whole = ("n", "n_clusters")
    for side in SIDES:
        kinds |= {f"{one}_{side}": "int64" if one in whole else "float64" for one in ENDS}
    kinds |= {one: "int64" if one in whole else "float64" for one in GAP}
    texts = dict.fromkeys(("in_distribution", "out_of_distribution"), "str")
    return _value.frame(kinds | {"verdict": "str", "n_needed": "Int64"} | texts)


def cautions(asked: Asked, found: list[Sides]) -> list[Warn]:
    """Return what must be known of the sides: nothing on one, few clusters, shared items."""
    warnings = []
    one_sided = [name for one in found for name in one.rows.loc[~one.known, "model"]]
    if one_sided and found:
        names = ", ".join(asked.names.get(one, one) for one in one_sided)
        text = f"A value on one side only, so no gap: {names}."
        warnings.append(Warn("one-sided", text, len(one_sided)))
    unsaid = sorted(set(asked.models) - {name for one in found for name in one.split.models})
    if unsaid and found:
        names = ", ".join(asked.names.get(one, one) for one in unsaid)
        text = f"Left out, as nobody said what they were trained on: {names}."
        warnings.append(Warn("not-said", text, len(unsaid)))
    if any(one.linked for one in found):
        text = "Both sides hold some of the same items, so intervals count what they share once."
        warnings.append(Warn("linked-sides", text))
    few = sum(
        int((one.rows[f"n_clusters_{side}"].between(1, _value.FEW - 1)).sum())
        for one in found for side in SIDES
    )  # fmt: skip
    if few:
        text = f"{few} values rest on fewer than {_value.FEW} independent items; read with care."
        warnings.append(Warn("few-clusters", text, few))
    return warnings


def meanings(asked: Asked, level: float) -> dict[str, Column]:
    """Return what the columns mean."""
    said = {
        "gap": Column("number", "what is lost out of distribution", "smaller is better"),
        "low": Column("number", f"{level:.0%} interval of the gap, not corrected"),
        "high": Column("number", f"{level:.0%} interval of the gap, not corrected"),
        "low_adjusted": Column("number", f"{level:.0%} simultaneous interval of the gap"),
        "high_adjusted": Column("number", f"{level:.0%} simultaneous interval of the gap"),
        "relative_gap": Column("number", "gap / value in distribution", "smaller is better"),
        "verdict": Column("string", "out of distribution against in distribution"),
    }
    one = _value.meanings(asked)
    return said | {f"{name}_{side}": one[name] for side in SIDES for name in ENDS}


def _linked(asked: Asked, split: Split, rows: "pd.DataFrame") -> bool:
    """Return whether some cluster stands on both sides; refuse sides that share rows."""
    if not split.whole or (split.by_domain and _ood_sums.nested(asked)):
        return False
    either = _ood_sums.cells(asked, split, split.inside, split.outside)
    if int(either["n"].sum()) < int(rows["n_in"].sum() + rows["n_out"].sum()):
        raise ParamError(
            "Some rows are both in and out of distribution by these settings. Name sides that do "
            "not meet."
        )
    apart = rows.set_index("model")[["n_clusters_in", "n_clusters_out"]].sum(axis=1)
    joined = either.set_index("model")["n_clusters"]
    return bool((joined < apart.reindex(joined.index)).any())


def _relate(asked: Asked, rows: "pd.DataFrame") -> None:
    """Fill the gap as a share of the value inside."""
    from stresslab.gaps.relative import ratio_interval

    ends = [rows[f"{one}_{side}"] for side in ("out", "in") for one in ("value", "low", "high")]
    quotient, low, high = ratio_interval(*ends)
    way = _ood_sums.sign(asked)
    rows["relative_gap"] = way * (1 - quotient)
    first, last = way * (1 - low), way * (1 - high)
    rows["relative_low"], rows["relative_high"] = np.minimum(first, last), np.maximum(first, last)
