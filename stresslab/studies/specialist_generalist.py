"""Study 46: when broad data help a specialist, when that ends, and what they do to facts."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.gaps.benefit import crossover, data_equivalence, log_slope
from stresslab.stats.paired import paired_differences
from stresslab.studies import _read
from stresslab.studies import _specialist_tables as tables
from stresslab.studies._kind import Found, KnownAnswer, Look, Picture, Scale, Study
from stresslab.studies._record import record
from stresslab.studies._specialist_world import (
    SIZES,
    TASKS,
    UPDATES,
    Texts,
    check_apart,
    draw,
    features,
    fit,
    fit_updates,
    general,
    together,
)
from stresslab.studies._words import measured

if TYPE_CHECKING:
    import pandas as pd

    from stresslab.store.workspace import Workspace

TASK, FIXED = "skills and coverage", "the same number of updates"
CONFLICTS = 0.2
SPECIALIST, GENERALIST, MIXED = "specialist", "generalist", "mixed"
CONFLICTING = "mixed, conflicting facts"
ARMS = (SPECIALIST, MIXED, CONFLICTING, GENERALIST)
MODES = {TASK: ARMS, FIXED: (SPECIALIST, MIXED)}
"""Arms of each way to train: to the end, or with as many updates for every arm."""


def build(workspace: "Workspace", scale: Scale) -> Iterator[str]:
    """Train every arm on every task and amount of its data; test all on the same texts."""
    import pandas as pd

    n_test, n_general = (400, 5000) if scale == "full" else (80, 1500)
    sizes = SIZES if scale == "full" else SIZES[:3]
    pools = {MIXED: general(n_general, 0.0), CONFLICTING: general(n_general, CONFLICTS)}
    alone = fit(pools[MIXED])
    for task, arms in MODES.items():
        train = fit if task == TASK else fit_updates
        for arm in arms:
            frames = []
            for coverage, skill in TASKS:
                test, own = (
                    draw("test", coverage, skill, n_test),
                    draw("own", coverage, skill, 3000),
                )
                check_apart(together([own, pools[MIXED]]), test)
                asked = features(test)
                for tier, n in enumerate(sizes, start=1):
                    mine = own.first(n)
                    seen = mine if arm == SPECIALIST else together([mine, pools.get(arm, mine)])
                    model = alone if arm == GENERALIST else train(seen)
                    said = model.predict(asked)
                    frames.append(_rows(test, said, f"{coverage} {skill}", tier, n))
            rows = pd.concat(frames, ignore_index=True)
            record(
                workspace, rows, model=arm, task=task, attributes=("coverage", "skill"),
                settings={"study": "specialist_generalist", "test": n_test, "general": n_general,
                          "sizes": list(sizes), "conflicts": CONFLICTS,
                          "updates": UPDATES if task == FIXED else "to the end"},
            )  # fmt: skip
            yield f"{task}, {arm}: {len(rows):,} answers"


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
    benefit = tables.differences(pairs, MIXED, SPECIALIST)
    tax = tables.differences(pairs, CONFLICTING, MIXED)
    tax = tax[tax["domain"].str.endswith("factual")].reset_index(drop=True)
    ends = tables.ends(pairs, benefit, MIXED, SPECIALIST)
    slopes = tables.slopes(benefit)
    curves = pd.concat(
        [
            benefit.assign(model="facts agree"),
            tables.differences(pairs, CONFLICTING, SPECIALIST).assign(model="facts conflict"),
        ],
        ignore_index=True,
    )
    same = tables.differences(
        _read.pairs(workspace, FIXED, MODES[FIXED], by=("domain", "tier")), MIXED, SPECIALIST
    )
    fixed = pd.concat(
        [benefit.assign(model="to the end"), same.assign(model=f"{UPDATES:,} updates")],
        ignore_index=True,
    )
    return Found(
        tables={"ends": ends, "curves": curves, "saved": tables.saved(ends), "tax": tax,
                "fixed": fixed, "interaction": slopes,
                "means": tables.means(workspace, TASK, ARMS)},
        verdict=_verdict(ends, tax),
        sentences=_sentences(ends, tax, slopes, same),
    )  # fmt: skip


def _verdict(ends: "pd.DataFrame", tax: "pd.DataFrame") -> str:
    if (tax["high"] < 0).any():
        return "mixing harms facts"
    words = ends["verdict"].value_counts()
    return "not separable" if words.index[0] == "not separable" else str(words.index[0])


def _sentences(
    ends: "pd.DataFrame", tax: "pd.DataFrame", slopes: "pd.DataFrame", same: "pd.DataFrame"
) -> tuple[str, ...]:
    by = ends.set_index("label")
    broad, narrow = by.loc["broad understanding"], by.loc["narrow understanding"]
    facts = by.loc["narrow factual"]
    lost = tax.sort_values("value").iloc[0]
    slope = slopes.set_index("label").loc["log n"]
    first = same[same["tier"] == 1].set_index("domain")
    return (
        f"With {SIZES[0]} texts of its own general data change a broad task by {measured(broad)} "
        f"and a narrow one by {measured(narrow)} (understanding, n = {broad['n']} each).",
        f"On narrow facts the benefit of {measured(facts)} {_over(facts)}.",
        f"General data of which a fifth tell facts the wrong way change factual answers by "
        f"{measured(lost)} at worst, against the same data without ({lost['domain']}, "
        f"{int(lost['x']):,} texts).",
        f"On narrow tasks the benefit changes by {measured(slope)} per unit of ln n "
        f"({len(ends)} tasks drawn again).",
        f"With {UPDATES:,} updates for either arm the broad task changes by "
        f"{measured(first.loc['broad understanding'])}, the narrow one by "
        f"{measured(first.loc['narrow understanding'])}.",
    )


def _over(row: Any) -> str:
    """Return where a benefit ends, in words."""
    low, high = row["crossover_low"], row["crossover_high"]
    if not np.isfinite(row["crossover"]):
        return "keeps its sign over all amounts"
    upto = f"{high:,.0f}" if np.isfinite(high) else "none"
    return f"ends at about {row['crossover']:,.0f} texts of its own [{low:,.0f}, {upto}]"


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
            "dots",
            "saved",
            "Own texts that general data save where there are fewest, by task",
            {"x_title": "own texts saved (at most all there are)", "lines": ((0.0, "none"),)},
            "How many own texts are they worth?",
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
        Picture(
            "lines",
            "fixed",
            "Benefit of mixing, trained to the end and with as many updates for either arm",
            {
                "panel": "domain",
                "x_title": "own texts trained on",
                "y_title": "mixed minus specialist",
                "log_x": True,
                "lines": ((0.0, "no benefit"),),
            },
            "Is it only that mixed arms train longer?",
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
        "Arms are trained to the end unless a picture says how many updates each had: trained to "
        "the end, mixed ones see more texts.",
        "The paper gives directions only: mixing helps broad tasks with few data and can hurt "
        "factual ones.",
    ),
    seconds=20,
    source="Directions only; no number of the paper is shown.",
)  # fmt: skip
