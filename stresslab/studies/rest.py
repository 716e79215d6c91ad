"""Study 34: which models keep their accuracy when several problems are asked in one prompt."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from stresslab.errors import ParamError
from stresslab.studies import _read
from stresslab.studies._kind import Found, KnownAnswer, Look, Picture, Published, Scale, Study
from stresslab.studies._record import record
from stresslab.studies._rest_judged import (
    HOLDS,
    ORDER_TASK,
    TASK,
    answers_of,
    errors,
    judged,
    order_effect,
    positions,
)
from stresslab.studies._rest_printed import (
    DEEPSEEK_R1,
    MATH500,
    POSITIONS,
    REVERSED,
    power_to_tell,
    report_score,
    scores,
    turned_around,
)
from stresslab.studies._rest_questions import (
    DEFAULT_LEVELS,
    LEVELS,
    N_ITEMS,
    STEPS,
    bundles,
    check_apart,
    exported,
    questions,
)
from stresslab.studies._rest_solvers import (
    SOLVERS,
    answered,
    by_position,
    chance,
    omissions,
    position_slope,
)

if TYPE_CHECKING:
    import pandas as pd

    from stresslab.store.workspace import Workspace

ORDERS = {"easy first": 1, "hard first": -1}


def build(workspace: "Workspace", scale: Scale) -> Iterator[str]:
    """Ask simulated solvers bundles of questions; an item's trials are its positions."""
    n_items = N_ITEMS if scale == "full" else 30
    for solver in SOLVERS:
        settings = {"study": "rest", "items": n_items, "seed": 0, "extractor": "exact number"}
        record(
            workspace, simulate(solver, n_items), model=solver, task=TASK, settings=settings,
            of_variant=("extractor",),
        )  # fmt: skip
        record(
            workspace, in_order(solver, n_items), model=solver, task=ORDER_TASK, settings=settings
        )
        yield f"{solver} at {', '.join(map(str, LEVELS))} problems per prompt"


def simulate(solver: str, n_items: int) -> "pd.DataFrame":
    """Return every answer of a simulated solver: items x levels x positions."""
    import pandas as pd

    frames = []
    for domain in STEPS:
        asked = questions(domain, n_items)
        check_apart([one.name for one in asked])
        for tier, size in enumerate(LEVELS):
            found = answered(solver, asked, bundles(n_items, size), domain, size)
            alone = tier == 0
            frames.append(
                found.assign(
                    item=[asked[one].name for one in found["place"]], domain=domain,
                    input=[asked[one].text for one in found["place"]],
                    reference=[str(asked[one].answer) for one in found["place"]],
                    perturbation=None if alone else "load", tier=tier, trial=found["position"],
                    strength=None if alone else float(size),
                    unit=None if alone else "problems per prompt", extractor="exact number",
                )
            )  # fmt: skip
    return pd.concat(frames, ignore_index=True)


def in_order(solver: str, n_items: int) -> "pd.DataFrame":
    """Return the answers to prompts of one question per difficulty, easy first and hard first."""
    import pandas as pd

    asked = [one for domain in STEPS for one in questions(domain, n_items)]
    easy = np.arange(n_items)[:, None] + n_items * np.arange(len(STEPS))
    frames = []
    for tier, (order, way) in enumerate(ORDERS.items(), start=1):
        found = answered(solver, asked, easy[:, ::way], order)
        frames.append(
            found.assign(
                item=[asked[one].name for one in found["place"]],
                domain=[asked[one].domain for one in found["place"]],
                group=[f"prompt {one % n_items:03d}" for one in found["place"]],
                perturbation="order", axis="graded", tier=tier, unit="1 easy first, 2 hard first",
                strength=float(tier),
            )
        )  # fmt: skip
    return pd.concat(frames, ignore_index=True)


