"""Maps and clusters of a space as a job: kept, not made twice, stopped, refused in words."""

import numpy as np
import pytest

from stresslab import projections
from stresslab.errors import ParamError, ShapeError, TooFewRowsError
from stresslab.jobs._events import Done
from stresslab.jobs.project import align, project
from stresslab.projections import Projection
from stresslab.store.derived import read_derived
from tests.factory import toy_workspace

IDS = [f"toy/{one}" for one in range(60)]


def add(workspace, name="one", n=60, dimension=6, vectors=None):
    rng = np.random.default_rng(dimension)
    with workspace.add_space(name, encoder="t", dimension=dimension, kind="features") as space:
        space.write(IDS[:n], rng.normal(size=(n, dimension)) if vectors is None else vectors)


@pytest.fixture
def workspace(tmp_path):
    made = toy_workspace(tmp_path / "w")
    add(made)
    return made


def test_a_map_is_kept_with_its_recipe_and_what_it_keeps(workspace):
    *progress, done = project(workspace, "one", "pca", seed=7)
    assert progress
    [info] = workspace.derived()
    assert (info.derived_id, info.kind, info.space) == ("one.pca", "projection", "one")
    assert info.manifest["seed"] == 7
    assert set(info.manifest["recipe"]["versions"]) == {"stresslab", "numpy"}
    assert 0.5 < info.quality["trustworthiness"] < 1
    assert f"{info.quality['trustworthiness']:.3f}" in done.message
    assert read_derived(info)["variant_id"].tolist() == IDS


def test_the_same_map_is_not_made_twice_and_another_seed_replaces_it(workspace):
    list(project(workspace, "one", "pca"))
    first = workspace.derived()[0].digest
    [done] = project(workspace, "one", "pca")
    assert "there already" in done.message
    list(project(workspace, "one", "pca", seed=1))
    [info] = workspace.derived()
    assert info.digest != first


def test_zero_vectors_have_no_place_under_cosine(workspace, monkeypatch):
    vectors = np.ones((60, 4))
    vectors[:, 1] = np.arange(60)
    vectors[[3, 8]] = 0
    add(workspace, "two", dimension=4, vectors=vectors)
    piece = Projection(
        "t", "projection", lambda v, *, seed, report, metric: v[:, :2], {"metric": "cosine"}
    )
    monkeypatch.setattr(projections, "get", lambda name: piece)
    *_, done = project(workspace, "two", "pca")
    assert "2 without direction are left out" in done.message
    assert len(read_derived(workspace.derived()[0])) == 58


def test_a_map_that_is_stopped_leaves_nothing(workspace, monkeypatch):
    asked = []

    def slow(vectors, *, seed, report):
        while True:
            asked.append(1)
            report(1, 1, "waiting")

    monkeypatch.setattr(projections, "get", lambda name: Projection("t", "projection", slow))
    events = project(workspace, "one", "pca")
    next(events)
    events.close()
    n = len(asked)
    assert workspace.derived() == []
    assert len(asked) == n


def test_what_is_wrong_is_said(workspace):
    with pytest.raises(ParamError, match=r"No space is called 'two'. There are: one"):
        list(project(workspace, "two"))
    with pytest.raises(ParamError, match=r"no setting 'k'. There are: neighbours"):
        list(project(workspace, "one", "umap", settings={"k": 3}))
    with pytest.raises(ParamError, match="neighbours must be of type int; got 'many'"):
        list(project(workspace, "one", "umap", settings={"neighbours": "many"}))
    add(workspace, "tiny", n=4)
    with pytest.raises(TooFewRowsError, match="'tiny' has 4"):
        list(project(workspace, "tiny", "pca"))
    with pytest.raises(ShapeError, match="'one' and 'tiny' share 4"):
        list(align(workspace, "one", "tiny"))


@pytest.mark.slow
def test_two_spaces_are_drawn_side_by_side(workspace):
    add(workspace, "two", n=50, dimension=9)
    *_, done = align(workspace, "one", "two", neighbours=8)
    assert isinstance(done, Done)
    assert "50 variants; 10 vectors of one space only are left out" in done.message
    a, b = (read_derived(one) for one in workspace.derived())
    assert [one.derived_id for one in workspace.derived()] == ["one.aligned-two", "two.aligned-one"]
    assert a["variant_id"].tolist() == b["variant_id"].tolist()
    apart = np.hypot(a["x"] - b["x"], a["y"] - b["y"])
    mixed = np.hypot(a["x"] - b["x"].iloc[::-1].to_numpy(), a["y"] - b["y"].iloc[::-1].to_numpy())
    assert apart.mean() < mixed.mean()
