"""A table with one row per input and columns for each model becomes outcomes of each model."""

from random import Random

import pytest

from stresslab.errors import ReadError
from stresslab.readers import readers
from stresslab.readers._mapping import Mapping
from stresslab.readers._propose import propose
from stresslab.readers._wide import MAX_MODELS, Columns
from stresslab.readers._wide_rows import table_of
from stresslab.store.scan import Chunk

TABLE = readers.get("table")
HEAD = "task_from = 'const:t'\nitem_from = 'field:id'\n"


def rows(header, *lines):
    names = header.split(",")
    return [dict(zip(names, line.split(","), strict=True)) for line in lines]


def read(folder, text, mapping=None, name="wide.csv"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    chosen = Mapping.parse(mapping) if mapping else TABLE.propose(path)
    found = {}
    for batch in TABLE.read(path, chosen):
        for row in batch.rows.to_pylist():
            model = batch.run.model if batch.run else None
            found.setdefault(batch.table, []).append({"model": model, **row})
    return found


def outcomes(found, *columns):
    return sorted(tuple(row[name] for name in ("model", *columns)) for row in found["outcomes"])


def test_every_model_gets_the_items_variants_and_its_own_answers(tmp_path):
    lines = "\n".join(f"{n},{n % 2},{'typos' if n % 2 else ''},pos,pos,neg" for n in range(20))
    found = read(tmp_path, f"id,tier,perturbation,label,bert_pred,gpt_pred\n{lines}\n")
    assert {row["model"] for row in found["items"]} == {"bert", "gpt"}
    assert len(found["items"]) == len(found["variants"]) == len(found["outcomes"]) == 40
    assert {row[1:] for row in outcomes(found, "answer", "correct") if row[0] == "bert"} == {
        ("pos", 1)
    }
    assert {row[1:] for row in outcomes(found, "answer", "correct") if row[0] == "gpt"} == {
        ("neg", 0)
    }


@pytest.mark.parametrize("n", [3, 30])
def test_wide_and_long_tables_give_equal_outcomes(tmp_path, n):
    wide, long = ["id,text,label,a_pred,a_conf,b_pred,b_conf"], ["id,model,text,label,pred,conf"]
    for one in range(n):
        cells = {"a": ("x", 0.5), "b": ("y", one / n if one != 2 else 7)}  # 7 is no confidence
        said = ",".join(f"{answer},{conf}" for answer, conf in cells.values())
        wide.append(f"{one},text {one},x,{said}")
        long += [f"{one},{m},text {one},x,{a},{c}" for m, (a, c) in cells.items()]
    one = read(tmp_path, "\n".join(wide) + "\n")
    mapping = "model_from = 'field:model'\nanswer_from = 'field:pred'\n" \
        "confidence_from = 'field:conf'\ninput_from = 'field:text'\nreference_from = 'field:label'\n" \
        "grade = 'exact'\nitem_from = 'field:id'\ntask_from = 'const:wide'\n"  # fmt: skip
    other = read(tmp_path, "\n".join(long) + "\n", mapping, "long.csv")
    for table in ("items", "variants", "outcomes"):
        keyed = [sorted(found[table], key=lambda row: str(sorted(row.items(), key=str)))
                 for found in (one, other)]  # fmt: skip
        assert keyed[0] == keyed[1]
    assert [(row["field"], row["model"]) for row in one["rejects"]] == [("b_conf", "b")]


SHARED = """task_from = 'const:t'
item_from = 'field:id'
original_from = 'field:orig'
input_from = 'field:text'
reference_from = 'field:label'
tier_from = 'field:tier'
perturbation_from = 'field:kind'
grade = 'exact'
"""
WIDE = SHARED + "".join(
    f"{head}\n{name} = 'regex:^(.)_{column}$'\n"
    for head, name, column in (("[wide]", "answer_from", "pred"), ("", "confidence_from", "conf"),
                               ("", "score_from", "score"), ("[wide.measures]", "f", "f"))
)  # fmt: skip
LONG = SHARED + "".join(
    f"{name} = 'field:{column}'\n"
    for name, column in (("model_from", "model"), ("answer_from", "pred"), ("score_from", "score"),
                         ("confidence_from", "conf"), ("[measures.f]\nfrom", "f"))
)  # fmt: skip
CELLS = {"pred": ["a", "b"], "conf": [0.5, 1], "score": [0, 1, 0.5], "f": [0.1, 0.2]}
ODD = [None, "", "perhaps", 7, float("nan")]


def random_rows(random):
    odd = random.random() / 5
    for number in range(1, random.randint(2, 60)):
        row = {
            "id": random.choice([number, number, 1, None if odd > 0.1 else number]),
            "text": random.choice(["x", None]),
            "orig": random.choice([None, None, "o", float("nan")]),
            "label": random.choice(["a", ["a", "b"], None]),
            "tier": random.choice(["soon", None] if random.random() < odd else [0, 1, 2]),
            "kind": random.choice(["typos", None]),
        }
        for model in "ABC":
            is_away = random.random() < odd
            for column, plain in CELLS.items():
                few = ODD[:2] if is_away else ODD if random.random() < odd else plain
                row[f"{model}_{column}"] = random.choice(few)
        yield number, row


def collected(table, rows, size):
    found = {}
    chunks = [Chunk(rows[start : start + size]) for start in range(0, len(rows), size)]
    for batch in [*(one for chunk in chunks for one in table.add(chunk)), *table.finish(0)]:
        for row in batch.rows.to_pylist():
            model = batch.run.model if batch.run else None
            found.setdefault((model, batch.table), []).append(repr(row))
    return {key: sorted(rows) for key, rows in found.items() if key[1] != "rejects"}


@pytest.mark.parametrize("seed", range(12))
def test_wide_and_long_tables_agree_whatever_they_hold(seed):
    rows = list(random_rows(random := Random(seed)))
    size, expected = random.choice([7, 20, 100]), {}
    for model in "ABC":
        cells = {number: {name: row[f"{model}_{name}"] for name in CELLS} for number, row in rows}
        long = [
            (number, {**row, "model": model, **cells[number]})
            for number, row in rows
            if any(one not in (None, "") for one in cells[number].values())
        ]
        expected |= collected(table_of(Mapping.parse(LONG), "x"), long, size)
    assert collected(table_of(Mapping.parse(WIDE), "x"), rows, size) == expected


def test_an_empty_cell_is_no_outcome(tmp_path):
    lines = "\n".join(f"{n},1,{'' if n % 3 else 0}" for n in range(30))
    found = read(tmp_path, f"id,resnet50,vit\n{lines}\n")
    assert len([row for row in found["outcomes"] if row["model"] == "vit"]) == 10
    assert {row["status"] for row in found["outcomes"]} == {"answered"}


def test_what_is_wrong_with_an_input_is_said_once(tmp_path):
    lines = [f"{n},{'soon' if n == 5 else 1},1,0,1" for n in range(20)]
    lines.append(lines[3])
    mapping = HEAD + "tier_from = 'field:tier'\n[wide]\ncorrect_from = ['a', 'b', 'c']\n"
    found = read(tmp_path, "id,tier,a,b,c\n" + "\n".join(lines) + "\n", mapping)
    assert [(row["line"], row["field"]) for row in found["rejects"]] == [
        ("line 7", "tier"),
        ("line 22", ""),
    ]
    assert len(found["outcomes"]) == 19 * 3


def test_measures_stand_in_the_wide_part_too(tmp_path):
    mapping = (
        HEAD
        + """
[measures.f1]
low = 0.0
high = 1.0
[wide]
score_from = {"GPT 4" = "s1", other = "s2"}
[wide.measures]
f1 = "regex:^f1 (.+)$"
"""
    )
    assert Mapping.parse(Mapping.parse(mapping).to_toml()) == Mapping.parse(mapping)
    found = read(tmp_path, "id,s1,s2,f1 other\n1,0.5,1,0.25\n", mapping)
    assert outcomes(found, "score") == [("GPT 4", 0.5), ("other", 1.0)]
    assert [(row["model"], row["measure"], row["value"]) for row in found["scores"]] == [
        ("other", "f1", 0.25)
    ]


def test_models_may_be_nested_and_appear_late(tmp_path):
    lines = ['{"id": 1, "preds": {"a": "x"}}', '{"id": 2, "preds": {"a": "x", "b": "y"}}']
    mapping = HEAD + '[wide]\nanswer_from = "regex:^preds[.](.+)$"\n'
    found = read(tmp_path, "\n".join(lines) + "\n", mapping, "a.jsonl")
    assert outcomes(found, "variant_id", "answer") == [
        ("a", "t/1", "x"),
        ("a", "t/2", "x"),
        ("b", "t/2", "y"),
    ]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("[wide]\nanswer_from = 'regex:pred$'", "one group"),
        ("[wide]\nanswer_from = 'field:pred'", "must name columns"),
        ("[wide]\ntier_from = ['a']", "wide.tier_from"),
        ("model_from = 'const:m'\n[wide]\nanswer_from = ['a']", "either model_from or"),
        ("wide = 3", "must be a table"),
        ("[wide]\nscore_from = 'regex:^(.+)_nope$'", "fits no column"),
        ("[wide]\nscore_from = ['nope']", "'nope', which wide.csv does not have"),
    ],
)
def test_a_wide_part_that_does_not_fit_is_refused(tmp_path, written, said):
    with pytest.raises(ReadError, match=said):
        read(tmp_path, "id,a\n1,0\n", HEAD + written)


