"""Several problems at once: questions, bundles, simulated solvers and how their fall is judged."""

import json

import numpy as np
import pandas as pd
import pytest

from stresslab.errors import ParamError
from stresslab.jobs.export_study import export_study
from stresslab.studies import _rest_questions as asked
from stresslab.studies._rest_judged import judged
from stresslab.studies._rest_solvers import answered
from stresslab.studies.rest import PIECE, _verdict, simulate


def test_a_question_says_what_its_answer_is():
    for one in asked.questions("4 steps", 30):
        value, *steps = one.text.removesuffix(" What is it now?").rstrip(".").split(". ")
        found = int(value.rsplit(" ", 1)[1])
        for step in steps:
            words = step.split()
            found = found * 2 if words[0] == "Double" else found + int(words[-1]) * (
                1 if words[0] == "Add" else -1)  # fmt: skip
        assert len(steps) == 4
        assert found == one.answer
        assert asked.is_right(one, f" {found} ")
        assert not asked.is_right(one, str(found + 1))
        assert not asked.is_right(one, "about ten")


def test_a_prompt_holds_a_question_once():
    assert asked.bundles(5, 5).shape == (5, 5)
    with pytest.raises(ParamError, match="1 to 5 of 5 questions; got 6"):
        asked.bundles(5, 6)
    with pytest.raises(ParamError, match="'b' is there twice"):
        asked.check_apart(["a", "b", "b"])


def test_prompts_are_written_for_a_model_of_ones_own(tmp_path):
    written = export_study("rest", tmp_path / "asked")
    assert [n for _, n in written] == [asked.N_ITEMS * len(asked.LEVELS)] * 3
    last = json.loads(written[1][0].read_text().splitlines()[-1])
    assert last["level"] == 9
    assert len(last["questions"]) == len(set(last["questions"])) == len(last["answers"]) == 9
    first = asked.questions("4 steps")[asked.N_ITEMS - 1]
    assert last["questions"][0] == first.name
    assert f"Q1. {first.text}\n" in last["prompt"]
    twice = [first, first]
    with pytest.raises(ParamError, match="twice"):
        next(asked.exported(twice))


def test_a_study_without_files_says_which_have_some(tmp_path):
    with pytest.raises(ParamError, match="rest"):
        export_study("blind_rating", tmp_path)


def _rows(solver):
    rows = simulate(solver, 60)
    return rows.assign(score=rows["correct"].astype(float))


@pytest.mark.parametrize(
    ("solver", "verdict"),
    [("independent", "holds under load"), ("budget-limited", "front-loaded"),
     ("overthinker", "front-loaded"), ("order-confused", "falls evenly"),
     ("first only", "drops items")],
)  # fmt: skip
def test_a_solver_is_told_by_its_weakness(solver, verdict):
    found = judged(solver, _rows(solver))
    assert found["verdict"] == verdict
    for name, low, high in (("value", "low", "high"), ("score_under_load", "score_low",
        "score_high"), ("drop", "drop_low", "drop_high"),
        ("position_slope", "slope_low", "slope_high")):  # fmt: skip
        assert found[low] <= found[name] <= found[high]


def test_a_missing_answer_is_wrong_and_an_omission():
    rows = simulate("first only", 20)
    missing = rows["answer"].isna()
    assert (rows.loc[missing, "error"] == "omission").all()
    assert not rows.loc[missing, "correct"].any()
    assert (missing == (rows["trial"] > 0)).all()


def test_without_the_first_level_no_retention_is_told():
    rows = _rows("independent")
    found = judged("independent", rows[rows["tier"] > 0])
    assert np.isnan([found["value"], found["drop"]]).all()
    assert found["verdict"] == "not asked alone"


def test_the_overthinker_spends_most_on_the_first_and_swaps_are_errors_of_the_summary():
    questions = asked.questions("2 steps", 40)
    rows = answered("overthinker", questions, asked.bundles(40, 5), "test")
    spent = rows.groupby("position")["tokens_out"].sum()
    assert spent[0] / spent.sum() == pytest.approx(0.6, abs=0.01)
    confused = answered("order-confused", questions, asked.bundles(40, 9), "test")
    assert {"summary", "reasoning"} >= set(confused["error"].dropna())
    assert (confused["error"] == "summary").mean() > 0.1


def test_the_verdict_follows_from_the_numbers():
    solvers = pd.DataFrame({"verdict": ["drops items", "drops items", "front-loaded"]})
    assert _verdict(9, solvers) == "rank flips"
    assert _verdict(0, solvers) == "drops items"
    assert _verdict(0, solvers) in PIECE.verdicts
