"""Study 49: whether the declared winner of a challenge would win under another rule or sample."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.checks import Array
from stresslab.errors import ParamError
from stresslab.ratings.ranks import aggregate, rank_by, worst_for_missing
from stresslab.ratings.signed_rank import signed_rank, win_p_values, win_scores
from stresslab.stats.masks import dice, surface_dice
from stresslab.studies import _msd_tables as tables
from stresslab.studies import _read
from stresslab.studies._kind import Found, KnownAnswer, Look, Picture, Published, Scale, Study
from stresslab.studies._msd_cases import (
    ALGORITHMS,
    EXAMPLE,
    KINDS,
    TOLERANCE,
    Cases,
    campaign,
    cases,
    false_winners,
)
from stresslab.studies._record import record
from stresslab.studies._words import measured

if TYPE_CHECKING:
    import pandas as pd

    from stresslab.store.workspace import Workspace

TASK, CAMPAIGN = "challenge", "campaign"
BOUNDED: dict[str, Any] = {"rate": False, "low": 0.0, "high": 1.0, "higher_is_better": True}
MEASURES = {"DSC": "score", "NSD": "nsd"}
"""Names of the paper, and of the columns."""


def build(workspace: "Workspace", scale: Scale) -> Iterator[str]:
    """Let five algorithms outline the cases of four kinds of task, and of a campaign of ten."""
    kinds = list(KINDS) if scale == "full" else list(KINDS)[:2]
    made = {TASK: {kind: cases(kind) for kind in kinds}, CAMPAIGN: campaign()}
    for task, of in made.items():
        for place, algorithm in enumerate(ALGORITHMS):
            rows = _rows(of, place)
            known = rows["nsd"].notna()
            further = rows[known].assign(measure="nsd", trial=0, value=rows["nsd"])
            further["variant_id"] = [f"{task}/{one}" for one in further["item"]]
            record(
                workspace, rows, model=algorithm, task=task,
                measures={"score": BOUNDED, "nsd": BOUNDED},
                extra={"scores": further[["variant_id", "trial", "measure", "value"]]},
                settings={"study": "msd_ranking", "domains": sorted(of), "seed": 0},
            )  # fmt: skip
        yield f"{task}: {len(of)} tasks of five algorithms"


def _rows(of: "dict[str, Cases]", place: int) -> "pd.DataFrame":
    """Return the cases of one algorithm; what it did not hand in is an error without a score."""
    import pandas as pd

    found = pd.concat(
        [
            pd.DataFrame(
                {"item": [f"{name} {n:03d}" for n in range(len(one.dsc))], "domain": name,
                 "score": one.dsc[:, place], "nsd": one.nsd[:, place]}
            )
            for name, one in of.items()
        ],
        ignore_index=True,
    )  # fmt: skip
    missing = found["score"].isna()
    return found.assign(
        status=np.where(missing, "errored", "answered"),
        error=missing.map({True: "nothing was handed in"}),
    )


def find(workspace: "Workspace") -> Found:
    """Return who wins under every rule, measure and number of cases, and what carries over."""
    import pandas as pd

    everything, missing = _scores(workspace, TASK)
    kinds = tables.declared(everything)
    ten, _ = _scores(workspace, CAMPAIGN)
    winners = pd.DataFrame([tables.judged(name, of["DSC"]) for name, of in kinds.items()])
    campaign_ = pd.DataFrame([tables.judged(name, of["DSC"]) for name, of in ten.items()])
    dots, rho = tables.carried(ten)
    overall = tables.overall(ten)
    return Found(
        tables={
            "winners": pd.concat([winners, campaign_], ignore_index=True),
            "overall": overall,
            "places": tables.rule_rows(kinds, "DSC"), "places_nsd": tables.rule_rows(kinds, "NSD"),
            "wins": tables.beats(kinds["ideal"]["DSC"]),
            "cases": tables.by_cases({name: {"all": of["DSC"]} for name, of in everything.items()}),
            "carried": dots, "rho": rho, "missing": missing,
        },
        verdict=_verdict(ten, overall),
        sentences=_sentences(winners, overall, rho),
    )  # fmt: skip


def _scores(
    workspace: "Workspace", task: str
) -> "tuple[dict[str, dict[str, Array]], pd.DataFrame]":
    """Return cases x algorithms by domain and measure, the worst score where one is missing.

    Raises
    ------
    ParamError
        If a measure does not say which direction is better.
    """
    import pandas as pd

    found: dict[str, dict[str, Array]] = {}
    counts = []
    for name, measure in MEASURES.items():
        by_model = []
        for algorithm in ALGORITHMS:
            by_model.append(_of(workspace, task, algorithm, measure))
        table = pd.concat(by_model, axis=1, keys=ALGORITHMS).sort_index()
        for domain, rows in table.groupby(level="domain"):
            scores = rows.to_numpy(float)
            found.setdefault(str(domain), {})[name] = worst_for_missing(scores)
            counts += [
                {"task": domain, "measure": name, "algorithm": one, "missing": int(gone),
                 "n": len(rows)}
                for one, gone in zip(ALGORITHMS, np.isnan(scores).sum(axis=0), strict=True)
            ]  # fmt: skip
    order = [one for one in (*KINDS, *found) if one in found]
    return {name: found[name] for name in dict.fromkeys(order)}, pd.DataFrame(counts)


def _of(workspace: "Workspace", task: str, model: str, measure: str) -> "pd.Series[float]":
    """Return the scores of one algorithm by domain and case."""
    [run] = [one for one in workspace.runs() if (one.task, one.model) == (task, model)]
    check_directed(run.measures, measure)
    items = _read.table(workspace, task, model, "items").set_index("item_id")
    rows = _read.table(workspace, task, model)
    values = rows["score"]
    if measure != "score":
        told = _read.table(workspace, task, model, "scores").query("measure == @measure")
        values = told.set_index("variant_id")["value"].reindex(rows["variant_id"])
    item = rows["variant_id"]
    index = [items.loc[item, "domain"].to_numpy(), item.to_numpy()]
    made = values.astype(float).set_axis(index)
    made.index.names = ["domain", "item"]
    return made


def check_directed(measures: Any, name: str) -> None:
    """Refuse to rank by a measure whose better direction nobody declared.

    Raises
    ------
    ParamError
        If ``higher_is_better`` is missing, or is false: the tests ask who is larger.
    """
    if measures.get(name, {}).get("higher_is_better") is not True:
        raise ParamError(
            f"Measure {name!r} does not say that larger is better. Declare higher_is_better, and "
            "turn the sign of one that is not."
        )


def _verdict(ten: Any, overall: "pd.DataFrame") -> str:
    """Return the word for the campaign: the leader by wins, by mean, by median and by rank."""
    held = overall[overall["correction"] == "with Holm"].set_index("label")
    leader = str(held["value"].idxmax())
    rules = ("mean", "median", "mean rank")
    firsts = set()
    for rule in rules:
        ranks = np.mean([rank_by(of["DSC"], rule) for of in ten.values()], axis=0)
        firsts.add(ALGORITHMS[int(np.argmin(ranks))])
    if firsts != {leader}:
        return "winner depends on the rule"
    others = held.drop(index=leader)
    return "clear winner" if held.loc[leader, "low"] > others["high"].max() else "tied for first"


def _sentences(
    winners: "pd.DataFrame", overall: "pd.DataFrame", rho: "pd.DataFrame"
) -> tuple[str, ...]:
    held = overall[overall["correction"] == "with Holm"].sort_values("value", ascending=False)
    first, second = held.iloc[0], held.iloc[1]
    told = [
        f"Over ten tasks and both measures {first['label']} beats {measured(first, rate=False)} of "
        f"the four others, {second['label']} {measured(second, rate=False)} (Holm, cases drawn "
        "again)."
    ]
    told += [
        f"On the {row['label']} task ({row['n']} cases) {row['winner']} is first by the mean, in "
        f"{measured(row)} of resamples, and beats {row['beats']} of four: {row['verdict']}."
        for row in winners.to_dict("records")
    ]
    both = rho.set_index("label").loc["known and new ranks"]
    words = "go together" if both["low"] > 0 else "cannot be said to go together"
    told.append(
        f"Mean ranks on known and on new tasks {words}: Spearman {measured(both)}, five algorithms."
    )
    return tuple(told)


def _p(a: int, b: int) -> list[float]:
    return [signed_rank(EXAMPLE[:, a], EXAMPLE[:, b]).p_value for a, b in ((a, b), (b, a))]


def _w_plus() -> list[float]:
    return [signed_rank(EXAMPLE[:, a], EXAMPLE[:, b]).w_plus for a, b in ((0, 1), (0, 2), (1, 2))]


def _shifted() -> list[float]:
    """Return Dice and surface Dice of squares of side 4, the second two columns to the right."""
    a, b = np.zeros((2, 12, 12), bool)
    a[3:7, 3:7] = b[3:7, 5:9] = True
    return [dice(a, b), surface_dice(a, b, 2.0), surface_dice(a, b, TOLERANCE)]


def _empty() -> list[float]:
    nothing = np.zeros((5, 5), bool)
    return [dice(nothing, nothing), surface_dice(nothing, nothing, TOLERANCE)]


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
            "outlines two pixels apart: Dice .5; all within two pixels, 8 of 12 cells within one",
            (0.5, 1.0, 2 / 3),
            _shifted,
        ),
        KnownAnswer("two empty outlines agree", (1.0, 1.0), _empty),
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
            "dots", "overall", "Mean number of other algorithms beaten, over tasks and measures",
            {"series": "correction", "x_title": "others beaten, of four (mean over tasks)",
             "bounds": (-0.2, 4.0)},
        ),
        Picture(
            "dots", "msd_ranking", "How often the leader of each task stays first",
            {"x_title": "share of resamples in which the leader is first", "bounds": (0.0, 1.0)},
            "Would the winner win again?",
        ),
        Picture(
            "lines", "cases", "How often the leader stays first, by number of cases",
            {"x_title": "cases", "log_x": True, "bounds": (0.0, 1.0),
             "y_title": "share of resamples"},
            "How many cases does it take?",
        ),
        Picture(
            "matrix", "places", "Place of each algorithm by task and rule, by Dice",
            {"row_title": "task, and the rule that ranks it", "bounds": (1.0, 5.0)},
            "Does the rule decide? (Dice)",
        ),
        Picture(
            "matrix", "places_nsd", "Place of each algorithm by task and rule, by outlines",
            {"row_title": "task, and the rule that ranks it", "bounds": (1.0, 5.0)},
            "Does the measure decide? (outlines that meet)",
        ),
        Picture(
            "matrix", "wins", "P value of row over column on the ideal task",
            {"column_title": "over", "bounds": (0.0, 1.0)}, "Who beats whom (ideal task)",
        ),
        Picture(
            "scatter", "carried", "Mean rank on known tasks against mean rank on new ones",
            {"x_title": "mean rank on known tasks", "y_title": "mean rank on new tasks",
             "diagonal": True},
            "Does it carry over to tasks nobody had seen?",
        ),
    ),
    looks=(
        Look("rankings", {"task": CAMPAIGN}, "Rank them"),
        Look("compare", {"task": TASK, "by": "domain"}, "Compare by task"),
    ),
    ours="The outlines are invented; measures, rules and tests are those of the challenge. "
    "Surfaces are counted in pixels.",
    notes=(
        "Without correction a false winner among equal algorithms is the normal outcome.",
        "What an algorithm did not hand in counts as the worst score of the task.",
        "Intervals of shares of resamples say how exactly the share is known from 1,000 resamples.",
    ),
    seconds=12,
    source="Ten tasks: seven known, three kept secret.",
)  # fmt: skip
