"""Study 42: at which complexity a model leans most on what it has memorised."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.gaps.valley import critical_interval, valley
from stresslab.rng import rng_for
from stresslab.stats.intervals import from_moments, t_quantile
from stresslab.studies import _read
from stresslab.studies._kind import Found, KnownAnswer, Look, Picture, Published, Scale, Study
from stresslab.studies._record import record
from stresslab.studies._scylla_tasks import (
    TASKS,
    ListTask,
    draw,
    draw_size,
    operations,
    wrong_answer,
)

if TYPE_CHECKING:
    import pandas as pd

    from stresslab.store.workspace import Workspace

TASK = "list tasks"
SIDES = {"familiar": (0, 100), "unfamiliar": (101, 9999)}
LEVELS = (1, 2, 3, 4, 5)
SOLVERS = ("exact", "by budget", "memory at level 3", "two digits")

PRINTED = {
    "Qwen1.5-1.8B": (.547, .226, .042, -.009, .018), "Qwen1.5-4B": (.631, .173, .094, .061, .007),
    "Qwen1.5-7B": (.887, .268, .152, .063, .056), "Qwen1.5-14B": (.849, .568, .075, .025, .037),
    "Qwen1.5-32B": (.969, .521, .137, .102, .045), "Qwen1.5-72B": (.911, .825, .115, -.027, .010),
    "Qwen1.5-110B": (.965, .950, .129, .044, .010), "Llama-3-8B": (.801, .392, .214, -.005, .044),
    "Llama-3.1-8B": (.667, .603, .047, .025, -.003),
    "Llama-3.1-70B": (.982, .890, -.087, -.233, -.015),
    "Llama-3.1-405B": (.997, .996, .847, .516, .262),
    "Gemma-2-9b": (.948, .601, -.124, -.026, -.065),
    "Claude-3-sonnet": (.997, .804, .159, -.056, .070), "GPT-4o": (.997, .992, .787, .457, .238),
    "GPT-4o-mini": (.974, .989, .768, .517, -.008), "o1-mini": (1.0, .998, .979, .949, .680),
}  # fmt: skip
"""Score S by level, as printed."""

CRITICAL = dict(zip(PRINTED, (1, 1, 2, 2, 2, 4, 4, 2, 2, 3, 4, 3, 4, 4, 5, 5), strict=True))
"""Critical level, as printed."""

QWEN_7B = ((.91, .53, .13, .10, .09), (.91, .41, .16, .09, .07))  # fmt: skip


def chance(solver: str, task: ListTask, size: int, side: str) -> float:
    """Return how probably a simulated solver answers rightly."""
    if solver == "exact":
        return 1.0
    skill = float(1 / (1 + (operations(task.level, size) / 2000) ** 0.8))
    if solver == "by budget":
        return skill
    if solver == "two digits":
        return skill if side == "familiar" else skill * 0.55
    bonus = {2: 0.2, 3: 0.6, 4: 0.15}.get(task.level, 0.0) if side == "familiar" else 0.0
    return min(1.0, skill + bonus * (1 - skill))


def questions(per_task: int) -> "pd.DataFrame":
    """Return the questions: every task on familiar and on unfamiliar numbers."""
    import pandas as pd

    rows = []
    for name, task in TASKS.items():
        for side, (low, high) in SIDES.items():
            rng = rng_for("scylla", name, side)
            for number in range(per_task):
                size = draw_size(task, rng_for("scylla size", name, number))
                numbers, goal = draw(task, size, low, high, rng)
                rows.append(
                    {
                        "item": f"{name} {side} {number:03d}", "domain": side, "kind": name,
                        "numbers": numbers, "goal": goal, "perturbation": "complexity",
                        "axis": "graded", "tier": task.level, "size": len(numbers),
                        "input": f"{name} of {list(numbers)}" + (f", {goal}" if goal else ""),
                    }
                )  # fmt: skip
    return pd.DataFrame(rows)


def build(workspace: "Workspace", scale: Scale) -> Iterator[str]:
    """Ask simulated solvers list tasks whose answers are checked, not compared."""
    asked = questions(256 if scale == "full" else 24)
    for solver in SOLVERS:
        rows = asked.assign(**_answers(solver, asked)).drop(columns=["numbers", "goal"])
        record(
            workspace, rows, model=solver, task=TASK, attributes=("kind", "size"),
            settings={"study": "scylla", "rows": len(rows), "seed": 0},
        )  # fmt: skip
        yield f"{solver}: {len(rows):,} questions"


def _answers(solver: str, asked: "pd.DataFrame") -> dict[str, list[Any]]:
    right, output = [], []
    for row in asked.to_dict("records"):
        task = TASKS[row["kind"]]
        rng = rng_for("scylla answers", solver, row["item"])
        said = task.solve(row["numbers"], row["goal"]) or ()
        if rng.random() >= chance(solver, task, row["size"], row["domain"]):
            said = wrong_answer(task, row["numbers"], row["goal"], rng)
        right.append(int(task.check(row["numbers"], row["goal"], said)))
        output.append(str(list(said)))
    return {"correct": right, "output": output}


def find(workspace: "Workspace") -> Found:
    """Return accuracy and gap over complexity, per solver, and the printed scores."""
    import pandas as pd

    curves, solvers = [], []
    for solver in SOLVERS:
        cells = _cells(workspace, solver)
        curves += [
            {"model": side, "solver": solver, **row} for side in SIDES for row in cells[side]
        ]
        solvers.append(_judged(solver, cells))
    printed = pd.DataFrame(
        [
            {"model": model, "x": level, "value": value}
            for model, row in PRINTED.items()
            for level, value in zip(LEVELS, row, strict=True)
        ]
    )
    ranking = pd.DataFrame(
        [
            {"model": model, "mean_score": float(np.mean(row)), "critical": CRITICAL[model]}
            for model, row in PRINTED.items()
        ]
    ).sort_values("mean_score", ascending=False)
    table = pd.DataFrame(solvers)
    return Found(
        tables={"solvers": table, "curves": pd.DataFrame(curves), "printed": printed,
                "ranking": ranking},
        verdict=str(table.set_index("label").loc["memory at level 3", "verdict"]),
        sentences=_sentences(table, ranking),
    )  # fmt: skip


def _cells(workspace: "Workspace", solver: str) -> dict[str, list[dict[str, Any]]]:
    """Return the share right by side and level: per task first, then averaged over tasks."""
    pairs = _read.pairs(workspace, TASK, (solver,), by=("domain", "tier", "item.kind"))
    right = pairs.values[:, 0]
    groups = pairs.groups
    n = np.bincount(pairs.group, minlength=len(groups)).astype(float)
    share = np.bincount(pairs.group, weights=right, minlength=len(groups)) / n
    found: dict[str, list[dict[str, Any]]] = {}
    for side in SIDES:
        rows = []
        for level in LEVELS:
            mine = ((groups["domain"] == side) & (groups["tier"] == level)).to_numpy()
            value, count = float(share[mine].mean()), float(n[mine].sum())
            # Tasks of a level have the same number of questions, so this is the pooled share.
            ends = from_moments(value * count, count, count, value * count, value * count, count,
                                rate=True)  # fmt: skip
            rows.append(
                {"x": level, "value": value, "low": float(ends.low), "high": float(ends.high),
                 "n": int(count), "se": _error(share[mine], n[mine])}
            )  # fmt: skip
        found[side] = rows
    return found


def _error(share: Any, n: Any) -> float:
    """Return the standard error of a mean over tasks, smoothed where all answers agree."""
    smooth = (share * n + 0.5) / (n + 1)
    return float(np.sqrt((smooth * (1 - smooth) / n).sum()) / len(n))


def _judged(solver: str, cells: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    inside, outside = (np.array([row["value"] for row in cells[side]]) for side in SIDES)
    error = np.sqrt(sum(np.array([row["se"] for row in cells[side]]) ** 2 for side in SIDES))
    n = sum(row["n"] for side in SIDES for row in cells[side])
    found = valley(inside, outside)
    levels = np.array(LEVELS, float)
    low, high, flat = critical_interval(
        inside - outside, error, levels, rng=rng_for("scylla", "valley", solver)
    )
    widest = int(np.argmax(found.gap))
    half = float(t_quantile(1 - 0.05 / len(LEVELS), n - 1)) * float(error[widest])
    gap = float((inside - outside)[widest])
    verdict = f"valley at level {found.critical:g}"
    if gap - half <= 0:
        verdict = "flat"
    if found.flat:
        verdict = "generalises" if outside.mean() > 0.9 else "flat"
    return {
        "label": solver, "value": gap, "low": gap - half, "high": gap + half, "n": n,
        "critical": found.critical, "critical_low": low, "critical_high": high,
        "vertex": found.vertex, "share_flat": flat, "mean_score": float(found.score.mean()),
        "verdict": verdict,
    }  # fmt: skip


def _sentences(table: "pd.DataFrame", ranking: "pd.DataFrame") -> tuple[str, ...]:
    memory = table.set_index("label").loc["memory at level 3"]
    exact = table.set_index("label").loc["exact"]
    best, second = ranking.iloc[0], ranking.iloc[1]
    late = ranking[ranking["critical"] >= 4]
    ends = f"[{memory['low']:.2f}, {memory['high']:.2f}]"
    return (
        f"The solver with a memory planted at level 3 has its widest gap at level "
        f"{memory['critical']:g}: {memory['value']:.2f} {ends} "
        "between familiar and unfamiliar numbers.",
        f"The exact solver loses {abs(exact['value']):.2f} "
        f"[{exact['low']:.2f}, {exact['high']:.2f}] and generalises.",
        f"Of the printed models {best['model']} has the highest mean score "
        f"({best['mean_score']:.2f}; {second['model']} {second['mean_score']:.2f}); "
        f"{len(late)} of {len(ranking)} have their valley at level 4 or 5.",
    )


def _exact_solver() -> list[float]:
    """Return the gap, and the mean score, of a solver that is always right."""
    found = valley(np.ones(5), np.ones(5))
    return [float(found.gap.max()), float(found.score.mean()), float(found.flat)]


def _any_witness() -> list[float]:
    """Return whether every pair that adds up is taken, not only the generated one."""
    task, numbers = TASKS["two that add up"], (1, 9, 4, 6, 5, 5)
    said = [(1, 9), (9, 1), (4, 6), (5, 5), (4, 5), (9, 9)]
    return [float(task.check(numbers, 10, one)) for one in said]


def _own_answers() -> float:
    """Return the share of generated questions whose solution its checker takes."""
    rng = rng_for("scylla", "known")
    kept = []
    for task in TASKS.values():
        for low, high in SIDES.values():
            numbers, goal = draw(task, 8, low, high, rng)
            kept.append(task.check(numbers, goal, task.solve(numbers, goal) or ()))
    return float(np.mean(kept))


def _of_gap(gap: "tuple[float, ...]") -> list[float]:
    found = valley(np.array(gap), np.zeros(len(gap)))
    return [found.critical, found.vertex]


PIECE = Study(
    title="Generalisation valley",
    question="At which task complexity does a model lean most on memorised patterns?",
    paper="Quantifying Generalization Complexity for Large Language Models",
    number=42,
    family="results cube",
    build=build,
    find=find,
    verdicts=(*(f"valley at level {level}" for level in LEVELS), "flat", "generalises"),
    known_answers=(
        KnownAnswer(
            "printed means of Qwen1.5-7B: gaps 0, .12, 0, .01, .02",
            (0, 0.12, 0, 0.01, 0.02),
            lambda: valley(*map(np.array, QWEN_7B)).gap,
        ),
        KnownAnswer(
            "their critical level is 2", 2, lambda: valley(*map(np.array, QWEN_7B)).critical
        ),
        KnownAnswer(
            "gaps .02, .10, .35, .12, .03: critical level 3, vertex 3.0208",
            (3, 3.0208),
            lambda: _of_gap((0.02, 0.10, 0.35, 0.12, 0.03)),
            5e-5,
            "rounded",
        ),
        KnownAnswer(
            ".6 familiar and .5 not: score .4; .4 and .5: score .5",
            (0.4, 0.5),
            lambda: valley(np.array([0.6, 0.4]), np.array([0.5, 0.5])).score,
        ),
        KnownAnswer("the exact solver: gap 0, score 1, flat", (0, 1, 1), _exact_solver),
        KnownAnswer(
            "a checker takes every witness, and nothing else", (1, 1, 1, 1, 0, 0), _any_witness
        ),
        KnownAnswer("every generated question has an answer its checker takes", 1, _own_answers),
    ),
    published=tuple(
        Published(f"score of {model} at level {level}", value, {"model": model, "x": level})
        for model, row in PRINTED.items()
        for level, value in zip(LEVELS, row, strict=True)
    ),
    pictures=(
        Picture(
            "lines",
            "curves",
            "Share right over complexity, familiar and unfamiliar numbers",
            {
                "panel": "solver",
                "x_title": "complexity level",
                "y_title": "share right",
                "bounds": (0.0, 1.0),
            },
        ),
        Picture(
            "dots",
            "scylla",
            "Widest gap of each solver with its interval",
            {"x_title": "widest gap, familiar minus unfamiliar", "lines": ((0.0, "none"),)},
            "How wide is the valley?",
        ),
        Picture(
            "lines",
            "printed",
            "Printed score over complexity, a line per model",
            {
                "x_title": "complexity level",
                "y_title": "score S (printed)",
                "lines": ((0.0, "0"),),
            },
            "What the paper printed",
        ),
    ),
    looks=(Look("tier_curve", {"task": TASK, "by": "domain"}, "See the curves with intervals"),),
    ours="The solvers are simulated and the numbers 0 to 100 count as familiar; of the list tasks "
    "14 are made here, two of them (a multiple of fifty, equal halves) are ours.",
    notes=(
        "The printed scores average per task before clipping, so they differ a little from the "
        "score of the printed level means (.268 against .29 for Qwen1.5-7B at level 2).",
        "The level lists name 17 of the paper's 20 tasks: level means are not comparable to the "
        "last digit.",
    ),
    seconds=20,
    source="Score and critical level of 16 models.",
)
