"""Many lines of lm-evaluation-harness and single ones are read alike, whatever they hold."""

import json
import random

import pyarrow as pa
import pytest

from stresslab.readers import _columns, readers
from tests.readers import lm_eval_files as files

LM_EVAL = readers.get("lm_eval")


def tables(path, few):
    """Return all that is read of a file: as columns, or row by row where `few` is large."""
    found = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_columns, "FEW", few)
        for batch in LM_EVAL.read(path, LM_EVAL.propose(path)):
            key = (batch.run, batch.table, repr(batch.measures), repr(batch.settings))
            found.setdefault(key, []).append(batch.rows)
    return {key: pa.concat_tables(some) for key, some in found.items()}


def check(path):
    one, other = tables(path, 0), tables(path, 10**9)
    assert one.keys() == other.keys()
    for key, table in one.items():
        rows = zip(table.to_pylist(), other[key].to_pylist(), strict=True)
        assert [pair for pair in rows if repr(pair[0]) != repr(pair[1])] == [], key[1]
    return one


def plain(n, make=files.choice, **more):
    return [make(one, **more) for one in range(n)]


@pytest.mark.parametrize(
    "rows",
    [
        plain(30),
        [files.old(one) for one in plain(30)],
        plain(30, likes=(-4.25, -1.1, -1.1)),
        plain(30, answers=("Ünï", " 2  2", "\\u00a0x"), likes=(-1e-9, -700.0, -3e4)),
        [files.choice(one, answers=("a", "b", "c", "d")[: 2 + one % 3],
                      likes=(-1.5, -1.25, -2.0, -3.0)[: 2 + one % 3], right=one % 2)
         for one in range(30)],
        plain(30, make=files.text),
        plain(30, make=files.rolling),
        [files.text(one, name=name, cut=str(one)) for name in ("strict", "loose")
         for one in range(20)],
    ],
    ids=["choices", "old", "equal", "texts", "counts", "written", "rolling", "filters"],
)  # fmt: skip
def test_lines_of_every_kind(tmp_path, rows):
    found = check(files.write(tmp_path / "org__tiny", {"sums": rows}))
    assert sum(table.num_rows for key, table in found.items() if key[1] == "outcomes") >= 20


ODD = (
    None, "", "nan", "-inf", "-1e999", 0, -1.5, True, 10**400, [], [1], ["-1", "True"], {}, "[0]",
    [["-1.0", "False"]], {"a": "b"}, "ü", [None], "[1,0]", "four", " 1 ", [[["-2.0", "False"]]],
)  # fmt: skip


def places(value, path=()):
    """Return the paths of everything inside of a line."""
    inside = value.items() if isinstance(value, dict) else ()
    inside = enumerate(value) if isinstance(value, list) else inside
    return [path] * bool(path) + [
        one for key, below in inside for one in places(below, (*path, key))
    ]


def spoiled(row, dice):
    """Return a line of which one place, at random, holds something else or is left out."""
    row = json.loads(json.dumps(row))
    *above, last = dice.choice([one for one in places(row) if one[0] != "doc_id"])
    inside = row
    for key in above:
        inside = inside[key]
    if dice.random() < 0.3:
        del inside[last]
    else:
        inside[last] = dice.choice(ODD)
    return row


@pytest.mark.parametrize("make", [files.choice, files.text, files.rolling])
def test_odd_lines_are_read_as_they_are_alone(tmp_path, make):
    dice = random.Random(make.__name__)
    rows = [make(one) for one in range(200)]
    rows[10:] = [spoiled(one, dice) if dice.random() < 0.5 else one for one in rows[10:]]
    check(files.write(tmp_path / "org__tiny", {"sums": rows}))
