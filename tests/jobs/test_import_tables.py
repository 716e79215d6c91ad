"""Tables of any kind come in through the same door; what is no table of outcomes is said to be."""

import json

import duckdb
import pyarrow as pa
import pytest
from pyarrow import feather

from stresslab import Workspace
from stresslab.errors import NoOutcomesError, ReadError
from stresslab.jobs import _import_source
from stresslab.jobs.import_logs import import_logs
from stresslab.jobs.plan_import import plan_import
from stresslab.readers._mapping import Mapping

LONG = "id,model,text,score\n1,A,x,1\n2,A,y,0\n"
QUESTIONS = '{"id": 1, "question": "2+2?", "choices": ["3", "4"], "answer": 1}\n'


@pytest.fixture(autouse=True)
def _cache(tmp_path, monkeypatch):
    monkeypatch.setenv("STRESSLAB_CACHE", str(tmp_path / "cache"))


def done(folder, *paths, mapping=None):
    if mapping is not None:
        (folder / "m.toml").write_text(mapping)
    given = folder / "m.toml" if mapping is not None else None
    return list(import_logs(folder / "w", list(paths), mapping=given))[-1]


def models(folder):
    return sorted((one.model, one.n_outcomes) for one in Workspace.open(folder / "w").runs())


def planned(*paths, mapping=None):
    """Return model and number of outcomes of every run an import would add, and its sources."""
    given = Mapping.parse(mapping) if mapping is not None else None
    sources = list(plan_import(list(paths), mapping=given))[-1].report["sources"]
    runs = [(one["model"], one["outcomes"]) for source in sources for one in source["runs"]]
    return sorted(runs), sources


def put(folder, name, text):
    (folder / "in").mkdir(exist_ok=True)
    (folder / "in" / name).write_text(text)
    return folder / "in" / name


def test_a_table_of_inputs_beside_logs_is_refused_by_name(tmp_path):
    put(tmp_path, "log.csv", LONG)
    data = put(tmp_path, "questions.jsonl", QUESTIONS)
    ended = done(tmp_path, tmp_path / "in")
    assert models(tmp_path) == [("A", 2)]
    assert (ended.counts["files"], ended.counts["refused"], ended.counts["failed"]) == (1, 1, 0)
    reason = ended.report["files_refused"][str(data)]
    assert reason.startswith("holds inputs, but no outcomes: no column says what a model answered")
    assert "Its columns: id, question, choices, answer." in reason
    planned = list(plan_import([tmp_path / "in"]))[-1].report
    assert planned["files_refused"] == {str(data): reason}
    assert [one["reader"] for one in planned["sources"]] == ["table"]


def test_a_table_of_inputs_alone_is_an_error(tmp_path):
    data = put(tmp_path, "questions.jsonl", QUESTIONS)
    for call in (lambda: done(tmp_path, data), lambda: list(plan_import([data]))):
        with pytest.raises(NoOutcomesError, match=r"holds inputs, but no outcomes.*score_from"):
            call()
    put(tmp_path, "more.csv", "id,text\n1,a\n")
    with pytest.raises(ReadError, match="holds inputs, but no outcomes"):
        done(tmp_path, tmp_path / "in")


def test_outputs_of_a_named_model_come_in_without_scores(tmp_path):
    path = put(tmp_path, "a.csv", "id,model,output\n1,A,hm\n")
    assert planned(path)[0] == [("A", 1)]


def test_a_mapping_that_names_no_reader_is_read_by_the_one_that_claims_the_file(tmp_path):
    lines = [{"doc_id": n, "doc": {"level": n}, "target": "a", "arguments": {}, "resps": [["a"]],
              "filtered_resps": ["a"], "filter": "none", "doc_hash": "h", "prompt_hash": "p",
              "exact_match": 1.0, "metrics": ["exact_match"]} for n in range(3)]  # fmt: skip
    name = "samples_sums_2026-01-21T03-44-18.458309.jsonl"
    path = put(tmp_path, name, "".join(json.dumps(one) + "\n" for one in lines))
    proposed = list(plan_import([path]))[-1].report["sources"][0]
    assert proposed["reader"] == "lm_eval"
    mapping = proposed["mapping"].replace('reader = "lm_eval"\n', "")
    assert mapping != proposed["mapping"]
    (source,) = planned(path, mapping=mapping)[1]
    assert source["reader"] == "lm_eval"
    assert [(run["outcomes"], run["task"]) for run in source["runs"]] == [(3, "sums")]


def test_a_mapping_that_fits_no_row_of_a_log_is_an_error_that_says_how_it_was_read(tmp_path):
    lines = {"doc_id": 1, "doc": {}, "target": "a", "arguments": {}, "resps": [["a"]],
             "filtered_resps": ["a"], "filter": "none", "doc_hash": "h"}  # fmt: skip
    path = put(tmp_path, "samples_sums_2026-01-21T03-44-18.458309.jsonl", json.dumps(lines) + "\n")
    mapping = "model_from = 'const:m'\ntask_from = 'const:t'\nitem_from = 'field:nope'\n"
    with pytest.raises(ReadError, match="read as 'lm_eval' with a mapping that uses nope"):
        done(tmp_path, path, mapping=mapping)
    assert list((tmp_path / "w" / "runs").iterdir()) == []


