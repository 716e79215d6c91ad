"""How long does a merge take that is not precomputed, grouped to clusters first?"""

from collections.abc import Iterator

from stresslab.store import query
from stresslab.store.contents import resolve
from tests.bench import _synthetic
from tests.bench._frames import frame
from tests.bench._kind import Bench, Row, best

WHERES = (
    "tier in (1, 2, 3)",
    'perturbation in ("noise", "typo") and tier >= 2',
    'domain in ("news", "legal") and tier <= 4',
)


def run(scale: float) -> Iterator[Row]:
    """Yield the time of three merges, all with the second moments over clusters."""
    n = int(10e6 * scale)
    made = _synthetic.workspace(n)
    table = frame(made)
    theirs = best(lambda: _pandas(table), times=2)
    for where in WHERES:
        question = resolve(made, where=where)
        path = query.cells(made, question).attrs["path"]
        ours = best(lambda question=question: query.cells(made, question))
        yield Row(f"where {where}", n, ours, "pandas", theirs, "<= 300 ms", f"path {path}")


def _pandas(table):
    rows = table[table["tier"].between(1, 3)]
    clusters = rows.groupby(["model", "item"], observed=True)["score"].agg(["sum", "size"])
    clusters["ss"] = clusters["sum"] ** 2
    return clusters.groupby("model").sum()


PIECE = Bench("merges beyond the precomputed ones, to clusters first", run)
