"""Study 50: whether a health score is real for new people, or made of repeated rows."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.checks import Array
from stresslab.errors import ParamError
from stresslab.gaps.leakage import folds, lift, near_duplicates
from stresslab.rng import rng_for
from stresslab.stats.auc import auc
from stresslab.studies import _wearable_audit_tables as tables
from stresslab.studies._kind import Found, KnownAnswer, Look, Picture, Published, Scale, Study
from stresslab.studies._record import record
from stresslab.studies._wearable_audit_cohort import FEATURES, cohort, fit
from stresslab.studies._wearable_audit_tables import COPIES, KINDS, SHIFTS, SPLITS, TASK
from stresslab.studies._words import measured

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

    from stresslab.store.workspace import Workspace

POSITIVE = "free of stress"
DERIVED = (0.0, 0.25, 0.5, 0.75)
SHUFFLES = 5
"""Repeats in which every feature is shuffled in turn."""

MEASURES = {"score": {"rate": False, "low": 0.0, "high": 1.0, "higher_is_better": True}}
ATTRIBUTES = ("sex", "age_band", "body_mass", "hypertension", "country", "person", "truth")


def build(workspace: "Workspace", scale: Scale) -> Iterator[str]:
    """Give every original recording a risk by models that did not see its fold, many times."""
    import pandas as pd
    from threadpoolctl import threadpool_limits

    repeats, shares = (20, DERIVED) if scale == "full" else (3, DERIVED[::2])
    cohorts = []
    for derived in shares:
        rows = cohort(derived)
        cohorts.append(rows.assign(truth=positive(rows["label"], POSITIVE)))
    with threadpool_limits(1):
        for kind in KINDS:
            for split in SPLITS:
                found = [
                    part
                    for tier, rows in enumerate(cohorts, start=1)
                    for repeat in range(repeats)
                    for part in _answers(rows, kind, split, tier, shares[tier - 1], repeat)
                ]
                yield _seal(workspace, f"{kind}, {split}", pd.concat(found), repeats, shares)
            for shift in SHIFTS:
                away = _elsewhere(cohorts[0], kind, shift)
                yield _seal(workspace, f"{kind}, {shift}", away, 1, shares[:1])


def _seal(
    workspace: "Workspace", model: str, rows: "pd.DataFrame", repeats: int, shares: Any
) -> str:
    record(
        workspace, rows.reset_index(drop=True), model=model, task=TASK, measures=MEASURES,
        attributes=ATTRIBUTES,
        settings={"study": "wearable_audit", "repeats": repeats, "shares": list(shares)},
    )  # fmt: skip
    return f"{model}: {len(rows):,} risks"


def _answers(
    rows: "pd.DataFrame", kind: str, split: str, tier: int, derived: float, repeat: int
) -> "list[pd.DataFrame]":
    """Return the risks of the originals, and in the first repeats with every feature shuffled.

    What stays together in a split falls on one side of it.
    """
    inputs, truth = rows[list(FEATURES)].to_numpy(), rows["truth"].to_numpy()
    together = SPLITS[split]
    shuffled = FEATURES if split == "people dealt" and tier == 1 and repeat < SHUFFLES else ()
    risk, near = np.full((1 + len(shuffled), len(rows)), np.nan), np.zeros(len(rows), dtype=bool)
    rng = rng_for("wearable", "deal", repeat, split)
    deal = folds(rows[together or "person"], 2, by_group=together is not None, rng=rng)
    for train, test in deal:
        model = fit(kind, inputs[train], truth[train])
        risk[0, test] = model.predict_proba(inputs[test])[:, 1]
        near[test] = near_duplicates(inputs[train], inputs[test])
        for place in range(len(shuffled)):
            other = inputs[test].copy()
            other[:, place] = rng.permutation(other[:, place])
            risk[1 + place, test] = model.predict_proba(other)[:, 1]
    plain = _outcomes(rows, risk[0], near).assign(
        perturbation=COPIES, tier=tier, strength=derived, unit="share of rows", trial=repeat
    )
    return [plain] + [
        _outcomes(rows, risk[1 + place], near).assign(
            perturbation=f"{name} shuffled", tier=1, strength=np.nan, unit=None, trial=repeat
        )
        for place, name in enumerate(shuffled)
    ]


def _elsewhere(rows: "pd.DataFrame", kind: str, shift: str) -> "pd.DataFrame":
    """Return the risks of people unlike those trained on: the older half, or another country."""
    inputs, truth = rows[list(FEATURES)].to_numpy(), rows["truth"].to_numpy()
    if shift == SHIFTS[0]:
        young = (rows["age"] <= rows.drop_duplicates("person")["age"].median()).to_numpy()
        deals = [(young, ~young)]
    else:
        country = rows["country"].to_numpy()
        deals = [(country != one, country == one) for one in np.unique(country)]
    risk = np.full(len(rows), np.nan)
    for train, test in deals:
        risk[test] = fit(kind, inputs[train], truth[train]).predict_proba(inputs[test])[:, 1]
    known = np.isfinite(risk)
    return _outcomes(rows[known], risk[known], np.zeros(int(known.sum()), bool)).assign(
        perturbation=COPIES, tier=1, strength=0.0, unit="share of rows", trial=0
    )


def _outcomes(rows: "pd.DataFrame", risk: Array, near: Array) -> "pd.DataFrame":
    found = rows.assign(
        group=rows["person"], domain=rows["age_band"], axis="paired", reference=rows["truth"],
        output=[f"{one:.6f}" for one in risk], answer=np.where(near, "near duplicate", "new"),
        confidence=np.maximum(risk, 1 - risk), score=1 - (rows["truth"] - risk) ** 2,
    )  # fmt: skip
    return found[found["original"]].drop(columns=["original", "label", *FEATURES])


def find(workspace: "Workspace") -> Found:
    """Return the splits side by side, the leak by share of copies, subgroups, shifts, features."""
    asked = {
        (kind, split): tables.read(workspace, f"{kind}, {split}")
        for kind in KINDS
        for split in SPLITS
    }
    shifted = {
        (kind, shift): tables.read(workspace, f"{kind}, {shift}")
        for kind in KINDS
        for shift in SHIFTS
    }
    areas, leaks = tables.areas(asked), tables.leaks(asked)
    first = areas[areas["tier"] == 1].drop(columns="tier").reset_index(drop=True)
    honest = asked[KINDS[0], "people dealt"]
    honest = honest[(honest["tier"] == 1) & (honest["changed"] == COPIES)]
    groups, precision = tables.subgroups(honest), tables.precision(honest)
    shifts, importance = tables.shifts(asked, shifted), tables.importance(asked)
    return Found(
        tables={"areas": first, "leaks": leaks, "subgroups": groups, "precision": precision,
                "shifts": shifts, "importance": importance,
                "duplicates": tables.duplicates(asked), "duplicate_list": tables.listed(asked),
                "by_tier": areas},
        verdict=_verdict(first, leaks, groups, precision),
        sentences=_sentences(first, leaks, precision, groups, shifts, importance),
    )  # fmt: skip


def _verdict(
    areas: "pd.DataFrame", leaks: "pd.DataFrame", groups: "pd.DataFrame", precision: "pd.DataFrame"
) -> str:
    """Return the word for what was found without copies.

    Leakage: meeting people again adds more than there is to know about new ones.
    """
    best = float(areas.loc[areas["split"] == "people dealt", "value"].max())
    met = leaks[(leaks["x"] == 0) & (leaks["model"] == "in all")]
    if (met["low"] > 0).any() and met["value"].max() > best - 0.5:
        return "mostly leakage"
    if (groups["verdict"] == "fails").any():
        return "fails a subgroup"
    return "real signal" if precision["low"].iloc[0] > 0 else "baseline effect"


def _sentences(
    areas: "pd.DataFrame", leaks: "pd.DataFrame", precision: "pd.DataFrame",
    groups: "pd.DataFrame", shifts: "pd.DataFrame", importance: "pd.DataFrame",
) -> tuple[str, ...]:  # fmt: skip
    by, kind = areas.set_index("label"), KINDS[1]
    dealt, honest = (by.loc[f"{kind}, {split}"] for split in ("rows dealt", "people dealt"))
    most = float(leaks["x"].max())
    mine = leaks[(leaks["panel"] == kind) & (leaks["x"] == most)].set_index("model")
    copies, people = (mine.loc[part] for part in ("by copies", "by people"))
    first = precision.iloc[0]
    few = int((groups["verdict"] == "too few to tell").sum())
    failing = groups.loc[groups["verdict"] == "fails", "label"].tolist()
    told = f"Of {len(groups)} subgroups {few} hold too few people of either class to tell; "
    told += f"{', '.join(failing)} fail." if failing else "of the others none is told to fail."
    clear = importance[importance["low"] > 0]["label"].unique().tolist()
    said = "No feature is told to matter, of ten at once."
    if clear:
        said = f"Told to matter, of ten features at once: {', '.join(clear)}."
    away = shifts.set_index("label")
    young, country = (away.loc[f"{KINDS[0]}, {shift}"] for shift in SHIFTS)
    return (
        f"With rows dealt at random {kind} reach an AUC of {measured(dealt)}, with people dealt "
        f"{measured(honest)}.",
        f"With {most:.0%} filtered copies among the rows, meeting the copy again adds "
        f"{measured(copies)}, meeting the person again {measured(people)}.",
        f"An average precision of {first['average_precision']:.2f} looks high, but the no-skill "
        f"line is at {first['prevalence']:.2f}: the lift is {measured(first)}.",
        told,
        f"Trained on the young the AUC of the old changes by {measured(young)}; with a country "
        f"left out it changes by {measured(country)}.",
        said,
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


def _both_sides() -> float:
    """Return how many people stand on both sides of any of 20 deals of people."""
    rows = cohort(0.5)["person"].to_numpy()
    return float(
        sum(
            len(set(rows[train]) & set(rows[test]))
            for repeat in range(20)
            for train, test in folds(rows, 2, by_group=True, rng=rng_for("wearable", repeat))
        )
    )


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
        KnownAnswer("people dealt: nobody on both sides", 0, _both_sides),
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
            "dots", "wearable_audit", "AUC with rows, recordings or people dealt",
            {"x_title": "AUC (larger is better)", "lines": ((0.5, "chance"),)},
        ),
        Picture(
            "lines", "leaks", "Leak by share of filtered copies, in all and by its parts",
            {"panel": "panel", "x_title": "share of rows that are filtered copies",
             "lines": ((0.0, "none"),), "y_title": "AUC added"}, "What is met again adds",
        ),
        Picture(
            "dots", "precision", "Lift of the average precision over its no-skill line",
            {"x_title": "lift (1 is perfect)", "lines": ((0.0, "no skill"),)}, "Precision",
        ),
        Picture(
            "dots", "subgroups", "AUC of every subgroup with people dealt",
            {"x_title": "AUC", "lines": ((0.5, "chance"),)}, "Subgroups",
        ),
        Picture(
            "dots", "shifts", "Change in AUC for people unlike those trained on",
            {"x_title": "AUC minus that with people dealt, same people",
             "lines": ((0.0, "none"),)}, "Other people",
        ),
        Picture(
            "dots", "importance", "Fall in AUC where a feature is shuffled, by model",
            {"series": "model", "x_title": "fall in AUC", "lines": ((0.0, "none"),)},
            "Which features matter?",
        ),
    ),
    looks=(Look("compare", {"task": TASK, "by": "domain"}, "Compare both splits by age"),),
    ours="The cohort is made up: 132 people, 20 country codes, a true signal of AUC .65. The "
    "public sheet seems to hold names beside health data and is not read.",
    notes=(
        "In the public sheet 379 of 460 original recordings are free of stress: if that is the "
        "positive class, .8852 is about .06 above a no-skill line (our reading).",
        "Counts of people and countries differ between sheet and abstract.",
        "In the middle split a filtered copy follows its recording, as a column of derived records "
        "would have it. There are no raw signals here, so no wavelet bands.",
        "Intervals of areas rest on people, not on recordings; those of the leak on the repeats "
        "of the deal, with the same people.",
    ),
    seconds=40,
    source="LightGBM on the original sheet.",
)  # fmt: skip
