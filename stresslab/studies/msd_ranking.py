"""Study 49: whether the declared winner of a challenge would win under another rule or sample."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.checks import Array
from stresslab.ratings.ranks import RULES, aggregate, places, rank_by
from stresslab.ratings.signed_rank import signed_rank, win_p_values, win_scores
from stresslab.ratings.stability import stability
from stresslab.rng import rng_for
from stresslab.stats.intervals import wilson
from stresslab.studies import _read
from stresslab.studies._kind import Found, KnownAnswer, Look, Picture, Published, Scale, Study
from stresslab.studies._msd_cases import ALGORITHMS, EXAMPLE, KINDS, campaign, cases, false_winners
from stresslab.studies._record import record

if TYPE_CHECKING:
    import pandas as pd

    from stresslab.store.workspace import Workspace

TASK, CAMPAIGN = "challenge", "campaign"
MEASURES = {"score": {"rate": False, "low": 0.0, "high": 1.0, "higher_is_better": True}}
RESAMPLES = 1000


def build(workspace: "Workspace", scale: Scale) -> Iterator[str]:
    """Score five algorithms on four kinds of task, and on a campaign of ten tasks."""
    import pandas as pd

    kinds = list(KINDS) if scale == "full" else list(KINDS)[:2]
    tables = {TASK: {kind: cases(kind) for kind in kinds}, CAMPAIGN: campaign()}
    for task, scores in tables.items():
        for place, algorithm in enumerate(ALGORITHMS):
            rows = pd.concat(
                pd.DataFrame(
                    {"item": [f"{name} {n:03d}" for n in range(len(one))], "domain": name,
                     "score": one[:, place]}
                )
                for name, one in scores.items()
            )  # fmt: skip
            record(
                workspace, rows, model=algorithm, task=task, measures=MEASURES,
                settings={"study": "msd_ranking", "domains": sorted(scores), "seed": 0},
            )  # fmt: skip
        yield f"{task}: {len(scores)} tasks of five algorithms"


def find(workspace: "Workspace") -> Found:
    """Return who wins each task under every rule, how surely, and how it carries over."""
    import pandas as pd

    by_task = _scores(workspace, TASK)
    winners, places_, wins = [], [], []
    for name, scores in by_task.items():
        row, of_rules = _judged(name, scores)
        winners.append(row)
        places_ += of_rules
        if name == "ideal":
            wins = _map(scores)
    table = pd.DataFrame(winners)
    carried = _carried(_scores(workspace, CAMPAIGN))
    return Found(
        tables={"winners": table, "places": pd.DataFrame(places_), "wins": pd.DataFrame(wins),
                "carried": carried},
        verdict=str(table["verdict"].iloc[0]),
        sentences=_sentences(table, carried),
    )  # fmt: skip


def _scores(workspace: "Workspace", task: str) -> dict[str, Array]:
    """Return cases x algorithms by domain."""
    pairs = _read.pairs(workspace, task, ALGORITHMS, by=("domain",))
    names = pairs.groups["domain"].tolist()
    return {str(name): pairs.values[pairs.group == code] for code, name in enumerate(names)}


def _judged(name: str, scores: Array) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return how surely the first of a task is first, and the places of all by every rule."""
    p_values = win_p_values(scores)
    score = win_scores(p_values, holm=True)
    rules = {rule: rank_by(scores, rule) for rule in RULES}
    rules["significance"] = places(score.astype(float))
    firsts = {rule: tuple(np.flatnonzero(found == 1).tolist()) for rule, found in rules.items()}
    best = int(np.argmin(rules["mean"]))
    drawn = stability(scores, rng=rng_for("msd", "stability", name), resamples=RESAMPLES)
    first = float(drawn.p_first[best])
    ends = wilson(first * RESAMPLES, RESAMPLES)
    beaten = int(score[best])
    verdict = "clear winner" if beaten == len(ALGORITHMS) - 1 else "tied for first"
    single = {one for rule, one in firsts.items() if rule != "significance"}
    if verdict != "clear winner" and len(single) > 1 and all(len(one) == 1 for one in single):
        verdict = "winner depends on the rule"
    row = {
        "label": name, "winner": ALGORITHMS[best], "value": first, "low": float(ends.low),
        "high": float(ends.high), "n": len(scores), "beats": beaten, "verdict": verdict,
        "tau": float(np.nanmean(drawn.tau)) if np.isfinite(drawn.tau).any() else np.nan,
    }  # fmt: skip
    of_rules = [
        {"row": f"{name}, {rule}", "column": ALGORITHMS[one], "value": float(found[one]),
         "n": len(scores)}
        for rule, found in rules.items()
        for one in range(len(ALGORITHMS))
    ]  # fmt: skip
    return row, of_rules


def _map(scores: Array) -> list[dict[str, Any]]:
    p_values = win_p_values(scores)
    return [
        {"row": a, "column": b, "value": float(p_values[i, j]), "n": len(scores),
         "note": "wins" if p_values[i, j] <= 0.05 else ""}
        for i, a in enumerate(ALGORITHMS)
        for j, b in enumerate(ALGORITHMS)
        if i != j
    ]  # fmt: skip


def _carried(tasks: dict[str, Array]) -> "pd.DataFrame":
    """Return the mean place of each algorithm on known tasks and on those nobody had seen."""
    import pandas as pd

    ranks = {name: aggregate(scores, "mean rank") for name, scores in tasks.items()}
    known = np.array([one for name, one in ranks.items() if name.startswith("known")])
    mystery = np.array([one for name, one in ranks.items() if name.startswith("mystery")])
    return pd.DataFrame(
        {
            "label": ALGORITHMS, "x": known.mean(axis=0), "y": mystery.mean(axis=0),
            "spread": known.std(axis=0, ddof=1), "n": len(tasks) * 30,
        }
    )  # fmt: skip


