"""How far is a free-form slice from SQL written by hand for it?"""

from collections.abc import Iterator
from functools import partial

import numpy as np

from stresslab.store import query, recent
from stresslab.store.contents import resolve
from stresslab.store.index import connect, ensure
from tests.bench import _synthetic
from tests.bench._kind import Asked, Bench, Row, best

BY_HAND = """
SELECT model, sum(total), sum(n), count(*), sum(total * total), sum(total * n), sum(n * n), sum(sq)
FROM (SELECT f.model, f.cluster, sum(f.score) AS total, count(f.score) AS n,
        sum(f.score * f.score) AS sq
      FROM facts f {join} WHERE f.latest AND {where} GROUP BY f.model, f.cluster)
GROUP BY model ORDER BY model"""

ITEMS = "JOIN item_columns_0 i ON i.item = f.item"
SLICES = {
    "confidence > 0.9": ("f.confidence > 0.9", ""),
    "confidence > 0.5 and tier >= 2": ("f.confidence > 0.5 AND f.tier >= 2", ""),
    'status = "abstained" or correct = 0': ("(f.status = 1 OR f.correct = 0)", ""),
    "item.length > 60": ('i."{length}" > 60', ITEMS),
    "item.length > 60 and confidence < 0.5": (
        'i."{length}" > 60 AND f.confidence < 0.5',
        ITEMS,
    ),
}


def run(asked: Asked) -> Iterator[Row]:
    """Yield slices on outcome columns and attributes."""
    n = asked.n(10e6)
    made = _synthetic.workspace(n)
    generation = ensure(made)
    length = _column(generation, "item.length")
    for where, (sql, join) in SLICES.items():
        question = resolve(made, where=where, population="each")
        text = BY_HAND.format(join=join, where=sql.format(length=length))
        cells = query.cells(made, question)
        _check(cells, _by_hand(generation, text), where)
        ours = best(partial(query.cells, made, question), before=recent.forget)
        row = partial(Row, where, n, ours, note=cells.attrs["path"], wanted=">= x 0.67")
        if "sql" not in asked.opponents:
            yield row()
            continue
        yield row("SQL by hand", best(partial(_by_hand, generation, text)))


def _column(generation, name: str) -> str:
    with connect(generation) as con:
        found = con.execute('SELECT "column" FROM attributes WHERE name = ?', [name]).fetchone()
    return str(found[0])


def _by_hand(generation, text):
    with connect(generation) as con:
        return con.execute(text).fetchall()


def _check(cells, theirs, where) -> None:
    """Refuse to compare times where the numbers differ."""
    mine = cells[["total", "n", "ss", "sd", "dd", "sq"]].to_numpy()
    by_hand = np.array(theirs, dtype=float)[:, [1, 2, 4, 5, 6, 7]]
    if not np.allclose(mine, by_hand):
        raise ValueError(f"{where}: ours and SQL by hand must be the same; got\n{mine}\n{by_hand}")


PIECE = Bench("free-form slices against hand-written DuckDB SQL", run)
