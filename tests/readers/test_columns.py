"""Columns and single rows read alike, whatever the rows hold."""

import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stresslab.readers import _columns
from stresslab.readers._keys import Keys, Names
from stresslab.readers._mapping import Mapping
from stresslab.readers._rows import LongTable
from stresslab.store.scan import Chunk

MAPPING = Mapping.parse("""
model_from = 'field:model'
task_from = 'field:task'
items_from = 'field:set'
item_from = 'field:id'
domain_from = 'field:meta.domain'
group_from = 'field:group'
split_from = 'field:split'
perturbation_from = 'field:kind'
tier_from = {field = 'tier', values = {low = 1, high = 2, '0' = 0, '1' = 1, bad = 'x'}}
axis_from = 'field:axis'
strength_from = 'field:strength'
unit_from = 'const:share'
seed_from = 'field:seed'
trial_from = 'field:trial'
original_from = 'field:original'
input_from = 'field:text'
messages_from = 'field:messages'
choices_from = 'field:choices'
reference_from = 'field:label'
output_from = 'field:output'
answer_from = 'regex:([A-D]) on output'
score_from = 'field:score'
explanation_from = 'field:why'
correct_from = 'field:correct'
confidence_from = 'field:confidence'
probs_from = 'field:probs'
status_from = 'field:status'
error_from = 'field:error'
latency_s_from = 'field:latency'
tokens_in_from = 'field:tokens'
[attributes]
length = 'field:length'
[variant_attributes]
edit = 'field:meta.edit'
[measures.score]
higher_is_better = false
[measures.f1]
from = 'field:f1'
explanation = 'field:why'
""")
EXACT = Mapping.parse("""
model_from = 'field:model'
task_from = 'const:t'
item_from = 'field:id'
reference_from = 'field:label'
output_from = 'field:output'
grade = 'exact'
""")

ODD = st.sampled_from(
    [None, "", " ", "n/a", "x", "1", "0.5", 0, 1, 2, -1, 0.5, 1.5, True, False, math.nan, math.inf,
     [1], ["a", "b"], [0.5, 0.5], {"a": 1}, "[1, 2]", 10**20, "2.0", 1.0]
)  # fmt: skip


def usual(*choices):
    """Return mostly one of the usual values, and now and then an odd one."""
    plain = st.sampled_from(choices)
    return st.integers(0, 300).flatmap(lambda dice: ODD if dice == 0 else plain)


ROW = st.fixed_dictionaries(
    {
        "model": usual("A", "B"), "id": usual(*(f"q{n}" for n in range(6)), 7),
        "output": usual("A", "B ", None, 1),
    },
    optional={
        "task": usual("t"), "set": usual(None, "s"), "group": usual("g", 1),
        "split": usual("test", None), "kind": usual(None, "typos", "clean"),
        "tier": usual("low", "high", 0, 1, "0"), "axis": usual("paired", "paired", "graded", None),
        "strength": usual(None, 0, 0.1), "seed": usual(None, 1, 2), "trial": usual(0, 1, 2),
        "original": usual(None, "untouched"), "text": usual("a", "b", 3),
        "messages": usual(None, [{"role": "user"}]), "choices": usual(["a", "b"], None),
        "label": usual("A", ["A", "B"], 1), "score": usual(0, 1, 0.5, None, "1"),
        "why": usual(None, "because"), "correct": usual(None, 0, 1, True),
        "confidence": usual(0.25, 1, None), "probs": usual(None, [0.5, 0.5], "[0.1, 0.9]"),
        "status": usual(None, "refused", "answered"), "error": usual(None, "timeout"),
        "latency": usual(0.1, None), "tokens": usual(3, 4), "length": usual(3, "4"),
        "f1": usual(0.5, None), "meta": usual({"domain": "d", "edit": 1}, {}, None),
    },
)  # fmt: skip


def read(rows, mapping, *, columns, chunks):
    """Return all tables of all runs, made from columns or row by row."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_columns, "FEW", 0 if columns else 10**9)
        table, found = LongTable(mapping, "a.jsonl"), {}
        size = max(1, len(rows) // chunks)
        for start in range(0, len(rows), size):
            part = [(n + 1, dict(row)) for n, row in enumerate(rows)][start : start + size]
            for batch in table.add(Chunk(part, bytes_done=start)):
                found.setdefault((batch.run, batch.table), []).append(batch.rows)
        for batch in table.finish(len(rows)):
            found.setdefault((batch.run, batch.table), []).append(batch.rows)
    return {key: pa.concat_tables(some).to_pylist() for key, some in found.items()}


@settings(max_examples=80, deadline=None)
@given(
    st.lists(ROW, min_size=10, max_size=40), st.sampled_from([MAPPING, EXACT]), st.integers(1, 3)
)
def test_columns_and_rows_give_equal_tables(rows, mapping, chunks):
    rows = [{"task": "t", "trial": n % 9, **row} for n, row in enumerate(rows)]
    one = read(rows, mapping, columns=True, chunks=chunks)
    other = read(rows, mapping, columns=False, chunks=chunks)
    assert one.keys() == other.keys()
    for key in one:
        assert repr(one[key]) == repr(other[key]), key


def test_plain_rows_are_read_as_columns_and_odd_ones_alone(monkeypatch):
    asked = []
    add_row = LongTable.add_row
    monkeypatch.setattr(
        LongTable, "add_row", lambda self, n, row: asked.append(n) or add_row(self, n, row)
    )
    rows = [{"model": "A", "id": str(n), "score": 1, "output": "A"} for n in range(40)]
    rows[20]["score"] = "perhaps"
    rows[30]["model"] = None
    text = "model_from = 'field:model'\ntask_from = 'const:t'\nitem_from = 'field:id'\n"
    mapping = Mapping.parse(text + "score_from = 'field:score'")
    found = read(rows, mapping, columns=True, chunks=1)
    assert asked == [21, 31]
    outcomes = next(rows for (_, table), rows in found.items() if table == "outcomes")
    assert [row["variant_id"] for row in outcomes] == [f"t/{n}" for n in range(40) if n != 30]


@given(st.lists(st.lists(st.integers(-5, 5), max_size=20), max_size=12))
def test_keys_give_the_number_of_their_first_sight(parts):
    keys, first, number = Keys(), {}, 0
    for part in parts:
        numbers = list(range(number, number + len(part)))
        assert keys.has(part).tolist() == [one in first for one in part]
        for one, n in zip(part, numbers, strict=True):
            first.setdefault(one, n)
        number += len(part)
        assert keys.add(part, numbers).tolist() == [first[one] for one in part]


def test_names_are_known_after_they_were_put_away():
    names = Names(recent=3)
    for n in range(8):
        names.add(str(n))
    assert "0" in names
    assert "9" not in names
    asked = ["1", "x", "7", "y"]
    assert names.lacking(asked, np.array(list(map(hash, asked)))) == [1, 3]
    names.update(asked, list(map(hash, asked)))
    assert names.lacking(asked, np.array(list(map(hash, asked)))) == []
