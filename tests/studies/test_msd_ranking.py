"""The parts study 49 is made of: cases that nobody handed in, few differences, what it refuses."""

import numpy as np
import pandas as pd
import pytest

from stresslab import Workspace
from stresslab.errors import ParamError, StresslabError
from stresslab.ratings.ranks import aggregate, rank_by, worst_for_missing
from stresslab.studies import _msd_tables as tables
from stresslab.studies._msd_cases import cases
from stresslab.studies._record import record
from stresslab.studies.msd_ranking import MEASURES, check_directed


def test_what_was_not_handed_in_counts_as_the_worst_of_the_task():
    scores = np.array([[0.9, 0.5], [np.nan, 0.7], [0.8, 0.6]])
    assert worst_for_missing(scores).tolist() == [[0.9, 0.5], [0.5, 0.7], [0.8, 0.6]]
    costs = worst_for_missing(scores, higher_is_better=False)
    assert costs[1, 0] == 0.9
    assert np.isnan(worst_for_missing(np.full((2, 2), np.nan))).all()
    assert aggregate(scores, "mean")[0] == pytest.approx(0.85)  # left out without it


def test_one_that_fails_some_cases_altogether_leads_by_the_median_and_not_by_the_mean():
    scores = worst_for_missing(cases("reversal").dsc[:50])
    assert rank_by(scores, "median")[0] == 1
    assert rank_by(scores, "mean")[0] > 1
    assert tables.judged("reversal", scores)["verdict"] == "winner depends on the rule"


def test_a_p_value_of_fewer_than_five_differences_says_so():
    scores = np.column_stack([np.arange(8.0), np.arange(8.0), np.zeros(8), np.zeros(8), np.ones(8)])
    scores[:4, 0] += 0.1
    notes = tables.beats(scores).set_index(["row", "column"])["note"]
    assert notes["alpha", "beta"] == "too few"
    assert notes["gamma", "delta"] == "too few"
    assert notes["alpha", "gamma"] != "too few"


def test_a_measure_without_a_direction_is_refused():
    check_directed({"score": {"higher_is_better": True}}, MEASURES["DSC"])
    for told in ({}, {"score": {}}, {"score": {"higher_is_better": False}}):
        with pytest.raises(ParamError, match="Declare higher_is_better"):
            check_directed(told, "score")


def test_a_case_that_an_algorithm_scored_twice_is_refused(tmp_path):
    rows = pd.DataFrame({"item": ["a", "a"], "domain": "ideal", "score": [0.5, 0.6]})
    with pytest.raises(StresslabError, match="trial"):
        record(Workspace.create(tmp_path / "w"), rows, model="m", task="t", settings={})
