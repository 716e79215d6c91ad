"""Do the adjusted intervals of a screen cover all true differences at once?"""

import numpy as np

from stresslab.checks import Array
from stresslab.validity._draw import covered
from stresslab.validity._family import cases, families
from stresslab.validity._kind import Case, Check

OTHERS = 10


def simulate(case: Case, runs: int, rng: np.random.Generator, level: float) -> Array:
    """Return whether all adjusted intervals of a family cover, in every run."""
    changed = OTHERS // 2 if case.effect else 0
    settled, truth = families(case, OTHERS, changed, runs, rng, level)
    return np.array(
        [
            all(
                covered(low, high, gap)
                for low, high, gap in zip(one.low_adjusted, one.high_adjusted, truth, strict=True)
            )
            for one in settled
        ],
        float,
    )


PIECE = Check(
    "The adjusted intervals of a screen of 10 comparisons cover all at once",
    simulate, (*cases(OTHERS, 0), *cases(OTHERS, OTHERS // 2)),
    together=20_000,
)  # fmt: skip
