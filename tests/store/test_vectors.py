"""Vectors beside the index: paired by id, mapped into memory, with what is missing counted."""

import numpy as np
import pytest

from stresslab.analyses._evidence import gather
from stresslab.errors import DamagedFileError, ParamError, ShapeError
from stresslab.predicate import parse
from stresslab.store.contents import resolve
from stresslab.store.vectors import head_of, mapped_space, space_rows
from tests.factory import toy_workspace

VECTORS = np.random.default_rng(2).normal(size=(40, 3)).astype(np.float32)


def add(workspace, ids, vectors, name="one", **changes):
    settings = {"encoder": "test", "dimension": vectors.shape[1], "kind": "features"} | changes
    with workspace.add_space(name, dtype="float32", **settings) as space:
        space.write(ids, vectors)
    return workspace


@pytest.fixture
def workspace(tmp_path):
    made = toy_workspace(tmp_path / "w", n_items=30)
    return add(made, [f"toy/{one}" for one in range(39, -1, -1)], VECTORS[::-1])


def test_vectors_stand_beside_their_variants(workspace):
    found = space_rows(workspace, resolve(workspace, where="tier = 0"), "one")
    assert sorted(found.ids) == sorted(f"toy/{one}" for one in range(30))
    wanted = VECTORS[[int(one.removeprefix("toy/")) for one in found.ids]]
    np.testing.assert_array_equal(found.matrix, wanted)
    assert not found.matrix.flags.writeable
    assert (np.diff(found.variants) > 0).all()


def test_both_kinds_of_missing_are_counted_and_named(workspace):
    found = space_rows(workspace, resolve(workspace), "one")
    assert found.n_without_vector == 30 * 6
    assert "toy/0#noise:1" in found.without_vector
    assert found.n_without_outcome == 10
    assert set(found.without_outcome) <= {f"toy/{one}" for one in range(30, 40)}


def test_the_map_is_written_once_and_comes_back_after_it_is_deleted(workspace):
    [space] = workspace.spaces()
    first = mapped_space(workspace, space)
    assert isinstance(first.matrix, np.memmap)
    np.testing.assert_array_equal(first.matrix, VECTORS[::-1])


def test_evidence_has_labels_correctness_and_sides(workspace):
    question = resolve(workspace, where="tier = 0")
    found = gather(workspace, question, "one", "beta")
    assert found.classes == ("no", "yes")
    odd = np.array([int(one.removeprefix("toy/")) % 2 for one in found.rows["variant_id"]])
    np.testing.assert_array_equal(found.evidence.labels, odd)
    np.testing.assert_array_equal(found.evidence.correct, found.rows["correct.beta"])
    assert 0.3 < found.evidence.correct.mean() < 0.9
    assert (found.rows["confidence.alpha"] == 0.95).all()
    north = found.meeting(workspace, question, parse('domain = "north"'))
    assert (north == (found.rows["domain"] == "north")).all()
    assert north.sum() == 15
    assert {one.code for one in found.warnings} == {"without-outcome"}


def test_odd_vectors_are_counted(tmp_path):
    made = toy_workspace(tmp_path / "w", n_items=6)
    vectors = np.ones((6, 8))
    vectors[:, :4] = np.random.default_rng(0).normal(size=(6, 4))
    vectors[1] = vectors[0]
    vectors[2] = 0
    add(made, [f"toy/{one}" for one in range(6)], vectors)
    found = gather(made, resolve(made, where="tier = 0"), "one")
    said = {one.code: one.n for one in found.warnings}
    assert said == {"few-points": 6, "zero-vectors": 1, "duplicate-vectors": 1}
    only = gather(made, resolve(made, where='tier = 0 and item_id != "toy/2"'), "one")
    assert {one.code: one.n for one in only.warnings}["constant-features"] == 4


def test_a_head_makes_logits_and_probabilities(tmp_path):
    made = toy_workspace(tmp_path / "w", n_items=6)
    weights, bias = np.random.default_rng(0).normal(size=(3, 2)), np.array([0.5, -0.5])
    with made.add_space("one", encoder="t", dimension=3, kind="features", dtype="float32") as space:
        space.write([f"toy/{one}" for one in range(6)], VECTORS[:6])
        space.head(weights, bias)
    found = gather(made, resolve(made, where="tier = 0"), "one").evidence
    np.testing.assert_allclose(found.logits, found.features @ weights + bias, rtol=1e-5)
    np.testing.assert_allclose(found.probs.sum(axis=1), 1)
    assert made.verify() == []
    [space] = made.spaces()
    (space.path / "head.npz").write_bytes(b"no")
    assert len(made.verify()) == 1
    with pytest.raises(DamagedFileError, match="arrays W and b"):
        head_of(space)


def test_what_is_wrong_is_said(workspace):
    question = resolve(workspace)
    with pytest.raises(ParamError, match=r"No space is called 'two'. There are: one"):
        space_rows(workspace, question, "two")
    with pytest.raises(ParamError, match="model must be one of alpha"):
        gather(workspace, question, "one", "nobody")
    with workspace.add_space("deep", encoder="t", dimension=3, kind="features") as space:
        space.write(["toy/0", "toy/1"], VECTORS[:2], layer="1")
        space.write(["toy/0", "toy/1"], VECTORS[2:4], layer="2")
        with pytest.raises(ShapeError, match=r"\(3, n_classes\).*\(2, 2\)"):
            space.head(np.ones((2, 2)), np.ones(2))
    with pytest.raises(ParamError, match="holds the layers 1, 2; say which"):
        space_rows(workspace, question, "deep")
    second = space_rows(workspace, question, "deep", layer="2")
    np.testing.assert_allclose(second.matrix, VECTORS[2:4], rtol=1e-2)


def test_an_empty_workspace_has_no_rows(tmp_path):
    from stresslab import Workspace

    made = add(Workspace.create(tmp_path / "w"), ["a/1"], VECTORS[:1])
    found = gather(made, resolve(made), "one")
    assert found.evidence.n == 0
    assert len(found.rows) == 0
