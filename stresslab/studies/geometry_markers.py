"""Study 06: whether the shape of features, seen in distribution, warns of failures outside."""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.evidence import Evidence
from stresslab.geometry._theory import capacity_of_balls
from stresslab.geometry.class_collapse import class_collapse
from stresslab.geometry.manifolds import manifold_geometry
from stresslab.geometry.participation_ratio import participation_ratio
from stresslab.studies import _geometry_tables as tables
from stresslab.studies._geometry_nets import (
    DECAYS,
    SHIFTS,
    TIERS,
    WIDTHS,
    Net,
    Settings,
    changed,
    digits,
    grid,
    train,
)
from stresslab.studies._kind import Found, KnownAnswer, Look, Picture, Scale, Study
from stresslab.studies._record import record
from stresslab.studies._words import measured

if TYPE_CHECKING:
    import pandas as pd

    from stresslab.store.workspace import Workspace

TASK, ACCURACY, WITHIN = tables.TASK, tables.ACCURACY, tables.WITHIN
ARCHITECTURES = list(dict.fromkeys(one.family for one in grid()))
NO_SIGNAL = "no signal with this many models"


def build(workspace: "Workspace", scale: Scale) -> Iterator[str]:
    """Train every network, ask it about every digit under every shift, keep its features."""
    made = grid() if scale == "full" else grid(DECAYS[::3])[::2]
    tiers = TIERS if scale == "full" else TIERS[::4]
    there = {(run.task, run.model) for run in workspace.runs()} if made else set()
    for number, one in enumerate(made, start=1):
        if (TASK, one.name) not in there or one.name not in tables.spaces_of(workspace):
            net = train(one)
            _keep(workspace, one, net, tiers)
        yield f"network {number} of {len(made)}: {one.name}"


def _keep(workspace: "Workspace", one: Settings, net: Net, tiers: Any) -> None:
    """Seal the answers of a network as a run, and its features as a space."""
    import pandas as pd

    frames = [_rows(net, "", 0)]
    frames += [_rows(net, shift, tier) for shift in SHIFTS for tier in tiers]
    record(
        workspace, pd.concat(frames, ignore_index=True), model=one.name, task=TASK,
        settings={"study": "geometry_markers", "tiers": list(tiers), "width": one.width,
                  "decay": one.decay, "seed": one.seed},
        model_info={"family": one.family},
    )  # fmt: skip
    known = digits()
    with workspace.add_space(
        f"net-{one.width}-{one.decay:g}-{one.seed}", encoder="one hidden layer",
        layer="hidden", dimension=one.width, kind="features", dtype="float32",
        settings={"model": one.name, "task": TASK},
    ) as space:  # fmt: skip
        space.write([f"{TASK}/{_item(place)}" for place in known.places], net.features(known.test))
        space.head(net.weights[1], net.biases[1])


def _item(place: int) -> str:
    return f"digit {place:04d}"


def _rows(net: Net, shift: str, tier: int) -> "pd.DataFrame":
    import pandas as pd

    known = digits()
    probs = net.probabilities(changed(known.test, shift, tier))
    said = probs.argmax(axis=1)
    names = [_item(place) for place in known.places]
    return pd.DataFrame(
        {
            "item": names, "domain": "digits", "reference": known.labels.astype(str),
            "perturbation": shift or None, "axis": "graded" if tier else None, "tier": tier,
            "strength": float(SHIFTS[shift][1][tier - 1]) if tier else None,
            "unit": SHIFTS[shift][0] if tier else None, "answer": said.astype(str),
            "correct": (said == known.labels).astype(int), "confidence": probs.max(axis=1),
            "probs": None if tier else probs.tolist(),
        }
    )  # fmt: skip


def find(workspace: "Workspace") -> Found:
    """Return which marker told the accuracy outside, within architectures, in each, and pooled."""
    import pandas as pd

    family = {
        run.model: str((run.model_info or {}).get("family"))
        for run in workspace.runs()
        if run.task == TASK
    }
    known = tables.markers(workspace)
    dots = tables.points(known, tables.outside(workspace), family)
    within = tables.correlations(dots, WITHIN)
    scopes = [one for one in ARCHITECTURES if one in family.values()] + [tables.POOLED]
    others = pd.concat([tables.correlations(dots, one) for one in scopes], ignore_index=True)
    chosen = _chosen(within)
    few = others[others["label"].isin([ACCURACY, *tables.SHAPE])]
    return Found(
        tables={
            "markers": within.drop(columns="scope"),
            "shape": tables.beside(dots, within, chosen),
            "accuracy": tables.beside(dots, within, ACCURACY),
            "architectures": few.assign(model=few["scope"]),
            "tiers": tables.by_tier(
                known, tables.outside(workspace, ("perturbation", "tier")), family
            ),
            "shapes": tables.shapes(dots), "theory": tables.theory(),
            "all_scopes": others,
            "networks": dots.pivot(index=["model", "family"], columns="marker", values="x")
            .reset_index().merge(tables.outside(workspace), on="model"),
        },
        verdict=_verdict(within), sentences=_sentences(within, others, chosen, dots),
    )  # fmt: skip


