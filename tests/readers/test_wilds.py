"""WILDS: predictions without ids are joined to metadata by the order of a split, or refused."""

import pytest

from stresslab.errors import ReadError
from stresslab.jobs._walk import walk
from stresslab.jobs.import_logs import import_logs
from stresslab.readers import readers
from stresslab.store.workspace import Workspace

READER = readers.get("wilds")
ROWS = [
    ("a", "train", "1", "h0"), ("b", "test", "0", "h1"), ("c", "test", "1", "h2"),
    ("d", "id_val", "1", "h0"), ("e", "test", "1", "h2"),
]  # fmt: skip


def write(folder, *lines, split="test", name=None, rows=ROWS, header="image_id,split,y,hospital"):
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / (name or f"camelyon17_split:{split}_seed:0_epoch:best_pred.csv")
    path.write_text("".join(f"{line}\n" for line in lines))
    if rows is not None:
        text = "\n".join([header, *map(",".join, rows), ""])
        (folder / "metadata.csv").write_text(text)
    return path


def read(path):
    tables = {"rejects": [], "outcomes": [], "items": []}
    for batch in READER.read(path, READER.propose(path)):
        tables[batch.table] = tables.get(batch.table, []) + batch.rows.to_pylist()
        tables["run"] = batch.run or tables.get("run")
    return tables


def test_lines_are_the_rows_of_their_split_in_order(tmp_path):
    found = read(write(tmp_path / "erm", 0, 0, 1))
    assert (found["run"].model, found["run"].task) == ("erm seed 0", "camelyon17")
    assert [(row["variant_id"], row["answer"], row["correct"]) for row in found["outcomes"]] == [
        ("camelyon17/b", "0", 1), ("camelyon17/c", "0", 0), ("camelyon17/e", "1", 1),
    ]  # fmt: skip
    assert [row["domain"] for row in found["items"]] == ["h1", "h2", "h2"]


def test_all_rows_may_be_predicted(tmp_path):
    found = read(write(tmp_path / "erm", 0, 0, 1, 1, 1, split="all"))
    assert [row["correct"] for row in found["outcomes"]] == [0, 1, 1, 1, 1]


def test_another_number_of_lines_is_refused_with_both_numbers(tmp_path):
    path = write(tmp_path / "erm", 0, 0)
    with pytest.raises(
        ReadError, match=r"has 2 lines, the metadata has id_val: 1, test: 3, train: 1"
    ):
        READER.propose(path)


def test_rows_of_the_split_may_be_given_apart(tmp_path):
    path = write(tmp_path / "erm", 1, 0, split="val")
    own = path.with_name("camelyon17_split:val_seed:0_epoch:best_metadata.csv")
    own.write_text("image_id,y\nx,1\ny,1\n")
    assert [row["variant_id"] for row in read(path)["outcomes"]] == ["camelyon17/x", "camelyon17/y"]


def test_without_metadata_nobody_knows_what_the_lines_are(tmp_path):
    path = write(tmp_path / "erm", 1, 0, rows=None)
    with pytest.raises(ReadError, match=r"Put metadata\.csv of the data set camelyon17 beside it"):
        READER.propose(path)


def test_metadata_with_a_lost_row_is_refused(tmp_path):
    path = write(tmp_path / "erm", 0, 0, 1, 1, rows=[*ROWS, ("f",), ("g", "test", "1", "h2")])
    with pytest.raises(ReadError, match="must be whole"):
        READER.propose(path)


def test_an_empty_line_is_a_prediction_that_is_not_there(tmp_path):
    found = read(write(tmp_path / "erm", 0, "", 1, ""))
    assert [row["status"] for row in found["outcomes"]] == ["answered", "unscored", "answered"]


def test_a_list_is_kept_as_it_is_written_and_not_graded(tmp_path):
    found = read(write(tmp_path / "erm", "0.5,0.5", "1,2", "3,4"))
    assert next((row["output"], row["status"]) for row in found["outcomes"]) == (
        "0.5,0.5",
        "unscored",
    )


def test_splits_seeds_and_metadata_of_a_folder_are_imported_together(tmp_path):
    write(tmp_path / "logs" / "erm", 0, 0, 1)
    write(tmp_path / "logs" / "erm", 1, split="id_val")
    write(
        tmp_path / "logs" / "erm", 1, 1, 1, name="camelyon17_split:test_seed:1_epoch:last_pred.csv"
    )
    walked = walk([tmp_path / "logs"])
    assert [one.reader for one in walked.sources] == ["wilds"] * 3
    assert not walked.unclaimed
    workspace = Workspace.create(tmp_path / "workspace")
    list(import_logs(workspace, [tmp_path / "logs"]))
    assert {run.model for run in workspace.runs()} == {"erm seed 0", "erm seed 1 epoch last"}


def test_predictions_of_detection_are_pickles_and_refused(tmp_path):
    write(tmp_path / "erm", 0, 0, 1)
    (tmp_path / "erm" / "gwhd_split:test_seed:0_epoch:best_pred.pth").write_bytes(b"\x80\x04.")
    walked = walk([tmp_path])
    assert "pickle" in next(iter(walked.refused.values()))
