"""How often does a screen of up to 20 comparisons call any equal pair better or worse?"""

import numpy as np

from stresslab.checks import Array
from stresslab.validity._family import cases, families
from stresslab.validity._kind import Case, Check

OTHERS = 10


def simulate(case: Case, runs: int, rng: np.random.Generator, level: float) -> Array:
    """Return whether a family had any false verdict, in every run."""
    changed = OTHERS // 2 if case.effect else 0
    settled, truth = families(case, OTHERS, changed, runs, rng, level)
    return np.array(
        [
            bool((((one.verdict == "better") & (truth <= 0)) | _worse(one.verdict, truth)).any())
            for one in settled
        ],
        float,
    )


def _worse(verdict: Array, truth: Array) -> Array:
    found: Array = (verdict == "worse") & (truth >= 0)
    return found


PIECE = Check(
    "A screen of 10 comparisons has any false verdict at most as often as said",
    simulate, (*cases(OTHERS, 0), *cases(OTHERS, OTHERS // 2)), promise="at most",
    limit=lambda case: 0.05, together=20_000,
)  # fmt: skip
