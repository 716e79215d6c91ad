"""How far estimates are off, whether they follow the truth, which one can be relied on here."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.analyses import _paired
from stresslab.checks import Array
from stresslab.rng import rng_for

if TYPE_CHECKING:
    import pandas as pd

FLOOR = "unchanged"
FEW_BLOCKS = 4
"""Blocks of cells below which nothing is said of an estimator."""

FEW_DOMAINS = 3
"""Domains below which no estimator is recommended."""

WEAK = 0.5
"""A rank correlation that is surely below it is no use."""

RESAMPLES = 2000
CAP = 0.999
"""Correlations beyond it are taken for it on Fisher's scale."""

TRACKS, OPTIMISTIC, PESSIMISTIC, UNINFORMATIVE, CANNOT_TELL = (
    "tracks the error", "optimistic", "pessimistic", "uninformative here", "cannot tell"
)  # fmt: skip

QUALITY: dict[str, str] = {
    "model": "str", "estimator": "str", "title": "str",
    **dict.fromkeys(("mae", "mae_low", "mae_high", "bias", "bias_low", "bias_high",
                     "rank", "rank_low", "rank_high", "worst"), "float64"),
    "n": "int64", "n_blocks": "int64", "verdict": "str", "reversed": "bool",
}  # fmt: skip
LEFT_OUT: dict[str, str] = {
    "model": "str", "left_out": "str", "estimator": "str", "bound": "float64", "worst": "float64",
    "floor": "float64", "n": "int64", "held": "bool",
}  # fmt: skip
ADVICE: dict[str, str] = {
    "model": "str", "estimator": "str", "title": "str", "bound": "float64", "floor": "float64",
    "n": "int64", "n_domains": "int64", "n_held": "int64", "verdict": "str",
}  # fmt: skip


def quality(
    table: "pd.DataFrame", *, level: float, margin: float, correction: str, seed: int
) -> "pd.DataFrame":
    """Return mean absolute error, bias and rank correlation per model and estimator.

    Cells of one domain and perturbation hold the same items at several tiers; they form a block,
    and blocks are what is independent: t intervals of the means on sums of blocks; the correlation
    of ranks under resampled blocks, on Fisher's scale. Bias and rank correlation of all rows are
    one family; their ends are adjusted to it, and the verdict rests on them.
    """
    from stresslab.analyses._value import frame
    from stresslab.stats import correct

    block = table.groupby(["model", "domain", "perturbation"], sort=False, dropna=False).ngroup()
    known = table.assign(block=block)[table["true"].notna() & table["value"].notna()]
    judged = [
        _Judged.of(model, name, part, seed)
        for (model, name), part in known.groupby(["model", "estimator"], sort=False)
    ]
    p_values = np.array([p for one in judged for p in (one.p_bias, one.p_rank)])
    there = np.isfinite(p_values)
    method = correct.resolve(correction, int(there.sum()))
    rejected = there & (correct.adjust(p_values, method) < 1 - level)
    levels = correct.interval_levels(rejected, there, method, level).reshape(-1, 2)
    rows = [one.row(level, *ends) for one, ends in zip(judged, levels.tolist(), strict=True)]
    return frame(QUALITY, [row | _judged(row, margin) for row in rows])


@dataclass(frozen=True, eq=False)
class _Judged:
    """One estimator of one model: its cells, their blocks, and what the tests say."""

    said: dict[str, Any]
    error: Array
    block: Array
    rank: float
    rank_error: float

    @classmethod
    def of(cls, model: Any, name: Any, part: "pd.DataFrame", seed: int) -> "_Judged":
        codes = np.unique(part["block"].to_numpy(), return_inverse=True)[1]
        sign = -1.0 if part["is_score"].iloc[0] else 1.0
        values = sign * part["value"].to_numpy(), part["true"].to_numpy()
        said = {
            "model": model, "estimator": name, "title": part["title"].iloc[0], "n": len(part),
            "n_blocks": int(codes.max()) + 1,
        }  # fmt: skip
        return cls(said, part["error"].to_numpy(), codes, *_rank(*values, codes, seed))

    @property
    def spare(self) -> int:
        """Return the degrees of freedom."""
        return int(self.said["n_blocks"]) - 1

    @property
    def p_bias(self) -> float:
        """Return the p value of "no bias"."""
        total, size = np.bincount(self.block, weights=self.error), np.bincount(self.block)
        mean = total.sum() / size.sum()
        if self.spare < 1 or not np.isfinite(mean):
            return float("nan")
        spread = np.square(total - mean * size).sum() * (self.spare + 1) / self.spare
        return self._tail(mean * size.sum(), float(np.sqrt(spread)))

    @property
    def p_rank(self) -> float:
        """Return the p value of "no correlation"."""
        return self._tail(float(np.arctanh(np.clip(self.rank, -CAP, CAP))), self.rank_error)

    def _tail(self, value: float, error: float) -> float:
        from scipy.stats import t

        return float(2 * t.sf(abs(value) / error, self.spare)) if error > 0 else float("nan")

    def row(self, level: float, of_bias: float, of_rank: float) -> dict[str, Any]:
        """Return the row of the table, with ends of these levels."""
        from stresslab.stats.intervals import t_quantile

        size = np.abs(self.error)
        row = self.said | _mean("mae", size, self.block, level, (0.0, 1.0))
        row |= _mean("bias", self.error, self.block, _level(of_bias, level), (-1.0, 1.0))
        row |= {"worst": float(size.max()), "rank": self.rank}
        middle = float(np.arctanh(np.clip(self.rank, -CAP, CAP)))
        half = float(t_quantile(_level(of_rank, level), max(self.spare, 1))) * self.rank_error
        return row | {
            "rank_low": float(np.tanh(middle - half)), "rank_high": float(np.tanh(middle + half))
        }  # fmt: skip


