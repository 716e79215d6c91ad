"""A condition may speak of one model's answer where another model's row is asked for."""

import numpy as np
import pytest

from stresslab.errors import UnknownColumnError
from stresslab.store import query
from stresslab.store.contents import resolve
from stresslab.store.engine import reading
from tests.store import small

TASKS = ("trials", "single", "whole", "graded")


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    return small.build(tmp_path_factory.mktemp("of") / "w")[0]


def asked(workspace, task, where=""):
    return resolve(workspace, task=task, where=where, population="each", models=small.MODELS)


@pytest.mark.parametrize("task", TASKS)
def test_rows_are_those_on_which_the_named_model_fails(workspace, task):
    pairs = query.pairs(workspace, asked(workspace, task))
    ada = pairs.values[:, pairs.models.index("ada")]
    found = query.pairs(workspace, asked(workspace, task, "score.ada < 0.5"))
    assert set(found.variant.tolist()) == set(pairs.variant[ada < 0.5].tolist())
    assert len(found.variant)


@pytest.mark.parametrize("task", TASKS)
def test_every_path_gives_the_same_cells(workspace, task):
    question = asked(workspace, task, "score.ada < 0.7 and score.bob >= 0.1")
    with reading(workspace) as engine:
        tables = [query.try_path(engine, question, ("domain",), one) for one in query.PATHS]
    known = [one[["total", "n", "n_clusters"]] for one in tables if one is not None]
    assert known[-1]["n"].sum() > 0
    for one in known[1:]:
        np.testing.assert_allclose(known[0], one)


@pytest.mark.parametrize("task", TASKS)
def test_what_the_model_did_not_answer_meets_no_comparison(workspace, task):
    rows = [
        query.cells(workspace, asked(workspace, task, where))["n_rows"].sum()
        for where in ("score.cyd < 0.5", "score.cyd >= 0.5", "score.cyd is null", "")
    ]
    assert (rows[2] > 0) == (task != "whole")  # there everybody answers everything
    assert sum(rows[:3]) == rows[3]


def test_a_model_that_is_not_there_is_named_with_near_ones(workspace):
    with pytest.raises(UnknownColumnError, match=r"score\.ada"):
        asked(workspace, "single", "score.adda = 1")
