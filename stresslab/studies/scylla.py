"""Study 42: at which complexity a model leans most on what it has memorised."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.gaps.valley import valley
from stresslab.result import Warn
from stresslab.rng import rng_for
from stresslab.stats.intervals import wilson
from stresslab.studies import _read
from stresslab.studies._kind import Found, KnownAnswer, Look, Picture, Published, Scale, Study
from stresslab.studies._record import record
from stresslab.studies._scylla_curves import SIDES, curves_of, judged, levels_of
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
LEVELS = (1, 2, 3, 4, 5)
PLANTED = "memory at level 3"
SOLVERS = ("exact", "by budget", PLANTED, "two digits")
PER_TASK = 256

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
        return skill if side == "familiar" else skill * 0.5
    bonus = {2: 0.2, 3: 0.6, 4: 0.15}.get(task.level, 0.0) if side == "familiar" else 0.0
    return min(1.0, skill + bonus * (1 - skill))


def unread(solver: str, side: str) -> float:
    """Return how often the answer of a simulated solver cannot be read."""
    return {"familiar": 0.02, "unfamiliar": 0.2}[side] if solver == "two digits" else 0.0


def questions(per_task: int) -> "pd.DataFrame":
    """Return the questions: every task on familiar and on unfamiliar numbers, none of them twice.

    The n-th lists of both sides have one length.
    """
    import pandas as pd

    rows = []
    for name, task in TASKS.items():
        for side, (low, high) in SIDES.items():
            rng, seen = rng_for("scylla", name, side), set()
            for number in range(per_task):
                size = draw_size(task, rng_for("scylla size", name, number))
                numbers, goal = draw(task, size, low, high, rng)
                while (numbers, goal) in seen:
                    numbers, goal = draw(task, size, low, high, rng)
                seen.add((numbers, goal))
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
    asked = questions(PER_TASK if scale == "full" else 24)
    for solver in SOLVERS:
        rows = asked.assign(**_answers(solver, asked)).drop(columns=["numbers", "goal"])
        record(
            workspace, rows, model=solver, task=TASK, attributes=("kind", "size"),
            settings={"study": "scylla", "rows": len(rows), "seed": 0},
        )  # fmt: skip
        yield f"{solver}: {len(rows):,} questions"


def _answers(solver: str, asked: "pd.DataFrame") -> dict[str, list[Any]]:
    right: list[float] = []
    output, status = [], []
    for row in asked.to_dict("records"):
        task = TASKS[row["kind"]]
        rng = rng_for("scylla answers", solver, row["item"])
        said = task.solve(row["numbers"], row["goal"]) or ()
        if rng.random() >= chance(solver, task, row["size"], row["domain"]):
            said = wrong_answer(task, row["numbers"], row["goal"], rng)
        read = rng.random() >= unread(solver, row["domain"])
        right.append(float(task.check(row["numbers"], row["goal"], said)) if read else np.nan)
        output.append(str(list(said)) if read else "These numbers are too long for me.")
        status.append("answered" if read else "unscored")
    return {"correct": right, "output": output, "status": status}


def export() -> Iterator[tuple[str, Iterator[str]]]:
    """Yield a file of questions per side, for a model of one's own."""
    asked = questions(PER_TASK)
    for side in SIDES:
        yield f"questions-{side}.jsonl", _lines(asked[asked["domain"] == side])


def _lines(asked: "pd.DataFrame") -> Iterator[str]:
    for row in asked.to_dict("records"):
        solution = TASKS[row["kind"]].solve(row["numbers"], row["goal"]) or ()
        yield json.dumps(
            {"item": row["item"], "level": int(row["tier"]), "task": row["kind"],
             "prompt": f"Find: {row['input']}. Answer with a list of numbers only.",
             "numbers": row["numbers"], "goal": int(row["goal"]), "one_right_answer": solution}
        )  # fmt: skip