def _level(of_one: float, level: float) -> float:
    return of_one if np.isfinite(of_one) else level


def _mean(
    name: str, values: Array, block: Array, level: float, bounds: tuple[float, float]
) -> dict[str, float]:
    from stresslab.stats.intervals import from_moments

    if not np.isfinite(values).all():
        return dict.fromkeys((name, f"{name}_low", f"{name}_high"), np.nan)
    total, size = np.bincount(block, weights=values), np.bincount(block).astype(float)
    ends = from_moments(
        total.sum(), size.sum(), len(size), total @ total, total @ size, size @ size,
        sq=values @ values, rate=False, level=level, bounds=bounds,
    )  # fmt: skip
    return {
        name: float(ends.value),
        f"{name}_low": float(ends.low),
        f"{name}_high": float(ends.high),
    }


def _rank(value: Array, true: Array, block: Array, seed: int) -> tuple[float, float]:
    """Return Spearman's correlation and its standard error on Fisher's scale.

    Under resampling, ranks stay those among all cells.
    """
    from scipy.stats import rankdata

    x, y = rankdata(value), rankdata(true)
    if len(x) < 3 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return float("nan"), float("nan")
    rank = float(_correlations(x, y, np.ones((1, len(x))))[0])
    n_blocks = int(block.max()) + 1
    if n_blocks < FEW_BLOCKS:
        return rank, float("nan")
    times = rng_for(seed, "blocks").multinomial(
        n_blocks, np.full(n_blocks, 1 / n_blocks), size=RESAMPLES
    )
    drawn = _correlations(x, y, times[:, block].astype(float))
    drawn = np.clip(drawn[np.isfinite(drawn)], -CAP, CAP)
    known = len(drawn) > RESAMPLES // 2
    return rank, max(float(np.arctanh(drawn).std()), 1e-3) if known else float("nan")


def _correlations(x: Array, y: Array, weights: Array) -> Array:
    total = weights.sum(axis=1)
    mean_x, mean_y = weights @ x / total, weights @ y / total
    spread = (weights @ x**2 / total - mean_x**2) * (weights @ y**2 / total - mean_y**2)
    shared = weights @ (x * y) / total - mean_x * mean_y
    found: Array = np.full(len(total), np.nan)
    np.divide(shared, np.sqrt(np.maximum(spread, 0)), out=found, where=spread > 1e-12)
    return found


def _judged(row: dict[str, Any], margin: float) -> dict[str, Any]:
    """Return the verdict on an estimator, and whether it goes against the truth."""
    against = bool(row["rank_high"] < 0)
    verdict = CANNOT_TELL
    if row["n_blocks"] < FEW_BLOCKS:
        pass
    elif against:
        verdict = UNINFORMATIVE
    elif row["bias_low"] > margin:
        verdict = OPTIMISTIC
    elif row["bias_high"] < -margin:
        verdict = PESSIMISTIC
    elif row["rank_low"] > 0:
        verdict = TRACKS
    elif row["rank_high"] < WEAK or row["estimator"] == FLOOR:
        verdict = UNINFORMATIVE
    return {"verdict": verdict, "reversed": against}


