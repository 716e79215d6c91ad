"""OpenOOD: scores per image, sets without a right answer, no pickles."""

import io
import json

import numpy as np
import pytest

from stresslab.errors import ReadError
from stresslab.jobs._walk import walk
from stresslab.jobs.import_logs import import_logs
from stresslab.readers import _npz, readers
from stresslab.store.workspace import Workspace
from tests.readers.zips import write_zip

READER = readers.get("openood")
TABLE = "dataset,FPR@95,AUROC,ACC\nsvhn,20.10,95.50,{0}\nmean,20.10,95.50,{0}\n"
FAMILIAR = {"pred": [1, 0, 2, 2], "conf": [0.9, 0.4, 0.8, 0.7], "label": [1, 1, 2, 2]}
STRANGE = {"pred": [0, 1], "conf": [0.3, 0.6], "label": [-1, -1]}


def scores(path, **columns):
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, **{name: np.array(one) for name, one in columns.items()})
    return path


def write(folder, accuracy="75.00", familiar=FAMILIAR, strange=STRANGE):
    scores(folder / "scores" / "cifar10.npz", **familiar)
    scores(folder / "scores" / "svhn.npz", **strange)
    (folder / "ood.csv").write_text(TABLE.format(accuracy))
    return folder


def read(path):
    tables = {"rejects": [], "published": [], "outcomes": [], "scores": [], "items": []}
    for batch in READER.read(path, READER.propose(path)):
        tables[batch.table] = tables.get(batch.table, []) + batch.rows.to_pylist()
        tables["run"] = batch.run or tables.get("run")
    return tables


def test_a_folder_of_scores_and_its_table_are_one_source(tmp_path):
    write(tmp_path / "resnet_msp")
    [source] = walk([tmp_path]).sources
    assert (source.reader, [one.name for one in source.parts]) == (
        "openood", ["cifar10.npz", "svhn.npz", "ood.csv"],
    )  # fmt: skip
    assert read(source.path)["run"].model == "resnet_msp"


def test_a_strange_image_has_no_right_answer(tmp_path):
    found = read(write(tmp_path / "m"))
    assert [(row["variant_id"], row["status"], row["correct"]) for row in found["outcomes"]] == [
        ("cifar10/0", "answered", 1), ("cifar10/1", "answered", 0), ("cifar10/2", "answered", 1),
        ("cifar10/3", "answered", 1), ("svhn/0", "unscored", None), ("svhn/1", "unscored", None),
    ]  # fmt: skip
    assert [json.loads(row["attributes"])["ood"] for row in found["items"]] == [False] * 4 + [
        True
    ] * 2
    assert [row["value"] for row in found["scores"] if row["measure"] == "conf"] == [
        0.9, 0.4, 0.8, 0.7, 0.3, 0.6,
    ]  # fmt: skip
    assert found["outcomes"][4]["confidence"] == 0.3


def test_a_score_that_is_no_share_is_no_confidence(tmp_path):
    found = read(write(tmp_path / "m", strange=STRANGE | {"conf": [-7.5, float("inf")]}))
    assert {row["confidence"] for row in found["outcomes"]} == {None}
    assert [row["value"] for row in found["scores"]][-1] == -7.5


@pytest.mark.parametrize(("printed", "verdict"), [("75.00", "equal"), ("74.00", "differs")])
def test_the_printed_accuracy_is_recomputed(tmp_path, printed, verdict):
    write(tmp_path / "m", printed)
    *_, done = import_logs(Workspace.create(tmp_path / "w"), [tmp_path / "m"])
    verdicts = {(row["measure"], row["slice"]): row["verdict"] for row in done.report["parity"]}
    assert verdicts["score", 'domain = "cifar10"'] == verdict
    assert verdicts["AUROC", 'domain = "svhn"'] == "not recomputed"


def test_arrays_of_other_lengths_and_shapes_are_told(tmp_path):
    found = read(write(tmp_path / "m", strange={"pred": [[1]], "conf": [0.5, 0.5], "label": [-1]}))
    assert len(found["outcomes"]) == 4 + 1
    assert sorted((row["file"], row["field"]) for row in found["rejects"]) == [
        ("svhn.npz", "conf"), ("svhn.npz", "pred"),
    ]  # fmt: skip


def test_objects_are_refused_by_name_and_never_loaded(tmp_path):
    scores(tmp_path / "a.npz", **FAMILIAR | {"conf": np.array([print, 1, 2, 3], object)})
    scores(tmp_path / "b.npz", **FAMILIAR)
    walked = walk([tmp_path / "a.npz", tmp_path / "b.npz"])
    assert list(walked.refused) == [tmp_path / "a.npz"]
    assert "pickles" in walked.refused[tmp_path / "a.npz"]
    found = read(tmp_path)
    assert [row["line"] for row in found["rejects"]] == ["entry conf.npy"]
    assert "pickles" in found["rejects"][0]["reason"]
    with pytest.raises(ReadError, match="pickles"):
        _npz.array(packed(np.array([print], object)))


def packed(values):
    file = io.BytesIO()
    np.lib.format.write_array(file, values)
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (packed(np.arange(9))[:-8], "must hold 9 numbers"),
        (packed(np.arange(9)).replace(b"(9,)", b"(9**9,)"), "must be an array"),
        (packed(np.arange(1)).replace(b"(1,), } ", b"(9999999999,), }"), "must hold 9,999,999,999"),
        (packed(np.array(["a"])), "must hold numbers"),
        (b"", "must be an array"),
        (packed(np.arange(9))[:20], "must be an array"),
    ],
)
def test_an_array_that_is_not_what_it_says_takes_no_memory(content, said):
    with pytest.raises(ReadError, match=said):
        _npz.array(content)


def test_a_damaged_array_is_named_and_the_others_are_read(tmp_path):
    entries = {f"{name}.npy": packed(np.array(one)) for name, one in FAMILIAR.items()}
    path = write_zip(tmp_path / "x.npz", entries)
    content = bytearray(path.read_bytes())
    content[content.index(b"pred.npy") + 12] ^= 255
    path.write_bytes(bytes(content))
    found = read(path)
    assert [row["line"] for row in found["rejects"]] == ["entry pred.npy"]
    assert [row["value"] for row in found["scores"]] == FAMILIAR["conf"]
