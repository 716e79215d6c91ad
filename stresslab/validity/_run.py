"""Put a case through its check and judge what came out."""

import functools
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np

from stresslab.rng import rng_for
from stresslab.validity._kind import Case, Check

ERRORS = 3.0
"""Monte-Carlo errors a rate may stand on the wrong side of its limit."""

CEILING = 0.97
"""Coverage above which an interval is wider than it need be."""

SELDOM = 0.5
"""Share of runs with an interval below which coverage is not said to hold: it is seldom printed."""

NARROWER = (0.94, 0.93, 0.92, 0.9, 0.86, 0.8)
"""Levels of the narrower intervals that are tried where coverage is above the ceiling."""


@dataclass(frozen=True)
class Row:
    """What became of one case; `error` is the Monte-Carlo standard error of `rate`."""

    check: str
    case: Case
    runs: int
    rate: float
    error: float
    undefined: float
    limit: float
    promise: str
    verdict: str

    @property
    def fails(self) -> bool:
        """Return whether the promise is broken."""
        return self.verdict == "fails"

    def as_dict(self) -> dict[str, Any]:
        """Return one flat row of a table."""
        return {"check": self.check, **asdict(self.case)} | {
            name: getattr(self, name)
            for name in ("runs", "rate", "error", "undefined", "promise", "limit", "verdict")
        }

    @classmethod
    def of_dict(cls, flat: Mapping[str, Any]) -> "Row":
        """Return the row that `as_dict` was made of."""
        case = Case(**{one.name: flat[one.name] for one in fields(Case)})
        rest = (one.name for one in fields(cls) if one.name != "case")
        return cls(case=case, **{name: flat[name] for name in rest})


@functools.lru_cache(maxsize=4096)
def measure(
    name: str, check: Check, case: Case, runs: int, seed: int, level: float = 0.95
) -> tuple[float, float, float]:
    """Return the mean over runs, its Monte-Carlo error, and the share of undefined runs.

    The same runs are drawn at every level. What was measured is remembered: cases are looked at
    again where one of their siblings is wide.
    """
    per_call = max(1, min(runs, check.together // (case.n_clusters * case.rows)))
    parts = []
    for start in range(0, runs, per_call):
        rng = rng_for(seed, name, repr(case), start)
        parts.append(check.simulate(case, min(per_call, runs - start), rng, level))
    found = np.concatenate(parts).astype(float)
    known = found[np.isfinite(found)]
    if not known.size:
        return float("nan"), float("nan"), 1.0
    rate = float(known.mean())
    # No rate is taken for exactly 0 or 1: that would have no error at all.
    adjusted = (known.sum() + 1) / (known.size + 2)
    spread = np.sqrt(min(float(known.var()), 0.25) or adjusted * (1 - adjusted))
    return rate, float(spread / np.sqrt(known.size)), 1 - known.size / found.size


def judge(name: str, check: Check, case: Case, runs: int, seed: int) -> Row:
    """Return the row of one case.

    Parameters
    ----------
    name : str
        Key of the check.
    check : Check
        The promise.
    case : Case
        The known truth.
    runs : int
        Number of runs.
    seed : int
        What the random numbers depend on, beside check and case.
    """
    rate, error, undefined = measure(name, check, case, runs, seed)
    limit = check.limit(case)
    verdict = "holds"
    if not np.isfinite(rate):
        verdict = "undefined"
    elif check.promise == "at most":
        verdict = "fails" if rate > limit + ERRORS * error else "holds"
    elif rate < limit - ERRORS * error:
        verdict = "fails"
    elif check.promise == "covers" and 1 - undefined < SELDOM:
        verdict = f"seldom: printed in {100 * (1 - undefined):.0f} % of runs"
    elif check.promise == "covers" and rate > CEILING + ERRORS * error:
        verdict = _too_wide(name, check, case, runs, seed)
    return Row(name, case, runs, rate, error, undefined, limit, check.promise, verdict)


def _too_wide(name: str, check: Check, case: Case, runs: int, seed: int) -> str:
    """Return why an interval covers more than it need: what the next narrower one would do."""
    for level in NARROWER:
        rate, _, _ = measure(name, check, case, runs, seed, level)
        if rate > CEILING:
            continue
        worst, where = rate, case
        for other in _siblings(check, case):
            found, _, _ = measure(name, check, other, runs, seed, level)
            if found - check.limit(other) < worst - check.limit(where):
                worst, where = found, other
        if worst < check.limit(where):
            place = "" if where is case else f" at ICC {where.icc:g}, p {where.share:g}"
            return f"above 97: the next narrower falls to {100 * worst:.1f}{place}"
        return f"too wide: {100 * rate:.1f} at {100 * level:g} % would do"
    return "above 97: few runs differ, a level of 80 % covers as much"


def _siblings(check: Check, case: Case) -> list[Case]:
    """Return the cases a method cannot tell from this one beforehand: same rows and clusters."""
    return [
        other
        for other in check.cases
        if (other.n_clusters, other.rows) == (case.n_clusters, case.rows) and other != case
    ]