def comparisons(table: "pd.DataFrame", found: "pd.DataFrame", how: _paired.Judge) -> "pd.DataFrame":
    """Return what the estimator with the least error has over every other one, per model.

    Differences of absolute errors on the same cells, resting on blocks; one family.
    """
    import pandas as pd

    how = replace(how, larger_is_better=False, rate=False, bounds=(0.0, 1.0))
    batches = []
    for model, rows in found[found["mae"].notna()].groupby("model", sort=False):
        best = rows.sort_values(["mae", "estimator"]).iloc[0]["estimator"]
        mine = table[table["model"] == model]
        errors = _errors(mine)
        others = [one for one in rows["estimator"] if one != best]
        block = errors.pop("block").to_numpy()
        for other in others:
            difference = how.paired(
                errors[best].to_numpy(), errors[other].to_numpy(), block,
                np.zeros(len(errors), np.int64), 1, rate=False, single=True,
            )  # fmt: skip
            labels = pd.DataFrame({"model": [model], "estimator_a": [best], "estimator_b": [other]})
            batches.append(_paired.matched(_paired.Batch("comparisons", labels, difference)))
    settled = how.settle(batches).get("comparisons")
    if settled is None:
        names = {"model": "str", "estimator_a": "str", "estimator_b": "str"}
        empty = _paired.empty_differences().drop(columns=["model_a", "model_b"])
        return pd.concat([pd.DataFrame({k: pd.Series(dtype=v) for k, v in names.items()}), empty],
                         axis=1)  # fmt: skip
    return settled


def _errors(mine: "pd.DataFrame") -> "pd.DataFrame":
    """Return the absolute error of every estimator, one row per cell, and the block of the cell."""
    cell = mine.groupby(["domain", "perturbation", "tier"], sort=False, dropna=False).ngroup()
    block = mine.groupby(["domain", "perturbation"], sort=False, dropna=False).ngroup()
    errors = mine.assign(cell=cell, size=mine["error"].abs())
    wide = errors.pivot(index="cell", columns="estimator", values="size")
    return wide.assign(block=block.groupby(cell).first().reindex(wide.index))


def left_out(table: "pd.DataFrame", margin: float) -> "pd.DataFrame":
    """Return, for every domain left out, the estimator the others choose and how it does there.

    The estimator is the one whose worst error on the other domains is least, and that error is its
    bound; it held if no cell of the domain left out is further off, give or take `margin` (without
    that the domain with the worst cell of all would fail by construction).
    """
    from stresslab.analyses._value import frame

    made = []
    for model, mine in _usable(table).groupby("model", sort=False):
        worst = _worst(mine)
        counts = mine.drop_duplicates(["domain", "perturbation", "tier"])["domain"].value_counts()
        if len(worst) < FEW_DOMAINS:
            continue
        floor = worst.get(FLOOR)
        for domain in worst.index:
            name, bound = _chosen(worst.drop(index=domain))
            made.append(
                {
                    "model": model, "left_out": domain, "estimator": name, "bound": bound,
                    "worst": float(worst.loc[domain, name]), "n": int(counts[domain]),
                    "floor": np.nan if floor is None else float(floor[domain]),
                    "held": bool(worst.loc[domain, name] <= bound + margin),
                }
            )  # fmt: skip
    return frame(LEFT_OUT, made)


def advice(table: "pd.DataFrame", tested: "pd.DataFrame") -> "pd.DataFrame":
    """Return per model the estimator whose worst error is least, and whether bounds carried over.

    A further domain like the m seen (exchangeable) stays within the bound with chance
    m / (m + 1). The verdict is "use it here" where every bound held on the domain left out and is
    less than the floor's, "does not carry over" where not, "cannot tell" on too few domains.
    """
    from stresslab.analyses._value import frame

    made = []
    for model, mine in _usable(table).groupby("model", sort=False):
        worst, runs = _worst(mine), tested[tested["model"] == model]
        name, bound = _chosen(worst)
        floor = float(worst[FLOOR].max()) if FLOOR in worst else np.nan
        verdict = "use it here"
        if len(worst) < FEW_DOMAINS:
            verdict = CANNOT_TELL
        elif not runs["held"].all() or bound >= floor:
            verdict = "does not carry over"
        made.append(
            {
                "model": model, "estimator": name, "bound": bound, "floor": floor,
                "title": mine.loc[mine["estimator"] == name, "title"].iloc[0],
                "n": len(mine.drop_duplicates(["domain", "perturbation", "tier"])),
                "n_domains": len(worst), "n_held": int(runs["held"].sum()), "verdict": verdict,
            }
        )  # fmt: skip
    return frame(ADVICE, made)


def _usable(table: "pd.DataFrame") -> "pd.DataFrame":
    return table[table["error"].notna() & table["domain"].notna()]


def _worst(mine: "pd.DataFrame") -> "pd.DataFrame":
    """Return the worst absolute error by domain and estimator, of estimators known everywhere."""
    sized = mine.assign(size=mine["error"].abs())
    n_cells = sized.groupby("estimator", sort=False)["size"].transform("size")
    sized = sized[n_cells == n_cells.max()]
    found: pd.DataFrame = sized.groupby(["domain", "estimator"])["size"].max().unstack("estimator")
    return found


def _chosen(worst: "pd.DataFrame") -> tuple[str, float]:
    """Return the estimator whose worst error over domains is least, and that error."""
    candidates: Sequence[str] = [one for one in worst.columns if one != FLOOR] or [FLOOR]
    most = worst[candidates].max()
    return str(most.idxmin()), float(most.min())
