"""One folder of broken files: what can be read is sealed, all else is told."""

import json
import resource
import time

import pyarrow.parquet as pq
import pytest

from stresslab import Workspace
from stresslab.jobs.import_logs import import_logs

LINE = '{{"id": "{}", "model": "m", "score": {}}}'.format
FILES = {
    "nul.csv": b"id,model,score,output\nq1,m,1,a\x00b\nq2,m,0,ok\nq3,m,1,\xff\xfe\n",
    "odd_numbers.jsonl": "\n".join(
        [LINE("q1", "NaN"), LINE("q2", "Infinity"), LINE("q3", "-Infinity"), LINE("q4", "1"), LINE("q5", "1")[:-4]]
    ).encode(),
    "twice.csv": b"id,model,score\nq1,m,1\nq1,m,0\nq2,m,1\n",
    "mixed.jsonl": "\n".join(
        LINE(f"q{n}", one) for n, one in enumerate(["1", '"yes"', "true", "[1]", '{"x": 1}', '"maybe"', "0.5"])
    ).encode(),
    "deep.jsonl": "\n".join(
        [LINE("q1", 1)[:-1] + f', "more": {"[" * depth}{"]" * depth}}}' for depth in (1000, 100_000)] + [LINE("q3", 1)]
    ).replace('"q1"', '"q0"', 1).encode(),
    "wrong.csv": f"{LINE('q1', 1)}\n{LINE('q2', 0)}\n".encode(),
    "wrong.parquet": b"id,model,score\nq1,m,1\n",
    "empty.csv": b"", "empty.jsonl": b"", "blank.csv": b"\n\n\n", "header.csv": b"id,model,score\n",
    "weights.pkl": b"\x80\x04.", "weights.pth": b"\x80\x02.",
}  # fmt: skip


@pytest.fixture(scope="module")
def imported(tmp_path_factory):
    """Return the outcomes and rejects of every run by its task, and what was said of files."""
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "in").mkdir()
    for name, content in FILES.items():
        (folder / "in" / name).write_bytes(content)
    *_, done = import_logs(folder / "workspace", [folder / "in"])
    tables = {}
    for run in Workspace.open(folder / "workspace").runs():
        tables[run.task] = {
            name: pq.read_table(run.path / f"{name}.parquet").to_pylist()
            for name in ("outcomes", "rejects")
            if (run.path / f"{name}.parquet").exists()
        }
    return tables, {key.rpartition("/")[2]: why for group in ("files_failed", "files_refused")
                    for key, why in done.report[group].items()}  # fmt: skip


@pytest.mark.parametrize(
    ("task", "n_outcomes", "places"),
    [
        ("nul", 3, ["line 2 output", "line 4 output"]),
        ("odd_numbers", 4, ["line 2 score", "line 3 score", "line 5 "]),
        ("twice", 2, ["line 3 "]),
        ("mixed", 7, ["line 4 score", "line 5 score", "line 6 score"]),
        ("deep", 2, ["line 2 "]),
        ("wrong", 2, ["file "]),
    ],
)
def test_what_is_readable_is_sealed_and_the_rest_is_told(imported, task, n_outcomes, places):
    tables = imported[0][task]
    told = sorted(f"{one['line']} {one['field']}" for one in tables.get("rejects", ()))
    assert (len(tables["outcomes"]), told) == (n_outcomes, sorted(places))


def test_what_is_not_a_number_is_unscored_and_never_zero(imported):
    scores = {one["variant_id"]: one["score"] for one in imported[0]["odd_numbers"]["outcomes"]}
    assert list(scores.values()) == [None, None, None, 1.0]


@pytest.mark.parametrize(
    "name", ["wrong.parquet", "empty.csv", "blank.csv", "header.csv", "weights.pkl", "weights.pth"]
)
def test_a_file_of_which_nothing_can_be_read_is_named(imported, name):
    assert imported[1][name]


@pytest.mark.slow
def test_ten_thousand_columns_are_imported_and_indexed(tmp_path):
    names = [f"c{n}" for n in range(10_000)]
    rows = [
        {"id": f"q{n}", "model": "m", "score": n % 2} | dict.fromkeys(names, n) for n in range(30)
    ]
    text = "\n".join([",".join(rows[0]), *(",".join(map(str, row.values())) for row in rows)])
    (tmp_path / "wide.csv").write_text(text)
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    *_, done = import_logs(tmp_path / "workspace", [tmp_path / "wide.csv"])
    assert done.counts["outcomes"] == 30
    assert time.process_time() - start < 60  # 4 minutes when every key was looked up by its path
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 1 << 20
    [path] = (tmp_path / "workspace" / "runs").glob("*/items.parquet")
    attributes = json.loads(pq.read_table(path)["attributes"][3].as_py())
    assert attributes == dict.fromkeys(names, 3)
