"""Spaces made here: resumed after a kill, not made twice, what cannot be encoded counted."""

import numpy as np
import pytest

from stresslab import encoders
from stresslab.encoders import Encoder, Loaded
from stresslab.errors import ParamError
from stresslab.jobs.embed import embed, parts_of
from stresslab.store.spaces import read_vectors
from stresslab.store.vectors import head_of
from tests.factory import toy_workspace


class Counted:
    """An encoder that counts what it was given and may die."""

    def __init__(self, dies_at=None):
        self.seen, self.dies_at = [], dies_at

    def load(self):
        return Loaded(self.encode, 2, "counted==1", (np.eye(2), np.zeros(2)))

    def encode(self, inputs):
        if self.dies_at is not None and len(self.seen) >= self.dies_at:
            raise KeyboardInterrupt
        self.seen += inputs
        return {"a": np.array([[len(one), 1] for one in inputs]), "b": np.ones((len(inputs), 2))}


@pytest.fixture
def workspace(tmp_path):
    return toy_workspace(tmp_path / "w", n_items=30)


def use(monkeypatch, counted):
    piece = Encoder("t", counted.load, "text", batch=16)
    monkeypatch.setattr(encoders, "get", lambda name: piece)


def test_a_killed_job_goes_on_and_encodes_nothing_twice(workspace, monkeypatch):
    dying = Counted(dies_at=60)
    use(monkeypatch, dying)
    with pytest.raises(KeyboardInterrupt):
        list(embed(workspace, "counted", seconds_a_part=0))
    [folder] = (workspace.path / "spaces").glob(".partial-*")
    assert len(parts_of(folder)) == 4
    assert len(workspace.verify()) == 1
    rest = Counted()
    use(monkeypatch, rest)
    *progress, done = embed(workspace, "counted", seconds_a_part=0)
    assert progress[0].done == 64
    assert len(dying.seen) + len(rest.seen) == 30 * 7
    assert not list((workspace.path / "spaces").glob(".partial-*"))
    [space] = workspace.spaces()
    assert space.manifest["n_vectors"] == 2 * 30 * 7
    ids, vectors = read_vectors(space)
    lengths = {
        one: row[0] for one, row in zip(ids, vectors, strict=True) if row[1] == 1 and row[0] > 1
    }
    assert lengths["toy/3#noise:1"] == len("sentence number 3 of south noise 1")
    assert head_of(space)[0].shape == (2, 2)
    assert "there already" in list(embed(workspace, "counted"))[-1].message
    assert done.counts["vectors"] == 210


def test_inputs_that_are_not_kept_are_counted(tmp_path, monkeypatch):
    made = toy_workspace(tmp_path / "w", n_items=10, remade="text.typos")
    use(monkeypatch, Counted())
    done = list(embed(made, "counted"))[-1]
    assert done.counts == {"vectors": 10, "without_input": 60}
    assert "60 inputs are not kept" in done.message


def test_a_floor_is_fitted_on_the_texts_themselves(workspace):
    done = list(embed(workspace, "tfidf_svd", where="tier = 0", settings={"dimension": "5"}))[-1]
    assert done.message.endswith("30 vectors of 5")
    [space] = workspace.spaces()
    assert space.manifest["dtype"] == "float16"


def test_what_is_wrong_is_said(workspace):
    with pytest.raises(ParamError, match=r"no setting 'k'. There are: dimension, seed"):
        list(embed(workspace, "tfidf_svd", settings={"k": 1}))
    with pytest.raises(ParamError, match="No image of task 'toy' is kept"):
        list(embed(workspace, "torch_classifier"))
    with pytest.raises(ParamError, match=r"modules\.json"):
        list(embed(workspace, "sentence_transformer", settings={"folder": "nowhere"}))
    with pytest.raises(ParamError, match=r"config\.json"):
        list(embed(workspace, "hidden_states", settings={"folder": "nowhere"}))