def test_more_models_than_a_workspace_holds_are_refused(tmp_path):
    names = [f"m{n}_s" for n in range(MAX_MODELS + 1)]
    text = f"id,{','.join(names)}\n1,{','.join('1' for _ in names)}\n"
    with pytest.raises(ReadError, match="at most 2,000 models; the mapping finds 2,001"):
        read(tmp_path, text, HEAD + "[wide]\nscore_from = 'regex:^(.+)_s$'\n")


def said(header, *lines):
    found = propose(rows(header, *lines), stem="x")
    return found.wide and {role: one.written() for role, one in found.wide.sources.items()}, found


def test_words_behind_or_before_a_name_propose_its_models():
    wide, found = said("id,text,bert_pred,bert_conf,gpt_pred", "1,a,x,0.5,y")
    assert wide == {"answer": "regex:^(.+)_pred$", "confidence": {"bert": "bert_conf"}}
    assert "model" not in found.sources
    assert Mapping.parse(found.to_toml()).wide == found.wide
    wide, _ = said("id,score_a,score_b,notes", "1,1,0,x")
    assert wide == {"score": "regex:^score_(.+)$"}


def test_one_model_with_several_columns_is_wide_too():
    wide, _ = said("id,label,bert_pred,bert_conf", "1,x,x,0.5")
    assert wide == {"answer": {"bert": "bert_pred"}, "confidence": {"bert": "bert_conf"}}


