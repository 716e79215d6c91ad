"""How often does a search name the conjunction that was planted?"""

import numpy as np

from stresslab.checks import Array
from stresslab.validity._kind import Case, Check
from stresslab.validity._slices import PLANTED, parts, searches


def simulate(case: Case, runs: int, rng: np.random.Generator, level: float) -> Array:
    """Return whether the planted conjunction is found and called worse, in every run."""
    return np.array(
        [
            any(
                parts(row["condition"]) == PLANTED and row["verdict"] == "worse"
                for row in found.to_dict("records")
            )
            for found in searches(case, runs, rng, level)
        ],
        dtype=float,
    )


PIECE = Check(
    "A search names a planted conjunction (a ninth of the rows, .3 worse)",
    simulate,
    tuple(
        Case(n, rows, icc, share, -0.3, "one conjunction planted")
        for n, rows, icc in ((1000, 1, 0.0), (1000, 5, 0.3))
        for share in (0.5, 0.9)
    ),
    promise="at least", limit=lambda case: 0.8, together=20_000,
)  # fmt: skip
