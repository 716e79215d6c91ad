"""Study 30: whether one of two systems is rated better, with few prompts and one rater."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.ratings.paired_ratings import (
    contradicts_itself,
    detectable,
    paired_ratings,
    power_of_t,
    prompts_needed,
)
from stresslab.result import Warn
from stresslab.rng import rng_for
from stresslab.stats.bootstrap import bootstrap
from stresslab.studies import _read
from stresslab.studies._blind_rating_checks import agreement, blinding, flattery, panel
from stresslab.studies._blind_rating_panel import (
    MEANS,
    OWN,
    RATERS,
    SCALE_ENDS,
    SPREADS,
    TASKS,
    N,
    own_ratings,
    simulated_panel,
)
from stresslab.studies._kind import Found, KnownAnswer, Look, Picture, Published, Scale, Study
from stresslab.studies._record import record
from stresslab.studies._words import measured

if TYPE_CHECKING:
    import pandas as pd

    from stresslab.store.workspace import Workspace

PRINTED = 1.77
CLAIM = "significant (p > 0.05)"
MEASURES = {"score": {"rate": False, "low": 0.0, "high": 10.0, "higher_is_better": True}}


def build(workspace: "Workspace", scale: Scale) -> Iterator[str]:
    """Rate two systems in simulated panels; one rater in the small form, five in the full one."""
    import pandas as pd

    raters = RATERS if scale == "full" else 1
    settings = {"study": "blind_rating", "raters": raters, "seed": 0}
    for task in TASKS:
        for model in MEANS:
            rows = pd.concat([simulated_panel(task, model, spread, raters) for spread in SPREADS])
            record(
                workspace, rows, model=model, task=task, measures=MEASURES, settings=settings,
                attributes=("a_first", "log_length_ratio"),
            )  # fmt: skip
            if task == TASKS[0]:
                record(
                    workspace, own_ratings(rows, model), model=model, task=OWN, measures=MEASURES,
                    settings=settings,
                )  # fmt: skip
            yield f"{model}, {task}"


def find(workspace: "Workspace") -> Found:
    """Return what the ratings of each spread can tell, and what it would take."""
    import pandas as pd

    table = pd.DataFrame(
        [
            {"label": f"sd {spread:g}"} | _effect(*_rated(workspace, TASKS[0], number))
            | {"spread": spread}
            for number, spread in enumerate(SPREADS, start=1)
        ]
    )  # fmt: skip
    dots = pd.DataFrame([row for n, _ in enumerate(SPREADS, 1) for row in _dots(workspace, n)])
    blind = pd.DataFrame([row for task in TASKS for row in blinding(workspace, task)])
    raters = agreement(np.vstack([panel(workspace, TASKS[0], model) for model in MEANS]))
    flattered = pd.DataFrame([flattery(workspace, model) for model in MEANS])
    warnings: tuple[Warn, ...] = ()
    if raters["n_raters"].iloc[0] < 2:
        warnings = (Warn("one-rater", "There is one rater: no reliability estimate possible."),)
    flagged = contradicts_itself(CLAIM)
    return Found(
        tables={
            "effects": table, "power": _power(), "dots": dots, "blinding": blind,
            "reliability": raters, "self_rating": flattered,
            "means": _read.means(workspace, TASKS[0], tuple(MEANS), by=("tier",),
                                 bounds=SCALE_ENDS),
        },
        verdict="claim contradicts its own p" if flagged else str(table["verdict"].iloc[-1]),
        sentences=_sentences(table, raters, flattered, flagged), warnings=warnings,
    )  # fmt: skip


def _sentences(
    table: "pd.DataFrame", raters: "pd.DataFrame", flattered: "pd.DataFrame", flagged: bool
) -> tuple[str, ...]:
    settled = table[table["verdict"] != "cannot tell"]["spread"].tolist()
    words = " and ".join(f"{one:g}" for one in settled) or "none"
    limit = PRINTED * np.sqrt(N) / _quantile(N)
    widest = table.iloc[-1]
    told: tuple[str, ...] = (
        f"With {N} prompts a difference of {PRINTED} points is told apart from none only if the "
        f"differences spread by less than {limit:.2f} points; of the simulated spreads one system "
        f"is told to be better at {words}.",
        f"{N} prompts find an effect of {detectable(N):.2f} standard deviations in four of five "
        f"tries; at a spread of {widest['spread']:g} the difference seen, "
        f"{measured(widest, rate=False)} points, would take {widest['n_needed']:,.0f} prompts.",
    )
    if flagged:
        told += (f'The abstract calls its difference "{CLAIM}", which contradicts itself.',)
    over = [f"{row['label']} {measured(row, rate=False)}" for row in flattered.to_dict("records")]
    told += (f"Own ratings of the simulated systems minus those of people: {', '.join(over)}.",)
    agreed = raters[raters["value"].notna()]
    if len(agreed):
        said = [f"{row['label']} {measured(row)}" for row in agreed.to_dict("records")]
        told += (
            f"The {int(raters['n_raters'].iloc[0])} simulated raters agree to {', '.join(said)} (1 "
            f"is perfect, n = {int(raters['n'].iloc[0])} answers).",
        )
    return told


def _rated(workspace: "Workspace", task: str, tier: int) -> tuple[Any, Any]:
    """Return the ratings of A and B at one spread, means over raters, prompt by prompt."""
    found = _read.pairs(workspace, task, tuple(MEANS), where=f"tier = {tier}")
    return found.values[:, 0], found.values[:, 1]


def _effect(a: Any, b: Any) -> dict[str, Any]:
    found = paired_ratings(a, b, rng=rng_for("blind_rating", "flips"), scale=SCALE_ENDS)
    verdict = "cannot tell"
    if found.p_signflip < 0.05:
        verdict = "A better" if found.difference > 0 else "B better"
    gaps = np.asarray(a - b, float)
    sums = np.column_stack([np.ones(len(gaps)), gaps, gaps**2])
    drawn = {
        name: bootstrap(sums, what, rng=rng_for("blind_rating", "bootstrap", name))
        for name, what in (("mean", _mean), ("d_z", _d_z))
    }
    return {
        "value": found.difference, "low": found.low, "high": found.high, "n": found.n,
        "verdict": verdict, "sd": found.sd, "d_z": found.d_z, "d_z_low": drawn["d_z"].low,
        "d_z_high": drawn["d_z"].high, "bootstrap_low": drawn["mean"].low,
        "bootstrap_high": drawn["mean"].high, "rank_biserial": found.rank_biserial,
        "wins": found.wins, "ties": found.ties, "losses": found.losses,
        "p_signflip": found.p_signflip, "p_t": found.p_t, "p_wilcoxon": found.p_wilcoxon,
        "n_needed": prompts_needed(found.d_z),
    }  # fmt: skip


def _mean(sums: Any) -> Any:
    return sums[:, 1] / sums[:, 0]


def _d_z(sums: Any) -> Any:
    n, total, square = sums.T
    with np.errstate(invalid="ignore", divide="ignore"):
        return total / n / np.sqrt((square - total**2 / n) / (n - 1))


def _dots(workspace: "Workspace", tier: int) -> list[dict[str, Any]]:
    a, b = _rated(workspace, TASKS[0], tier)
    return [
        {"label": f"prompt {number}", "x": float(two), "y": float(one), "panel":
         f"sd {SPREADS[tier - 1]:g}"}
        for number, (one, two) in enumerate(zip(a, b, strict=True))
    ]  # fmt: skip


def _power() -> "pd.DataFrame":
    import pandas as pd

    sizes = [5, 8, 12, 18, 25, 40, 60, 100, 150]
    return pd.DataFrame(
        [
            {"x": n, "value": power_of_t(PRINTED / spread, n), "model": f"sd {spread:g}"}
            for spread in SPREADS
            for n in sizes
        ]
    )


def _quantile(n: int) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(n - 1, 0.975))


def _flip_p(gaps: Any) -> float:
    return paired_ratings(np.asarray(gaps, float), np.zeros(len(gaps))).p_signflip


def _swapped() -> list[float]:
    a, b = np.arange(18.0), np.r_[np.arange(9.0), np.arange(3.0, 12.0)]
    one, two = paired_ratings(a, b), paired_ratings(b, a)
    return [one.p_signflip - two.p_signflip, one.difference + two.difference]


def _alike(found: Any) -> list[float]:
    return [found.p_signflip, found.difference]


def _won() -> list[int]:
    found = paired_ratings(np.ones(N), np.zeros(N))
    return [found.wins, found.ties, found.losses]


PIECE = Study(
    title="Blind rating",
    question="With few prompts and one rater, is one system really rated better?",
    paper="Comparing the Efficacy of GPT-4 and Chat-GPT in Mental Health Care: A Blind Assessment "
    "of Large Language Models for Psychological Support",
    number=30,
    family="ratings and ranking",
    build=build,
    find=find,
    verdicts=("A better", "B better", "cannot tell", "claim contradicts its own p"),
    known_answers=(
        KnownAnswer(
            "18 prompts that all gain 1: p of the sign flip is 2 / 2^18",
            2 / 2**18,
            lambda: _flip_p(np.ones(N)),
            1e-12,
        ),
        KnownAnswer("18 prompts that all gain 1: 18 wins, no tie, no loss", (18, 0, 0), _won),
        KnownAnswer(
            "nine gains and nine equal losses: p is 1",
            1.0,
            lambda: _flip_p(np.repeat([1.0, -1.0], 9)),
        ),
        KnownAnswer(
            "ratings that never differ: p is 1, the difference 0",
            (1.0, 0.0),
            lambda: _alike(paired_ratings(np.ones(N), np.ones(N))),
        ),
        KnownAnswer(
            "significant with p > .05 contradicts itself; with p < .05, or not significant, not",
            (1, 0, 0),
            lambda: [
                float(contradicts_itself(one))
                for one in (CLAIM, "significant (p < 0.05)", "not significant (p > 0.05)")
            ],
        ),
        KnownAnswer(
            "with the systems swapped p is the same and the effect has the other sign",
            (0.0, 0.0),
            _swapped,
        ),
        KnownAnswer(
            "a mean difference of 1.77 in 18 prompts needs a spread below 3.56",
            3.56,
            lambda: PRINTED * np.sqrt(N) / _quantile(N),
            0.005,
            "rounded",
        ),
        KnownAnswer(
            "18 prompts find an effect of .70 standard deviations with power .8",
            0.70,
            lambda: detectable(N),
            0.005,
            "rounded",
        ),
    ),
    published=(
        Published("mean rating of the first system", 8.29),
        Published("mean rating of the second system", 6.52),
        Published("difference of the means", PRINTED),
        Published("prompts", 18.0),
    ),
    pictures=(
        Picture(
            "dots",
            "blind_rating",
            "Mean difference with interval for four spreads",
            {
                "x_title": "A minus B, points of 10 (above 0: A is rated higher)",
                "lines": ((0.0, "no difference"), (PRINTED, "printed: 1.77")),
            },
        ),
        Picture(
            "lines",
            "power",
            "Power against the number of prompts, one line per spread",
            {
                "x_title": "prompts",
                "y_title": "chance to find 1.77 points",
                "bounds": (0.0, 1.02),
                "lines": ((0.8, "usual aim"),),
                "marks": ((18.0, "the paper's 18"),),
            },
            "How many prompts would settle it?",
        ),
        Picture(
            "scatter",
            "dots",
            "Rating of A against rating of B, one dot per prompt",
            {
                "panel": "panel",
                "x_title": "rating of B",
                "y_title": "rating of A",
                "diagonal": True,
            },
            "Prompt by prompt",
        ),
        Picture(
            "dots",
            "self_rating",
            "Own rating minus the rating of people, by system",
            {
                "x_title": "own rating minus that of people, points of 10",
                "lines": ((0.0, "as people"),),
            },
            "How systems rate themselves",
        ),
    ),
    looks=(Look("compare", {"task": "ratings", "by": "tier"}, "Compare the two by spread"),),
    ours="The prompts and ratings, those of systems by themselves too, are simulated; the paper's "
    "own ratings are not public. Beyond 20 prompts the sign flip is still exact where "
    "ratings are on a lattice.",
    notes=(
        "Ratings end at 10, so panels drawn with a wide spread vary less (column sd).",
        "Pairwise preference logs can be imported; a tie is a difference of 0.",
        "The spread of the paper's differences is not printed, so its p cannot be computed again.",
        "Not advice on care.",
    ),
    seconds=5,
    source="Published 2024; one psychologist rated the answers to 18 prompts.",
)
