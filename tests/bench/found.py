"""How long does an exact search of 20 columns take, beside DivExplorer's on the same rows?"""

from collections.abc import Iterator
from functools import partial
from importlib.util import find_spec

import numpy as np

from stresslab.analyses._found_target import Target
from stresslab.analyses._found_test import How, search_and_test
from stresslab.slices.columns import Column, of_numbers
from stresslab.slices.search import Candidates, search
from tests.bench._kind import Asked, Bench, Row, best, once

N_COLUMNS, SUPPORT, MOST_CONDITIONS = 20, 0.01, 3
ABSENT = "DivExplorer is not installed: pip install divexplorer compares"


def run(asked: Asked) -> Iterator[Row]:
    """Yield the bare search, and the search with choice and test, at 1 % support."""
    n = max(1000, asked.n(100_000))
    columns, values = made(n)
    min_rows = int(np.ceil(SUPPORT * n))
    bare = partial(search, columns, values, min_rows=min_rows)
    ours = best(bare, 3)
    if find_spec("divexplorer") and asked.opponents:
        theirs = {}
        took = once(lambda: theirs.update(found=_theirs(columns, values)))
        note = f"{_compared(bare(), theirs['found'])} slices of 1 to 3 conditions equal"
        yield Row("search, 1 to 3 conditions", n, ours, "DivExplorer", took, "x 40", note)
    else:
        yield Row("search, 1 to 3 conditions", n, ours, note=ABSENT)
    of = Target(
        "score", ("m",), "score", "", values, np.arange(n), np.arange(n), "high", True, (0.0, 1.0)
    )
    whole = partial(search_and_test, of, columns, How(support=SUPPORT), {})
    yield Row("halve, search, choose and test", n, best(whole, 3), wanted="< 3 s")


def made(n: int) -> tuple[list[Column], np.ndarray]:
    """Return 20 columns of 2 to 8 values; where the first two are 0, failures are more."""
    rng = np.random.default_rng(0)
    codes = [rng.integers(0, rng.integers(2, 9), n) for _ in range(N_COLUMNS)]
    hard = (codes[0] == 0) & (codes[1] == 0)
    values = (rng.random(n) < 0.2 + 0.3 * hard).astype(float)
    return [of_numbers(f"c{place}", one) for place, one in enumerate(codes)], values


def _theirs(columns: list[Column], values: np.ndarray):
    """Return DivExplorer's patterns of as many conditions as ours.

    Its door takes no limit on conditions though its search has one; without it, it would be timed
    on all the longer ones, too (over a quarter of an hour at 100,000 rows).
    """
    import pandas as pd
    from divexplorer import DivergenceExplorer, divexplorer

    whole = getattr(divexplorer.fpgrowth_cm, "func", divexplorer.fpgrowth_cm)
    divexplorer.fpgrowth_cm = partial(whole, max_len=MOST_CONDITIONS)
    table = pd.DataFrame({one.name: one.codes for one in columns} | {"x": values.astype(int)})
    return DivergenceExplorer(table).get_pattern_divergence(
        min_support=SUPPORT, boolean_outcomes=["x"]
    )


def _compared(found: Candidates, theirs) -> int:
    """Refuse to compare times where slices, their rows or their means differ."""
    ours = {
        frozenset(
            f"c{column}={code}"
            for column, code in zip(found.column[place], found.code[place], strict=True)
            if column >= 0
        ): (int(found.n[place]), round(float(found.total[place] / found.n[place]), 9))
        for place in range(len(found))
    }
    short = theirs[theirs["length"].between(1, 3)]
    rows = zip(short["itemset"], short["support_count"], short["x"], strict=True)
    other = {key: (round(n), round(float(mean), 9)) for key, n, mean in rows}
    if ours != other:
        raise ValueError(f"Both must find the same slices; got {len(ours)} and {len(other)}.")
    return len(ours)


PIECE = Bench("an exact search for slices against DivExplorer", run)
