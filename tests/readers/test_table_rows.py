"""Rows of a long table become items, variants, outcomes, scores and rejects."""

import json

import pyarrow as pa
import pytest

from stresslab.errors import ReadError
from stresslab.readers import readers
from stresslab.readers._mapping import Mapping

TABLE = readers.get("table")
HEADER = "id,model,perturbation,tier,text,label,prediction,score"


def read(tmp_path, *lines, header=HEADER, mapping=None):
    path = tmp_path / "reviews.csv"
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    chosen = Mapping.parse(mapping) if mapping else TABLE.propose(path)
    tables = {}
    for batch in TABLE.read(path, chosen):
        tables.setdefault(batch.table, []).extend(batch.rows.to_pylist())
    return tables


def test_originals_stand_once_at_tier_zero_without_a_perturbation(tmp_path):
    found = read(
        tmp_path,
        "1,m,typos,0,fine,a,a,1",
        "1,m,typos,1,fnie,a,b,0",
    )
    assert [(row["variant_id"], row["perturbation"], row["tier"]) for row in found["variants"]] == [
        ("reviews/1", None, 0),
        ("reviews/1#typos:1", "typos", 1),
    ]
    assert [row["input"] for row in found["variants"]] == [None, "fnie"]
    assert [row["input"] for row in found["items"]] == ["fine"]


def test_an_item_keeps_its_untouched_input_in_any_row_order(tmp_path):
    found = read(tmp_path, "1,m,typos,1,fnie,a,b,0", "1,m,,0,fine,a,a,1")
    assert [row["input"] for row in found["items"]] == ["fine"]
    assert found["items"][0]["content_hash"]


def test_an_item_whose_original_never_comes_has_no_input_and_no_hash(tmp_path):
    found = read(tmp_path, "1,m,typos,1,fnie,a,b,0")
    assert (found["items"][0]["input"], found["items"][0]["content_hash"]) == (None, None)


def test_a_kind_without_a_tier_stands_at_tier_one(tmp_path):
    found = read(tmp_path, "1,m,typos,b,0", header="id,model,perturbation,prediction,score")
    assert found["variants"][0]["variant_id"] == "reviews/1#typos:1"


def test_a_tier_without_a_kind_is_called_stress(tmp_path):
    found = read(tmp_path, "1,m,2,0", "1,m,0,1", header="id,model,tier,score")
    assert found["variants"][0]["variant_id"] == "reviews/1#stress:2"


def test_graded_items_keep_their_own_input(tmp_path):
    found = read(tmp_path, "1,m,1,a,1", "2,m,2,b,0", header="id,model,tier,text,score")
    assert [(row["axis"], row["tier"], row["input"]) for row in found["variants"]] == [
        ("graded", 1, None),
        ("graded", 2, None),
    ]
    assert [row["input"] for row in found["items"]] == ["a", "b"]


def test_the_seed_is_part_of_the_variant(tmp_path):
    found = read(tmp_path, "1,m,typos,1,7,0", header="id,model,perturbation,tier,seed,score")
    assert found["variants"][0]["variant_id"] == "reviews/1#typos:1:7"


MAPPED = """
model_from = 'field:model'
task_from = 'const:t'
item_from = 'field:id'
score_from = 'field:score'
correct_from = 'field:score'
status_from = 'field:status'
"""


@pytest.mark.parametrize(
    ("status", "score", "expected"),
    [
        ("answered", "1", ("answered", 1.0, 1)),
        ("abstained", "1", ("abstained", 0.0, None)),
        ("refusal", "", ("refused", 0.0, None)),
        ("error", "0", ("errored", None, None)),
        ("unscored", "1", ("unscored", None, None)),
        ("", "NaN", ("unscored", None, None)),
        ("", "true", ("answered", 1.0, 1)),
    ],
)
def test_what_a_status_earns(tmp_path, status, score, expected):
    found = read(tmp_path, f"1,m,{status},{score}", header="id,model,status,score", mapping=MAPPED)
    row = found["outcomes"][0]
    assert (row["status"], row["score"], row["correct"]) == expected


