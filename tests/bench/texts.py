"""How long does a condition on text take over 10 M short texts?"""

from collections.abc import Iterator

from stresslab.store import query
from stresslab.store.contents import resolve
from tests.bench import _synthetic
from tests.bench._frames import frame
from tests.bench._kind import Bench, Row, best, once


def run(scale: float) -> Iterator[Row]:
    """Yield a literal search and a pattern."""
    n = int(10e6 * scale)
    made = _synthetic.workspace(n)
    table = frame(made, "output", "model = 0")
    theirs = once(lambda: table["output"].str.contains("I cannot", regex=False).sum())
    for where in ('output contains "I cannot"', 'output matches "cannot.*77$"'):
        question = resolve(made, where=where, population="each")
        ours = best(lambda question=question: query.cells(made, question), times=2)
        yield Row(f"where {where}", n, ours, "pandas str (x 8)", theirs * 8, "< 3 s")


PIECE = Bench("text conditions over short texts", run)
