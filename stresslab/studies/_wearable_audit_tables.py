"""The tables of study 50: areas by split, leaks, subgroups, shifts, importance, precision."""

from typing import TYPE_CHECKING

import numpy as np

from stresslab.gaps.leakage import lift
from stresslab.rng import rng_for
from stresslab.stats.auc import Auc, auc, auc_difference
from stresslab.stats.intervals import from_moments, t_quantile
from stresslab.studies import _read
from stresslab.studies._wearable_audit_cohort import FEATURES

if TYPE_CHECKING:
    import pandas as pd

    from stresslab.store.workspace import Workspace

TASK = "free of stress"
KINDS = ("logistic regression", "boosted trees")
SPLITS = {"rows dealt": None, "recordings dealt": "item", "people dealt": "person"}
"""Splits, and what stays together in each: a filtered copy follows its recording in the second."""

SHIFTS = ("trained on the young", "country left out")
GROUPS = ("sex", "age_band", "body_mass", "hypertension")
COPIES = "derived rows"
Asked = dict[tuple[str, str], "pd.DataFrame"]


def read(workspace: "Workspace", model: str) -> "pd.DataFrame":
    """Return the risks of a run with what is known of the recordings."""
    import json

    import pandas as pd

    items = _read.table(workspace, TASK, model, "items").set_index("item_id")
    variants = _read.table(workspace, TASK, model, "variants").set_index("variant_id")
    rows = _read.table(workspace, TASK, model)
    asked = variants.loc[rows["variant_id"]]
    known = pd.DataFrame([json.loads(one) for one in items["attributes"]], index=items.index)
    told = known.loc[asked["item_id"]].reset_index(drop=True)
    return told.assign(
        item=asked["item_id"].to_numpy(), tier=asked["tier"].to_numpy(),
        derived=asked["strength"].to_numpy(), changed=asked["perturbation"].to_numpy(),
        trial=rows["trial"].to_numpy(), risk=rows["output"].astype(float).to_numpy(),
        near=(rows["answer"] == "near duplicate").to_numpy(),
    )  # fmt: skip


def areas(asked: Asked) -> "pd.DataFrame":
    """Return the mean area over repeats by split and share of copies; intervals are of people."""
    import pandas as pd

    found = []
    for (kind, split), rows in asked.items():
        for tier, one in rows[rows["changed"] == COPIES].groupby("tier"):
            area = of_people(one)
            each = [auc(part["truth"], part["risk"]).value for _, part in one.groupby("trial")]
            shift = float(np.mean(each)) - area.value
            found.append(
                {"label": f"{kind}, {split}", "kind": kind, "split": split, "tier": int(str(tier)),
                 "x": float(one["derived"].iloc[0]), "value": float(np.mean(each)),
                 "low": max(area.low + shift, 0.0), "high": min(area.high + shift, 1.0),
                 "n": one["person"].nunique(), "rows": one["item"].nunique(), **_brier(one)}
            )  # fmt: skip
    return pd.DataFrame(found)


def of_people(rows: "pd.DataFrame", level: float = 0.95) -> Auc:
    """Return the area over people, each by the mean of their risks: people are independent."""
    people = _people(rows)
    return auc(people["truth"], people["risk"], level=level)


def _people(rows: "pd.DataFrame") -> "pd.DataFrame":
    return rows.groupby("person").agg(truth=("truth", "first"), risk=("risk", "mean"))


def _brier(rows: "pd.DataFrame") -> dict[str, float]:
    """Return the mean squared error of the risks; the interval is over people."""
    squared = (rows["truth"] - rows["risk"]) ** 2
    sums = squared.groupby(rows["person"]).agg(["sum", "count"]).to_numpy(float)
    total, count = sums.T
    found = from_moments(
        total.sum(), count.sum(), len(sums), (total**2).sum(), (total * count).sum(),
        (count**2).sum(), sq=(squared**2).sum(), bounds=(0.0, 1.0),
    )  # fmt: skip
    names = ("brier", "brier_low", "brier_high")
    return {
        name: float(one)
        for name, one in zip(names, (found.value, found.low, found.high), strict=True)
    }


def leaks(asked: Asked) -> "pd.DataFrame":
    """Return what knowing the copy, and knowing the person, adds, by share of copies.

    Paired over the repeats of the deal, with the same people.
    """
    import pandas as pd

    found = []
    for kind in KINDS:
        rows, recordings, people = (_repeated(asked[kind, split]) for split in SPLITS)
        parts = {"in all": (rows, people), "by copies": (rows, recordings),
                 "by people": (recordings, people)}  # fmt: skip
        for part, (dealt, honest) in parts.items():
            for derived in sorted({share for share, _ in dealt}):
                gaps = np.array([dealt[key] - honest[key] for key in dealt if key[0] == derived])
                half = float(t_quantile(0.95, len(gaps) - 1)) * gaps.std(ddof=1) / len(gaps) ** 0.5
                found.append({"panel": kind, "model": part, "x": derived, "value": gaps.mean(),
                              "low": gaps.mean() - half, "high": gaps.mean() + half,
                              "n": len(gaps)})  # fmt: skip
    return pd.DataFrame(found)


