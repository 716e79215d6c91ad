"""Lines of one shape are read by columns into the tables that reading them one by one gives."""

import json
import math
import random
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stresslab.errors import ReadError
from stresslab.readers import _arrow_rows, _blocks, _rows, readers
from stresslab.readers._likelihoods import softmax, softmaxes
from stresslab.readers._shape import shape_of
from tests.readers import lm_eval_files as files
from tests.readers.test_lm_eval_columns import ODD, places, spoiled

GENUINE = Path(__file__).parents[3] / "shared" / "logs" / "lm_eval"


def tables(reader, path, mapping, by_columns):
    """Return all that is read of a file, and how many rows of it were read by columns."""
    found, n = {}, 0

    def add(table, part):
        nonlocal n
        is_added = by_columns and _arrow_rows.add_part(table, part)
        n += is_added * len(part.numbers)
        return is_added

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_rows, "add_part", add)
        try:
            for batch in readers.get(reader).read(path, mapping):
                key = (batch.run, batch.table, repr(batch.measures), repr(batch.settings))
                found.setdefault(key, []).append(batch.rows)
        except ReadError as error:
            found[str(error)] = []
    whole = {key: pa.concat_tables(some) if some else None for key, some in found.items()}
    return whole, n


def check(path, reader="lm_eval", mapping=None):
    """Hold both ways of reading equal to the last bit; return how many rows came by columns."""
    mapping = mapping or readers.get(reader).propose(path)
    (one, n), (other, none) = (tables(reader, path, mapping, how) for how in (True, False))
    assert none == 0
    assert one.keys() == other.keys()
    for key, table in one.items():
        for name in table.column_names if table else ():
            same = zip(table[name].to_pylist(), other[key][name].to_pylist(), strict=True)
            differ = [pair for pair in same if repr(pair[0]) != repr(pair[1])]
            assert differ == [], (key[1], name)
    return n


def lm_eval(folder, rows):
    return files.write(folder / "org__tiny", {"sums": rows})


def lines(path, rows, end="\n", **how):
    path.write_bytes("".join(json.dumps(one, **how) + end for one in rows).encode())
    return path


def outcome(number, **more):
    """Return a row of a plain table of two models."""
    return {
        "id": f"q{number // 2}", "model": "ab"[number % 2], "domain": ["news", "web"][number % 3 > 0],
        "text": f"What is {number // 2}\nand\t{number % 7}?", "label": "no" if number % 5 else "yes",
        "answer": "yes", "confidence": number / 1000, "seconds": number, "score": number % 3 / 2,
        "author": {"name": f"A. {number // 9}", "age": number % 90}, **more,
    }  # fmt: skip


def asking(row, question, **doc):
    """Return a line that asks something else."""
    asked = json.dumps(row["arguments"]).replace(json.dumps(row["doc"]["question"])[1:-1],
                                                 json.dumps(question)[1:-1])  # fmt: skip
    return row | {"doc": row["doc"] | {"question": question, **doc}, "arguments": json.loads(asked)}


def shuffled(rows, seed=1):
    return random.Random(seed).sample(rows, len(rows))


