"""Share right over complexity on both sides, task by task, and the valley between them."""

from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.checks import Array
from stresslab.gaps.divergence import score_divergence
from stresslab.gaps.valley import critical_interval, valley
from stresslab.rng import rng_for
from stresslab.stats.intervals import t_quantile, wilson
from stresslab.stats.unpaired import Side, unpaired_differences

if TYPE_CHECKING:
    import pandas as pd

SIDES = {"familiar": (0, 100), "unfamiliar": (101, 9999)}
FEWEST_PARSED = 0.1
"""A task of whose answers less can be read counts as all wrong."""
LEANS = 1 / 3
"""A model that loses this share of its right answers at every level is memory-bound."""
DRAWS = 1000


def share_read(right: Array) -> tuple[float, float, int]:
    """Return the share right, the share that could be read, and how many could.

    Answers that cannot be read (NaN) are left out; where less than `FEWEST_PARSED` can, the share
    right is 0; NaN without answers.
    """
    right = np.asarray(right, float)
    known = np.isfinite(right)
    n = int(known.sum())
    if not len(right):
        return float("nan"), float("nan"), 0
    rate = n / len(right)
    return (0.0 if rate < FEWEST_PARSED else float(right[known].mean())), rate, n


def tasks_of(rows: "pd.DataFrame") -> "pd.DataFrame":
    """Return one row per level, task and side.

    Parameters
    ----------
    rows : DataFrame
        ``level, kind, side, score``, a row per answer; the score of an unreadable one is NaN.

    Returns
    -------
    DataFrame
        ``level, kind, side, value, parse_rate, n, asked``.
    """
    import pandas as pd

    found = []
    for key, mine in rows.groupby(["level", "kind", "side"], sort=True):
        level, kind, side = key
        value, rate, n = share_read(mine["score"].to_numpy(float))
        found.append({"level": int(str(level)), "kind": kind, "side": side, "value": value,
                      "parse_rate": rate, "n": n, "asked": len(mine)})  # fmt: skip
    return pd.DataFrame(found)


def levels_of(solver: str, rows: "pd.DataFrame") -> "pd.DataFrame":
    """Return one row per level: both shares, gap, relative gap, score, divergence, parse rate.

    Shares, gap and score are computed per task and then averaged; a level that one side lacks is
    left out. Intervals draw each task's share around its smoothed value.
    """
    import pandas as pd

    tasks = tasks_of(rows)
    found = []
    for level, mine in tasks.groupby("level"):
        wide = mine.pivot(index="kind", columns="side", values=["value", "n", "asked"]).dropna()
        if set(SIDES) - set(wide["value"].columns) or wide.empty:
            continue
        share, n = (
            np.array([wide[(name, side)] for side in SIDES], float) for name in ("value", "n")
        )
        asked = float(wide["asked"].to_numpy(float).sum())
        inside, outside = share.mean(axis=1)
        score = float((share[1] - np.maximum(share[0] - share[1], 0)).mean())
        ends = _score_ends(share, n, solver, int(str(level)))
        gap = _gap(share, n)
        scores = [
            rows.loc[(rows["level"] == level) & (rows["side"] == side), "score"] for side in SIDES
        ]
        told, untold = (one.to_numpy(float) for one in scores)
        apart, chance = _divergence(told, untold, solver, int(str(level)))
        found.append(
            {"model": solver, "x": int(str(level)), "value": float(gap.difference[0]),
             "low": float(gap.low[0]), "high": float(gap.high[0]), "n": int(n.sum()),
             "n_in": int(n[0].sum()), "n_out": int(n[1].sum()),
             "inside": float(inside), "outside": float(outside),
             "relative": max(inside - outside, 0.0) / inside if inside else float("nan"),
             "score": score, "score_low": ends[0], "score_high": ends[1],
             "divergence_bits": apart, "divergence_by_chance": chance,
             "parse_rate": float(n.sum() / asked), "se": _error(share, n)}
        )  # fmt: skip
    return pd.DataFrame(found)