def test_partial_credit_lives_in_the_score_alone(tmp_path):
    row = read(tmp_path, "1,m,0.5", "2,m,1", header="id,model,score")["outcomes"][0]
    assert (row["score"], row["correct"]) == (0.5, None)


def test_a_score_where_smaller_is_better_is_turned_round(tmp_path):
    mapping = MAPPED.replace("correct_from = 'field:score'\nstatus_from = 'field:status'\n", "")
    mapping += "[measures.score]\nhigher_is_better = false\n"
    found = read(tmp_path, "1,m,2.5", header="id,model,score", mapping=mapping)
    assert found["outcomes"][0]["score"] == -2.5


def test_exact_grading_folds_case_and_blanks_and_takes_any_reference(tmp_path):
    found = read(
        tmp_path,
        '1,m,"[""Paris"", ""Lutetia""]", paris ',
        '2,m,Rome,"Roma"',
        "3,m,Rome,",
        header="id,model,label,prediction",
    )
    assert [row["score"] for row in found["outcomes"]] == [1.0, 0.0, None]
    assert found["outcomes"][2]["status"] == "unscored"


def test_a_wrong_type_costs_the_value_not_the_row(tmp_path):
    found = read(tmp_path, "1,m,,0,x,a,a,perhaps", "2,m,,0,x,a,a,1")
    assert [row["status"] for row in found["outcomes"]] == ["unscored", "answered"]
    reject = found["rejects"][0]
    assert (reject["file"], reject["line"], reject["field"]) == ("reviews.csv", "line 2", "score")
    assert "perhaps" in reject["excerpt"]


def test_a_row_without_a_place_is_left_out_and_named(tmp_path):
    found = read(tmp_path, ",m,,0,x,a,a,1", "1,m,,soon,x,a,a,1", "2,m,,0,x,a,a,1")
    assert [row["variant_id"] for row in found["outcomes"]] == ["reviews/2"]
    assert [row["field"] for row in found["rejects"]] == ["id", "tier"]


def test_a_repeated_row_is_left_out_and_names_the_first(tmp_path):
    found = read(tmp_path, "1,m,,0,x,a,a,1", "1,m,,0,x,a,a,0", "1,other,,0,x,a,a,0")
    assert len(found["outcomes"]) == 2
    assert "repeats line 2" in found["rejects"][0]["reason"]


def test_a_confidence_outside_zero_and_one_is_no_confidence(tmp_path):
    found = read(tmp_path, "1,m,1,93", header="id,model,score,confidence")
    assert found["outcomes"][0]["confidence"] is None
    assert "must lie in [0, 1]" in found["rejects"][0]["reason"]


def test_numbers_of_a_csv_become_numbers_among_attributes_but_ids_stay(tmp_path):
    found = read(tmp_path, "007,m,1,12,0x,003", header="id,model,score,n_words,code,zip")
    assert found["items"][0]["item_id"] == "reviews/007"
    assert json.loads(found["items"][0]["attributes"]) == {
        "n_words": 12,
        "code": "0x",
        "zip": "003",
    }


def test_other_numbers_become_measures(tmp_path):
    found = read(tmp_path, "1,a,1,0.5", "1,b,1,0.7", header="id,model,score,rouge")
    assert [(row["measure"], row["value"]) for row in found["scores"]] == [
        ("rouge", 0.5),
        ("rouge", 0.7),
    ]


def test_every_table_has_the_fixed_columns_and_types(tmp_path):
    from stresslab.nouns import arrow_schema

    path = tmp_path / "a.csv"
    path.write_text(TABLE.example)
    for batch in TABLE.read(path, TABLE.propose(path)):
        assert isinstance(batch.rows, pa.Table)
        assert batch.rows.schema == arrow_schema(batch.table)


def test_a_column_the_file_does_not_have_is_named_with_those_it_has(tmp_path):
    with pytest.raises(ReadError, match=r"'status'.*It has: id, model, score"):
        read(tmp_path, "1,m,1", header="id,model,score", mapping=MAPPED)


def test_a_table_without_ids_asks_for_one(tmp_path):
    with pytest.raises(ReadError, match="item_from"):
        read(tmp_path, "m,1", header="model,score")


