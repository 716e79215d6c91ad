"""Tables of the study of familiarity: by tier, by word, what dropping gains, each part alone."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.checks import Array
from stresslab.rng import rng_for
from stresslab.stats.auc_clusters import ClusteredAucs, clustered_aucs
from stresslab.stats.density import density
from stresslab.stats.intervals import from_moments
from stresslab.stats.risk_coverage import risk_coverage
from stresslab.studies._sage_rows import PARTS, SCORES

if TYPE_CHECKING:
    import pandas as pd

WORDS = ("familiar", "unusual", "outside", "confident but outside")
CUTS = (0.05, 0.2)
"""Shares of calibration rows that would be called outside, and outside or unusual."""
SURE = 0.5
"""A p of confidence from here on: as sure as half of the calibration rows, or surer."""
DROPPED = np.round(np.arange(0.0, 0.75, 0.05), 2)
TOLD = dict(zip(SCORES, ("SAGE", "distance", "reconstruction", "confidence"), strict=True))
RESAMPLES = 400
LEAST_LISTED = 20


def conditions(rows: "pd.DataFrame") -> "Iterator[tuple[str, int, pd.DataFrame]]":
    """Yield perturbation, tier and rows; the untouched ones are tier 0 of every perturbation."""
    for axis in rows["perturbation"].dropna().unique():
        for tier in sorted(rows["tier"].unique()):
            at = (rows["tier"] == tier) & ((tier == 0) | (rows["perturbation"] == axis))
            if at.any():
                yield str(axis), int(tier), rows[at]


def mean(rows: "pd.DataFrame", values: Array, *, rate: bool = True) -> dict[str, Any]:
    """Return a mean with its interval; rows of one cluster belong together."""
    if not len(rows):
        return {"value": np.nan, "low": np.nan, "high": np.nan, "n": 0}
    codes = np.unique(rows["cluster"], return_inverse=True)[1]
    sums, sizes = np.bincount(codes, values), np.bincount(codes)
    found = from_moments(
        sums.sum(), len(rows), len(sizes), sums @ sums, sums @ sizes, sizes @ sizes, rate=rate,
    )  # fmt: skip
    return {"value": float(found.value), "low": float(found.low), "high": float(found.high),
            "n": len(rows)}  # fmt: skip


def median(values: Array) -> dict[str, Any]:
    """Return a median of independent rows with the interval that order statistics give."""
    from scipy.stats import quantile_test

    ends = quantile_test(values, p=0.5).confidence_interval()
    return {"value": float(np.median(values)), "low": float(ends.low), "high": float(ends.high),
            "n": len(values)}  # fmt: skip


def by_tier(rows: "pd.DataFrame", name: str) -> "pd.DataFrame":
    """Return median SAGE, its AUROC against the untouched and the score, by condition."""
    import pandas as pd

    found = []
    for axis, tier, some in conditions(rows):
        area, low, high = np.nan, np.nan, np.nan
        if tier:
            areas = against(rows[rows["tier"] == 0], some, ("sage",))
            [area], ([low], [high]) = areas.values, areas.interval()
        found.append(
            {"model": f"{name}, {axis}", "x": tier, **median(some["sage"].to_numpy()),
             "auroc": area, "auroc_low": low, "auroc_high": high,
             "mean_score": float(some["score"].mean())}
        )  # fmt: skip
    return pd.DataFrame(found)


def against(
    inside: "pd.DataFrame", outside: "pd.DataFrame", scores: tuple[str, ...] = SCORES
) -> ClusteredAucs:
    """Return how well scores tell rows outside from those inside; rows of an item are a cluster."""
    import pandas as pd

    rows = pd.concat([inside, outside])
    truth = np.repeat([0, 1], [len(inside), len(outside)])
    return clustered_aucs(truth, -rows[list(scores)].to_numpy(), rows["cluster"].to_numpy())


def hills(rows: "pd.DataFrame") -> "pd.DataFrame":
    """Return the density of SAGE, on a logarithmic axis, by condition."""
    import pandas as pd

    low = float(np.log10(rows["sage"].min()))
    at = np.linspace(low, 0, 121)
    return pd.concat(
        [
            pd.DataFrame(
                {"panel": axis, "row": f"tier {tier}", "tier": tier, "x": 10**at,
                 "value": density(np.log10(some["sage"]), at, bounds=(low, 0.0)).round(6),
                 "median": float(some["sage"].median()), "n": len(some)}
            )
            for axis, tier, some in conditions(rows)
        ],
        ignore_index=True,
    )  # fmt: skip


def with_words(rows: "pd.DataFrame", usual: "pd.DataFrame") -> "pd.DataFrame":
    """Return rows with a word each; SAGE of the calibration rows says where words begin."""
    outside, unusual = np.quantile(usual["sage"], CUTS)
    sage = rows["sage"].to_numpy()
    word = np.where(sage <= outside, WORDS[2], np.where(sage <= unusual, WORDS[1], WORDS[0]))
    blind = (rows["p_distance"] <= CUTS[0]) & (rows["p_confidence"] >= SURE)
    return rows.assign(word=np.where(blind, WORDS[3], word))


def by_word(rows: "pd.DataFrame") -> "pd.DataFrame":
    """Return the share of every word, by condition; the untouched stand first, once."""
    import pandas as pd

    places = [("untouched", rows[rows["tier"] == 0])]
    places += [(f"{axis} {tier}", some) for axis, tier, some in conditions(rows) if tier]
    return pd.DataFrame(
        [
            {"row": place, "column": word, **mean(some, (some["word"] == word).to_numpy(float))}
            for place, some in places
            for word in WORDS
        ]
    )


def confident(rows: "pd.DataFrame") -> "pd.DataFrame":
    """Return the share right of inputs that are confident but outside, and of all, by condition."""
    import pandas as pd

    found = []
    for axis, tier, some in conditions(rows):
        if tier:
            for inputs, kept in ((WORDS[3], some[some["word"] == WORDS[3]]), ("all", some)):
                found.append(
                    {"label": f"{axis}, tier {tier}", "inputs": inputs,
                     **mean(kept, kept["score"].to_numpy()), "share": len(kept) / len(some)}
                )  # fmt: skip
    return pd.DataFrame(found)


def dropping(rows: "pd.DataFrame", panel: str, *, rate: bool = True) -> "pd.DataFrame":
    """Return the mean score of what is kept when the least familiar rows are dropped."""
    import pandas as pd

    found = []
    shuffled = rows.iloc[rng_for("sage", "ties", panel).permutation(len(rows))]
    for name, told in TOLD.items():
        order = np.argsort(-shuffled[name].to_numpy(), kind="stable")  # ties fall by lot
        for share in DROPPED:
            kept = shuffled.iloc[order[: round((1 - share) * len(rows))]]
            values = kept["score"].to_numpy() * (1 if rate else -1)
            found.append({"panel": panel, "model": told, "x": float(share),
                          **mean(kept, values, rate=rate)})  # fmt: skip
    return pd.DataFrame(found)


def areas_over_coverage(rows: "pd.DataFrame", label: str, *, rate: bool = True) -> "pd.DataFrame":
    """Return the mean risk over all coverages (AURC) of SAGE and its parts, resampling items.

    The risk is the share wrong, or the mean error where scores are minus errors.
    """
    import pandas as pd

    n = int(rows["cluster"].max()) + 1
    draws = rng_for("sage", "aurc", label).multinomial(n, np.full(n, 1 / n), RESAMPLES)
    weights = np.vstack([np.ones(len(rows)), draws[:, rows["cluster"]]])
    found = []
    for name, told in TOLD.items():
        area = risk_coverage(rows["score"], -rows[name], weights, dropped=[]).area - (not rate)
        low, high = np.quantile(area[1:], [0.025, 0.975])
        found.append({"label": label, "score": told, "value": float(area[0]), "low": float(low),
                      "high": float(high), "n": len(rows)})  # fmt: skip
    return pd.DataFrame(found)


def telling(rows: "pd.DataFrame", held: "pd.DataFrame") -> "pd.DataFrame":
    """Return the AUROC of SAGE and of its parts alone, by condition; differences are corrected.

    Conditions are the first tier of every perturbation, where it is hardest, and every class that
    was held out. `verdict` is of SAGE against the part; Holm over all of them.
    """
    import pandas as pd

    from stresslab.stats.correct import holm

    clean = rows[rows["tier"] == 0]
    first: dict[str, tuple[str, pd.DataFrame, pd.DataFrame]] = {}
    for axis, tier, some in conditions(rows):
        if tier:
            first.setdefault(axis, (f"{axis}, tier {tier}", clean, some))
    cases = list(first.values())
    for one, some in held.groupby("without"):
        out = some["domain"] == "class held out"
        cases.append((f"without class {one}", some[~out], some[out]))
    found = []
    for label, inside, outside in cases:
        areas = against(inside, outside)
        low, high = areas.interval()
        gap, _, p = areas.differences(np.zeros(len(SCORES), int), np.arange(len(SCORES)))
        found += [
            {"label": label, "score": told, "value": areas.values[place], "low": low[place],
             "high": high[place], "n": len(inside) + len(outside), "sage_minus": gap[place],
             "p_value": p[place] if place else np.nan}
            for place, told in enumerate(TOLD.values())
        ]  # fmt: skip
    table = pd.DataFrame(found)
    known = table["p_value"].notna()
    table.loc[known, "p_adjusted"] = holm(table.loc[known, "p_value"].to_numpy())
    sure = table["p_adjusted"] < 0.05
    side = np.where(table["sage_minus"] > 0, "better", "worse")
    word = np.where(known, np.where(sure, side, "cannot tell"), "")
    return table.assign(verdict=word)


def three(rows: "pd.DataFrame", per_condition: int = 100) -> "pd.DataFrame":
    """Return the p of some rows, two by two."""
    import pandas as pd

    last = rows["tier"].max()
    some = rows[rows["tier"].isin([0, last])]
    kept = some.groupby(["tier", some["perturbation"].fillna("")], sort=True).head(per_condition)
    pairs = ((0, 2), (0, 1), (1, 2))
    names = [part.removeprefix("p_") for part in PARTS]
    return pd.concat(
        [
            pd.DataFrame(
                {"panel": f"{names[a]} → {names[b]} ↑", "label": kept["variant_id"],
                 "x": kept[PARTS[a]], "y": kept[PARTS[b]], "word": kept["word"]}
            ).sort_values("word", key=lambda words: words.map(WORDS.index), kind="stable")
            for a, b in pairs
        ],
        ignore_index=True,
    )  # fmt: skip


def least_familiar(rows: "pd.DataFrame") -> "pd.DataFrame":
    """Return the inputs of least SAGE among the untouched, then among all."""
    import pandas as pd

    names = ["variant_id", "word", *SCORES, "confidence", "answer", "reference", "score"]
    clean = rows[rows["tier"] == 0].nsmallest(LEAST_LISTED, "sage")
    every = rows.nsmallest(LEAST_LISTED, "sage")
    parts = [some[names].assign(among=told) for some, told in ((clean, "clean"), (every, "all"))]
    return pd.concat(parts, ignore_index=True)
