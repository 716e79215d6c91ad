"""Study 50: whether a health score is real for new people, or made of repeated rows."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.checks import Array
from stresslab.errors import ParamError
from stresslab.gaps.leakage import folds, lift, near_duplicates
from stresslab.rng import rng_for
from stresslab.stats.auc import auc
from stresslab.stats.intervals import t_quantile
from stresslab.studies import _read
from stresslab.studies._kind import Found, KnownAnswer, Look, Picture, Published, Scale, Study
from stresslab.studies._record import record
from stresslab.studies._wearable_audit_cohort import FEATURES, cohort, fit
from stresslab.studies._words import measured

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

    from stresslab.store.workspace import Workspace

TASK, POSITIVE = "free of stress", "free of stress"
KINDS = ("logistic regression", "boosted trees")
SPLITS = {"rows dealt": False, "people dealt": True}
DERIVED = (0.0, 0.25, 0.5, 0.75)
MEASURES = {"score": {"rate": False, "low": 0.0, "high": 1.0, "higher_is_better": True}}
ATTRIBUTES = ("sex", "age_band", "country", "person", "truth")


def build(workspace: "Workspace", scale: Scale) -> Iterator[str]:
    """Give every original recording a risk by models that did not see its fold, many times."""
    import pandas as pd

    repeats, shares = (20, DERIVED) if scale == "full" else (3, DERIVED[::2])
    for kind in KINDS:
        for split, by_person in SPLITS.items():
            frames = []
            for tier, derived in enumerate(shares, start=1):
                rows = cohort(derived)
                rows["truth"] = positive(rows["label"], POSITIVE)
                for repeat in range(repeats):
                    frames.append(_answers(rows, kind, split, by_person, tier, derived, repeat))
            answers = pd.concat(frames, ignore_index=True)
            record(
                workspace, answers, model=f"{kind}, {split}", task=TASK, measures=MEASURES,
                attributes=ATTRIBUTES,
                settings={"study": "wearable_audit", "repeats": repeats, "shares": list(shares)},
            )  # fmt: skip
            yield f"{kind}, {split}: {len(answers):,} risks"


def _answers(
    rows: "pd.DataFrame", kind: str, split: str, by_person: bool, tier: int, derived: float,
    repeat: int,
) -> "pd.DataFrame":  # fmt: skip
    """Return the risks of the originals; a copy follows its own row, or its person, as dealt."""
    from threadpoolctl import threadpool_limits

    inputs, truth = rows[list(FEATURES)].to_numpy(), rows["truth"].to_numpy()
    risk, near = np.full(len(rows), np.nan), np.zeros(len(rows), dtype=bool)
    rng = rng_for("wearable", "deal", repeat, by_person)
    with threadpool_limits(1):
        for train, test in folds(rows["person"], 2, by_group=by_person, rng=rng):
            model = fit(kind, inputs[train], truth[train])
            risk[test] = model.predict_proba(inputs[test])[:, 1]
            near[test] = near_duplicates(inputs[train], inputs[test])
    found = rows.assign(
        group=rows["person"], domain=rows["age_band"], perturbation="derived rows", axis="paired",
        tier=tier, strength=derived, unit="share of rows", reference=rows["truth"], trial=repeat,
        output=[f"{one:.6f}" for one in risk], answer=np.where(near, "near duplicate", "new"),
        confidence=np.maximum(risk, 1 - risk), score=1 - (truth - risk) ** 2,
    )  # fmt: skip
    return found[found["original"]].drop(columns=["original", "label", *FEATURES])


def find(workspace: "Workspace") -> Found:
    """Return both splits side by side, the leak by share of copies, and every subgroup."""
    import pandas as pd

    asked = {
        (kind, split): _risks(workspace, f"{kind}, {split}") for kind in KINDS for split in SPLITS
    }
    areas = pd.DataFrame(
        [
            {"label": f"{kind}, {split}", "kind": kind, "split": split, **row}
            for (kind, split), rows in asked.items()
            for row in _by_tier(rows)
        ]
    )
    leaks = _leaks(asked)
    first = areas[areas["tier"] == 1].drop(columns="tier").reset_index(drop=True)
    honest = asked[KINDS[0], "people dealt"]
    honest = honest[honest["tier"] == 1]
    groups = _subgroups(honest)
    precision = _precision(honest)
    return Found(
        tables={"areas": first, "leaks": leaks, "subgroups": groups, "precision": precision,
                "duplicates": _duplicates(asked), "by_tier": areas},
        verdict=_verdict(first, leaks, groups, precision),
        sentences=_sentences(first, leaks, precision, groups),
    )  # fmt: skip


def _risks(workspace: "Workspace", model: str) -> "pd.DataFrame":
    """Return the risks of a run with what is known of the recordings."""
    import json

    import pandas as pd

    items = _read.table(workspace, TASK, model, "items").set_index("item_id")
    variants = _read.table(workspace, TASK, model, "variants").set_index("variant_id")
    rows = _read.table(workspace, TASK, model)
    asked = variants.loc[rows["variant_id"]]
    told = pd.DataFrame([json.loads(one) for one in items.loc[asked["item_id"], "attributes"]])
    return told.assign(
        item=asked["item_id"].to_numpy(), tier=asked["tier"].to_numpy(),
        derived=asked["strength"].to_numpy(), trial=rows["trial"].to_numpy(),
        risk=rows["output"].astype(float).to_numpy(),
        near=(rows["answer"] == "near duplicate").to_numpy(),
    )  # fmt: skip


def _by_tier(rows: "pd.DataFrame") -> list[dict[str, Any]]:
    """Return the mean area over repeats; the interval is that of people (see `_of_people`)."""
    found = []
    for tier, one in rows.groupby("tier"):
        area = _of_people(one)
        each = [auc(part["truth"], part["risk"]).value for _, part in one.groupby("trial")]
        shift = float(np.mean(each)) - area.value
        found.append(
            {"tier": int(str(tier)), "x": float(one["derived"].iloc[0]),
             "value": float(np.mean(each)), "low": max(area.low + shift, 0.0),
             "high": min(area.high + shift, 1.0), "n": one["person"].nunique(),
             "rows": one["item"].nunique()}
        )  # fmt: skip
    return found


def _of_people(rows: "pd.DataFrame", level: float = 0.95) -> Any:
    """Return the area over people, each by the mean of their risks: people are independent."""
    people = rows.groupby("person").agg(truth=("truth", "first"), risk=("risk", "mean"))
    return auc(people["truth"], people["risk"], level=level)


def _leaks(asked: "dict[tuple[str, str], pd.DataFrame]") -> "pd.DataFrame":
    """Return rows dealt minus people dealt, by share of copies, over the repeats."""
    import pandas as pd

    found = []
    for kind in KINDS:
        dealt, honest = (_repeated_areas(asked[kind, split]) for split in SPLITS)
        for derived in sorted({share for share, _ in dealt}):
            gaps = np.array([dealt[key] - honest[key] for key in dealt if key[0] == derived])
            half = float(t_quantile(0.95, len(gaps) - 1)) * gaps.std(ddof=1) / len(gaps) ** 0.5
            found.append({"model": kind, "x": derived, "value": gaps.mean(),
                          "low": gaps.mean() - half, "high": gaps.mean() + half,
                          "n": len(gaps)})  # fmt: skip
    return pd.DataFrame(found)


def _repeated_areas(rows: "pd.DataFrame") -> dict[tuple[float, int], float]:
    """Return the area of every share of copies and repeat."""
    return {
        (float(str(derived)), int(str(trial))): auc(one["truth"], one["risk"]).value
        for (derived, trial), one in rows.groupby(["derived", "trial"])
    }


def _subgroups(rows: "pd.DataFrame") -> "pd.DataFrame":
    """Return the area of every subgroup of people, intervals for all at once."""
    import pandas as pd
    from scipy.special import ndtri

    names = ("sex", "age_band")
    level = 1 - 0.05 / sum(rows[name].nunique() for name in names)
    found = []
    for name in names:
        for value_of, one in rows.groupby(name):
            area = _of_people(one, level)
            value, verdict = float("nan"), "too few to tell"  # no bare number
            if area.low == area.low:
                value = area.value
                rest = _of_people(rows[rows[name] != value_of])
                half = float(ndtri(0.5 + level / 2)) * float(np.hypot(area.error, rest.error))
                verdict = "fails" if area.value - rest.value + half < 0 else "as others"
            found.append({"label": f"{name} {value_of}".replace("_", " "), "value": value,
                          "low": area.low, "high": area.high, "n": one["person"].nunique(),
                          "n_negative": area.n_negative, "verdict": verdict})  # fmt: skip
    return pd.DataFrame(found)


def _precision(rows: "pd.DataFrame") -> "pd.DataFrame":
    """Return average precision of either class beside its no-skill line, over people."""
    import pandas as pd
    from sklearn.metrics import average_precision_score

    people = rows.groupby("person").agg(truth=("truth", "first"), risk=("risk", "mean"))
    found = []
    for label, sign in (("free of stress is positive", 1), ("stress is positive", -1)):
        truth = people["truth"].to_numpy() if sign > 0 else 1 - people["truth"].to_numpy()
        risk = sign * people["risk"].to_numpy()
        rng, drawn = rng_for("wearable", "precision", sign), []
        for _ in range(1000):
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


def _duplicates(asked: "dict[tuple[str, str], pd.DataFrame]") -> "pd.DataFrame":
    """Return the share of recordings whose near duplicate was trained on."""
    import pandas as pd

    return pd.DataFrame(
        [
            {"split": split, "derived": derived, "near_duplicates": float(one["near"].mean()),
             "n": len(one)}
            for split in SPLITS
            for derived, one in asked[KINDS[0], split].groupby("derived")
        ]
    )  # fmt: skip


def _verdict(
    areas: "pd.DataFrame", leaks: "pd.DataFrame", groups: "pd.DataFrame", precision: "pd.DataFrame"
) -> str:
    best = float(areas.loc[areas["split"] == "people dealt", "value"].max())
    if leaks.loc[leaks["x"] == 0, "value"].max() > best - 0.5:
        return "mostly leakage"
    if (groups["verdict"] == "fails").any():
        return "fails a subgroup"
    return "real signal" if precision["low"].iloc[0] > 0 else "baseline effect"


def _sentences(
    areas: "pd.DataFrame", leaks: "pd.DataFrame", precision: "pd.DataFrame", groups: "pd.DataFrame"
) -> tuple[str, ...]:
    by = areas.set_index("label")
    kind = KINDS[1]
    dealt, honest = (by.loc[f"{kind}, {split}"] for split in SPLITS)
    last = leaks[leaks["model"] == kind].sort_values("x").iloc[-1]
    first = precision.iloc[0]
    few = int((groups["verdict"] == "too few to tell").sum())
    told = f"Of {len(groups)} subgroups {few} hold too few people of either class to tell."
    return (
        f"With rows dealt at random {kind} reach an AUC of {measured(dealt)}, with people dealt "
        f"{measured(honest)}: the rest is the same people met again.",
        f"With {last['x']:.0%} filtered copies among the rows the leak is {measured(last)}.",
        f"An average precision of {first['average_precision']:.2f} looks high, but the no-skill "
        f"line is at {first['prevalence']:.2f}: the lift is {measured(first)}.",
        told,
    )


def positive(labels: "ArrayLike", name: Any) -> Array:
    """Return which labels are the named positive class, as 0 and 1.

    Raises
    ------
    ParamError
        If no label is it.
    """
    told = np.asarray(labels)
    found = told == name
    if not found.any():
        known = ", ".join(sorted({str(one) for one in told}))
        raise ParamError(f"No row is {name!r}; classes are {known}. Name one of them.")
    as_number: Array = found.astype(int)
    return as_number


def _constant() -> list[float]:
    from sklearn.metrics import average_precision_score

    truth = positive(np.array(["a"] * 30 + ["b"] * 10), "a")
    score = np.full(40, 0.3)
    value = float(average_precision_score(truth, score))
    return [auc(truth, score).value, value, lift(value, truth.mean())]


def _repeated() -> list[float]:
    """Return the areas of one nearest neighbour on rows that all stand twice.

    First with a copy of every test row in training, then with people dealt.
    """
    from sklearn.neighbors import KNeighborsClassifier

    rng = np.random.default_rng(0)
    person, inputs = np.tile(np.arange(1000), 2), np.tile(rng.normal(size=(1000, 4)), (2, 1))
    truth = np.tile(rng.integers(2, size=1000), 2)
    copies = [(np.arange(1000), np.arange(1000, 2000))]
    found = []
    for deals in (copies, list(folds(person, 2, by_group=True, rng=rng))):
        areas = []
        for train, test in deals:
            said = KNeighborsClassifier(1).fit(inputs[train], truth[train]).predict(inputs[test])
            areas.append(auc(truth[test], said).value)
        found.append(float(np.mean(areas)))
    return found


def _swapped() -> list[float]:
    """Return the change of the area, whether precision changes, and the new no-skill line."""
    from sklearn.metrics import average_precision_score

    rng = np.random.default_rng(2)
    truth = (rng.random(400) < 0.82).astype(int)
    score = truth + rng.normal(size=400)
    same = auc(1 - truth, -score).value - auc(truth, score).value
    other = average_precision_score(1 - truth, -score) - average_precision_score(truth, score)
    lines = [average_precision_score(one, np.zeros(400)) for one in (truth, 1 - truth)]
    return [same, float(other != 0), float(lines[1] - (1 - truth.mean()))]


PIECE = Study(
    title="Same people twice",
    question="Is a health score right about new people, or only about people it has met?",
    paper="A Wearable Device Dataset for Mental Health Assessment Using Laser Doppler Flowmetry "
    "and Fluorescence Spectroscopy Sensors",
    number=50,
    family="fairness",
    build=build,
    find=find,
    verdicts=("real signal", "mostly leakage", "fails a subgroup", "baseline effect"),
    known_answers=(
        KnownAnswer(
            "a constant score: AUC .5, average precision the prevalence, lift 0",
            (0.5, 0.75, 0), _constant,
        ),
        KnownAnswer(
            "every row on both sides, one nearest neighbour: AUC 1, with people dealt .5",
            (1.0, 0.5), _repeated, 0.05, "simulated",
        ),
        KnownAnswer(
            "swapping the positive class: the same AUC, another precision, and a line at 1 - p",
            (0, 1, 0), _swapped,
        ),
    ),
    published=(
        Published("ROC AUC for stress, boosted trees", 0.7168),
        Published("average precision for stress", 0.8852),
        Published("share free of stress among original recordings", 379 / 460),
    ),
    pictures=(
        Picture(
            "dots", "wearable_audit", "AUC with rows dealt and with people dealt",
            {"x_title": "AUC (larger is better)", "lines": ((0.5, "chance"),)},
        ),
        Picture(
            "lines", "leaks", "Leak by share of filtered copies, one line per model",
            {"x_title": "share of rows that are filtered copies", "lines": ((0.0, "none"),),
             "y_title": "AUC, rows dealt minus people dealt"}, "What copies add",
        ),
        Picture(
            "dots", "precision", "Lift of the average precision over its no-skill line",
            {"x_title": "lift (1 is perfect)", "lines": ((0.0, "no skill"),)}, "Precision",
        ),
        Picture(
            "dots", "subgroups", "AUC of every subgroup with people dealt",
            {"x_title": "AUC", "lines": ((0.5, "chance"),)}, "Subgroups",
        ),
    ),
    looks=(Look("compare", {"task": TASK, "by": "domain"}, "Compare both splits by age"),),
    ours="The cohort is made up: 132 people, 20 country codes, a true signal of AUC .65. The "
    "public sheet seems to hold names beside health data and is not read.",
    notes=(
        "In the public sheet 379 of 460 original recordings are free of stress: if that is the "
        "positive class, .8852 is about .06 above a no-skill line (our reading).",
        "Counts of people and countries differ between sheet and abstract.",
        "Intervals of areas rest on people, not on recordings; those of the leak on the repeats "
        "of the deal, with the same people.",
    ),
    seconds=25,
    source="LightGBM on the original sheet.",
)  # fmt: skip