def test_columns_of_labels_are_answers_of_models():
    wide, found = said("item,label,resnet50,vit", "1,cat,cat,dog", "2,dog,dog,dog", "3,cat,dog,cat")
    assert wide == {"answer": ["resnet50", "vit"]}
    assert found.grade == "exact"


def test_columns_of_right_and_wrong_or_of_shares_are_scores_of_models():
    lines = ("1,5 words,1,0", "2,4 words,0,0")
    wide, found = said("id,text,resnet50,vit", *lines)
    assert wide == {"correct": ["resnet50", "vit"]}
    assert found.measures["score"] == {"rate": True, "low": 0.0, "high": 1.0}
    wide, found = said("id,text,resnet50,vit", *lines, "3,x,0.5,1")
    assert wide == {"score": ["resnet50", "vit"]}
    assert found.measures == {}


@pytest.mark.parametrize(
    "header",
    [
        "id,model,a_score,b_score",
        "id,prediction,bleu_score,rouge_score",
        "id,score,a_score,b_score",
        "id,is_long,has_digits,score",
        "id,prob_neg,prob_pos,prediction",
        "id,text,bleu_score,rouge_score",
    ],
)
def test_tables_that_are_long_or_measure_one_model_are_not_taken_for_wide(header):
    assert said(header, "1,1,0,1")[0] is None


def test_a_pattern_takes_the_first_of_two_columns_of_a_model():
    assert Columns("^(.+)_[ps]$").among(["a_p", "a_s", "b_s"]) == {"a": "a_p", "b": "b_s"}
