import re

import numpy as np
import pyarrow.parquet as pq
import pytest

from stresslab.errors import DamagedFileError, RowError, ShapeError, WorkspaceError
from stresslab.store.spaces import read_vectors
from stresslab.store.workspace import Workspace


@pytest.fixture
def workspace(tmp_path):
    return Workspace.create(tmp_path / "w")


def add(workspace, vectors, ids, **more):
    settings = {"encoder": "e", "dimension": 3, "kind": "features", "dtype": "float32"} | more
    with workspace.add_space("s", **settings) as space:
        space.write(ids, vectors)
    return space


def test_vectors_come_back_as_written(workspace):
    vectors = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")
    version = workspace.data_version
    add(workspace, vectors, list("abcd"))
    ids, found = read_vectors(workspace.spaces()[0])
    assert ids == list("abcd")
    assert np.array_equal(found, vectors)
    assert workspace.data_version != version
    assert workspace.verify() == []


def test_half_precision_is_kept_as_half_precision(workspace):
    add(workspace, np.full((1, 3), 0.1), ["a"], dtype="float16")
    _, found = read_vectors(workspace.spaces()[0])
    assert found.dtype == np.float16


def test_a_space_is_written_once(workspace):
    add(workspace, np.zeros((1, 3)), ["a"])
    assert add(workspace, np.ones((1, 3)), ["a"]).state == "identical"
    assert read_vectors(workspace.spaces()[0])[1].sum() == 0


def test_a_wrong_length_is_refused_with_both_shapes(workspace):
    with pytest.raises(ShapeError, match=r"\(2, 3\); got \(2, 4\)"):
        add(workspace, np.zeros((2, 4)), ["a", "b"])
    assert workspace.spaces() == []


def test_an_unknown_kind_is_refused(workspace):
    with pytest.raises(WorkspaceError, match="features or logits"):
        workspace.add_space("s", encoder="e", dimension=3, kind="images")


def test_damage_to_vectors_is_found(workspace):
    add(workspace, np.zeros((1, 3)), ["a"])
    file = workspace.spaces()[0].path / "vectors.parquet"
    file.write_bytes(file.read_bytes()[:-1])
    assert [one.path for one in workspace.verify()] == [file]


def test_a_space_of_that_name_with_other_settings_is_refused(workspace):
    add(workspace, np.zeros((1, 3)), ["a"])
    with pytest.raises(WorkspaceError, match="another encoder"):
        add(workspace, np.zeros((1, 3)), ["a"], encoder="f")


def test_a_number_too_large_for_half_precision_is_refused_with_its_id(workspace):
    with pytest.raises(RowError, match=r"'b'.*float32"):
        add(workspace, np.array([[1, 2, 3], [4, 5, 1e6]]), ["a", "b"], dtype="float16")


def test_a_name_cannot_leave_the_folder(workspace):
    with pytest.raises(WorkspaceError, match="letters, digits"):
        workspace.add_space("../s", encoder="e", dimension=3, kind="features")


def test_run_and_layer_stand_with_each_vector(workspace):
    settings = {"encoder": "e", "dimension": 1, "kind": "logits", "layer": "last"}
    with workspace.add_space("s", **settings) as space:
        space.write(["a"], np.zeros((1, 1)), run_id="r")
        space.write(["a"], np.ones((1, 1)), layer="first")
    rows = pq.read_table(workspace.spaces()[0].path / "vectors.parquet").to_pylist()
    assert [(row["run_id"], row["layer"]) for row in rows] == [("r", "last"), (None, "first")]


def test_an_interrupted_space_is_listed_and_made_anew(workspace):
    with (
        pytest.raises(RuntimeError),
        workspace.add_space("s", encoder="e", dimension=3, kind="features", dtype="float32"),
    ):
        raise RuntimeError
    assert workspace.spaces() == []
    assert [one.rule for one in workspace.verify()] == ["a space is sealed"]
    add(workspace, np.zeros((1, 3)), ["a"])
    assert workspace.verify() == []


def test_a_cut_off_file_of_vectors_is_named(workspace):
    add(workspace, np.zeros((1, 3)), ["a"])
    [space] = workspace.spaces()
    file = space.path / "vectors.parquet"
    file.write_bytes(file.read_bytes()[:-10])
    with pytest.raises(DamagedFileError, match=re.escape(str(file))):
        read_vectors(space)


def test_a_space_without_a_readable_manifest_is_made_anew(workspace):
    add(workspace, np.zeros((1, 3)), ["a"])
    (workspace.spaces()[0].path / "manifest.json").write_text("{")
    assert [one.path.name for one in workspace.verify()] == ["manifest.json"]
    add(workspace, np.ones((1, 3)), ["a"])
    assert read_vectors(workspace.spaces()[0])[1].sum() == 3