def _chosen(within: Any) -> str:
    """Return the marker of shape to show: the one that tells most, known or not."""
    mine = within[within["label"].isin(tables.SHAPE)]
    if mine["value"].isna().all():
        return tables.SHAPE[0]
    return str(mine.loc[mine["value"].abs().idxmax(), "label"])


def _verdict(within: "pd.DataFrame") -> str:
    """Return the word, corrected over markers.

    Accuracy tells only where more of it in distribution means more outside: who picks the network
    with the highest accuracy is misled by the reverse.
    """
    by: Any = within.set_index("label")
    if by.loc[ACCURACY, "adjusted"] < 0.05 and by.loc[ACCURACY, "value"] > 0:
        return "ID accuracy already tells"
    shape = by[by["kind"] == "geometry"]
    return "geometry warns" if (shape["adjusted"] < 0.05).any() else NO_SIGNAL


def _sentences(
    within: "pd.DataFrame", others: "pd.DataFrame", chosen: str, dots: "pd.DataFrame"
) -> tuple[str, ...]:
    by: Any = within.set_index("label")
    accuracy, shape = by.loc[ACCURACY], by.loc[chosen]
    told = by[(by["kind"] == "geometry") & (by["adjusted"] < 0.05)]
    named = f": {', '.join(told.index)}" if len(told) else ""
    all_shapes = int((by["kind"] == "geometry").sum())
    ends = dots.drop_duplicates("model")["y"]
    pooled = others[others["scope"] == tables.POOLED].set_index("label")
    hint = ""
    if accuracy["high"] < 0:
        hint = " (the networks best in distribution are the worst outside)"
    return (
        f"Within architectures, {chosen} of the class manifolds in distribution goes with accuracy "
        f"outside at r = {_r(shape)}, accuracy in distribution at r = {_r(accuracy)}{hint}, "
        f"n = {shape['n']} networks.",
        f"{len(told)} of {all_shapes} markers of shape are told to go with it{named} (Holm over "
        f"{len(by)} markers).",
        f"Of two networks {chosen} picks the better one in {_pairs(shape)} of pairs, accuracy in "
        f"distribution in {_pairs(accuracy)}, once the other networks have said which way.",
        f"Outside, the networks lie between {ends.min():.2f} and {ends.max():.2f}; pooled over "
        f"architectures {chosen} has r = {_r(pooled.loc[chosen])}.",
    )


def _r(row: Any) -> str:
    return measured(row) if row["value"] == row["value"] else "undefined"


def _pairs(row: Any) -> str:
    return f"{row['pairs']:.0%}" if row["pairs"] == row["pairs"] else "an unknown share"


def _identity() -> float:
    """Return how far capacity is from utility (1 + 1 / radius^2) / dimension."""
    found = tables.of_circles(1.0)
    told = found["utility"] * (1 + found["radius"] ** -2) / found["dimension"]
    return found["capacity"] - told


def _scaled() -> list[float]:
    """Return what changes in capacity, dimension, radius, utility with 37 times the features."""
    plain = tables.circles(1.0)
    large = Evidence(features=np.asarray(plain.features) * 37.0, labels=plain.labels)
    found = [
        manifold_geometry(one, rng=np.random.default_rng(1), points=60, draws=60)
        for one in (plain, large)
    ]
    return [found[1][name] - found[0][name] for name in ("capacity", "dimension", "radius",
                                                         "utility")]  # fmt: skip


def _over_theory(radius: float) -> float:
    return tables.of_circles(radius)["capacity"] / capacity_of_balls(radius, 2)


def _rises() -> list[float]:
    """Return whether the measured dimension of circles rises with their radius."""
    found = [tables.of_circles(radius)["dimension"] for radius in (0.5, 1.0, 5.0)]
    return [float(found == sorted(found))]


def _gaussian() -> float:
    cloud = np.random.default_rng(0).normal(size=(5000, 10))
    found = participation_ratio(Evidence(features=cloud), rng=np.random.default_rng(0))
    return found["participation_ratio"]