def _sentences(table: "pd.DataFrame", carried: "pd.DataFrame") -> tuple[str, ...]:
    from scipy.stats import spearmanr

    first = table.iloc[0]
    told = [
        f"On the {first['label']} task {first['winner']} is a {first['verdict']}: first in "
        f"{first['value']:.2f} [{first['low']:.2f}, {first['high']:.2f}] of resamples of "
        f"{first['n']} cases, and it beats {first['beats']} of {len(ALGORITHMS) - 1} others."
    ]
    told += [
        f"On the {row['label']} task {row['winner']} leads by the mean but is first in "
        f"{row['value']:.2f} of resamples only: {row['verdict']}."
        for row in table.iloc[1:].to_dict("records")
        if row["verdict"] != "clear winner"
    ][:2]
    rho = float(spearmanr(carried["x"], carried["y"]).statistic)
    told.append(f"Places on known tasks and on new ones go together (Spearman {rho:.2f}, n = 5).")
    return tuple(told)


def _p(a: int, b: int) -> list[float]:
    return [signed_rank(EXAMPLE[:, a], EXAMPLE[:, b]).p_value for a, b in ((a, b), (b, a))]


def _w_plus() -> list[float]:
    return [signed_rank(EXAMPLE[:, a], EXAMPLE[:, b]).w_plus for a, b in ((0, 1), (0, 2), (1, 2))]


PIECE = Study(
    title="Challenge rankings",
    question="Is the declared winner better, or would another rule or sample crown someone else?",
    paper="The Medical Segmentation Decathlon",
    number=49,
    family="ratings and ranking",
    build=build,
    find=find,
    verdicts=("clear winner", "tied for first", "winner depends on the rule"),
    known_answers=(
        KnownAnswer("signed ranks of the ten invented cases", (52.5, 50, 36.5), _w_plus),
        KnownAnswer(
            "p of A over B, and of B over A", (0.00592, 0.9956), lambda: _p(0, 1), 1e-4, "rounded"
        ),
        KnownAnswer(
            "p of A over C, and of C over A", (0.01200, 0.9909), lambda: _p(0, 2), 1e-4, "rounded"
        ),
        KnownAnswer(
            "p of B over C, and of C over B", (0.1908, 0.8359), lambda: _p(1, 2), 1e-4, "rounded"
        ),
        KnownAnswer(
            "unadjusted, A beats two and the others none",
            (2, 0, 0),
            lambda: win_scores(win_p_values(EXAMPLE)).astype(float),
        ),
        KnownAnswer(
            "with Holm only A over B is left",
            (1, 0, 0),
            lambda: win_scores(win_p_values(EXAMPLE), holm=True).astype(float),
        ),
        KnownAnswer(
            "means .895, .873, .866: order A, B, C",
            (1, 2, 3),
            lambda: rank_by(EXAMPLE, "mean").astype(float),
        ),
        KnownAnswer(
            "medians .895, .870, .875: order A, C, B",
            (1, 3, 2),
            lambda: rank_by(EXAMPLE, "median").astype(float),
        ),
        KnownAnswer(
            "mean ranks 1.3, 2.3, 2.4", (1.3, 2.3, 2.4), lambda: aggregate(EXAMPLE, "mean rank")
        ),
        KnownAnswer(
            "five identical algorithms: some winner in .47 of draws (the range of five normals)",
            0.469,
            lambda: false_winners(holm=False),
            0.08,
            "simulated",
        ),
        KnownAnswer(
            "with Holm in about .03", 0.03, lambda: false_winners(holm=True), 0.02, "simulated"
        ),
        KnownAnswer(
            "identical scores: everybody is first, every p is 1",
            (1, 1, 1, 1),
            lambda: [
                *rank_by(np.ones((9, 3)), "mean").tolist(),
                float(win_p_values(np.ones((9, 3))).min()),
            ],
        ),
    ),
    published=(Published("tasks known beforehand", 7.0), Published("tasks kept secret", 3.0)),
    pictures=(
        Picture(
            "dots",
            "msd_ranking",
            "How often the leader of each task stays first",
            {"x_title": "share of resamples in which the leader is first", "bounds": (0.0, 1.0)},
        ),
        Picture(
            "matrix",
            "places",
            "Place of each algorithm by task and rule",
            {"row_title": "task, and the rule that ranks it", "bounds": (1.0, 5.0)},
            "Does the rule decide?",
        ),
        Picture(
            "matrix",
            "wins",
            "P value of row over column on the ideal task",
            {"column_title": "over", "bounds": (0.0, 1.0)},
            "Who beats whom (ideal task)",
        ),
        Picture(
            "scatter",
            "carried",
            "Mean place on known tasks against mean place on new ones",
            {
                "x_title": "mean rank on known tasks",
                "y_title": "mean rank on new tasks",
                "diagonal": True,
            },
            "Does it carry over to tasks nobody had seen?",
        ),
    ),
    looks=(Look("compare", {"task": TASK, "by": "domain"}, "Compare the algorithms"),),
    ours="The cases are invented; rules and tests are those of the challenge.",
    notes=("Without correction a false winner among equal algorithms is the normal outcome.",),
    seconds=10,
    source="Ten tasks: seven known, three kept secret.",
)