def _gap(share: Array, n: Array) -> Any:
    """Return the difference of the mean shares of tasks, of items that are not the same."""
    sides = []
    for one, many in zip(share, n, strict=True):
        rows = many.sum()
        total = one.mean() * rows
        of, n_of = np.array([total]), np.array([rows])
        sides.append(Side(of, n_of, n_of, of, of, n_of, np.array([True])))
    return unpaired_differences(*sides, bounds=(0.0, 1.0))


def _error(share: Array, n: Array) -> float:
    """Return the standard error of the gap, smoothed where all answers of a task agree."""
    size = np.maximum(n, 1)
    smooth = (share * size + 0.5) / (size + 1)
    return float(np.sqrt((smooth * (1 - smooth) / size).sum()) / share.shape[1])


def _score_ends(share: Array, n: Array, solver: str, level: int) -> tuple[float, float]:
    """Return the interval of the mean score of tasks: shares drawn from their posterior."""
    rng = rng_for("scylla", "score", solver, level)
    drawn = rng.beta(share * n + 0.5, (1 - share) * n + 0.5, (DRAWS, *share.shape))
    scores = (drawn[:, 1] - np.maximum(drawn[:, 0] - drawn[:, 1], 0)).mean(axis=1)
    low, high = np.quantile(scores, [0.025, 0.975])
    return float(low), float(high)


def _divergence(a: Array, b: Array, solver: str, level: int) -> tuple[float, float]:
    """Return the divergence of the scores of both sides, and what 19 of 20 shuffles stay below."""
    found = score_divergence(a, b)
    if not np.isfinite(found):
        return found, float("nan")
    rng, both = rng_for("scylla", "shuffle", solver, level), np.concatenate([a, b])
    shuffled = (rng.permutation(both) for _ in range(100))
    drawn = [score_divergence(one[: len(a)], one[len(a) :]) for one in shuffled]
    return found, float(np.nanquantile(drawn, 0.95))


def curves_of(solver: str, rows: "pd.DataFrame") -> list[dict[str, Any]]:
    """Return the mean share of tasks by side and level, with an interval over questions."""
    tasks = tasks_of(rows)
    found = []
    for side in SIDES:
        for level, mine in tasks[tasks["side"] == side].groupby("level"):
            value, n = float(mine["value"].mean()), int(mine["n"].sum())
            ends = wilson(value * n, n)
            found.append({"model": side, "solver": solver, "x": int(str(level)), "value": value,
                          "low": float(ends.low), "high": float(ends.high), "n": n,
                          "parse_rate": n / mine["asked"].sum()})  # fmt: skip
    return found


def judged(solver: str, levels: "pd.DataFrame") -> dict[str, Any]:
    """Return the widest gap of a solver, where it is, and the word for it."""
    inside, outside = (levels[side].to_numpy(float) for side in ("inside", "outside"))
    places, error = levels["x"].to_numpy(float), levels["se"].to_numpy(float)
    found = valley(inside, outside, places)
    low, high, flat = critical_interval(
        inside - outside, error, places, rng=rng_for("scylla", "valley", solver)
    )
    widest = int(np.argmax(found.gap))
    n = int(levels["n"].sum())
    # The widest of several gaps was chosen by its width: its interval holds for all of them.
    half = float(t_quantile(1 - 0.05 / len(places), n - 1)) * float(error[widest])
    gap = float((inside - outside)[widest])
    relative = levels["relative"].to_numpy(float)
    verdict = f"valley at level {found.critical:g}"
    if found.flat:
        verdict = "generalises" if outside.mean() > 0.9 else "flat"
    elif gap - half <= 0:
        verdict = "flat"
    elif (relative[np.isfinite(relative)] >= LEANS).all():
        verdict = "memory-bound"
    return {
        "label": solver, "value": gap, "low": gap - half, "high": gap + half, "n": n,
        "verdict": verdict,
        "critical": float("nan") if found.flat else found.critical,
        "critical_low": low, "critical_high": high,
        "vertex": found.vertex, "share_flat": flat, "mean_score": float(levels["score"].mean()),
        "levels": len(levels),
    }  # fmt: skip
