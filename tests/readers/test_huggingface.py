"""A folder of the datasets package is one source: its splits, its labels, nothing of its media."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stresslab.errors import NoOutcomesError, ReadError
from stresslab.jobs._walk import walk
from stresslab.jobs.plan_import import plan_import
from stresslab.readers import readers

HF = readers.get("huggingface")
LABEL = {"names": ["neg", "pos"], "_type": "ClassLabel"}
VALUE = {"dtype": "int64", "_type": "Value"}
FEATURES = {"id": VALUE, "text": {"dtype": "string", "_type": "Value"}, "label": LABEL}
ROWS = {"id": [0, 1, 2], "text": ["a", "b", "c"], "label": [0, 1, -1], "prediction": [0, 0, 1]}


def table(rows=ROWS, features=None):
    noted = {"info": {"features": features}} if features else {}
    return pa.table(rows).replace_schema_metadata({"huggingface": json.dumps(noted)})


def saved(folder, rows=ROWS, features=FEATURES, split="train", files=1, **state):
    folder.mkdir(parents=True)
    names = [f"data-{n:05}-of-{files:05}.arrow" for n in range(files)]
    for n, name in enumerate(names):
        part = table({key: column[n::files] for key, column in rows.items()})
        with pa.ipc.new_stream(str(folder / name), part.schema) as writer:
            writer.write_table(part)
    listed = {"_data_files": [{"filename": name} for name in names], "_split": split, **state}
    (folder / "state.json").write_text(json.dumps(listed))
    (folder / "dataset_info.json").write_text(json.dumps({"features": features}))
    return folder


def several(folder, **splits):
    for name, rows in splits.items():
        saved(folder / name, rows, split=name)
    (folder / "dataset_dict.json").write_text(json.dumps({"splits": list(splits)}))
    return folder


def read(folder, **changes):
    found = {}
    for batch in HF.read(folder, HF.propose(folder)):
        for row in batch.rows.to_pylist():
            found.setdefault(batch.table, []).append({"run": batch.run, **row})
    return found


def test_numbers_of_classes_become_their_names_in_labels_and_in_answers(tmp_path):
    found = read(saved(tmp_path / "votes"))
    assert [row["reference"] for row in found["items"]] == ['"neg"', '"pos"', None]
    assert [(row["answer"], row["correct"], row["status"]) for row in found["outcomes"]] == [
        ("neg", 1, "answered"),
        ("neg", 0, "answered"),
        ("pos", None, "unscored"),
    ]
    assert found["outcomes"][0]["run"].model == "votes"


def test_wide_answers_have_the_names_of_the_labels_too(tmp_path):
    rows = {"id": list(range(20)), "label": [0, 1] * 10, "resnet": [0] * 20, "vit": [1] * 20}
    found = read(saved(tmp_path / "votes", rows))
    assert {(row["run"].model, row["answer"]) for row in found["outcomes"]} == {
        ("resnet", "neg"),
        ("vit", "pos"),
    }
    assert sum(row["correct"] for row in found["outcomes"]) == 20


def test_answers_that_are_names_already_stay(tmp_path):
    found = read(saved(tmp_path / "votes", {**ROWS, "prediction": ["neg", "neg", "pos"]}))
    assert [row["correct"] for row in found["outcomes"]] == [1, 0, None]


def test_splits_of_a_dict_stand_at_their_items(tmp_path):
    rows = {key: column[:2] for key, column in ROWS.items()}
    folder = several(tmp_path / "d", train=rows, test={**rows, "id": [10, 11]})
    found = read(folder)
    assert [json.loads(row["attributes"]) for row in found["items"]] == [
        {"split": "train"}, {"split": "train"}, {"split": "test"}, {"split": "test"},
    ]  # fmt: skip
    (source,) = walk([tmp_path]).sources
    assert (source.path, source.reader, len(source.parts)) == (folder, "huggingface", 7)


def test_several_files_of_a_split_are_read_as_one_and_repeats_name_file_and_row(tmp_path):
    rows = {**ROWS, "id": [0, 1, 0]}
    found = read(saved(tmp_path / "votes", rows, files=3))
    assert len(found["outcomes"]) == 2
    (reject,) = found["rejects"]
    assert reject["file"] == "data-00002-of-00003.arrow"
    assert "repeats row 1 of data-00000-of-00003.arrow" in reject["reason"]


def hub(folder, names, card="---\nconfigs:\n- config_name: default\n---\n# Votes\n", **options):
    for n, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = {**ROWS, "id": [10 * n, 10 * n + 1, 10 * n + 2]}
        pq.write_table(table(rows, FEATURES, **options), path)
    (folder / "README.md").write_text(card)
    return folder


def test_a_repository_of_the_hub_is_read_by_the_names_of_its_splits(tmp_path):
    names = ("data/train-00000-of-00001.parquet", "data/validation-00000-of-00001.parquet")
    found = read(hub(tmp_path / "h", names))
    splits = [json.loads(row["attributes"])["split"] for row in found["items"]]
    assert splits == ["train"] * 3 + ["validation"] * 3
    assert found["outcomes"][0]["answer"] == "neg"


def test_configs_of_a_repository_are_tasks(tmp_path):
    names = ("en/test-00000-of-00001.parquet", "de/test-00000-of-00001.parquet")
    found = read(hub(tmp_path / "h", names))
    assert {(row["run"].task, row["item_id"][:3]) for row in found["items"]} == {
        ("en", "en/"),
        ("de", "de/"),
    }


@pytest.mark.parametrize(
    ("names", "card"),
    [
        (("train.parquet", "results.parquet"), "---\nconfigs:\n---\n"),
        (("train.parquet", "test.parquet"), "# Only a text\n"),
        (("details_harness|arc|25_2023-10-01.parquet",), "---\nconfigs:\n---\n"),
    ],
)
def test_other_folders_of_tables_are_not_claimed(tmp_path, names, card):
    assert HF.sniff(hub(tmp_path / "h", names, card)) == 0
    assert HF.sniff(tmp_path / "h" / names[0]) == 0


def test_pictures_are_left_out_with_a_note(tmp_path):
    rows = {**ROWS, "image": [{"bytes": b"\x89PNG\xff", "path": "a.png"}] * 3}
    features = {**FEATURES, "image": {"_type": "Image"}}
    found = read(saved(tmp_path / "votes", rows, features))
    assert len(found["outcomes"]) == 3
    assert [(row["field"], row["line"]) for row in found["rejects"]] == [("image", "every row")]


def test_labels_inside_of_lists_and_tables_are_named(tmp_path):
    rows = {**ROWS, "tags": [[0, 1]] * 3, "meta": [{"kind": 1}] * 3}
    features = {**FEATURES, "tags": {"_type": "Sequence", "feature": LABEL},
                "meta": {"kind": LABEL}}  # fmt: skip
    found = read(saved(tmp_path / "votes", rows, features))
    assert json.loads(found["items"][0]["attributes"])["meta_kind"] == "pos"


def test_a_data_set_of_inputs_alone_is_refused(tmp_path):
    rows = {key: ROWS[key] for key in ("id", "text", "label")}
    folder = saved(tmp_path / "in" / "votes", rows)
    with pytest.raises(NoOutcomesError, match="holds inputs, but no outcomes"):
        HF.propose(folder)
    (tmp_path / "in" / "log.csv").write_text("id,model,score\n1,A,1\n")
    report = list(plan_import([tmp_path / "in"]))[-1].report
    assert list(report["files_refused"]) == [str(folder)]


def test_a_damaged_file_of_a_data_set_costs_only_itself(tmp_path):
    folder = saved(tmp_path / "votes", files=2)
    (folder / "data-00001-of-00002.arrow").write_bytes(b"\xff\xff\xff\xff\x10\x00\x00\x00rest")
    found = read(folder)
    assert len(found["outcomes"]) == 2
    assert "must be a readable Arrow file" in found["rejects"][0]["reason"]


@pytest.mark.parametrize("name", ["../../secret.arrow", "/etc/passwd", "nope.arrow", None])
def test_a_state_that_names_files_elsewhere_is_not_followed(tmp_path, name):
    folder = saved(tmp_path / "votes", _data_files=[{"filename": name}])
    (tmp_path.parent / "secret.arrow").write_bytes(b"x")
    assert [one.name for one in HF.parts(folder) if one.suffix == ".arrow"] == [
        "data-00000-of-00001.arrow"
    ]


def test_a_selection_beside_the_files_is_refused(tmp_path):
    folder = saved(tmp_path / "votes", _indices_data_files=[{"filename": "indices.arrow"}])
    with pytest.raises(ReadError, match="keeps a selection of rows"):
        HF.propose(folder)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"splits": 3}', '{"splits": ["../x"]}'])
def test_a_dict_that_cannot_be_read_has_no_files(tmp_path, text):
    (tmp_path / "dataset_dict.json").write_text(text)
    with pytest.raises(ReadError, match="must hold files with rows"):
        HF.propose(tmp_path)
    assert [one.reader for one in walk([tmp_path]).sources] == ["huggingface"]


CARD = """---
language: en
configs:
- config_name: default
  data_files:
  - split: test
    path: "answers/*.csv"
  - split: validation
    path: ["more/part-*.csv"]
