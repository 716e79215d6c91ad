"""Study 34: which models keep their accuracy when several problems are asked in one prompt."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.rng import rng_for
from stresslab.studies import _read
from stresslab.studies._kind import Found, KnownAnswer, Look, Picture, Published, Scale, Study
from stresslab.studies._record import record
from stresslab.studies._rest_solvers import (
    LEVELS,
    SKILL,
    SOLVERS,
    bundles,
    by_position,
    first_only,
    independent,
    position_slope,
)

if TYPE_CHECKING:
    import pandas as pd

    from stresslab.store.workspace import Workspace

TASK = "arithmetic under load"
MATH500 = {
    "R1-1.5B": (83.40, 65.53, 47.52, 34.43, 22.40),
    "L1-1.5B-Max": (83.40, 78.93, 75.28, 71.60, 67.11),
    "R1-7B": (93.00, 83.67, 72.16, 61.74, 49.42),
    "AReaL-7B": (95.00, 83.00, 68.56, 53.46, 38.07),
    "Light-R1-7B": (93.20, 83.47, 69.16, 55.17, 39.11),
    "Nemotron-8B": (94.40, 89.67, 87.48, 84.83, 82.18),
    "OpenThinker2-7B": (93.80, 89.20, 83.48, 82.23, 78.29),
    "R1-32B": (94.60, 91.47, 90.72, 88.69, 85.00),
    "QwQ-32B": (96.2, 93.80, 92.48, 92.49, 91.20),
}
"""Accuracy on MATH500, in percent, at 1, 3, 5, 7 and 9 problems per prompt."""

REVERSED = ("AReaL-7B", "Light-R1-7B", "R1-7B")


def simulate(solver: str, n_items: int) -> "pd.DataFrame":
    """Return every answer of a simulated solver: items x levels x positions."""
    import pandas as pd

    frames = []
    for domain, skill in SKILL.items():
        for number, size in enumerate(LEVELS):
            question = bundles(n_items, size)
            place = np.broadcast_to(np.arange(size), question.shape)
            chance = SOLVERS[solver](np.full(question.shape, skill), place, size)
            rng = rng_for("rest", solver, domain, size)
            right = rng.random(question.shape) < chance
            frames.append(
                pd.DataFrame(
                    {
                        "item": [f"{domain} {one:03d}" for one in question.ravel()],
                        "domain": domain, "perturbation": None if number == 0 else "load",
                        "tier": number, "strength": None if number == 0 else float(size),
                        "unit": None if number == 0 else "problems per prompt",
                        "trial": place.ravel(), "correct": right.ravel().astype(int),
                    }
                )
            )  # fmt: skip
    return pd.concat(frames, ignore_index=True)


def build(workspace: "Workspace", scale: Scale) -> Iterator[str]:
    """Ask simulated solvers bundles of questions; an item's trials are its positions."""
    n_items = 120 if scale == "full" else 30
    for solver in SOLVERS:
        record(
            workspace, simulate(solver, n_items), model=solver, task=TASK,
            settings={"study": "rest", "items": n_items, "seed": 0},
        )  # fmt: skip
        yield f"{solver} at {', '.join(map(str, LEVELS))} problems per prompt"


def find(workspace: "Workspace") -> Found:
    """Return how solvers hold under load, by level and by position, beside the printed table."""
    import pandas as pd

    from stresslab.analyses import get

    curve = get("tier_curve")
    found = curve.run(workspace, curve.params(task=TASK))
    ours = found.tables["tier_curve"]
    ours = ours.assign(size=[LEVELS[tier] for tier in ours["tier"]], published=False)
    positions = pd.DataFrame([row for solver in SOLVERS for row in _positions(workspace, solver)])
    printed = pd.DataFrame(
        [
            {"model": model, "size": size, "value": value / 100, "published": False}
            for model, row in MATH500.items()
            for size, value in zip(LEVELS, row, strict=True)
        ]
    )
    ranks = printed.assign(
        value=printed.groupby("size")["value"].rank(ascending=False, method="min")
    )
    scores = pd.DataFrame(
        [
            {"model": model, "score_under_load": report_score(row), "alone": row[0] / 100,
             "retention": row[-1] / row[0], "drop": (row[0] - row[-1]) / 100}
            for model, row in MATH500.items()
        ]
    )  # fmt: skip
    solvers = pd.DataFrame([_judged(workspace, ours, positions, solver) for solver in SOLVERS])
    return Found(
        tables={
            "solvers": solvers, "curve": ours, "positions": positions, "printed": printed,
            "ranks": ranks, "scores": scores,
        },
        verdict="rank flips",
        sentences=_sentences(scores, solvers),
    )  # fmt: skip


