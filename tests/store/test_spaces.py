import numpy as np
import pytest

from stresslab.errors import ShapeError, WorkspaceError
from stresslab.store.spaces import read_vectors
from stresslab.store.texts import TextStore
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


def test_full_texts_are_kept_by_content_hash(tmp_path):
    store = TextStore(tmp_path / "texts.sqlite")
    assert store.get(["h"]) == {}
    store.put({"h": "whole text", "g": "other"})
    store.put({"h": "whole text"})
    assert TextStore(tmp_path / "texts.sqlite").get(["h", "x"]) == {"h": "whole text"}