def test_a_mapping_without_a_model_asks_for_one(tmp_path):
    with pytest.raises(ReadError, match="model_from"):
        read(tmp_path, "1,1", header="id,score", mapping="item_from = 'field:id'")


WHY = """
model_from = 'field:model'
task_from = 'const:t'
item_from = 'field:id'
split_from = 'field:split'
messages_from = 'field:messages'
score_from = 'field:score'
explanation_from = 'field:why'

[measures.f1]
from = 'field:f1'
explanation = 'field:note'
"""


def test_split_messages_and_explanations_have_their_columns(tmp_path):
    header = "id,model,split,messages,score,why,f1,note"
    line = '1,m,test,"[{""role"": ""user"", ""content"": ""hi""}]",1,fits,0.5,half'
    found = read(tmp_path, line, "2,m,,,0,,,", header=header, mapping=WHY)
    assert json.loads(found["items"][0]["attributes"]) == {"split": "test"}
    assert json.loads(found["items"][0]["messages"]) == [{"role": "user", "content": "hi"}]
    assert (found["items"][1]["attributes"], found["items"][1]["messages"]) == (None, None)
    seen = [(row["measure"], row["value"], row["explanation"]) for row in found["scores"]]
    assert seen == [("score", 1.0, "fits"), ("f1", 0.5, "half")]


@pytest.mark.parametrize("word", ["none", "NA", "-", "null", "?"])
def test_a_class_may_be_called_none(tmp_path, word):
    header = "id,model,label,prediction"
    [row] = read(tmp_path, f"1,m,{word},{word}", header=header)["outcomes"]
    assert (row["status"], row["score"]) == ("answered", 1.0)


def test_a_domain_may_be_called_na_and_a_file_none(tmp_path):
    header = "id,model,domain,label,prediction"
    found = read(tmp_path, "1,m,NA,a,a", "2,m,null,a,a", header=header)
    assert [row["domain"] for row in found["items"]] == ["NA", None]
    (tmp_path / "none.csv").write_text("id,label,prediction\n1,a,a\n", encoding="utf-8")
    path = tmp_path / "none.csv"
    assert {one.run.task for one in TABLE.read(path, TABLE.propose(path)) if one.run} == {"none"}


@pytest.mark.parametrize(
    ("error", "status"),
    [("0", "answered"), ("False", "answered"), ("no", "answered"), ("1", "errored"),
     ("timeout", "errored"), ("", "answered")],
)  # fmt: skip
def test_a_flag_of_no_error_is_no_error(tmp_path, error, status):
    [row] = read(tmp_path, f"1,m,1,{error}", header="id,model,score,error")["outcomes"]
    assert row["status"] == status


@pytest.mark.parametrize(
    "header", ["id,model,perturbation,tier,axis,score", "id,model,perturbation,tier,x,score"]
)
def test_items_of_growing_difficulty_are_graded_by_name_or_by_their_pattern(tmp_path, header):
    lines = [f"{tier}{n},m,digits,{tier},graded,1" for tier in (1, 2, 3) for n in range(3)]
    found = read(tmp_path, *lines, header=header)
    assert {row["axis"] for row in found["variants"]} == {"graded"}


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity", "1e400"])
@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_what_is_no_finite_number_is_no_score_and_costs_no_row(tmp_path, name, word):
    lines = ["id,model,score", "1,m,0.5", f"2,m,{word}", "3,m,1"]
    if name == "a.jsonl":
        lines = [
            f'{{"id": {n}, "model": "m", "score": {one}}}'
            for n, one in ((1, 0.5), (2, word), (3, 1))
        ]
    path = tmp_path / name
    path.write_text("\n".join([*lines, ""]))
    piece, found = readers.get("table"), {"outcomes": [], "rejects": []}
    for batch in piece.read(path, piece.propose(path)):
        found.setdefault(batch.table, []).extend(batch.rows.to_pylist())
    assert [row["score"] for row in found["outcomes"]] == [0.5, None, 1.0]
    assert found["outcomes"][1]["status"] == "unscored"
