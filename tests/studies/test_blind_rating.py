"""Few prompts rated blind: what is refused, what contradicts itself, and what the checks see."""

import numpy as np
import pytest

from stresslab import Workspace
from stresslab.errors import ParamError, ShapeError
from stresslab.ratings.paired_ratings import contradicts_itself, matched, paired_ratings
from stresslab.studies import blind_rating as study
from stresslab.studies._blind_rating_checks import agreement
from stresslab.studies._blind_rating_panel import FLATTERY, TASKS


def test_unequal_sets_of_prompts_name_the_unmatched():
    a, b = matched({"p": 8.0, "q": 6.0}, {"q": 5.0, "p": 7.0})
    assert (a - b).tolist() == [1, 1]
    with pytest.raises(ShapeError, match=r"'q' \(only A\), 'r' \(only B\)"):
        matched({"p": 8, "q": 6}, {"p": 7, "r": 5})


def test_ratings_beyond_the_scale_are_refused():
    with pytest.raises(ParamError, match="between 0 and 10; got 11"):
        paired_ratings(np.array([8.0, 11.0]), np.array([7.0, 7.0]), scale=(0, 10))


def test_fewer_than_five_prompts_are_told_without_a_test():
    found = study._effect(np.array([9.0, 9.0, 8.5, 9.0]), np.array([1.0, 1.5, 1.0, 2.0]))
    assert found["verdict"] == "cannot tell"
    assert np.isnan([found["p_signflip"], found["p_t"], found["p_wilcoxon"]]).all()
    assert found["n"] == 4


def test_ratings_that_never_differ_have_p_1_and_no_effect():
    found = study._effect(np.full(18, 7.0), np.full(18, 7.0))
    assert (found["p_signflip"], found["value"], found["verdict"]) == (1, 0, "cannot tell")
    assert np.isnan([found["d_z"], found["rank_biserial"]]).all()


@pytest.mark.parametrize(
    ("claim", "flagged"),
    [("significant (p > 0.05)", True), ("Significant, p = .2", True), ("significant (p=0.01)",
     False), ("significant (p < 0.05)", False), ("non-significant, p = 0.3", False),
     ("significant", False), ("p > 0.05", False), ("a significant gain (p ≥ 0.05)", True)],
)  # fmt: skip
def test_a_claim_that_contradicts_its_p_is_flagged(claim, flagged):
    assert contradicts_itself(claim) is flagged


def test_the_verdict_without_a_contradiction_is_that_of_the_ratings(built, monkeypatch):
    workspace = Workspace.open(built("blind_rating").folder)
    assert study.find(workspace).verdict == "claim contradicts its own p"
    monkeypatch.setattr(study, "CLAIM", "significant (p < 0.05)")
    found = study.find(workspace)
    assert found.verdict == "cannot tell"
    assert not any("contradicts" in one for one in found.sentences)
    assert [one.message for one in found.warnings] == [
        "There is one rater: no reliability estimate possible."]  # fmt: skip


def test_the_checks_find_the_confounds_that_were_planted(built):
    table = built("blind_rating").result.tables["blinding"].set_index(["task", "check"])
    share, length = table.loc[TASKS[1]].to_dict("records")
    assert share["low"] > 0.5
    assert length["low"] > 0
    share, length = table.loc[TASKS[0]].to_dict("records")
    assert share["low"] < 0.5 < share["high"]
    assert length["low"] < 0 < length["high"]


def test_systems_are_found_to_flatter_themselves_as_planted(built):
    for row in built("blind_rating").result.tables["self_rating"].to_dict("records"):
        assert row["low"] - 0.3 < FLATTERY[row["label"]] < row["high"] + 0.3
        assert row["n"] == 72


def test_agreement_has_an_interval_around_it():
    rng = np.random.default_rng(0)
    ratings = rng.normal(size=(40, 1)) + rng.normal(0, 0.5, (40, 4))
    table = agreement(ratings)
    assert (table["low"] < table["value"]).all()
    assert (table["value"] < table["high"]).all()
    assert agreement(ratings[:, :1])["value"].isna().all()
