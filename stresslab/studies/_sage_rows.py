"""What the study of familiarity writes, and how it is read back: one row per input."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.checks import Array
from stresslab.detectors._familiarity import combined, own_p
from stresslab.studies import _read
from stresslab.studies import _sage_ages as ages
from stresslab.studies import _sage_digits as digits
from stresslab.studies._record import record

if TYPE_CHECKING:
    import pandas as pd

    from stresslab.store.workspace import Workspace

MODEL, LINEAR = "PCA and logistic head", "PCA and linear head"
TASK, HELD, OWN, USUAL, SHELLS = (
    "digits", "digits, a class held out", "digits, training rows", "digits, calibration rows",
    "ages of shells",
)  # fmt: skip
PARTS = ("p_distance", "p_reconstruction", "p_confidence")
SCORES = ("sage", *PARTS)
RINGS = {"score": {"rate": False, "low": None, "high": 0.0, "higher_is_better": True}}


def of_digits(fitted: Any, tiers: Sequence[int], test: Array) -> "pd.DataFrame":
    """Return the test digits untouched, and under noise and rotation at each tier."""
    import pandas as pd

    images, labels = digits.digits()
    conditions = [(axis, tier) for axis in digits.AXES for tier in tiers if tier]
    frames = []
    for axis, tier in [("", 0), *conditions]:
        some = digits.of_images(digits.changed(images[test], axis, tier), labels[test])
        unit = {"noise": ("sd", digits.NOISE_SD), "rotation": ("degrees", float(digits.DEGREES))}
        strength = unit[axis][1] * tier if tier else None
        frames.append(
            _answers(fitted, some, fitted.parts(some), test).assign(
                perturbation=axis or None, tier=tier, strength=strength,
                unit=unit[axis][0] if tier else None, domain="digits",
            )
        )  # fmt: skip
    return pd.concat(frames, ignore_index=True)


def of_held_out(parts: digits.Split, classes: Sequence[int]) -> "pd.DataFrame":
    """Return the test digits as a net sees them that never saw one of the classes."""
    import pandas as pd

    test, frames = parts.test, []
    for one in classes:
        fitted = digits.fitted(parts, without=one)
        some = digits.evidence(test)
        rows = _answers(fitted, some, fitted.parts(some), test)
        frames.append(
            rows.assign(
                item=[f"{item} without {one}" for item in rows["group"]], without=one,
                domain=np.where(some.labels == one, "class held out", "other classes"),
            )
        )  # fmt: skip
    return pd.concat(frames, ignore_index=True)


def of_training(fitted: Any, training: Array) -> "pd.DataFrame":
    """Return the digits that were fitted on, none as its own neighbour."""
    some = digits.evidence(training)
    rows = _answers(fitted, some, fitted.parts(some, own=True), training)
    return rows.assign(domain="training")


def of_calibration(fitted: Any, calibration: Array) -> "pd.DataFrame":
    """Return the calibration digits, each beside the others."""
    some = digits.evidence(calibration)
    rows = _answers(fitted, some, own_p(fitted.raw(some)), calibration)
    return rows.assign(domain="calibration")


def of_shells(tiers: Sequence[int]) -> "pd.DataFrame":
    """Return shells under noise; the score is minus the error, in rings."""
    import pandas as pd

    frames = []
    for tier in tiers:
        true, told, parts, sage = ages.asked(tier)
        frames.append(
            pd.DataFrame(
                {"item": [f"shell {one:04d}" for one in range(len(true))], "domain": "shells",
                 "perturbation": "noise" if tier else None, "tier": tier,
                 "strength": ages.NOISE_SD * tier if tier else None, "unit": "sd",
                 "reference": np.round(true, 2), "answer": [f"{one:.2f}" for one in told],
                 "score": -np.abs(true - told), "sage": sage,
                 **dict(zip(PARTS, parts.T, strict=True))}
            )
        )  # fmt: skip
    return pd.concat(frames, ignore_index=True).assign(group=lambda rows: rows["item"])


def _answers(fitted: Any, some: Any, parts: Array, places: Array) -> "pd.DataFrame":
    import pandas as pd

    probs = fitted.probabilities(some)
    told = fitted.head.classes_[probs.argmax(axis=1)]
    names = [f"digit {one:04d}" for one in places]
    return pd.DataFrame(
        {"item": names, "group": names, "reference": some.labels.astype(str),
         "answer": told.astype(str), "correct": (told == some.labels).astype(int),
         "confidence": probs.max(axis=1), "sage": combined(parts, fitted.settings.combine),
         **dict(zip(PARTS, parts.T, strict=True))}
    )  # fmt: skip


def write(workspace: "Workspace", task: str, rows: "pd.DataFrame", scale: str) -> None:
    """Seal the rows of a task as a run, with the p and SAGE as further measures."""
    from stresslab.nouns import item_id, variant_id

    kept = {"perturbation": None, "tier": 0}
    whole = rows.assign(**{name: kept[name] for name in kept if name not in rows})
    ids = [
        variant_id(item_id(task, row["item"]), row["perturbation"], int(row["tier"]))
        for row in whole[["item", "perturbation", "tier"]].to_dict("records")
    ]
    scores = whole[list(SCORES)].assign(variant_id=ids, trial=0).melt(
        ["variant_id", "trial"], var_name="measure"
    )  # fmt: skip
    rate = {"rate": False, "low": 0.0, "high": 1.0, "higher_is_better": True}
    measures = RINGS if task == SHELLS else {"score": {**rate, "rate": True}}
    record(
        workspace, rows.drop(columns=list(SCORES)), task=task,
        model=LINEAR if task == SHELLS else MODEL,
        attributes=("without",) if "without" in rows else (),
        measures={**measures, **dict.fromkeys(SCORES, rate)},
        settings={"study": "sage", "scale": scale, "seed": 0}, extra={"scores": scores},
    )  # fmt: skip


def read(workspace: "Workspace", task: str) -> "pd.DataFrame":
    """Return the rows of a task: item, cluster (its code), tier, perturbation, score, SAGE, p."""
    import json

    import pandas as pd

    model = LINEAR if task == SHELLS else MODEL
    outcomes = _read.table(workspace, task, model)
    variants = _read.table(workspace, task, model, "variants").set_index("variant_id")
    items = _read.table(workspace, task, model, "items").set_index("item_id")
    scores = _read.table(workspace, task, model, "scores")
    wide = scores.pivot(index="variant_id", columns="measure", values="value")[list(SCORES)]
    rows = outcomes[["variant_id", "answer", "score", "confidence"]].join(wide, on="variant_id")
    of_variant = variants.loc[rows["variant_id"]]
    own = items.loc[of_variant["item_id"]]
    told = pd.DataFrame(
        [json.loads(one) if isinstance(one, str) else {} for one in own["attributes"]]
    )
    found = rows.assign(
        item=own.index.to_numpy(), group=own["group_id"].to_numpy(),
        tier=of_variant["tier"].tolist(), perturbation=of_variant["perturbation"].tolist(),
        domain=own["domain"].to_numpy(),
        reference=own["reference"].to_numpy(),
        **{str(name): told[name].to_numpy() for name in told},
    ).sort_values("variant_id", ignore_index=True)  # fmt: skip
    return found.assign(cluster=np.unique(found["group"], return_inverse=True)[1])