def _collapsed() -> float:
    means = np.random.default_rng(0).normal(size=(6, 20))
    labels = np.repeat(np.arange(6), 8)
    found = class_collapse(
        Evidence(features=means[labels], labels=labels), rng=np.random.default_rng(0)
    )
    return next(iter(found.values()))


PIECE = Study(
    title="Shape as a warning",
    question="Does the shape of features warn of failures outside when accuracy does not?",
    paper="Diagnosing Generalization Failures from Representational Geometry Markers",
    number=6,
    family="geometry",
    build=build,
    find=find,
    verdicts=("geometry warns", "ID accuracy already tells", NO_SIGNAL),
    known_answers=(
        KnownAnswer(
            "theory of discs, radius .5, 1, 5, 1000: capacity .9499, .6667, .4377, .4002",
            (0.9499, 0.6667, 0.4377, 0.4002),
            lambda: [capacity_of_balls(radius, 2) for radius in (0.5, 1, 5, 1000)],
            1e-3, "rounded",
        ),
        KnownAnswer(
            "points (radius near 0) have a capacity of 2", 2,
            lambda: float(np.mean([tables.of_circles(1e-3, s)["capacity"] for s in range(4)])),
            0.05, "simulated",
        ),
        *(
            KnownAnswer(
                f"circles of radius {radius:g}, measured over theory: within 8 %", 1,
                partial(_over_theory, radius),
                0.08, "simulated",
            )
            for radius in (0.5, 1.0, 5.0)
        ),
        KnownAnswer("capacity = utility (1 + radius^-2) / dimension", 0, _identity),
        KnownAnswer(
            "features 37 times as large change nothing", (0, 0, 0, 0), _scaled, 1e-8
        ),
        KnownAnswer("the measured dimension of circles rises with their radius", 1, _rises),
        KnownAnswer(
            "participation ratio of ten equal directions: 10", 10, _gaussian, 0.1, "simulated"
        ),
        KnownAnswer("classes that are single points: collapse 0", 0, _collapsed),
    ),
    pictures=(
        Picture(
            "scatter", "shape", "Accuracy outside against a marker of shape, measured inside",
            {"panel": "panel", "series": "family", "x_title": "measured in distribution",
             "y_title": "accuracy outside (larger is better)"},
        ),
        Picture(
            "scatter", "accuracy", "Accuracy outside against accuracy inside",
            {"panel": "panel", "series": "family", "x_title": "accuracy in distribution",
             "y_title": "accuracy outside (larger is better)"},
        ),
        Picture(
            "dots", "geometry_markers",
            "Correlation of every marker with accuracy outside, within architectures",
            {"x_title": "Pearson's r with accuracy outside, architectures' means taken off",
             "bounds": (-1.0, 1.0), "lines": ((0.0, "tells nothing"),)},
            "Which marker tells?",
        ),
        Picture(
            "dots", "architectures", "Correlation in each architecture, and pooled",
            {"series": "model", "x_title": "Pearson's r with accuracy outside",
             "bounds": (-1.0, 1.0), "lines": ((0.0, "tells nothing"),)},
            "In each architecture",
        ),
        Picture(
            "lines", "tiers", "Correlation within architectures by kind and strength of shift",
            {"panel": "panel", "x_title": "tier", "y_title": "r with accuracy there",
             "bounds": (-1.0, 1.0), "lines": ((0.0, "tells nothing"),)},
            "At which shift?",
        ),
        Picture(
            "scatter", "shapes", "Radius and dimension of the class manifolds of every network",
            {"series": "family", "x_title": "radius", "y_title": "dimension"},
            "The shapes of the classes",
        ),
        Picture(
            "lines", "theory", "Capacity of circles by theory and measured, by radius",
            {"x_title": "radius", "y_title": "capacity", "log_x": True},
            "The measure on circles, where theory knows it",
        ),
    ),
    looks=(
        Look("forecast", {"task": TASK}, "Forecast with other markers"),
        Look("tier_curve", {"task": TASK}, "See the networks fall"),
    ),
    ours=f"Networks of one hidden layer ({', '.join(map(str, WIDTHS))} units, {len(DECAYS)} weight "
    "decays, two seeds) on 8 x 8 digits; the paper takes large image models.",
    notes=(
        "A correlation over models is prognostic, not causal; architecture confounds, so it is "
        "taken off first.",
        "Numbers come from the full space of features; no picture of it is evidence.",
        "Features are not centred; 50 digits of each class, 200 draws.",
    ),
    seconds=90,
    source="Claim: lower dimension and utility of manifolds in distribution go with lower accuracy "
    "outside, more reliably than accuracy in distribution does.",
)  # fmt: skip
