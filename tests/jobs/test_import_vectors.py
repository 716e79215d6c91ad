"""Vectors from elsewhere: every form, what is missing named, objects refused."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stresslab.errors import ReadError, ShapeError
from stresslab.jobs.import_vectors import import_vectors, read
from stresslab.store.spaces import read_vectors
from tests.factory import toy_workspace

VECTORS = np.random.default_rng(0).normal(size=(6, 4)).astype(np.float32)
IDS = [f"toy/{one}" for one in range(6)]


@pytest.fixture
def workspace(tmp_path):
    return toy_workspace(tmp_path / "w", n_items=5)


def files(folder):
    np.save(folder / "a.npy", VECTORS)
    (folder / "ids.txt").write_text("\n".join(IDS))
    np.savez(folder / "b.npz", vectors=VECTORS, ids=np.array(IDS))
    for name, kind in (("c", pa.list_(pa.float32())), ("d", pa.list_(pa.float32(), 4))):
        table = {"variant_id": IDS, "embedding": pa.array(VECTORS.tolist(), kind)}
        pq.write_table(pa.table(table), folder / f"{name}.parquet")


@pytest.mark.parametrize("name", ["a.npy", "b.npz", "c.parquet", "d.parquet"])
def test_every_form_gives_the_same_space(workspace, tmp_path, name):
    files(tmp_path)
    ids = tmp_path / "ids.txt" if name == "a.npy" else None
    done = list(import_vectors(workspace, tmp_path / name, "one", ids=ids))[-1]
    found, vectors = read_vectors(workspace.spaces()[0])
    assert found == IDS
    np.testing.assert_array_equal(vectors, VECTORS)
    assert done.counts == {"vectors": 6, "without_outcome": 1, "without_vector": 30, "dropped": 0}
    assert "1 belong to no variant here, e.g. toy/5" in done.message
    assert "30 answered inputs have no vector" in done.message


def test_ids_of_the_source_are_completed_and_nan_rows_left_out(workspace, tmp_path):
    vectors = VECTORS[:5].copy()
    vectors[2, 1] = np.nan
    np.savez(tmp_path / "v.npz", x=vectors, ids=np.array([str(one) for one in range(5)]))
    done = list(import_vectors(workspace, tmp_path / "v.npz", "one"))[-1]
    assert done.counts["without_outcome"] == 0
    assert "1 that were not finite" in done.message
    assert read_vectors(workspace.spaces()[0])[0] == ["toy/0", "toy/1", "toy/3", "toy/4"]


def test_python_objects_are_refused(tmp_path):
    np.save(tmp_path / "o.npy", np.array([[1], [2, 3]], dtype=object), allow_pickle=True)
    with pytest.raises(ReadError, match="Python objects, which could run code"):
        read(tmp_path / "o.npy")


def test_what_is_wrong_is_said(workspace, tmp_path):
    files(tmp_path)
    with pytest.raises(ReadError, match="has no ids"):
        read(tmp_path / "a.npy")
    (tmp_path / "few.txt").write_text("toy/0")
    with pytest.raises(ShapeError, match="1 ids and 6 vectors"):
        read(tmp_path / "a.npy", tmp_path / "few.txt")
    uneven = pa.table({"id": ["a", "b"], "vector": [[1.0], [1.0, 2.0]]})
    pq.write_table(uneven, tmp_path / "u.parquet")
    with pytest.raises(ShapeError, match=r"one length; u\.parquet has \[1, 2\]"):
        read(tmp_path / "u.parquet")
    np.savez(tmp_path / "t.npz", vectors=VECTORS[:2], ids=np.array(["0", "toy/0"]))
    with pytest.raises(ShapeError, match="'toy/0' comes twice"):
        list(import_vectors(workspace, tmp_path / "t.npz", "one"))
    with pytest.raises(ReadError, match=r"Vectors come as \.npy"):
        read(tmp_path / "v.csv")
