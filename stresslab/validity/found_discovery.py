"""What share of the slices a search calls worse or better is no different from the rest?"""

import numpy as np

from stresslab.checks import Array
from stresslab.validity._kind import Case, Check
from stresslab.validity._slices import PLANTED, parts, searches


def simulate(case: Case, runs: int, rng: np.random.Generator, level: float) -> Array:
    """Return the share of false ones among worse and better, 0 without any, in every run.

    With a planted conjunction a slice is true if it speaks of its conditions and the conjunction
    itself does not stand above it on the list; then nothing is left to be found.
    """
    shares = []
    for found in searches(case, runs, rng, level):
        told = found[found["verdict"] != "cannot tell"]
        false, said = 0, False
        for condition in told["condition"]:
            speaks = parts(condition)
            false += said or case.effect == 0 or not speaks & PLANTED
            said |= speaks == PLANTED
        shares.append(false / max(len(told), 1))
    return np.array(shares)


PIECE = Check(
    "Of the slices found at most the said share is no different from the rest",
    simulate,
    tuple(
        Case(n, rows, icc, share, effect, "one conjunction planted" if effect else "pure noise")
        for effect in (0.0, -0.3)
        for n, rows, icc in ((100, 1, 0.0), (1000, 1, 0.0), (100, 5, 0.3), (1000, 5, 0.3))
        for share in ((0.02, 0.5, 0.9) if effect == 0 else (0.5, 0.9))
    ),
    promise="at most", limit=lambda case: 0.05, together=20_000,
)  # fmt: skip