def report_score(row: "tuple[float, ...] | Any") -> float:
    """Return the mean over the levels above one problem, as a share."""
    return float(np.mean(row[1:])) / 100


def flips(first: Any, last: Any) -> int:
    """Return how many pairs of models stand in the other order at the last level."""
    a, b = np.asarray(first, float), np.asarray(last, float)
    turned = np.sign(a[:, None] - a) * np.sign(b[:, None] - b) < 0
    return int(turned.sum() // 2)


def _sentences(scores: "pd.DataFrame", solvers: "pd.DataFrame") -> tuple[str, ...]:
    n = len(MATH500)
    turned = flips([row[0] for row in MATH500.values()], [row[-1] for row in MATH500.values()])
    best = scores.sort_values("retention").iloc[-1]
    worst = scores.sort_values("retention").iloc[0]
    even = solvers.set_index("label").loc["independent"]
    late = solvers.set_index("label").loc["overthinker"]
    return (
        f"Nine problems in one prompt turn {turned} of {n * (n - 1) // 2} pairs of the {n} printed "
        f"models around: {worst['model']} keeps {worst['retention']:.0%} of its accuracy, "
        f"{best['model']} {best['retention']:.0%}.",
        f"{REVERSED[0]}, {REVERSED[1]} and {REVERSED[2]} stand in exactly the opposite order.",
        f"In the simulation a solver of independent questions keeps {even['value']:.0%} "
        f"[{even['low']:.0%}, {even['high']:.0%}], one that spends its budget on the first "
        f"{late['value']:.0%} [{late['low']:.0%}, {late['high']:.0%}]: the position tells them "
        "apart.",
    )


def _positions(workspace: "Workspace", solver: str) -> list[dict[str, Any]]:
    """Return the share right by level and position, with Wilson intervals."""
    from stresslab.stats.intervals import wilson

    rows = _read.table(workspace, TASK, solver)
    level = rows["variant_id"].str.extract(r":(\d+)$")[0].fillna("0").astype(int)
    cells = rows.groupby([level, "trial"])["score"].agg(["sum", "count"]).reset_index()
    share = wilson(cells["sum"], cells["count"])
    return [
        {"model": solver, "row": f"{LEVELS[int(tier)]} at once", "column": f"{int(place) + 1}",
         "size": LEVELS[int(tier)], "position": int(place) + 1, "value": value, "low": low,
         "high": high, "n": int(n)}
        for tier, place, n, value, low, high in zip(
            cells.iloc[:, 0], cells["trial"], cells["count"], share.value, share.low, share.high,
            strict=True)
    ]  # fmt: skip


def _judged(
    workspace: "Workspace", curve: "pd.DataFrame", positions: "pd.DataFrame", solver: str
) -> dict[str, Any]:
    """Return the drop of a solver from one problem to nine, and what it looks like."""
    mine = curve[curve["model"] == solver].sort_values("tier")
    alone, loaded = mine.iloc[0], mine.iloc[-1]
    last = positions[(positions["model"] == solver) & (positions["size"] == LEVELS[-1])]
    slope = position_slope(last.sort_values("position")["value"].to_numpy())
    verdict = "holds under load"
    if alone["value"] - loaded["value"] > 0.02:
        verdict = "front-loaded" if slope < -0.2 else "falls evenly"
    if (last["value"] == 0).any():
        verdict = "drops items"
    kept = _retention(workspace, solver)
    return {
        "label": solver, "value": kept.value, "low": kept.low, "high": kept.high,
        "n": kept.n_clusters, "alone": alone["value"], "under_load": loaded["value"],
        "position_slope": slope, "verdict": verdict,
    }  # fmt: skip


def _retention(workspace: "Workspace", solver: str) -> Any:
    """Return accuracy at nine over accuracy alone, on the same questions."""
    from stresslab.stats.retained import retention

    found = _read.pairs(workspace, TASK, (solver,))
    ends = [found.tier == tier for tier in (0, len(LEVELS) - 1)]
    values = [found.values[one, 0][np.argsort(found.item[one])] for one in ends]
    return retention(np.column_stack(values), np.arange(len(values[0])), bounds=(0.0, 1.0))


def _times_per_position() -> list[float]:
    placed = bundles(5, 3)
    return [float((np.bincount(column, minlength=5) == 1).all()) for column in placed.T]


def _expected(solver: Any) -> list[float]:
    """Return a solver's expected accuracy at each level, of questions it solves at .8."""
    return [float(np.mean(solver(np.full(size, 0.8), np.arange(size), size))) for size in LEVELS]


def _order() -> list[float]:
    rows = np.array([MATH500[model] for model in REVERSED])
    return [*np.argsort(-rows[:, 0]).tolist(), *np.argsort(-rows[:, -1]).tolist()]


PIECE = Study(
    title="Several problems at once",
    question="Which models keep their accuracy when several problems are asked in one prompt?",
    paper="REST: Stress Testing Large Reasoning Models by Asking Multiple Problems at Once",
    number=34,
    family="perturbation generator",
    build=build,
    find=find,
    verdicts=("holds under load", "falls evenly", "front-loaded", "drops items", "rank flips"),
    known_answers=(
        KnownAnswer(
            "five questions three at a time: five prompts", (5, 3), lambda: bundles(5, 3).shape
        ),
        KnownAnswer("each question stands once at every position", (1, 1, 1), _times_per_position),
        KnownAnswer(
            "who solves each question as if alone keeps .8 at every level",
            (0.8,) * 5,
            lambda: _expected(independent),
        ),
        KnownAnswer(
            "who answers the first only keeps .8 / s",
            tuple(0.8 / size for size in LEVELS),
            lambda: _expected(first_only),
        ),
        KnownAnswer(
            "an even solver has no slope over positions",
            0.0,
            lambda: position_slope(by_position(np.ones((4, 3)))),
        ),
        KnownAnswer(
            "the printed scores of R1-7B and R1-1.5B under load",
            (0.6675, 0.4247),
            lambda: (report_score(MATH500["R1-7B"]), report_score(MATH500["R1-1.5B"])),
            5e-5,
            "rounded",
        ),
        KnownAnswer(
            "the positions 64.58 / 46.25 / 40.42 / 38.33 / 32.50 have the mean 44.42",
            44.42,
            lambda: float(np.mean([64.58, 46.25, 40.42, 38.33, 32.50])),
            0.005,
            "rounded",
        ),
        KnownAnswer(
            "AReaL, Light-R1, R1-7B: in this order alone, in the opposite one at nine",
            (0, 1, 2, 2, 1, 0),
            _order,
        ),
    ),
    published=tuple(
        Published(f"{model} on MATH500, {size} at once", value, {"model": model, "size": size})
        for model, row in MATH500.items()
        for size, value in zip(LEVELS, row, strict=True)
    ),
    pictures=(
        Picture(
            "lines",
            "printed",
            "Printed accuracy over the number of problems, a line per model",
            {
                "x": "size",
                "x_title": "problems per prompt",
                "y_title": "accuracy on MATH500 (printed)",
                "bounds": (0.0, 1.0),
            },
        ),
        Picture(
            "lines",
            "curve",
            "Simulated accuracy over the number of problems, a line per solver",
            {
                "x": "size",
                "x_title": "problems per prompt",
                "y_title": "share right (simulated)",
                "bounds": (0.0, 1.0),
            },
            "What solvers with a known weakness look like",
        ),
        Picture(
            "lines",
            "positions",
            "Share right by position, one panel per solver",
            {
                "x": "position",
                "series": "row",
                "panel": "model",
                "x_title": "position",
                "y_title": "share right",
                "bounds": (0.0, 1.0),
            },
            "Which problem of the bundle suffers?",
        ),
    ),
    looks=(Look("tier_curve", {"task": TASK}, "See the curves with intervals"),),
    ours="The solvers are simulated, to show what each weakness looks like; the printed table is "
    "the paper's. `falls evenly` is our word.",
    notes=(
        "Rule-based and model-based extraction of answers differ by up to 4.99 points.",
        "The paper prints no number of items and no interval beside these accuracies.",
    ),
    seconds=10,
    source="Levels 1, 3, 5, 7 and 9 of MATH500.",
)
