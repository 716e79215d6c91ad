"""The tables of study 46: benefits, where they end, what they are worth, and the tax on facts."""

from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.checks import Array
from stresslab.gaps.benefit import crossover, data_equivalence, interaction, log_slope
from stresslab.rng import rng_for
from stresslab.stats.paired import paired_differences
from stresslab.studies import _read
from stresslab.studies._specialist_world import SIZES

if TYPE_CHECKING:
    import pandas as pd

    from stresslab.store.pairs import Pairs

DRAWS = 1000
COEFFICIENTS = ("constant", "log n", "broad", "log n x broad")


def differences(pairs: "Pairs", arm: str, other: str) -> "pd.DataFrame":
    """Return arm minus other on the same texts, by task and amount, simultaneous over all."""
    a, b = (pairs.models.index(one) for one in (arm, other))
    groups = pairs.groups
    found = paired_differences(
        pairs.values[:, a], pairs.values[:, b], pairs.cluster, pairs.group, len(groups), rate=True,
        level=1 - 0.05 / len(groups), rng=rng_for("specialist", arm, other),
    )  # fmt: skip
    rows: pd.DataFrame = groups.assign(
        x=_sizes(groups["tier"]), value=found.difference, low=found.low, high=found.high,
        n=found.n_pairs,
    ).reset_index(drop=True)  # fmt: skip
    return rows


def means(workspace: Any, task: str, arms: tuple[str, ...]) -> "pd.DataFrame":
    """Return the share right of every arm, by task and amount."""
    found = _read.means(workspace, task, arms, by=("domain", "tier"))
    return found.assign(x=_sizes(found["tier"]))


def _sizes(tiers: Any) -> list[float]:
    return [float(SIZES[int(tier) - 1]) for tier in tiers]


def ends(pairs: "Pairs", benefit: "pd.DataFrame", arm: str, other: str) -> "pd.DataFrame":
    """Return, for each task, where the benefit ends and how many own texts it is worth.

    Intervals draw the texts of the test again. A benefit that keeps above 0 ends nowhere (inf),
    one that starts below ended before the smallest amount; a score that is never reached alone is
    worth more than all (inf).
    """
    import pandas as pd

    rows = []
    for domain, mine in benefit.sort_values("x").groupby("domain"):
        sizes = mine["x"].to_numpy()
        curves = _drawn(pairs, str(domain), (arm, other))  # draws, the first the data; arms; sizes
        gains = curves[:, 0] - curves[:, 1]
        over = np.array([_end(sizes, one) for one in gains])
        worth = np.array([data_equivalence(sizes, one[1], float(one[0, 0])) for one in curves])
        first, last = mine.iloc[0], mine.iloc[-1]
        verdict = "not separable"
        if (mine["high"] < 0).any():
            verdict = "specialise"
        elif (mine["low"] > 0).any():
            verdict = "mix"
        rows.append(
            {"label": domain, "value": first["value"], "low": first["low"], "high": first["high"],
             "n": int(first["n"]), "at_most": last["value"], **_interval("crossover", over),
             "log_slope": log_slope(sizes, gains[0]), **_interval("worth", worth),
             "saved": worth[0] - sizes[0], "verdict": verdict}
        )  # fmt: skip
    return pd.DataFrame(rows)


def _drawn(pairs: "Pairs", domain: str, arms: tuple[str, str]) -> Array:
    """Return means of shape (1 + draws, arms, sizes) of one task: of the data, and drawn again."""
    cells = pairs.groups[pairs.groups["domain"] == domain].sort_values("tier").index
    values = np.stack(
        [
            _by_item(pairs, int(cell))[:, [pairs.models.index(one) for one in arms]]
            for cell in cells
        ],
        axis=-1,
    )
    n = len(values)
    rng = rng_for("specialist", "texts again", domain)
    counts = np.vstack([np.ones(n), rng.multinomial(n, np.full(n, 1 / n), size=DRAWS)])
    found: Array = np.tensordot(counts / n, values, axes=1)
    return found


def _by_item(pairs: "Pairs", cell: int) -> Array:
    use = np.flatnonzero(pairs.group == cell)
    found: Array = pairs.values[use[np.argsort(pairs.item[use], kind="stable")]]
    return found


def _end(sizes: Array, gains: Array) -> float:
    found = crossover(sizes, gains)
    if np.isfinite(found):
        return found
    return float("inf") if gains[0] > 0 else float(sizes[0])


def _interval(name: str, drawn: Array) -> dict[str, float]:
    """Return a value and the percentiles of its draws; an infinite one is not averaged away."""
    low = float(np.quantile(drawn[1:], 0.025, method="lower"))
    high = float(np.quantile(drawn[1:], 0.975, method="higher"))
    return {name: float(drawn[0]), f"{name}_low": low, f"{name}_high": high}


def saved(found: "pd.DataFrame") -> "pd.DataFrame":
    """Return how many own texts the general data save at the smallest amount, for a figure."""
    worth = found[["worth", "worth_low", "worth_high"]].clip(upper=SIZES[-1])
    less = worth.to_numpy() - SIZES[0]
    return found[["label", "n"]].assign(
        value=less[:, 0], low=less[:, 1], high=less[:, 2],
        never_reached=np.isinf(found["worth_high"]),
    )  # fmt: skip


def slopes(benefit: "pd.DataFrame") -> "pd.DataFrame":
    """Return the coefficients of the benefit on log n, coverage and both; tasks drawn again."""
    import pandas as pd

    broad = benefit["domain"].str.startswith("broad").to_numpy()
    found = interaction(
        benefit["x"], broad, benefit["value"], benefit["domain"].tolist(), draws=2 * DRAWS,
        rng=rng_for("specialist", "interaction"),
    )  # fmt: skip
    table = pd.DataFrame(dict(zip(("value", "low", "high"), found, strict=True)))
    return table.assign(label=COEFFICIENTS, n=benefit["domain"].nunique())
