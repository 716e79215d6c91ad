"""Study 46: when broad data help a specialist, when that ends, and what they do to facts."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.gaps.benefit import crossover, data_equivalence, interaction, log_slope
from stresslab.rng import rng_for
from stresslab.stats.paired import paired_differences
from stresslab.studies import _read
from stresslab.studies._kind import Found, KnownAnswer, Look, Picture, Scale, Study
from stresslab.studies._record import record
from stresslab.studies._specialist_world import (
    TASKS,
    Texts,
    check_apart,
    draw,
    features,
    fit,
    general,
    together,
)
from stresslab.studies._words import measured

if TYPE_CHECKING:
    import pandas as pd

    from stresslab.store.workspace import Workspace

TASK = "skills and coverage"
SIZES = (30, 100, 300, 1000, 3000)
CONFLICTS = 0.2
SPECIALIST, GENERALIST, MIXED = "specialist", "generalist", "mixed"
CONFLICTING = "mixed, conflicting facts"
ARMS = (SPECIALIST, MIXED, CONFLICTING, GENERALIST)
DRAWS = 2000


def build(workspace: "Workspace", scale: Scale) -> Iterator[str]:
    """Train every arm on every task and amount of its data; test all on the same texts."""
    import pandas as pd

    n_test, n_general = (400, 5000) if scale == "full" else (80, 1500)
    sizes = SIZES if scale == "full" else SIZES[:3]
    pools = {MIXED: general(n_general, 0.0), CONFLICTING: general(n_general, CONFLICTS)}
    alone = fit(pools[MIXED])
    for arm in ARMS:
        frames = []
        for coverage, skill in TASKS:
            test, own = draw("test", coverage, skill, n_test), draw("own", coverage, skill, 3000)
            check_apart(together([own, pools[MIXED]]), test)
            asked = features(test)
            for tier, n in enumerate(sizes, start=1):
                model = alone if arm == GENERALIST else _trained(arm, own.first(n), pools)
                frames.append(_rows(test, model.predict(asked), f"{coverage} {skill}", tier, n))
        rows = pd.concat(frames, ignore_index=True)
        record(
            workspace, rows, model=arm, task=TASK, attributes=("coverage", "skill"),
            settings={"study": "specialist_generalist", "test": n_test, "general": n_general,
                      "sizes": list(sizes), "conflicts": CONFLICTS},
        )  # fmt: skip
        yield f"{arm}: {len(rows):,} answers"


def _trained(arm: str, own: Texts, pools: dict[str, Texts]) -> Any:
    return fit(own if arm == SPECIALIST else together([own, pools[arm]]))


def _rows(test: Texts, said: Any, domain: str, tier: int, n: int) -> "pd.DataFrame":
    import pandas as pd

    coverage, skill = domain.split(" ")
    return pd.DataFrame(
        {
            "item": test.ids, "domain": domain, "coverage": coverage, "skill": skill,
            "input": [" ".join(f"w{word}" for word in words) for words in test.words.tolist()],
            "reference": test.label.tolist(), "perturbation": "own data", "axis": "paired",
            "tier": tier, "strength": float(n), "unit": "own texts trained on",
            "output": [str(one) for one in said], "correct": (said == test.label).astype(int),
        }
    )  # fmt: skip


def find(workspace: "Workspace") -> Found:
    """Return the benefit of mixing by task and amount, where it ends, and the tax on facts."""
    import pandas as pd

    pairs = _read.pairs(workspace, TASK, ARMS, by=("domain", "tier"))
    benefit = _differences(pairs, MIXED, SPECIALIST)
    tax = _differences(pairs, CONFLICTING, MIXED)
    tax = tax[tax["domain"].str.endswith("factual")].reset_index(drop=True)
    ends = pd.DataFrame(
        [_ends(str(domain), rows, _means(pairs)) for domain, rows in benefit.groupby("domain")]
    )
    coefficients = _interaction(benefit)
    curves = pd.concat(
        [
            benefit.assign(model="facts agree"),
            _differences(pairs, CONFLICTING, SPECIALIST).assign(model="facts conflict"),
        ],
        ignore_index=True,
    )
    return Found(
        tables={"ends": ends, "curves": curves, "benefit": benefit, "tax": tax,
                "interaction": coefficients, "means": _means(pairs)},
        verdict=_verdict(ends, tax),
        sentences=_sentences(ends, benefit, tax, coefficients),
    )  # fmt: skip


def _differences(pairs: Any, arm: str, other: str) -> "pd.DataFrame":
    """Return arm minus other on the same texts, by task and amount, simultaneous over all."""
    a, b = (pairs.models.index(one) for one in (arm, other))
    groups = pairs.groups
    found = paired_differences(
        pairs.values[:, a], pairs.values[:, b], pairs.cluster, pairs.group, len(groups), rate=True,
        level=1 - 0.05 / len(groups), rng=rng_for("specialist", arm, other),
    )  # fmt: skip
    tiers = groups["tier"].astype(int)
    rows: pd.DataFrame = groups.assign(
        x=[float(SIZES[tier - 1]) for tier in tiers], value=found.difference, low=found.low,
        high=found.high, n=found.n_pairs,
    ).reset_index(drop=True)  # fmt: skip
    return rows


def _means(pairs: Any) -> "pd.DataFrame":
    """Return the share right of every arm, by task and amount."""
    import pandas as pd

    n = np.bincount(pairs.group, minlength=len(pairs.groups)).astype(float)
    rows: list[pd.DataFrame] = [
        pairs.groups.assign(
            model=arm, n=n.astype(int),
            value=np.bincount(pairs.group, weights=pairs.values[:, place], minlength=len(n)) / n,
        )
        for place, arm in enumerate(pairs.models)
    ]  # fmt: skip
    return pd.concat(rows, ignore_index=True)


def _ends(domain: str, rows: "pd.DataFrame", means: "pd.DataFrame") -> dict[str, Any]:
    """Return where the benefit of a task ends, and how many texts it is worth at the start."""
    rows = rows.sort_values("x")
    sizes, values = rows["x"].to_numpy(), rows["value"].to_numpy()
    mine = means[means["domain"] == domain].sort_values("tier")
    alone, mixed = (
        mine.loc[mine["model"] == arm, "value"].to_numpy() for arm in (SPECIALIST, MIXED)
    )
    worth = data_equivalence(sizes, alone, float(mixed[0]))
    first, last = rows.iloc[0], rows.iloc[-1]
    verdict = "not separable"
    if (rows["high"] < 0).any():
        verdict = "specialise"
    elif (rows["low"] > 0).any():
        verdict = "mix"
    return {
        "label": domain, "value": first["value"], "low": first["low"], "high": first["high"],
        "n": int(first["n"]), "at_most": last["value"], "crossover": crossover(sizes, values),
        "log_slope": log_slope(sizes, values), "worth": worth, "saved": worth - sizes[0],
        "verdict": verdict,
    }  # fmt: skip


def _interaction(benefit: "pd.DataFrame") -> "pd.DataFrame":
    import pandas as pd

    broad = benefit["domain"].str.startswith("broad").to_numpy()
    found = interaction(
        benefit["x"], broad, benefit["value"], benefit["domain"].tolist(), draws=DRAWS,
        rng=rng_for("specialist", "interaction"),
    )  # fmt: skip
    names = ("constant", "log n", "broad", "log n x broad")
    table = pd.DataFrame(dict(zip(("value", "low", "high"), found, strict=True)))
    return table.assign(label=names, n=benefit["domain"].nunique())


def _verdict(ends: "pd.DataFrame", tax: "pd.DataFrame") -> str:
    if (tax["high"] < 0).any():
        return "mixing harms facts"
    words = ends["verdict"].value_counts()
    return "not separable" if words.index[0] == "not separable" else str(words.index[0])


def _sentences(
    ends: "pd.DataFrame", benefit: "pd.DataFrame", tax: "pd.DataFrame", slopes: "pd.DataFrame"
) -> tuple[str, ...]:
    by = ends.set_index("label")
    broad, narrow = by.loc["broad understanding"], by.loc["narrow understanding"]
    first = int(benefit["x"].min())
    lost = tax.sort_values("value").iloc[0]
    slope = slopes.set_index("label").loc["log n"]
    over = narrow["crossover"]
    end = f"and changes sign at about {over:.0f} texts" if over == over else "and keeps its sign"
    return (
        f"With {first} texts of its own a broad task gains {measured(broad)} from general data, "
        f"a narrow one {measured(narrow)} {end} (understanding).",
        f"General data of which a fifth tell facts the wrong way change factual answers by "
        f"{measured(lost)} at worst, against the same data without ({lost['domain']}, "
        f"{int(lost['x']):,} texts).",
        f"On narrow tasks the benefit changes by {measured(slope)} per unit of ln n "
        f"({len(ends)} tasks drawn again).",
    )


def _powers() -> list[float]:
    """Return b(10), b(1000), the slope of ln b and whether there is a crossover."""
    n = np.array([10.0, 100.0, 1000.0])
    alone = 1 - 0.8 * n**-0.3
    benefit = (alone + 0.1 * n**-0.2) - alone
    return [benefit[0], benefit[2], log_slope(n, benefit), crossover(n, benefit)]


def _same() -> list[float]:
    """Return benefit, low, high and equivalent size of two arms with the same outputs."""
    right = (np.arange(60) % 3 > 0).astype(float)
    rows = np.arange(60)
    found = paired_differences(right, right, rows, np.zeros(60, int), 1, rate=True)
    worth = data_equivalence([30, 100], [0.6, 0.7], 0.7)
    inside = float(found.low[0] <= 0 <= found.high[0])
    return [float(found.difference[0]), inside, worth]


def _swapped() -> float:
    rng = np.random.default_rng(0)
    a, b = (rng.integers(2, size=80).astype(float) for _ in range(2))
    rows, group = np.arange(80), np.zeros(80, int)
    there = paired_differences(a, b, rows, group, 1, rate=True).difference[0]
    back = paired_differences(b, a, rows, group, 1, rate=True).difference[0]
    return float(there + back)


PIECE = Study(
    title="Specialist or generalist",
    question="When do broad training data help a specialist, and when do they harm its facts?",
    paper="Specialist or Generalist? Instruction Tuning for Specific NLP Tasks",
    number=46,
    family="results cube",
    build=build,
    find=find,
    verdicts=("mix", "specialise", "mixing harms facts", "not separable"),
    known_answers=(
        KnownAnswer(
            "1 - .8 n^-.3 and .1 n^-.2 more: b(10) = .0631, b(1000) = .0251, slope -.2, no end",
            (0.1 * 10**-0.2, 0.1 * 1000**-0.2, -0.2, float("nan")),
            _powers,
        ),
        KnownAnswer(
            "benefits .04, .01, -.01 at 10, 100, 1000: the end is at 10^2.5",
            10**2.5,
            lambda: crossover([10, 100, 1000], [0.04, 0.01, -0.01]),
        ),
        KnownAnswer("the same outputs: no benefit, and as many texts", (0, 1, 100), _same),
        KnownAnswer("swapping the arms turns the sign", 0, _swapped),
        KnownAnswer(
            "what is never reached alone is never saved",
            float("inf"),
            lambda: data_equivalence([10, 100], [0.5, 0.6], 0.9),
        ),
    ),
    pictures=(
        Picture(
            "lines",
            "curves",
            "Benefit of mixing by own data, one panel per coverage and skill",
            {
                "panel": "domain",
                "x_title": "own texts trained on",
                "y_title": "mixed minus specialist",
                "log_x": True,
                "lines": ((0.0, "no benefit"),),
            },
        ),
        Picture(
            "dots",
            "specialist_generalist",
            "Benefit of mixing with the fewest own data, by task",
            {"x_title": "mixed minus specialist, fewest own texts", "lines": ((0.0, "none"),)},
            "Where data are scarce",
        ),
        Picture(
            "lines",
            "tax",
            "What conflicting facts cost, by own data",
            {
                "series": "domain",
                "x_title": "own texts trained on",
                "y_title": "with minus without conflicts",
                "log_x": True,
                "lines": ((0.0, "no tax"),),
            },
            "What conflicting facts cost",
        ),
    ),
    looks=(
        Look("compare", {"task": TASK, "models": f"{MIXED},{SPECIALIST}", "by": "domain"},
             "Compare both arms by task"),
    ),
    ours="Tasks, vocabulary and training are made here: texts are bags of words, models logistic "
    "regressions; the paper tunes language models. The definitions of benefit, end and tax are "
    "ours.",
    notes=(
        "Arms are trained to convergence, so the mixed ones see more texts: no fixed number of "
        "updates is held.",
        "The paper gives directions only: mixing helps broad tasks with few data and can hurt "
        "factual ones.",
    ),
    seconds=30,
    source="Directions only; no number of the paper is shown.",
)  # fmt: skip