def find(workspace: "Workspace") -> Found:
    """Return accuracy and gap over complexity, per solver, and the printed scores."""
    import pandas as pd

    answers = {solver: _rows(workspace, solver) for solver in SOLVERS}
    curves = pd.DataFrame([row for one in SOLVERS for row in curves_of(one, answers[one])])
    levels = pd.concat([levels_of(one, answers[one]) for one in SOLVERS], ignore_index=True)
    table = pd.DataFrame([judged(one, levels[levels["model"] == one]) for one in SOLVERS])
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
    strip = curves.assign(row=curves["solver"] + ", " + curves["model"],
                          column=curves["x"].map("level {}".format))  # fmt: skip
    shares = [wilson(row["n"], row["n"] / row["parse_rate"]) for row in strip.to_dict("records")]
    strip = strip.assign(
        value=strip["parse_rate"], n=(strip["n"] / strip["parse_rate"]).round().astype(int),
        low=[float(one.low) for one in shares], high=[float(one.high) for one in shares],
    )[["row", "column", "value", "low", "high", "n"]]  # fmt: skip
    return Found(
        tables={"solvers": table, "curves": curves, "levels": levels.drop(columns="se"),
                "parse_rate": strip, "printed": printed, "ranking": ranking},
        verdict=str(table.set_index("label").loc[PLANTED, "verdict"]),
        sentences=_sentences(table, ranking), warnings=_warnings(table),
    )  # fmt: skip


def _rows(workspace: "Workspace", solver: str) -> "pd.DataFrame":
    """Return the answers of a solver: level, kind, side and score, NaN where unreadable."""
    rows = _read.table(workspace, TASK, solver)
    parts = rows["variant_id"].str.extract(
        rf"/(?P<kind>.+) (?P<side>{'|'.join(SIDES)}) \d+#complexity:(?P<level>\d+)$"
    )
    return parts.assign(score=rows["score"].astype(float), level=parts["level"].astype(int))


def _warnings(table: "pd.DataFrame") -> tuple[Warn, ...]:
    short = table[table["levels"] < len(LEVELS)]
    return tuple(
        Warn("missing-level", f"{row['label']} has answers at {row['levels']} of {len(LEVELS)} "
             "levels; its critical level is one of these.", int(row["levels"]))
        for row in short.to_dict("records")
    )  # fmt: skip


def _sentences(table: "pd.DataFrame", ranking: "pd.DataFrame") -> tuple[str, ...]:
    best, second = ranking.iloc[0], ranking.iloc[1]
    late = ranking[ranking["critical"] >= 4]
    planted, *others = sorted(table.to_dict("records"), key=lambda row: row["label"] != PLANTED)
    said = [
        f"{row['label']}: {row['verdict']} (widest gap {row['value']:.2f} [{row['low']:.2f}, "
        f"{row['high']:.2f}])"
        for row in others
    ]
    return (
        f"The solver with a memory planted at level 3 has its widest gap at level "
        f"{planted['critical']:g}: {planted['value']:.2f} [{planted['low']:.2f}, "
        f"{planted['high']:.2f}] between familiar and unfamiliar numbers.",
        f"The other simulated solvers, each on {others[0]['n']:,} or fewer answers: "
        f"{'; '.join(said)}.",
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
    verdicts=(
        *(f"valley at level {level}" for level in LEVELS),
        "flat",
        "memory-bound",
        "generalises",
    ),
    export=export,
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
    )
    + tuple(
        Published(f"critical level of {model}", float(level), {"model": model})
        for model, level in CRITICAL.items()
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
            "levels",
            "Gap over complexity, one line per solver, with intervals",
            {
                "x_title": "complexity level",
                "y_title": "gap, familiar minus unfamiliar",
                "lines": ((0.0, "none"),),
            },
            "Where is the valley?",
        ),
        Picture(
            "matrix",
            "parse_rate",
            "Share of answers that could be read, by solver and level",
            {"bounds": (0.0, 1.0)},
            "How many answers could be read",
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
    ours="The solvers are simulated; the numbers 0 to 100 count as familiar, 101 to 9999 not. A "
    "solver is memory-bound if it loses a third of its right answers or more at every level; one "
    "that is flat and over .9 right generalises. The divergence is in bits, beside what 19 of 20 "
    "shuffles of both sides stay below.",
    notes=(
        "`stresslab study export scylla FOLDER` writes the questions for a model of your own.",
        "There is no tour among the tasks: 16 of the 17 that the paper names are here.",
        "The printed scores average per task before clipping, so they differ a little from the "
        "score of the printed level means (.268 against .29 for Qwen1.5-7B at level 2).",
        "The level lists name 17 of the paper's 20 tasks: level means are not comparable to the "
        "last digit.",
    ),
    seconds=20,
    source="Score and critical level of 16 models.",
)