KINDS = {
    "choices": [files.choice(one) for one in range(90)],
    "few and many choices": [
        files.choice(one, answers=("a", " b", "c  c", "d")[: 2 + one % 3],
                     likes=(-1.5, -1.25, -2.0, -3.0)[: 2 + one % 3], right=one % 2)
        for one in range(150)
    ],
    "requests are lists": [
        one | {"arguments": [list(pair.values()) for pair in one["arguments"].values()]}
        for one in map(files.choice, range(90))
    ],
    "equal likelihoods": [files.choice(one, likes=(-4.25, -1.1, -1.1)) for one in range(90)],
    "far apart": [
        files.choice(one, answers=("Ünï", " 2  2", "\u00a0x"), likes=(-1e-9, -700.0, -3e4))
        for one in range(90)
    ],
    "targets that are texts": [
        files.choice(one, target=["four", "nothing", " 5 ", "1", "77"][one % 5]) for one in range(90)
    ],
    "targets that are a place and a text": [
        files.choice(one, answers=("2", "1", "0"), target=str(one % 4), right=one % 3)
        for one in range(120)
    ],
    "answers": [files.text(one, output=f"It is {one % 4}.", cut=str(one % 4)) for one in range(90)],
    "answers as they are": [files.text(one, output="4", cut="4") for one in range(90)],
    "escapes": [
        files.text(one, output='say "4"\\\n\t\x0b/ä\U0001f600', cut="\u2028") for one in range(90)
    ],
    "several numbers": [
        files.choice(one, doc={"place": one / 7, "is_hard": one % 2 > 0, "year": 1900 + one,
                               "note": None, "when": f"{one}", "tags": [1, 2, one], "of": {"a": 1}})
        for one in range(90)
    ],
    "scores of two types": [files.text(one, score=[1, 0.5, None, True][one // 40]) for one in range(160)],
    "filters": [files.text(one, name=name, cut=str(one)) for name in ("strict", "loose")
                for one in range(60)],
    "filters of shuffled lines": shuffled(
        [files.text(one, name=name, score=float(one % 2)) for name in ("strict", "loose")
         for one in range(60)]
    ),
    "a doc twice": [files.choice(one % 89) for one in range(90)],
    "an empty question": [
        asking(files.choice(one), "" if one == 50 else f"What is {one}? " * 3) for one in range(90)
    ],
}  # fmt: skip
ROW_BY_ROW = {"scores of two types", "a doc twice"}


@pytest.mark.parametrize("kind", KINDS)
def test_lines_of_the_harness_are_read_alike(tmp_path, kind):
    n = check(lm_eval(tmp_path, KINDS[kind]))
    assert n >= 50 or kind in ROW_BY_ROW


@pytest.mark.parametrize("ascii_only", [True, False])
def test_characters_written_as_numbers_are_read_alike(tmp_path, ascii_only):
    path = tmp_path / "org__tiny" / f"samples_sums_{files.DATE}.jsonl"
    path.parent.mkdir()
    rows = [asking(files.choice(one, answers=("é", "4/5", "\x7f")), f"ä {one} \u00a0?")
            for one in range(90)]  # fmt: skip
    assert check(lines(path, rows, ensure_ascii=ascii_only)) == 90


def test_changed_inputs_wait_for_the_untouched_one(tmp_path):
    rows = [
        asking(files.choice(one), f"What is {one}?", base_id=f"q{one // 3}",
               tier=["typo", "clean", "swap"][one % 3])
        for one in range(240)
    ]  # fmt: skip
    assert check(lm_eval(tmp_path, [one for one in rows if one["doc_id"] != 31])) == 239


@pytest.mark.skipif(not GENUINE.is_dir(), reason="needs the genuine logs")
def test_genuine_logs_are_read_alike():
    found = [check(path) for path in sorted(GENUINE.glob("*/*.json*")) if "tasks" not in path.parts]
    assert len(found) == 6
    assert all(found)


@pytest.mark.parametrize("make", [files.choice, files.text, files.rolling])
@pytest.mark.parametrize("share", [0.02, 0.4])
def test_odd_lines_leave_the_others_to_columns(tmp_path, make, share):
    dice = random.Random(f"{make.__name__} {share}")
    rows = [make(one) for one in range(300)]
    rows[10:] = [spoiled(one, dice) if dice.random() < share else one for one in rows[10:]]
    n = check(lm_eval(tmp_path, rows))
    assert n > 0 or share > 0.1 or make is files.rolling


@pytest.mark.parametrize(
    ("how", "n"),
    [({}, 300), ({"end": "\r\n"}, 300), ({"ensure_ascii": False}, 300), ({"indent": 1}, 0),
     ({"separators": (",", ":")}, 300)],
)  # fmt: skip
def test_tables_of_json_lines_are_read_alike(tmp_path, how, n):
    path = lines(tmp_path / "answers.jsonl", [outcome(one) for one in range(300)], **how)
    if n:
        assert check(path, "table") == n


@pytest.mark.parametrize("seed", range(3))
def test_odd_rows_of_a_table_are_read_alike(tmp_path, seed):
    dice = random.Random(seed)
    rows = [outcome(one) for one in range(400)]
    for row in dice.sample(rows[20:], 6):
        *above, last = dice.choice([one for one in places(row) if one[0] not in ("id", "model")])
        inside = row[above[0]] if above else row
        inside[last] = dice.choice(ODD)
    check(lines(tmp_path / "answers.jsonl", rows), "table")


PARTS = st.one_of(
    st.binary(max_size=3),
    st.sampled_from([b'"', b"\\", b"\\u0000", b"\\ud800", b"\\u00e4", b"\n", b"{", b"]", b",", b"-0",
                     b"1" * 25, b"NaN", b"1e999", b"null", b"\xff", b"\xef\xbb\xbf", b'"":', b" "]),
)  # fmt: skip
CHANGES = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 6), PARTS), min_size=1, max_size=4)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("changed")


