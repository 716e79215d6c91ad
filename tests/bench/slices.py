"""How far is a free-form slice from SQL written by hand for it?"""

from collections.abc import Iterator

from stresslab.store import query
from stresslab.store.contents import resolve
from stresslab.store.index import connect, ensure
from tests.bench import _synthetic
from tests.bench._kind import Bench, Row, best

BY_HAND = """
SELECT model, sum(total), sum(n), count(*), sum(total * total), sum(total * n), sum(n * n), sum(sq)
FROM (SELECT f.model, f.cluster, sum(f.score) AS total, count(f.score) AS n,
        sum(f.score * f.score) AS sq
      FROM facts f {join} WHERE f.latest AND {where} GROUP BY f.model, f.cluster)
GROUP BY model ORDER BY model"""


def run(scale: float) -> Iterator[Row]:
    """Yield three slices on outcome columns and attributes."""
    n = int(10e6 * scale)
    made = _synthetic.workspace(n)
    generation = ensure(made)
    with connect(generation) as con:
        column = con.execute(
            """SELECT "column" FROM attributes WHERE name = 'item.length'"""
        ).fetchone()[0]
    items = "JOIN item_columns_0 i ON i.item = f.item"
    for where, sql, join in (
        ("confidence > 0.9", "f.confidence > 0.9", ""),
        ("confidence > 0.5 and tier >= 2", "f.confidence > 0.5 AND f.tier >= 2", ""),
        ("item.length > 60", f'i."{column}" > 60', items),
    ):
        question = resolve(made, where=where, population="each")
        ours = best(lambda question=question: query.cells(made, question))
        text = BY_HAND.format(join=join, where=sql)
        theirs = best(lambda text=text: _by_hand(generation, text))
        path = query.cells(made, question).attrs["path"]
        yield Row(f"where {where}", n, ours, "SQL by hand", theirs, "x >= 0.67", f"path {path}")


def _by_hand(generation, text):
    with connect(generation) as con:
        return con.execute(text).fetchall()


PIECE = Bench("free-form slices against hand-written DuckDB SQL", run)
