"""How long does a condition on text take over 10 M short texts?"""

from collections.abc import Iterator
from functools import partial

from stresslab.store import query, recent
from stresslab.store.contents import resolve
from tests.bench import _synthetic
from tests.bench._frames import frame
from tests.bench._kind import Asked, Bench, Row, Took, best

LITERAL, PATTERN = "I cannot", "cannot.*77$"


def run(asked: Asked) -> Iterator[Row]:
    """Yield a literal search and a pattern; pandas searches one model of eight, times eight."""
    n = asked.n(10e6)
    made = _synthetic.workspace(n)
    for text, op in ((LITERAL, "contains"), (PATTERN, "matches")):
        question = resolve(made, where=f'output {op} "{text}"', population="each")
        ours = best(partial(query.cells, made, question), times=2, before=recent.forget)
        row = partial(Row, f"where output {op} {text}", n, ours, wanted="< 3 s")
        if "pandas" not in asked.opponents:
            yield row()
            continue
        texts = frame(made, "output", "model = 0")["output"]
        theirs = best(partial(texts.str.contains, text, regex=op == "matches"), times=2)
        eight = Took(theirs.wall * 8)
        yield row("pandas str x 8", eight)


PIECE = Bench("text conditions over short texts", run)
