"""How long does the page of gaps out of distribution take, beside the gap alone in pandas?"""

from collections.abc import Iterator
from functools import partial

import numpy as np

from stresslab import analyses
from stresslab.store import recent
from tests.bench import _synthetic
from tests.bench._frames import frame
from tests.bench._kind import Asked, Bench, Row, best

COLUMNS = "model::UTINYINT AS model, domain::UTINYINT AS domain, tier, score::FLOAT AS score"
INSIDE, OUTSIDE = _synthetic.DOMAINS[:2], _synthetic.DOMAINS[2:]
RESAMPLES = 20


def run(asked: Asked) -> Iterator[Row]:
    """Yield all tables of the analysis, against the gap of each model by a bootstrap on rows."""
    n = asked.n(10e6)
    made = _synthetic.workspace(n)
    piece = analyses.get("ood_gap")
    params = piece.params(in_domains=INSIDE, out_domains=OUTSIDE)
    note = "gaps, mix and drop, line, valley, worst group"
    ours = best(lambda: piece.run(made, params), 3, recent.forget)
    again = best(lambda: piece.run(made, params), 3)
    if "pandas" in asked.opponents:
        table = frame(made, COLUMNS, "tier = 0")
        theirs = best(partial(_rows, table), times=1)
        full = 10_000 / RESAMPLES
        scaled = type(theirs)(theirs.wall * full, None)
        yield Row("all tables, nothing kept", n, ours, "pandas, gap only", scaled, ">= x 1",
                  f"{note}; theirs: {RESAMPLES} resamples of rows, scaled to 10,000")  # fmt: skip
    else:
        yield Row("all tables, nothing kept", n, ours, note=note)
    yield Row("the same once more", n, again, note="sums kept from the first time")


def _rows(table) -> float:
    rng, total = np.random.default_rng(0), 0.0
    codes = table["domain"].drop_duplicates().sort_values().tolist()
    for _ in range(RESAMPLES):
        drawn = table.iloc[rng.integers(0, len(table), len(table))]
        inside = drawn["domain"].isin(codes[:2])
        means = drawn.groupby(["model", inside])["score"].mean().unstack()
        total += float((means[True] - means[False]).sum())
    return total


PIECE = Bench("gaps out of distribution on 10 M outcomes", run)
