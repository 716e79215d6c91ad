"""Tables of a comparison of detectors, from the rows that may be judged and their scores."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.analyses._detect_rows import IN, OUT
from stresslab.checks import Array

if TYPE_CHECKING:
    import pandas as pd

DRAWS = 200
"""Resamples of clusters behind the intervals of what has no formula."""

MOST_WEIGHTS = 30_000_000
"""Weights of resamples held at once; more rows get fewer resamples, never below 100."""

SHARES = tuple(step / 20 for step in range(11))
KEPT = (0.99, 0.95, 0.9, 0.8)
POINTS, ROC_POINTS = 60, 20
ENDS = ("value", "low", "high")


@dataclass(frozen=True, eq=False)
class Judged:
    """Rows that are judged, and resamples of their clusters.

    Parameters
    ----------
    rows : DataFrame
        As in `_detect_rows.Kept`.
    scores : DataFrame
        One column per detector.
    titles : dict
        Names people read, by detector.
    weights : ndarray of shape (1 + draws, n)
        Ones, then how often each resample holds the row.
    level : float
        Of the intervals.
    """

    rows: "pd.DataFrame"
    scores: "pd.DataFrame"
    titles: dict[str, str]
    weights: Array
    level: float

    @property
    def names(self) -> list[str]:
        """Return the detectors in order."""
        return [str(name) for name in self.scores]

    @property
    def out(self) -> Array:
        """Return which rows are out of distribution, 0 or 1."""
        return (self.rows["role"] == OUT).to_numpy().astype(float)

    def ends(self, draws: Array) -> tuple[float, float, float]:
        """Return the value (the first draw) and its percentile interval."""
        value, others = float(draws[0]), draws[1:]
        known = others[np.isfinite(others)]
        if not np.isfinite(value) or len(known) < len(others) / 2:
            return value, np.nan, np.nan
        tail = (1 - self.level) / 2
        low, high = np.quantile(known, [tail, 1 - tail])
        return value, min(float(low), value), max(float(high), value)


def judged(
    rows: "pd.DataFrame", scores: "pd.DataFrame", titles: dict[str, str], level: float, seed: int
) -> Judged:
    """Return the rows with resamples of their clusters, the same for every number."""
    codes = np.unique(rows["cluster"].to_numpy(), return_inverse=True)[1]
    n_clusters = int(codes.max()) + 1
    draws = int(np.clip(MOST_WEIGHTS // max(len(rows), 1), 100, DRAWS))
    drawn = np.random.default_rng(seed).multinomial(
        n_clusters, np.full(n_clusters, 1 / n_clusters), size=draws
    )
    weights = np.ones((draws + 1, len(rows)), dtype=np.float32)
    weights[1:] = drawn[:, codes]
    return Judged(rows, scores, titles, weights, level)


def areas(of: Judged) -> tuple["pd.DataFrame", "pd.DataFrame"]:
    """Return one row per detector, the largest area first, and how their differences stand."""
    import pandas as pd

    from stresslab.stats.auc_clusters import clustered_aucs
    from stresslab.stats.separation import separation

    found = clustered_aucs(of.out, of.scores.to_numpy(), of.rows["cluster"].to_numpy())
    lows, highs = found.interval(of.level)
    made = []
    for place, name in enumerate(of.names):
        told = separation(of.out, of.scores[name].to_numpy(), of.weights)
        precision, missed = of.ends(told.average_precision), of.ends(told.missed)
        made.append(
            {
                "detector": name, "label": of.titles[name], "value": found.values[place],
                "low": lows[place], "high": highs[place],
                **dict(zip(_ends("average_precision"), precision, strict=True)),
                **dict(zip(_ends("missed"), missed, strict=True)),
                "n": len(of.rows), "n_in": found.n_negative, "n_out": found.n_positive,
                "n_clusters": found.n_clusters,
            }
        )  # fmt: skip
    table = pd.DataFrame(made)
    order = np.argsort(-table["value"].to_numpy(), kind="stable")
    return table.iloc[order].reset_index(drop=True), differences(of, found, order)


def differences(of: Judged, found: Any, order: Array) -> "pd.DataFrame":
    """Return every pair of detectors, the better first, corrected as one family."""
    import pandas as pd
    from scipy.stats import t

    from stresslab.stats.correct import adjust, interval_levels, resolve

    names = of.names
    pairs = [(a, b) for place, a in enumerate(order) for b in order[place + 1 :]]
    if not pairs:
        return no_differences()
    first, second = np.array(pairs).T
    gap, error, p_value = found.differences(first, second)
    method = resolve("auto", int(np.isfinite(p_value).sum()))
    adjusted = adjust(p_value, method)
    known, rejected = np.isfinite(p_value), adjusted < 1 - of.level
    df = max(found.n_clusters - 1, 1)
    half = t.ppf(0.5 + of.level / 2, df) * error
    wide = t.ppf(0.5 + interval_levels(rejected, known, method, of.level) / 2, df) * error
    verdict = np.where(rejected, np.where(gap > 0, "better", "worse"), "cannot tell")
    return pd.DataFrame(
        {
            "detector_a": [names[one] for one in first],
            "detector_b": [names[one] for one in second],
            "difference": gap, "low": gap - half, "high": gap + half,
            "low_adjusted": gap - wide, "high_adjusted": gap + wide,
            "n": len(of.rows), "n_clusters": found.n_clusters,
            "p_value": p_value, "p_adjusted": adjusted, "verdict": np.where(known, verdict, ""),
        }
    )  # fmt: skip


def no_differences() -> "pd.DataFrame":
    """Return the table of pairs without rows."""
    from stresslab.analyses._value import frame

    numbers = (
        "difference",
        "low",
        "high",
        "low_adjusted",
        "high_adjusted",
        "p_value",
        "p_adjusted",
    )
    return frame(
        dict.fromkeys(("detector_a", "detector_b"), "str")
        | dict.fromkeys(numbers, "float64")
        | dict.fromkeys(("n", "n_clusters"), "int64")
        | {"verdict": "str"}
    )


def cells(of: Judged, by: tuple[str, ...], rows: Array) -> "pd.DataFrame":
    """Return the area per detector and cell of rows that are out, against all that are in.

    Parameters
    ----------
    by : tuple of str
        Columns of the rows.
    rows : ndarray of bool, shape (n,)
        Rows that are out and stand in a cell.
    """
    import pandas as pd

    from stresslab.stats.auc_clusters import clustered_aucs

    inside = (of.rows["role"] == IN).to_numpy()
    made = []
    groups = of.rows[rows].groupby(list(by), sort=True, dropna=False).indices
    places = np.flatnonzero(rows)
    for key, members in groups.items():
        some = np.sort(np.concatenate([np.flatnonzero(inside), places[members]]))
        found = clustered_aucs(
            of.out[some], of.scores.to_numpy()[some], of.rows["cluster"].to_numpy()[some]
        )
        lows, highs = found.interval(of.level)
        where = dict(zip(by, key if isinstance(key, tuple) else (key,), strict=True))
        for place, name in enumerate(of.names):
            ends = {"value": found.values[place], "low": lows[place], "high": highs[place]}
            sizes = {
                "n": found.n_positive,
                "n_in": found.n_negative,
                "n_clusters": found.n_clusters,
            }
            made.append({"detector": name, "label": of.titles[name], **where, **ends, **sizes})
    columns = ["detector", "label", *by, *ENDS, "n", "n_in", "n_clusters"]
    return pd.DataFrame(made, columns=columns)


def roc(of: Judged) -> "pd.DataFrame":
    """Return points of the ROC curve of every detector: x alarms, found."""
    import pandas as pd

    from stresslab.stats.separation import roc_points

    parts = []
    for name in of.names:
        false, true = roc_points(of.out, of.scores[name].to_numpy(), most=ROC_POINTS)
        parts.append(
            pd.DataFrame({"detector": name, "label": of.titles[name], "x": false, "found": true})
        )
    return pd.concat(parts, ignore_index=True)


def distributions(of: Judged) -> "pd.DataFrame":
    """Return, per detector and group of rows, how densely scores lie at ``x``.

    Groups are the rows in distribution, other domains, and harder inputs by tier.
    """
    import pandas as pd

    from stresslab.stats.density import density

    group, tiers = groups_of(of.rows)
    order = np.lexsort((tiers, of.out))
    parts = []
    for name in of.names:
        score = of.scores[name].to_numpy()
        low, high = np.quantile(score, [0.005, 0.995])
        places = np.linspace(low, high, POINTS)
        for one in dict.fromkeys(group[order]):
            mine = score[group == one]
            told: dict[str, Any] = {"detector": name, "label": of.titles[name], "group": one}
            told |= {"tier": int(tiers[group == one][0]), "median": float(np.median(mine))}
            values = density(mine, places) if np.ptp(places) > 0 else np.nan
            parts.append(pd.DataFrame({**told, "x": places, "density": values, "n": len(mine)}))
    return pd.concat(parts, ignore_index=True)


def groups_of(rows: "pd.DataFrame") -> tuple[Array, Array]:
    """Return what people call the group of each row, and its tier."""
    inside = (rows["role"] == IN).to_numpy()
    tiers = rows["tier"].fillna(0).to_numpy().astype(int)
    harder = np.array([f"tier {one}" for one in tiers], dtype=object)
    domains = rows["domain"].fillna("no domain").astype(str).to_numpy(dtype=object)
    return np.where(inside, "in distribution", np.where(tiers > 0, harder, domains)), tiers


def risks(of: Judged, dropped: float) -> tuple["pd.DataFrame", "pd.DataFrame"]:
    """Return the share right when rows are dropped, and per detector the gain and the area.

    Rows whose model was not scored are left out of both.
    """
    import pandas as pd

    from stresslab.stats.risk_coverage import risk_coverage

    right = of.rows["right"].to_numpy(dtype=float)
    known = np.isfinite(right)
    curves, gains = [], []
    n_clusters = of.rows.loc[known, "cluster"].nunique()
    for name in of.names if known.any() else []:
        told = risk_coverage(
            right[known], of.scores[name].to_numpy()[known], of.weights[:, known],
            dropped=(*SHARES, dropped),
        )  # fmt: skip
        who: dict[str, Any] = {"detector": name, "label": of.titles[name]}
        for place, share in enumerate(SHARES):
            ends = dict(zip(ENDS, of.ends(told.kept[:, place]), strict=True))
            n = round((1 - share) * int(known.sum()))
            curves.append({**who, "dropped": share, **ends, "n": n, "n_clusters": n_clusters})
        gain = dict(zip(_ends("gain"), of.ends(told.kept[:, -1] - told.kept[:, 0]), strict=True))
        area = dict(zip(_ends("aurc"), of.ends(told.area), strict=True))
        kept = {"all_rows": told.kept[0, 0], "kept_rows": told.kept[0, -1]}
        gains.append(
            {**who, **kept, **gain, **area, "n": int(known.sum()), "n_clusters": n_clusters}
        )
    columns = ["detector", "label", "dropped", *ENDS, "n", "n_clusters"]
    more = ["all_rows", "kept_rows", *_ends("gain"), *_ends("aurc"), "n", "n_clusters"]
    found = pd.DataFrame(gains, columns=["detector", "label", *more])
    return pd.DataFrame(curves, columns=columns), found.sort_values(
        "gain", ascending=False, kind="stable", ignore_index=True
    )


def thresholds(of: Judged, space: str) -> "pd.DataFrame":
    """Return, per detector and share of what is in that must pass, where to cut and what it finds.

    ``condition`` selects what lies beyond the cut; ``found`` is the share of the rows out of
    distribution it selects.
    """
    import pandas as pd

    inside = (of.rows["role"] == IN).to_numpy()
    right = of.rows["right"].to_numpy(dtype=float)
    wrong, known = np.nan_to_num(1 - right), np.isfinite(right)
    cuts = [
        (name, kept, _rounded_up(float(np.quantile(score[inside], kept, method="inverted_cdf"))))
        for name, score in ((name, of.scores[name].to_numpy()) for name in of.names)
        for kept in KEPT
    ]
    beyond = np.stack([of.scores[name].to_numpy() > cut for name, _, cut in cuts], axis=1)
    shares = {
        "found": _shares(of.weights, beyond, ~inside[:, None]),
        "alarms": _shares(of.weights, beyond, inside[:, None]),
        "wrong_beyond": _shares(of.weights, wrong[:, None], beyond & known[:, None]),
        "wrong_within": _shares(of.weights, wrong[:, None], ~beyond & known[:, None]),
    }
    made = []
    for place, (name, kept, cut) in enumerate(cuts):
        told: dict[str, Any] = {"detector": name, "label": of.titles[name], "kept": kept}
        told["threshold"] = cut
        for share, draws in shares.items():
            told |= dict(zip(_ends(share), of.ends(draws[:, place]), strict=True))
        told |= {"n_beyond": int(beyond[:, place].sum()), "n": len(beyond)}
        made.append(told | {"condition": f"derived.{_name(space)}.{name} > {cut!r}"})
    return pd.DataFrame(made)


def _shares(weights: Array, values: Array, rows: Array) -> Array:
    """Return means of `values` over `rows` per draw and column, shape (draws, n_columns)."""
    counted = np.broadcast_to(rows, np.broadcast_shapes(rows.shape, values.shape))
    with np.errstate(divide="ignore", invalid="ignore"):
        found: Array = (weights @ (values * counted).astype(np.float32)) / (
            weights @ counted.astype(np.float32)
        )
    return found


def _rounded_up(cut: float) -> float:
    """Return `cut` with four digits, at least as large: no row in distribution slips beyond."""
    if not np.isfinite(cut) or cut == 0:
        return cut
    step = 10.0 ** (np.floor(np.log10(abs(cut))) - 3)
    return float(f"{np.ceil(cut / step) * step:.6g}")


def _name(space: str) -> str:
    from stresslab.predicate import Field, IsNull, to_text

    return to_text(IsNull(Field((space,)))).removesuffix(" is null")


def _ends(name: str) -> tuple[str, str, str]:
    return name, f"{name}_low", f"{name}_high"
