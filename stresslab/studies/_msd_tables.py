"""The tables of study 49: who is first by every rule, how surely, and what carries over."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from stresslab.checks import Array
from stresslab.ratings.ranks import RULES, mid_ranks, places, rank_by
from stresslab.ratings.signed_rank import signed_rank, win_p_values, win_scores
from stresslab.ratings.stability import stability
from stresslab.rng import rng_for
from stresslab.stats.intervals import wilson
from stresslab.studies._msd_cases import ALGORITHMS, KINDS

if TYPE_CHECKING:
    import pandas as pd

RESAMPLES, SWEEP = 1000, (10, 20, 50, 120)
Tasks = Mapping[str, Mapping[str, Array]]
"""Cases x algorithms by task and measure."""


def judged(name: str, scores: Array) -> dict[str, Any]:
    """Return who is first by the mean, how often resamples of the cases agree, and the verdict."""
    firsts = {
        rule: tuple(np.flatnonzero(found == 1).tolist()) for rule, found in by_rule(scores).items()
    }
    best = firsts["mean"][0]
    drawn = stability(scores, rng=rng_for("msd", "stability", name), resamples=RESAMPLES)
    first = float(drawn.p_first[best])
    ends = wilson(first * RESAMPLES, RESAMPLES)
    beaten = int(win_scores(win_p_values(scores), holm=True)[best])
    single = {one for rule, one in firsts.items() if rule != "significance"}
    verdict = "tied for first"
    if beaten == len(ALGORITHMS) - 1 and len(single) == 1:
        verdict = "clear winner"
    elif len(single) > 1 and all(len(one) == 1 for one in single):
        verdict = "winner depends on the rule"
    known = drawn.tau[np.isfinite(drawn.tau)]
    return {
        "label": name, "winner": ALGORITHMS[best], "value": first, "low": float(ends.low),
        "high": float(ends.high), "n": len(scores), "beats": beaten, "verdict": verdict,
        "tau": float(known.mean()) if len(known) else np.nan,
    }  # fmt: skip


def by_rule(scores: Array) -> dict[str, Array]:
    """Return the places of all algorithms by every rule, and by how many others each beats."""
    found = {rule: rank_by(scores, rule) for rule in RULES}
    wins = win_scores(win_p_values(scores), holm=True)
    return {**found, "significance": places(wins.astype(float))}


def rule_rows(tasks: Tasks, measure: str) -> "pd.DataFrame":
    """Return the place of each algorithm by task and rule."""
    import pandas as pd

    return pd.DataFrame(
        [
            {"row": f"{name}, {rule}", "column": ALGORITHMS[one], "value": float(found[one]),
             "n": len(of[measure])}
            for name, of in tasks.items()
            for rule, found in by_rule(of[measure]).items()
            for one in range(len(ALGORITHMS))
        ]
    )  # fmt: skip


def beats(scores: Array) -> "pd.DataFrame":
    """Return the p value of "row beats column", and which wins hold with Holm's correction."""
    import pandas as pd

    from stresslab.stats.correct import holm

    pairs = [(a, b) for a in range(len(ALGORITHMS)) for b in range(len(ALGORITHMS)) if a != b]
    tests = [signed_rank(scores[:, a], scores[:, b]) for a, b in pairs]
    adjusted = holm(np.array([one.p_value for one in tests]))
    notes = [
        "too few" if one.too_few else "wins" if p <= 0.05 else ""
        for one, p in zip(tests, adjusted, strict=True)
    ]
    return pd.DataFrame(
        [
            {"row": one, "column": one, "value": np.nan, "adjusted": np.nan, "n": 0, "note": ""}
            for one in ALGORITHMS  # they hold the order of rows and columns
        ]
        + [
            {"row": ALGORITHMS[a], "column": ALGORITHMS[b], "value": one.p_value, "adjusted": p,
             "n": one.n, "note": note}
            for (a, b), one, p, note in zip(pairs, tests, adjusted, notes, strict=True)
        ]
    )  # fmt: skip