def find(workspace: "Workspace") -> Found:
    """Return how solvers hold under load, by level and by position, beside the printed table."""
    import pandas as pd

    curve = _read.means(workspace, TASK, tuple(SOLVERS), by=("tier",))
    curve = curve.assign(size=[LEVELS[int(tier)] for tier in curve["tier"]])
    answers = {solver: answers_of(workspace, solver) for solver in SOLVERS}
    places_of = pd.DataFrame([row for one in SOLVERS for row in positions(one, answers[one])])
    printed = pd.DataFrame(
        [
            {"model": model, "size": size, "value": value / 100}
            for model, row in MATH500.items()
            for size, value in zip(LEVELS, row, strict=True)
        ]
    )
    places = printed.groupby("size")["value"].rank(ascending=True, method="max")
    solvers = pd.DataFrame([judged(one, answers[one]) for one in SOLVERS])
    orders = pd.DataFrame([order_effect(workspace, solver) for solver in SOLVERS])
    return Found(
        tables={
            "solvers": solvers, "curve": curve, "positions": places_of,
            "errors": pd.DataFrame([row for one in SOLVERS for row in errors(one, answers[one])]),
            "order_effect": orders, "printed": printed, "ranks": printed.assign(value=places),
            "scores": pd.DataFrame(scores()), "power_to_tell": pd.DataFrame(power_to_tell()),
            "deepseek_r1": pd.DataFrame(
                [{"benchmark": name, "alone": one / 100, "under_load": two / 100}
                 for name, (one, two) in DEEPSEEK_R1.items()]),
        },
        verdict=_verdict(turned_around(), solvers),
        sentences=_sentences(pd.DataFrame(scores()), solvers, orders),
    )  # fmt: skip


def _verdict(n_turned: int, solvers: "pd.DataFrame") -> str:
    """Return "rank flips" where the printed order turns, else what most solvers do."""
    return "rank flips" if n_turned else str(solvers["verdict"].mode().iloc[0])


def _sentences(
    printed: "pd.DataFrame", solvers: "pd.DataFrame", orders: "pd.DataFrame"
) -> tuple[str, ...]:
    n = len(printed)
    best = printed.sort_values("retention").iloc[-1]
    worst = printed.sort_values("retention").iloc[0]
    said = [
        f"{row['label']} keeps {row['value']:.0%} [{row['low']:.0%}, {row['high']:.0%}] "
        f"({row['verdict']})"
        for row in solvers.to_dict("records")
    ]
    far = orders.iloc[int(orders["value"].abs().argmax())]
    settled = far["low"] > 0 or far["high"] < 0
    order = (
        f"With an easy, a middling and a hard question in one prompt, {far['label']} "
        "changes its share right by "
        f"{far['value']:+.2f} [{far['low']:+.2f}, {far['high']:+.2f}] if the easy one comes first "
        "instead of the hard one"
    )
    return (
        f"Nine problems in one prompt turn {turned_around()} of {n * (n - 1) // 2} pairs of the "
        f"{n} printed models around: {worst['model']} keeps {worst['retention']:.0%} of its "
        f"accuracy, {best['model']} {best['retention']:.0%} (the paper prints no interval).",
        f"{REVERSED[0]}, {REVERSED[1]} and {REVERSED[2]} stand in exactly the opposite order "
        "at nine problems as alone.",
        f"Simulated solvers, {int(solvers['n'].iloc[0])} questions at nine in one prompt: "
        f"{'; '.join(said)}.",
        f"{order}{'.' if settled else ': no order effect can be told.'}",
    )


def _times_per_position() -> list[float]:
    placed = bundles(5, 3)
    return [float((np.bincount(column, minlength=5) == 1).all()) for column in placed.T]


def _expected(solver: str) -> list[float]:
    """Return a solver's expected accuracy at each level, of questions it solves at .8."""
    found = []
    for size in LEVELS:
        need = np.full(size, 60.0)
        tokens = SOLVERS[solver](need, np.arange(size), size)
        found.append(float(chance(np.full(size, 0.8), need, tokens).mean()))
    return found


def _order() -> list[float]:
    rows = np.array([MATH500[model] for model in REVERSED])
    return [*np.argsort(-rows[:, 0]).tolist(), *np.argsort(-rows[:, -1]).tolist()]