@settings(max_examples=25, deadline=None)
@given(kind=st.sampled_from(["choices", "answers", "filters", "table"]), changes=CHANGES)
def test_files_with_changed_bytes_are_read_alike(folder, kind, changes):
    if kind == "table":
        path = lines(folder / "answers.jsonl", [outcome(one) for one in range(120)])
    else:
        path = files.write(folder / kind / "org__tiny", {"sums": KINDS[kind]})
    reader = "table" if kind == "table" else "lm_eval"
    mapping, content = readers.get(reader).propose(path), path.read_bytes()
    first = content.index(b"\n") + 1
    for share, n, part in changes:
        at = first + int(share * (len(content) - first))
        content = content[:at] + part + content[at + n :]
    path.write_bytes(content)
    check(path, reader, mapping)


def test_blocks_of_any_size_are_read_alike(tmp_path, monkeypatch):
    path = lm_eval(tmp_path, KINDS["choices"] + [files.choice(one) for one in range(90, 400)])
    for size in (5_000, 60_000):
        monkeypatch.setattr(_blocks, "BLOCK", size)
        monkeypatch.setattr(_blocks, "FEW", 2)
        assert check(path) > 0


def test_a_shape_knows_where_values_stand():
    line = b'{"a": {"b": "x\\"", "c": [1, 2]}, "d": [], "e": -1.5, "f.g": null}'
    shape = shape_of(line, json.loads(line))
    told = {slot.path: line[slot.start : slot.end] for slot in shape.slots}
    assert told == {
        ("a", "b"): b'x\\"', ("a", "c"): b"1, 2", ("e",): b"-1.5", ("f.g",): b"null",
    }  # fmt: skip
    assert b"".join(shape.runs) == shape.same
    assert shape.look_up("a.b") == ("a", "b")
    assert shape.look_up("f.g") == ("f.g",)
    assert shape.look_up("a.z") is None


@pytest.mark.parametrize("line", [b'{"a": 1, "a": 2}', b'{"a": [[1], [2]]}'])
def test_a_line_whose_values_cannot_be_told_apart_has_no_shape(line):
    assert shape_of(line, json.loads(line)) is None


def test_shares_of_many_rows_are_those_of_each_to_the_last_bit():
    rng = np.random.default_rng(0)
    for n_choices in (1, 2, 3, 4, 13):
        values = rng.normal(size=(5_000, n_choices)) * rng.choice([0.01, 1, 40], size=(5_000, 1))
        values[:9] = -np.arange(n_choices) * math.log(2.0)  # sums that lie halfway
        alone = [softmax(row) for row in values.tolist()]
        assert softmaxes(values).tolist() == alone