dataset_info:
  features:
  - name: label
    dtype:
      class_label:
        names:
          '0': neg
          '1': pos
---
# Some data
"""
HEAD = "id,model,text,label,answer\n"


def repository(folder, card=CARD):
    for name, rows in {
        "answers/one.csv": "a,m,good,1,1\nb,m,bad,0,1\n", "more/part-1.csv": "c,m,fine,1,0\n",
        "scratch/notes.csv": "d,m,no,0,0\n",
    }.items():  # fmt: skip
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(HEAD + rows)
    (folder / "README.md").write_text(card)
    return folder


def test_the_head_of_a_card_says_which_files_hold_which_split(tmp_path):
    from stresslab.readers._huggingface_files import is_folder, opened

    folder = repository(tmp_path / "d")
    assert is_folder(folder)
    found = {one.path.name: one.split for one in opened(folder).files}
    assert found == {"one.csv": "test", "part-1.csv": "validation"}  # scratch is named nowhere
    assert opened(folder).features["label"]["names"] == ["neg", "pos"]


def test_parts_that_share_a_file_have_it_each(tmp_path):
    from stresslab.readers._huggingface_files import opened

    card = "---\nconfigs:\n- config_name: a\n  data_files: answers/one.csv\n"
    card += '- config_name: b\n  data_files: {test: "**/*.csv"}\n---\n'
    files = opened(repository(tmp_path / "d", card)).files
    assert [(one.config, one.split, one.path.name) for one in files] == [
        ("a", "train", "one.csv"), ("b", "test", "one.csv"), ("b", "test", "part-1.csv"),
        ("b", "test", "notes.csv"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "card",
    [
        "---\nconfigs: [\n---\n",
        "---\na: &a [x, x]\nb: &b [*a, *a]\nconfigs: *b\n---\n",
        "---\nconfigs: " + "[" * 500 + "]" * 500 + "\n---\n",
        "---\nconfigs: 7\ndataset_info: {features: [{name: x, dtype: {class_label: 3}}]}\n---\n",
        "---\n- a\n- b\n---\n",
        "---\nconfigs:\n- data_files: nothing/*.csv\n---\n",
        "---\nx: \x00\n---\n",
    ],
    ids=["broken", "anchors", "deep", "odd", "list", "no such file", "nul"],
)
def test_a_card_that_says_nothing_useful_is_passed_over(tmp_path, card):
    from stresslab.readers._huggingface_card import card_of
    from stresslab.readers._huggingface_files import opened

    folder = repository(tmp_path / "d", card)
    assert not card_of(folder / "README.md").features
    assert len(opened(folder).files) == 3
