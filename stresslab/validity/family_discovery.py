"""What share of the verdicts of a screen of more than 20 comparisons is false?"""

import numpy as np

from stresslab.checks import Array
from stresslab.validity._family import cases, families
from stresslab.validity._kind import Case, Check

OTHERS = 30


def simulate(case: Case, runs: int, rng: np.random.Generator, level: float) -> Array:
    """Return the share of false ones among better and worse, 0 without any, in every run."""
    changed = OTHERS // 2 if case.effect else 0
    settled, truth = families(case, OTHERS, changed, runs, rng, level)
    shares = []
    for one in settled:
        better, worse = one.verdict == "better", one.verdict == "worse"
        false = (better & (truth <= 0)) | (worse & (truth >= 0))
        shares.append(false.sum() / max((better | worse).sum(), 1))
    return np.array(shares)


PIECE = Check(
    "Of the verdicts of a screen of 30 comparisons at most the said share is false",
    simulate, (*cases(OTHERS, 0), *cases(OTHERS, OTHERS // 2)), promise="at most",
    limit=lambda case: 0.05, together=20_000,
)  # fmt: skip
