"""A made-up cohort of four hospitals, a model from elsewhere, and three remedies."""

from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.checks import Array
from stresslab.rng import rng_for

if TYPE_CHECKING:
    import pandas as pd

SIZES = {"hospital 1": 5000, "hospital 2": 2000, "hospital 3": 800, "hospital 4": 400}
PREVALENCE = {"hospital 1": 0.10, "hospital 2": 0.14, "hospital 3": 0.19, "hospital 4": 0.25}
INSURANCES = ("private", "public", "none")
AGE_BANDS = ("18-44", "45-64", "65-79", "80 and over")
N_FEATURES, N_SOURCE, NEAREST, N_CLUSTERS = 12, 5000, 10, 6
FEATURES = tuple(f"x{place + 1}" for place in range(N_FEATURES))
KNOWN = (*FEATURES, "age", "comorbidity", "words")
"""What a model sees."""


def cohort(hospital: str, n: int) -> "pd.DataFrame":
    """Return the patients of one hospital, or of "source"; the signal fades with age and illness.

    Every hospital has leanings of its own, which only its own patients can teach, and a drift:
    in its last third half of the features mean less.
    """
    import pandas as pd

    rng, world = rng_for("clinicllm", hospital), rng_for("clinicllm", "world")
    weight = world.normal(size=N_FEATURES)
    own = rng_for("clinicllm", "leaning", hospital).normal(0, 0.6, N_FEATURES)
    if hospital == "source":
        own = np.zeros(N_FEATURES)
    inputs = rng.normal(size=(n, N_FEATURES))
    age = np.clip(rng.normal(58, 18, n), 18, 97)
    comorbidity = rng.choice(5, n, p=(0.3, 0.28, 0.2, 0.13, 0.09))
    time = np.arange(n) / n
    strength = np.clip(1.25 - 0.25 * comorbidity - 0.008 * (age - 50), 0.05, None)
    drift = np.where(np.arange(N_FEATURES) % 2, 1.0, 0.3)
    late = (time > 2 / 3)[:, None]
    signal = (inputs * np.where(late, drift, 1.0)) @ (weight + own) / np.sqrt(N_FEATURES)
    logit = _intercept(PREVALENCE.get(hospital, 0.15)) + 1.6 * strength * signal
    truth = rng.random(n) < 1 / (1 + np.exp(-logit))
    table = pd.DataFrame(inputs, columns=list(FEATURES))
    return table.assign(
        item=[f"{hospital} {place:04d}" for place in range(n)], hospital=hospital, age=age,
        comorbidity=comorbidity, words=rng.poisson(180 + 40 * comorbidity), time=time,
        insurance=rng.choice(INSURANCES, n, p=(0.5, 0.38, 0.12)), truth=truth.astype(int),
        age_band=[AGE_BANDS[place] for place in np.digitize(age, (45, 65, 80))],
    )  # fmt: skip


def _intercept(prevalence: float) -> float:
    return float(np.log(prevalence / (1 - prevalence)))


def inputs(table: "pd.DataFrame") -> Array:
    """Return what a model sees, on comparable scales."""
    found = table[list(KNOWN)].to_numpy(float).copy()
    found[:, -3] = (found[:, -3] - 58) / 18
    found[:, -2] = (found[:, -2] - 1.4) / 1.3
    found[:, -1] = (found[:, -1] - 235) / 55
    return found


def fit(table: "pd.DataFrame") -> Any:
    """Return a logistic regression on patients."""
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(max_iter=500).fit(inputs(table), table["truth"])


def risks(
    remedy: str, source: "pd.DataFrame", local: "pd.DataFrame", test: "pd.DataFrame"
) -> Array:
    """Return the risks that a model with one remedy gives to the patients of a test."""
    import pandas as pd

    if remedy == "source model":
        return _risk(fit(source), test)
    if remedy == "fine-tuned locally":
        return _tuned(fit(source), local, test)
    if remedy == "nearest source patients":
        near = _nearest(source, local)
        return _risk(fit(pd.concat([local, near])), test)
    return _by_cluster(pd.concat([source, local]), test)


def _risk(model: Any, table: "pd.DataFrame") -> Array:
    found: Array = model.predict_proba(inputs(table))[:, 1]
    return found


def _tuned(model: Any, local: "pd.DataFrame", test: "pd.DataFrame") -> Array:
    """Return the source's log odds moved by what the local patients teach."""
    from sklearn.linear_model import LogisticRegression

    def seen(table: "pd.DataFrame") -> Array:
        return np.column_stack([model.decision_function(inputs(table)), inputs(table)])

    # A weak prior keeps to the source where local patients are few.
    tuned = LogisticRegression(C=0.1, max_iter=500).fit(seen(local), local["truth"])
    found: Array = tuned.predict_proba(seen(test))[:, 1]
    return found


def _nearest(source: "pd.DataFrame", local: "pd.DataFrame") -> "pd.DataFrame":
    from sklearn.neighbors import NearestNeighbors

    near = NearestNeighbors(n_neighbors=NEAREST).fit(inputs(source))
    found = near.kneighbors(inputs(local), return_distance=False)
    return source.iloc[np.unique(found)]


def _by_cluster(learned: "pd.DataFrame", test: "pd.DataFrame") -> Array:
    from sklearn.cluster import KMeans

    def where(table: "pd.DataFrame") -> Array:
        return inputs(table)[:, -3:]

    groups = KMeans(N_CLUSTERS, n_init=3, random_state=0).fit(where(learned))
    mine, asked = groups.labels_, groups.predict(where(test))
    found = _risk(fit(learned), test)
    for one in range(N_CLUSTERS):
        rows = learned[mine == one]
        if rows["truth"].nunique() > 1 and (asked == one).any():
            found[asked == one] = _risk(fit(rows), test[asked == one])
    return found


REMEDIES = (
    "source model", "fine-tuned locally", "nearest source patients", "one model per cluster",
)  # fmt: skip