def _too_many() -> list[float]:
    """Return the prompts of five questions all at once, and whether six at once are refused."""
    try:
        bundles(5, 6)
    except ParamError:
        return [len(bundles(5, 5)), 1.0]
    return [len(bundles(5, 5)), 0.0]


def _missing() -> list[float]:
    right = np.array([[1.0, np.nan], [1.0, 1.0]])
    return [*by_position(right).tolist(), *omissions(right)[0], float(len(omissions(right)))]


def export() -> Iterator[tuple[str, Iterator[str]]]:
    """Yield a file of prompts per difficulty, for a model of one's own."""
    for domain in STEPS:
        yield f"prompts-{domain.replace(' ', '-')}.jsonl", exported(questions(domain))


PIECE = Study(
    title="Several problems at once",
    question="Which models keep their accuracy when several problems are asked in one prompt?",
    paper="REST: Stress Testing Large Reasoning Models by Asking Multiple Problems at Once",
    number=34,
    family="perturbation generator",
    build=build,
    find=find,
    verdicts=("holds under load", "front-loaded", "drops items", "rank flips", "falls evenly"),
    export=export,
    known_answers=(
        KnownAnswer(
            "five questions three at a time: five prompts", (5, 3), lambda: bundles(5, 3).shape
        ),
        KnownAnswer("all at once is one prompt per question; more is refused", (5, 1), _too_many),
        KnownAnswer(
            "a missing answer is wrong at its position, and is listed", (1, 0.5, 0, 1, 1), _missing
        ),
        KnownAnswer("each question stands once at every position", (1, 1, 1), _times_per_position),
        KnownAnswer(
            "who solves each question as if alone keeps .8 at every level",
            (0.8,) * 5,
            lambda: _expected("independent"),
        ),
        KnownAnswer(
            "who answers the first only keeps .8 / s",
            tuple(0.8 / size for size in LEVELS),
            lambda: _expected("first only"),
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
            lambda: float(np.mean(POSITIONS)),
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
    )
    + tuple(
        Published(f"DeepSeek-R1 on {name}, {words}", value, {"model": "DeepSeek-R1"})
        for name, row in DEEPSEEK_R1.items()
        for words, value in zip(("alone", "several at once"), row, strict=True)
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
            "ranks",
            "Printed place over the number of problems, a line per model",
            {
                "x": "size",
                "x_title": "problems per prompt",
                "y_title": "place from the last (9 is best, printed)",
                "bounds": (0.5, 9.5),
            },
            "Who overtakes whom?",
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
        Picture(
            "matrix",
            "errors",
            "Share of answers at nine problems by solver and kind of error",
            {"row_title": "solver", "column_title": "kind of error", "bounds": (0.0, 1.0)},
            "What goes wrong at nine problems",
        ),
        Picture(
            "dots",
            "order_effect",
            "Accuracy easy first minus hard first, by solver",
            {"x_title": "easy first minus hard first", "lines": ((0.0, "no effect"),)},
            "Does the order matter?",
        ),
    ),
    looks=(
        Look("tier_curve", {"task": TASK}, "See the curves with intervals"),
        Look("rankings", {"task": TASK}, "See who is first"),
    ),
    ours="The solvers are simulated, to show what each weakness looks like; the printed table is "
    "the paper's. `falls evenly` is our word. Intervals are clustered by question. A solver is "
    f"front-loaded if its loss is over {HOLDS} and its slope over positions surely below 0.",
    notes=(
        "The paper's own levels are "
        + "; ".join(
            f"{name} items {', '.join(map(str, row))}" for name, row in DEFAULT_LEVELS.items()
        )
        + ".",
        "`stresslab study export rest FOLDER` writes the prompts for a model of your own.",
        "The printed accuracies by position are of other runs than those by level.",
        "Some implementations ask the anchor question last: a level then holds the same prompts, "
        "but positions count otherwise.",
        "No simulated solver makes errors of format or repeats itself endlessly.",
        "Rule-based and model-based extraction of answers differ by up to 4.99 points.",
        "The paper prints no number of items and no interval beside these accuracies.",
    ),
    seconds=10,
    source="Levels 1, 3, 5, 7 and 9 of MATH500.",
)
