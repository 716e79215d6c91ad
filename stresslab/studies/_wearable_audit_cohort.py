"""A made-up cohort of people with repeated recordings, and filtered copies of some of them."""

from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.checks import Array
from stresslab.rng import rng_for

if TYPE_CHECKING:
    import pandas as pd

N_PEOPLE, N_COUNTRIES, N_FEATURES = 132, 20, 10
PREVALENCE = 0.82
SHIFT = 0.545
"""Shift of the one telling feature, in standard deviations: an AUC of .65."""
NOISE = 0.3
"""Spread of the recordings of one person, who is told apart by far."""
BODY_MASS, SHARES = ("under 25", "25 to 30", "over 30"), (0.45, 0.35, 0.2)
FEATURES = tuple(f"flow{place + 1}" for place in range(N_FEATURES))


def cohort(derived: float) -> "pd.DataFrame":
    """Return recordings; ``derived`` is the share of rows that are filtered copies of others."""
    import pandas as pd

    rng = rng_for("wearable", "cohort")
    label = (rng.random(N_PEOPLE) < PREVALENCE).astype(int)
    looks = rng.normal(size=(N_PEOPLE, N_FEATURES))
    looks[:, 0] += SHIFT * label
    age = rng.integers(18, 95, N_PEOPLE)
    people = pd.DataFrame(
        {
            "person": [f"person {one:03d}" for one in range(N_PEOPLE)],
            "label": np.where(label == 1, "free of stress", "stressed"),
            "sex": rng.choice(("female", "male"), N_PEOPLE), "age": age,
            "age_band": np.where(age < 40, "18-39", np.where(age < 65, "40-64", "65-94")),
            "body_mass": rng_for("wearable", "body mass").choice(BODY_MASS, N_PEOPLE, p=SHARES),
            "hypertension": np.where(
                rng_for("wearable", "pressure").random(N_PEOPLE) < 0.1 + 0.005 * (age - 18),
                "yes", "no",
            ),
            "country": [f"country {one:02d}" for one in rng.integers(1, N_COUNTRIES + 1, N_PEOPLE)],
        }
    )  # fmt: skip
    whose = np.repeat(np.arange(N_PEOPLE), rng.integers(3, 9, N_PEOPLE))
    values = looks[whose] + rng.normal(0, NOISE, (len(whose), N_FEATURES))
    rows = people.iloc[whose].reset_index(drop=True).assign(original=True)
    rows["item"] = [f"recording {one:04d}" for one in range(len(rows))]
    rows[list(FEATURES)] = values
    n_copies = round(derived / (1 - derived) * len(rows)) if derived else 0
    copied = rng_for("wearable", "copies", derived).integers(len(rows), size=n_copies)
    copies = rows.iloc[copied].assign(original=False)
    copies[list(FEATURES)] += rng_for("wearable", "filter").normal(0, 1e-5, (n_copies, N_FEATURES))
    return pd.concat([rows, copies], ignore_index=True)


def fit(kind: str, inputs: Array, truth: Array) -> Any:
    """Return a model of one kind."""
    if kind == "logistic regression":
        from sklearn.linear_model import LogisticRegression

        return LogisticRegression(max_iter=300).fit(inputs, truth)
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(
        max_iter=20, max_leaf_nodes=15, max_bins=64, random_state=0
    ).fit(inputs, truth)