def by_cases(tasks: Tasks) -> "pd.DataFrame":
    """Return how surely the leader leads with fewer or more cases than were declared."""
    import pandas as pd

    rows = []
    for name, of in tasks.items():
        for n in [one for one in SWEEP if one <= len(of["all"])]:
            rows.append({"model": name, "x": float(n), **judged(f"{name} {n}", of["all"][:n])})
    return pd.DataFrame(rows).drop(columns="label")


def overall(tasks: Tasks) -> "pd.DataFrame":
    """Return every algorithm's mean significance score over tasks and measures, with Holm or not.

    Intervals: cases of every task drawn again.
    """
    import pandas as pd

    tables = [scores for of in tasks.values() for scores in of.values()]

    def score(drawn: list[Array], holm: bool) -> Array:
        found: Array = np.mean([win_scores(win_p_values(one), holm=holm) for one in drawn], axis=0)
        return found

    rows = []
    for holm, words in ((True, "with Holm"), (False, "uncorrected")):
        value = score(tables, holm)
        low, high = _ends(partial(score, holm=holm), tables, 100, words)
        rows += [
            {"label": one, "correction": words, "value": value[place], "low": low[place],
             "high": high[place], "n": sum(map(len, tables))}
            for place, one in enumerate(ALGORITHMS)
        ]  # fmt: skip
    return pd.DataFrame(rows)


def carried(tasks: Tasks) -> "tuple[pd.DataFrame, pd.DataFrame]":
    """Return the mean rank of each algorithm on known and on new tasks, and what goes with what.

    The second table: Spearman's correlation of mean ranks on known and new tasks, and of how much
    ranks vary over known tasks with the mean rank on new ones.
    """
    import pandas as pd

    names = list(tasks)
    tables = [of["DSC"] for of in tasks.values()]
    is_known = np.array([name.startswith("known") for name in names])

    def summary(drawn: list[Array]) -> Array:
        ranks = np.array([mid_ranks(one).mean(axis=0) for one in drawn])
        known, new = ranks[is_known], ranks[~is_known]
        return np.stack([known.mean(axis=0), known.std(axis=0, ddof=1), new.mean(axis=0)])

    def both(drawn: list[Array]) -> Array:
        x, spread, y = summary(drawn)
        return np.array([_rho(x, y), _rho(spread, y)])

    x, spread, y = summary(tables)
    n = sum(map(len, tables))
    dots = pd.DataFrame({"label": ALGORITHMS, "x": x, "y": y, "spread": spread, "n": n})
    value, (low, high) = both(tables), _ends(both, tables, 500, "carried")
    rho = pd.DataFrame(
        {
            "label": ("known and new ranks", "spread of known ranks and new ranks"),
            "value": value, "low": low, "high": high, "n": len(ALGORITHMS),
        }
    )  # fmt: skip
    return dots, rho


def _rho(a: Array, b: Array) -> float:
    a, b = mid_ranks(a), mid_ranks(b)
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return float("nan")
    return float(np.corrcoef(a, b)[0, 1])


def _ends(
    compute: Callable[[list[Array]], Array], tables: list[Array], draws: int, name: str
) -> tuple[Array, Array]:
    """Return percentiles of what is computed from cases drawn again within their tasks."""
    rng = rng_for("msd", "cases again", name)
    again = [
        compute([one[rng.integers(len(one), size=len(one))] for one in tables])
        for _ in range(draws)
    ]
    low, high = np.nanquantile(np.array(again), [0.025, 0.975], axis=0)
    return low, high


def declared(tasks: Tasks) -> dict[str, dict[str, Array]]:
    """Return the kinds of task with the cases they declare."""
    return {
        name: {measure: scores[: KINDS[name]] for measure, scores in of.items()}
        for name, of in tasks.items()
    }