def test_a_wide_table_becomes_a_run_of_each_model_by_its_proposed_mapping(tmp_path, monkeypatch):
    monkeypatch.setattr(_import_source, "BYTES_A_FLUSH", 1)
    lines = "".join(f"{n},{'ab'[n % 2]},a,b\n" for n in range(20))
    path = put(tmp_path, "votes.csv", f"id,label,resnet50,vit\n{lines}")
    source = list(plan_import([path]))[-1].report["sources"][0]
    assert '[wide]\nanswer_from = ["resnet50", "vit"]' in source["mapping"]
    done(tmp_path, path, mapping=source["mapping"])
    assert models(tmp_path) == [("resnet50", 20), ("vit", 20)]
    assert done(tmp_path, path).message.startswith("Nothing new: 2 runs")


@pytest.mark.parametrize("name", ["a.feather", "a.csv"])
def test_an_arrow_table_comes_in_whatever_it_is_called(tmp_path, name):
    table = pa.table({"id": ["1", "2"], "model": ["A", "A"], "score": [1.0, 0.5]})
    feather.write_feather(table, str(put(tmp_path, name, "")))
    runs, (source,) = planned(tmp_path / "in" / name)
    assert runs == [("A", 2)]
    notes = list(source["rejects_by_reason"])
    assert ["holds an Arrow table" in one for one in notes] == ([True] if name == "a.csv" else [])


def database(folder, *statements):
    path = put(folder, "a.duckdb", "")
    path.unlink()
    with duckdb.connect(path) as connection:
        for one in statements:
            connection.sql(one)
    return path


RESULTS = "CREATE TABLE results AS SELECT range AS id, 'A' AS model, 1.0 AS score FROM range(3)"


def test_the_table_of_a_database_that_holds_outcomes_is_taken(tmp_path):
    path = database(tmp_path, "CREATE TABLE notes AS SELECT 'x' AS what", RESULTS)
    runs, (source,) = planned(path)
    assert runs == [("A", 3)]
    assert 'table = "results"' in source["mapping"]


def test_of_several_tables_of_outcomes_one_is_chosen_in_the_mapping(tmp_path):
    path = database(tmp_path, RESULTS, RESULTS.replace("results", "other").replace("'A'", "'B'"))
    with pytest.raises(ReadError, match=r"2 tables .*'other', 'results'.*table = "):
        planned(path)
    mapping = "model_from = 'field:model'\ntask_from = 'const:t'\nitem_from = 'field:id'\n" \
        "score_from = 'field:score'\n"  # fmt: skip
    with pytest.raises(ReadError, match="several tables with all columns the mapping uses"):
        planned(path, mapping=mapping)
    assert planned(path, mapping=mapping + 'table = "other"\n')[0] == [("B", 3)]


def test_a_database_without_outcomes_says_what_is_missing(tmp_path):
    path = database(tmp_path, "CREATE TABLE a AS SELECT 1 AS id", "CREATE TABLE b AS SELECT 2 AS x")
    with pytest.raises(ReadError, match=r"no table of outcomes.*'a', 'b'.*but no outcomes"):
        planned(path)


@pytest.mark.slow
def test_ten_thousand_attributes_come_in(tmp_path):
    names = [f"c{n}" for n in range(10_000)]
    lines = [f"{n},A,1," + ",".join([str(n)] * 10_000) for n in range(3)]
    path = put(tmp_path, "a.csv", "\n".join([f"id,model,score,{','.join(names)}", *lines]) + "\n")
    (source,) = list(plan_import([path], limit=2))[-1].report["sources"]
    assert source["runs"][0]["outcomes"] == 3
    assert source["rejects"] == 0


@pytest.mark.parametrize("text", ["", "id,model,score\n", "\n\n\n", "\x00\x00"])
def test_a_table_without_a_row_is_an_error(tmp_path, text):
    with pytest.raises(
        ReadError, match=r"must hold at least one|must name the columns|holds inputs"
    ):
        done(tmp_path, put(tmp_path, "a.csv", text))


def test_of_mixed_values_those_that_are_none_of_their_column_are_rejected(tmp_path):
    lines = [{"id": n, "model": "A", "score": one} for n, one in
             enumerate([1, "0", True, "yes", None, "perhaps", [1], {"a": 1}, 0.5, "NaN"])]  # fmt: skip
    path = put(tmp_path, "a.jsonl", "".join(json.dumps(one) + "\n" for one in lines))
    runs, (source,) = planned(path)
    assert runs == [("A", 10)]
    assert source["rejects_by_reason"] == {"must be a number": 3}
