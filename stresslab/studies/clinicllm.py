"""Study 53: for whom a risk model fails, what drives it, and which remedy helps where."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.checks import Array
from stresslab.errors import ShapeError
from stresslab.rng import rng_for
from stresslab.stats.auc import auc, auc_difference
from stresslab.stats.intervals import t_quantile
from stresslab.studies import _read
from stresslab.studies._clinicllm_cohort import REMEDIES, SIZES, cohort, risks
from stresslab.studies._kind import Found, KnownAnswer, Look, Picture, Published, Scale, Study
from stresslab.studies._record import record
from stresslab.studies._words import measured

if TYPE_CHECKING:
    import pandas as pd

    from stresslab.store.workspace import Workspace

TASK = "readmission risk"
ATTRIBUTES = ("age_band", "comorbidity", "insurance")
MEASURES = {"score": {"rate": False, "low": 0.0, "high": 1.0, "higher_is_better": True}}
FEWEST_CELLS = 6
SPLITS = ("random split", "later patients")


def build(workspace: "Workspace", scale: Scale) -> Iterator[str]:
    """Train the source model and its remedies; every one gives risks to the same patients."""
    import pandas as pd

    part = 1.0 if scale == "full" else 0.25
    source = cohort("source", round(5000 * part))
    lots = []
    for hospital, n in SIZES.items():
        patients = cohort(hospital, round(n * part))
        late = patients["time"] > 2 / 3
        half = rng_for("clinicllm", "half", hospital).random(len(patients)) < 0.5
        lots.append((patients[~late & half], patients[~late & ~half], SPLITS[0]))
        lots.append((patients[~late], patients[late], SPLITS[1]))
    for remedy in REMEDIES:
        frames = []
        for local, test, split in lots:
            check_apart(local, test)
            risk = risks(remedy, source, local, test)
            frames.append(_rows(test, risk, split))
        rows = pd.concat(frames, ignore_index=True)
        record(
            workspace, rows, model=remedy, task=TASK, measures=MEASURES,
            attributes=("split", "truth", "age", "words", *ATTRIBUTES),
            settings={"study": "clinicllm", "patients": len(rows), "seed": 0},
        )  # fmt: skip
        yield f"{remedy}: {len(rows):,} patients"


def check_apart(trained: "pd.DataFrame", tested: "pd.DataFrame") -> None:
    """Refuse a patient on both sides.

    Raises
    ------
    ShapeError
        If there is one.
    """
    if shared := set(trained["item"]) & set(tested["item"]):
        raise ShapeError(f"Patient {min(shared)!r} is in training and in the test. Take it out.")


def _rows(test: "pd.DataFrame", risk: Array, split: str) -> "pd.DataFrame":
    """Return one outcome per patient: its score is one minus the squared error of the risk."""
    level = test["comorbidity"].to_numpy()
    return test.assign(
        split=split, domain=test["hospital"], perturbation="comorbidity", axis="graded",
        tier=level + 1, strength=level.astype(float), unit="illnesses", reference=test["truth"],
        output=[f"{one:.6f}" for one in risk], confidence=np.maximum(risk, 1 - risk),
        score=1 - (test["truth"].to_numpy() - risk) ** 2,
    )  # fmt: skip


def find(workspace: "Workspace") -> Found:
    """Return areas by subgroup, what drives them, and what every remedy gains."""
    import pandas as pd

    asked = {remedy: _patients(workspace, remedy) for remedy in REMEDIES}
    source = asked[REMEDIES[0]]
    now = source[source["split"] == SPLITS[0]]
    groups = _subgroups(now)
    remedies = _remedies(asked)
    drivers, failures = _drivers(now), _failures(now)
    splits = pd.DataFrame(
        [
            {"label": f"{hospital}, {split}", **_area(rows)}
            for (hospital, split), rows in source.groupby(["hospital", "split"])
        ]
    )
    return Found(
        tables={"subgroups": groups, "remedies": remedies, "drivers": drivers,
                "failures": failures, "splits": splits, "levels": _levels(now)},
        verdict=_verdict(groups, remedies, _levels(now)),
        sentences=_sentences(groups, remedies, failures),
    )  # fmt: skip


def _patients(workspace: "Workspace", remedy: str) -> "pd.DataFrame":
    """Return the patients of a run with truth, risk and attributes."""
    import json

    import pandas as pd

    items = _read.table(workspace, TASK, remedy, "items").set_index("item_id")
    variants = _read.table(workspace, TASK, remedy, "variants").set_index("variant_id")
    rows = _read.table(workspace, TASK, remedy)
    item = variants.loc[rows["variant_id"], "item_id"].to_numpy()
    told = pd.DataFrame([json.loads(one) for one in items.loc[item, "attributes"]])
    return told.assign(
        item=item, hospital=items.loc[item, "domain"].to_numpy(), risk=rows["output"].astype(float)
    ).sort_values("item", ignore_index=True)  # fmt: skip


def _area(rows: "pd.DataFrame", level: float = 0.95) -> dict[str, Any]:
    found = auc(rows["truth"], rows["risk"], level=level)
    return {"value": found.value, "low": found.low, "high": found.high, "n": len(rows),
            "n_positive": found.n_positive}  # fmt: skip


def _subgroups(rows: "pd.DataFrame") -> "pd.DataFrame":
    """Return the area of every subgroup beside that of all, the lowest first.

    Intervals hold for all subgroups at once.
    """
    import pandas as pd

    whole = auc(rows["truth"], rows["risk"])
    told = rows[["hospital", *ATTRIBUTES]].astype(object)
    told = told.where(told.notna(), "unspecified")
    level = 1 - 0.05 / sum(told[name].nunique() for name in told)
    found = []
    for name in told:
        values = told[name]
        for value in sorted(values.unique(), key=str):
            area = _area(rows[values == value], level)
            below = lower_than(rows[values == value], rows[values != value], level)
            verdict = "too few to tell"
            if area["low"] != area["low"]:
                area["value"] = np.nan  # no bare number
            else:
                verdict = "fails a group" if below else "as others"
            label = value if name in ("hospital", "insurance") else f"{name} {value}"
            found.append({"label": str(label).replace("_", " "), "attribute": name, **area,
                          "gap": area["value"] - whole.value, "verdict": verdict})  # fmt: skip
    table = pd.DataFrame(found).sort_values("value", ignore_index=True)
    return table


def lower_than(rows: "pd.DataFrame", others: "pd.DataFrame", level: float) -> bool:
    """Return whether the area of some patients is lower than that of all others."""
    from scipy.special import ndtri

    one, rest = (auc(part["truth"], part["risk"]) for part in (rows, others))
    half = float(ndtri(0.5 + level / 2)) * float(np.hypot(one.error, rest.error))
    return one.value - rest.value + half < 0


def _levels(rows: "pd.DataFrame") -> "pd.DataFrame":
    """Return the pooled area beside the mean of the areas within hospitals."""
    import pandas as pd

    pooled = auc(rows["truth"], rows["risk"])
    within = [auc(one["truth"], one["risk"]) for _, one in rows.groupby("hospital")]
    known = [one for one in within if np.isfinite(one.error)]
    weights = np.array([one.n_positive * one.n_negative for one in known], float)
    weights /= weights.sum()
    mean = float(weights @ [one.value for one in known])
    half = 1.96 * float(np.sqrt(weights**2 @ [one.error**2 for one in known]))
    return pd.DataFrame(
        [
            {"label": "pooled", "value": pooled.value, "low": pooled.low, "high": pooled.high,
             "n": len(rows)},
            {"label": "within hospitals", "value": mean, "low": mean - half, "high": mean + half,
             "n": len(rows)},
        ]
    )  # fmt: skip


def _drivers(rows: "pd.DataFrame") -> "pd.DataFrame":
    """Return the slopes of the areas of hospital x age cells on what cells are like."""
    import pandas as pd

    cells = []
    for _, one in rows.groupby(["hospital", "age_band"]):
        found = auc(one["truth"], one["risk"])
        if np.isfinite(found.error) and found.error > 0:
            cells.append(
                (found.value, found.error, np.log(len(one)), one["age"].mean(),
                 one["comorbidity"].mean(), one["words"].mean(), one["truth"].mean())
            )  # fmt: skip
    names = ("log patients", "mean age", "mean comorbidity", "mean words", "prevalence")
    blank = pd.DataFrame({"label": names, "value": np.nan, "low": np.nan, "high": np.nan})
    if len(cells) < max(FEWEST_CELLS, len(names) + 2):
        return blank.assign(n=len(cells))
    table = np.array(cells)
    inputs = table[:, 2:]
    inputs = (inputs - inputs.mean(axis=0)) / np.maximum(inputs.std(axis=0), 1e-12)
    design = np.column_stack([np.ones(len(table)), inputs]) / table[:, 1:2]
    target = table[:, 0] / table[:, 1]
    slope, *_ = np.linalg.lstsq(design, target, rcond=None)
    left = target - design @ slope
    df = len(table) - design.shape[1]
    errors = np.sqrt(np.diag(np.linalg.pinv(design.T @ design)) * (left @ left) / df)
    half = float(t_quantile(0.95, df)) * errors
    return pd.DataFrame(
        {"label": names, "value": slope[1:], "low": (slope - half)[1:], "high": (slope + half)[1:],
         "n": len(table)}
    )  # fmt: skip


def _failures(rows: "pd.DataFrame") -> "pd.DataFrame":
    """Return what tells the largest errors within a class: importance by permutation."""
    import pandas as pd
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.inspection import permutation_importance
    from sklearn.model_selection import GroupKFold

    error: pd.Series[float] = (rows["truth"] - rows["risk"]).abs()
    limit = error.groupby(rows["truth"]).transform(lambda one: one.quantile(0.75))
    target = (error >= limit).to_numpy().astype(int)  # within a class: else only rare ones fail
    names = ["age", "comorbidity", "words", "insurance"]
    inputs = rows[names].assign(insurance=rows["insurance"].astype("category").cat.codes)
    drops = []
    folds = GroupKFold(rows["hospital"].nunique())
    for train, test in folds.split(inputs, target, rows["hospital"]):
        model = HistGradientBoostingClassifier(max_iter=60, random_state=0)
        model.fit(inputs.iloc[train], target[train])
        found = permutation_importance(
            model, inputs.iloc[test], target[test], scoring="roc_auc", n_repeats=5, random_state=0
        )
        drops.append(found.importances_mean)
    table = np.array(drops)
    half = float(t_quantile(0.95, len(table) - 1)) * table.std(axis=0, ddof=1) / len(table) ** 0.5
    mean = table.mean(axis=0)
    return pd.DataFrame(
        {"label": names, "value": mean, "low": mean - half, "high": mean + half, "n": len(rows)}
    ).sort_values("value", ascending=False, ignore_index=True)


def _remedies(asked: "dict[str, pd.DataFrame]") -> "pd.DataFrame":
    """Return what every remedy gains on the same patients, by hospital and split."""
    import pandas as pd

    base, found = asked[REMEDIES[0]], []
    for remedy in REMEDIES[1:]:
        for (hospital, split), rows in base.groupby(["hospital", "split"]):
            other = asked[remedy].loc[rows.index, "risk"]
            gain, low, high = auc_difference(rows["truth"], other, rows["risk"])
            found.append({"model": remedy, "panel": split, "hospital": hospital,
                          "x": float(SIZES[str(hospital)]), "value": gain, "low": low,
                          "high": high, "n": len(rows)})  # fmt: skip
    return pd.DataFrame(found)


def _verdict(groups: "pd.DataFrame", remedies: "pd.DataFrame", levels: "pd.DataFrame") -> str:
    if (groups["verdict"] == "fails a group").any():
        return "fails a group"
    if ((remedies["model"] == REMEDIES[1]) & (remedies["low"] > 0)).any():
        return "fix locally"
    pooled, within = levels.iloc[0], levels.iloc[1]
    apart = pooled["high"] < within["low"] or within["high"] < pooled["low"]
    return "level shift only" if apart else "too few to tell"


def _sentences(
    groups: "pd.DataFrame", remedies: "pd.DataFrame", failures: "pd.DataFrame"
) -> tuple[str, ...]:
    known = groups[groups["low"].notna()]
    worst, best = known.iloc[0], known.iloc[-1]
    now = remedies[(remedies["panel"] == SPLITS[0]) & (remedies["model"] == REMEDIES[1])]
    small, large = (now[now["x"] == size].iloc[0] for size in (now["x"].min(), now["x"].max()))
    first = failures.iloc[0]
    told = "No attribute tells large errors within a class at a hospital that was left out."
    if first["low"] > 0:
        told = f"Large errors within a class are told best by {first['label']}: without it the AUC "
        told += f"of telling them falls by {measured(first)}."
    return (
        f"The source model is weakest for {worst['label']}: AUC {measured(worst)}, against "
        f"{measured(best)} for {best['label']}.",
        f"Tuning it locally gains {measured(small)} at the smallest hospital and {measured(large)} "
        "at the largest.",
        told,
    )


def _one_group() -> list[float]:
    """Return the areas of two groups of which only the first has a signal, and the pooled one."""
    rng = np.random.default_rng(0)
    truth = np.tile([0, 1], 20_000)
    group = np.repeat([1, 2], 20_000)
    score = rng.normal(size=40_000) + np.where(group == 1, 1.5, 0.0) * truth
    parts = [auc(truth[group == one], score[group == one]).value for one in (1, 2)]
    return [*parts, auc(truth, score).value]


def _shifted() -> list[float]:
    """Return how much a shift of one group changes areas within and, as a sign, the pooled one."""
    rng = np.random.default_rng(1)
    group = np.repeat([0, 1], 2000)
    truth = (rng.random(4000) < np.where(group, 0.1, 0.4)).astype(int)
    score = truth + rng.normal(size=4000)
    moved = score + 3.0 * group
    within = [
        auc(truth[group == one], moved[group == one]).value
        - auc(truth[group == one], score[group == one]).value
        for one in (0, 1)
    ]
    return [*within, float(np.sign(auc(truth, moved).value - auc(truth, score).value))]


PIECE = Study(
    title="Hospitals and patients",
    question="For which hospitals and patients does a risk model fail, and what helps where?",
    paper="Generalization in Healthcare AI: Evaluation of a Clinical Large Language Model",
    number=53,
    family="fairness",
    build=build,
    find=find,
    verdicts=("fails a group", "fix locally", "level shift only", "too few to tell"),
    known_answers=(
        KnownAnswer(
            "a signal of 1.5 sd in one group only: AUC .857, .50, pooled .68",
            (0.857, 0.5, 0.68), _one_group, 0.015, "simulated",
        ),
        KnownAnswer(
            "a shift of one group leaves the areas within and lowers the pooled one", (0, 0, -1),
            _shifted,
        ),
        KnownAnswer(
            "a group of one class has no area", float("nan"), lambda: auc([1, 1], [0.2, 0.4]).value
        ),
        KnownAnswer(
            "the same risks twice gain nothing", (0, 0, 0),
            lambda: auc_difference(np.tile([0, 1], 20), np.arange(40.0), np.arange(40.0)),
        ),
    ),
    published=(
        Published("smallest gain of local tuning, percent", 0.25),
        Published("largest gain of local tuning, percent", 11.74),
    ),
    pictures=(
        Picture(
            "dots", "clinicllm", "Area under the ROC curve of every subgroup",
            {"x_title": "AUC of the source model (larger is better)", "lines": ((0.5, "chance"),)},
        ),
        Picture(
            "lines", "remedies", "Gain of every remedy over the size of the hospital",
            {"panel": "panel", "x_title": "patients of the hospital", "log_x": True,
             "y_title": "AUC gained", "lines": ((0.0, "none"),)},
            "Which remedy helps where data are few",
        ),
        Picture(
            "dots", "failures", "What tells large errors within a class",
            {"x_title": "fall in AUC without it", "lines": ((0.0, "nothing"),)},
            "What drives the failures",
        ),
        Picture(
            "dots", "splits", "AUC of every hospital, in a random split and for later patients",
            {"x_title": "AUC (larger is better)"}, "Later patients",
        ),
        Picture(
            "dots", "levels", "Pooled area beside the one within hospitals",
            {"x_title": "AUC"}, "Pooled or within",
        ),
    ),
    looks=(Look("tier_curve", {"task": TASK, "by": "domain"}, "See the score by comorbidity"),),
    ours="The cohort is made up: four hospitals, fifteen numbers per patient, a logistic model "
    "from a fifth place. The score of a row is one minus the squared error of its risk.",
    notes=(
        "No patient data ship, and nothing here is for clinical decisions.",
        "Errors are large for the rare positives wherever a condition is rare, so failures are "
        "looked for within each class.",
    ),
    seconds=20,
    source="Gains of local fine-tuning: .25 to 11.74 percent.",
)  # fmt: skip