def _repeated(rows: "pd.DataFrame") -> dict[tuple[float, int], float]:
    """Return the area of every share of copies and repeat."""
    return {
        (float(str(derived)), int(str(trial))): auc(one["truth"], one["risk"]).value
        for (derived, trial), one in rows[rows["changed"] == COPIES].groupby(["derived", "trial"])
    }


def subgroups(rows: "pd.DataFrame") -> "pd.DataFrame":
    """Return the area of every subgroup of people, intervals for all at once."""
    import pandas as pd
    from scipy.special import ndtri

    level = 1 - 0.05 / sum(rows[name].nunique() for name in GROUPS)
    found = []
    for name in GROUPS:
        for value_of, one in rows.groupby(name):
            area = of_people(one, level)
            value, verdict = float("nan"), "too few to tell"  # no bare number
            if area.low == area.low:
                value = area.value
                rest = of_people(rows[rows[name] != value_of])
                half = float(ndtri(0.5 + level / 2)) * float(np.hypot(area.error, rest.error))
                verdict = "fails" if area.value - rest.value + half < 0 else "as others"
            found.append({"label": f"{name} {value_of}".replace("_", " "), "value": value,
                          "low": area.low, "high": area.high, "n": one["person"].nunique(),
                          "n_negative": area.n_negative, "verdict": verdict})  # fmt: skip
    return pd.DataFrame(found)


def shifts(asked: Asked, shifted: Asked) -> "pd.DataFrame":
    """Return what a model of other people loses against people dealt, on the same people."""
    import pandas as pd

    found = []
    for (kind, shift), away in shifted.items():
        home = asked[kind, "people dealt"]
        home = home[(home["tier"] == 1) & (home["changed"] == COPIES)]
        both = _people(away).join(_people(home)["risk"].rename("home"), how="inner")
        value, low, high = auc_difference(both["truth"], both["risk"], both["home"])
        found.append({"label": f"{kind}, {shift}", "value": value, "low": low, "high": high,
                      "n": len(both), "auc": auc(both["truth"], both["risk"]).value})  # fmt: skip
    return pd.DataFrame(found)


def importance(asked: Asked) -> "pd.DataFrame":
    """Return by how much the area falls where one feature is shuffled, for all features at once."""
    import pandas as pd

    found = []
    level = 1 - 0.05 / len(FEATURES)
    for kind in KINDS:
        rows = asked[kind, "people dealt"]
        plain = rows[(rows["changed"] == COPIES) & (rows["tier"] == 1)]
        for feature in FEATURES:
            shuffled = rows[rows["changed"] == f"{feature} shuffled"]
            # the same repeats on both sides
            same = plain[plain["trial"].isin(shuffled["trial"].unique())]
            people = _people(same).join(_people(shuffled)["risk"].rename("without"), how="inner")
            value, low, high = auc_difference(
                people["truth"], people["risk"], people["without"], level=level
            )
            found.append({"label": feature, "model": kind, "value": value, "low": low,
                          "high": high, "n": len(people)})  # fmt: skip
    return pd.DataFrame(found)


def precision(rows: "pd.DataFrame") -> "pd.DataFrame":
    """Return average precision of either class beside its no-skill line, over people."""
    import pandas as pd
    from sklearn.metrics import average_precision_score

    people = _people(rows)
    found = []
    for label, sign in (("free of stress is positive", 1), ("stress is positive", -1)):
        truth = people["truth"].to_numpy() if sign > 0 else 1 - people["truth"].to_numpy()
        risk = sign * people["risk"].to_numpy()
        rng, drawn = rng_for("wearable", "precision", sign), []
        for _ in range(500):
            draw = rng.integers(len(truth), size=len(truth))
            if 0 < truth[draw].mean() < 1:
                drawn.append(
                    lift(average_precision_score(truth[draw], risk[draw]), truth[draw].mean())
                )
        value = float(average_precision_score(truth, risk))
        low, high = np.quantile(drawn, [0.025, 0.975])
        found.append({"label": label, "value": lift(value, float(truth.mean())), "low": low,
                      "high": high, "n": len(truth), "average_precision": value,
                      "prevalence": float(truth.mean())})  # fmt: skip
    return pd.DataFrame(found)


def duplicates(asked: Asked) -> "pd.DataFrame":
    """Return the share of recordings whose near duplicate was trained on."""
    import pandas as pd

    return pd.DataFrame(
        [
            {"split": split, "derived": derived, "near_duplicates": float(one["near"].mean()),
             "n": len(one)}
            for split in SPLITS
            for derived, one in _copies(asked[KINDS[0], split]).groupby("derived")
        ]
    )  # fmt: skip


def listed(asked: Asked, most: int = 200) -> "pd.DataFrame":
    """Return recordings whose near duplicate was trained on, those most often met first."""
    rows = _copies(asked[KINDS[0], "rows dealt"])
    met = rows[rows["near"]].groupby(["item", "person", "derived"], as_index=False).size()
    met = met.rename(columns={"size": "times_met"})
    order = met.sort_values(["times_met", "derived", "item"], ascending=[False, False, True])
    return order.head(most).reset_index(drop=True)


def _copies(rows: "pd.DataFrame") -> "pd.DataFrame":
    return rows[rows["changed"] == COPIES]
