"""The tables of study 06: markers of every network, and how well each told its drop."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.checks import Array
from stresslab.evidence import Evidence
from stresslab.geometry._theory import capacity_of_balls
from stresslab.geometry.manifolds import manifold_geometry
from stresslab.rng import rng_for
from stresslab.stats.correct import holm
from stresslab.stats.forecast import forecast
from stresslab.stats.intervals import t_quantile
from stresslab.studies import _read
from stresslab.studies._words import measured

if TYPE_CHECKING:
    import pandas as pd

    from stresslab.store.workspace import Workspace

TASK = "digits"
ACCURACY = "accuracy inside"
MEASURES = (
    "manifolds", "participation_ratio", "numerical_rank", "class_collapse", "active_fraction",
    "pairwise", "covariance", "outputs", "logits",
)  # fmt: skip
SHAPE = ("dimension", "utility", "capacity", "radius")
"""What the paper says warns, the first two most of all."""

OUTPUTS = ("outputs", "logits")
WITHIN, POOLED = "within architectures", "pooled"
RADII = (0.25, 0.5, 1.0, 2.0, 5.0)


def spaces_of(workspace: "Workspace") -> dict[str, str]:
    """Return the space of every network."""
    return {
        str(one.manifest["settings"]["model"]): one.space_id
        for one in workspace.spaces()
    }  # fmt: skip


def markers(workspace: "Workspace") -> "pd.DataFrame":
    """Return the markers of every network on the untouched digits, one row per marker."""
    import pandas as pd

    from stresslab import geometry
    from stresslab.analyses._evidence import gather
    from stresslab.store.contents import resolve

    rows = []
    for model, space in spaces_of(workspace).items():
        question = resolve(workspace, task=TASK, models=(model,), where="tier = 0")
        evidence = gather(workspace, question, space, model).evidence
        for name in MEASURES:
            rng = rng_for("geometry markers", model, name)
            kind = "outputs" if name in OUTPUTS else "geometry"
            for marker, value in geometry.get(name).compute(evidence, rng=rng).items():
                rows.append({"model": model, "marker": _words(marker), "kind": kind, "x": value,
                             "n": evidence.n})  # fmt: skip
    inside = _read.means(workspace, TASK, tuple(spaces_of(workspace)), where="tier = 0")
    own = inside.rename(columns={"value": "x"})[["model", "x", "n"]]
    own = own.assign(marker=ACCURACY, kind="baseline")
    return pd.concat([own, pd.DataFrame(rows)], ignore_index=True)


def _words(marker: str) -> str:
    return marker.replace("_", " ")


def outside(workspace: "Workspace", by: Sequence[str] = ()) -> "pd.DataFrame":
    """Return the accuracy of every network on digits under a shift; digits are the clusters."""
    models = tuple(spaces_of(workspace))
    found = _read.means(workspace, TASK, models, where="tier > 0", by=by)
    return found.rename(columns={"value": "y", "low": "y_low", "high": "y_high"})


def points(known: "pd.DataFrame", scores: "pd.DataFrame", family: Mapping[str, str]) -> Any:
    """Return marker against accuracy outside, one row per network and marker."""
    joined = known.drop(columns="n").merge(scores, on="model")
    return joined.assign(family=joined["model"].map(dict(family)))


def correlations(dots: "pd.DataFrame", scope: str) -> "pd.DataFrame":
    """Return how well every marker told the accuracy outside, Holm's correction over markers.

    Parameters
    ----------
    dots : DataFrame
        From `points`.
    scope : str
        `WITHIN` takes the mean of each architecture off marker and accuracy first, so that no
        difference between architectures counts; `POOLED` does not; else one architecture.
    """
    import pandas as pd

    rows = []
    for key, one in dots.groupby(["marker", "kind"], sort=False):
        marker, kind = map(str, key)
        mine = one if scope in (WITHIN, POOLED) else one[one["family"] == scope]
        x, y = mine["x"].to_numpy(float), mine["y"].to_numpy(float)
        if scope == WITHIN:
            x, y = (
                v - mine.groupby("family")[c].transform("mean") for v, c in ((x, "x"), (y, "y"))
            )
        found = forecast(
            x, y, mine["family"].tolist(),
            rng=rng_for("geometry markers", "forecast", scope, marker),
        )  # fmt: skip
        rows.append(
            {"label": marker, "kind": kind, "scope": scope, "value": found.pearson,
             "low": found.pearson_low, "high": found.pearson_high, "n": found.n_models,
             "spearman": found.spearman, "spearman_low": found.spearman_low,
             "spearman_high": found.spearman_high, "pairs": found.pairs,
             "error": found.error, "p_value": found.p_value}
        )  # fmt: skip
    table = pd.DataFrame(rows)
    known = table["p_value"].notna()
    table["adjusted"] = np.nan
    table.loc[known, "adjusted"] = holm(table.loc[known, "p_value"].to_numpy())
    return table


def by_tier(
    known: "pd.DataFrame", scores: "pd.DataFrame", family: Mapping[str, str]
) -> "pd.DataFrame":
    """Return the correlation within architectures at every shift and tier, for a few markers."""
    import pandas as pd

    few = known[known["marker"].isin([ACCURACY, *SHAPE[:2]])]
    rows = []
    for key, one in scores.groupby(["perturbation", "tier"]):
        shift, tier = str(key[0]), int(str(key[1]))
        found = correlations(points(few, one, family), WITHIN)
        rows.append(found.assign(panel=shift, x=float(tier), model=found["label"]))
    return pd.concat(rows, ignore_index=True)


def beside(dots: "pd.DataFrame", found: "pd.DataFrame", marker: str) -> "pd.DataFrame":
    """Return the dots of one marker, with its correlation in the head of the panel."""
    row = found.set_index("label").loc[marker]
    head = f"{marker}: r within architectures undefined"
    if row["value"] == row["value"]:
        head = f"{marker}: r within architectures {measured(row)}"
    mine = dots[dots["marker"] == marker]
    return mine.assign(panel=head, label=mine["model"]).reset_index(drop=True)


def shapes(dots: "pd.DataFrame") -> "pd.DataFrame":
    """Return radius and dimension of the class manifolds of every network."""
    wide = dots.pivot(index="model", columns="marker", values="x")
    kept = dots.drop_duplicates("model").set_index("model")
    return (
        wide.rename(columns={"radius": "x", "dimension": "y"})[["x", "y", "capacity", "utility"]]
        .join(kept[["family", "n"]])
        .reset_index()
        .rename(columns={"model": "label"})
    )


def circles(
    radius: float, *, classes: int = 10, dimension: int = 200, points: int = 60, seed: int = 0
) -> Evidence:
    """Return circles around random unit centres: manifolds whose capacity is known."""
    rng = np.random.default_rng(seed)
    axes = rng.normal(size=(3, classes, 1, dimension))
    axes /= np.linalg.norm(axes, axis=3, keepdims=True)
    turn = np.linspace(0, 2 * np.pi, points, endpoint=False)[None, :, None]
    x = axes[0] + radius * (np.cos(turn) * axes[1] + np.sin(turn) * axes[2])
    return Evidence(features=x.reshape(-1, dimension), labels=np.repeat(np.arange(classes), points))


def of_circles(radius: float, seed: int = 0, *, draws: int = 200) -> dict[str, float]:
    """Return the measured geometry of circles."""
    rng = np.random.default_rng(seed + 1)
    return manifold_geometry(circles(radius, seed=seed), rng=rng, points=60, draws=draws)


def theory(seeds: int = 3) -> "pd.DataFrame":
    """Return the capacity of circles by integration, and measured on sets of circles."""
    import pandas as pd

    rows = []
    for radius in RADII:
        rows.append({"model": "theory", "x": radius, "value": capacity_of_balls(radius, 2),
                     "low": np.nan, "high": np.nan, "n": 1})  # fmt: skip
        found = [of_circles(radius, seed, draws=120) for seed in range(seeds)]
        values: Array = np.array([one["capacity"] for one in found])
        half = float(t_quantile(0.95, seeds - 1)) * values.std(ddof=1) / np.sqrt(seeds)
        rows.append(
            {"model": "measured", "x": radius, "value": values.mean(), "low": values.mean() - half,
             "high": values.mean() + half, "n": seeds,
             "dimension": np.mean([one["dimension"] for one in found]),
             "radius": np.mean([one["radius"] for one in found])}
        )  # fmt: skip
    return pd.DataFrame(rows)
