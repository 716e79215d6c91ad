"""The parts two studies of people are made of: what they refuse, and how subgroups are judged."""

import numpy as np
import pandas as pd
import pytest

from stresslab.errors import ParamError, ShapeError
from stresslab.studies._wearable_audit_cohort import FEATURES, cohort
from stresslab.studies._wearable_audit_tables import KINDS, SHIFTS, SPLITS
from stresslab.studies.clinicllm import check_apart, lower_than
from stresslab.studies.wearable_audit import POSITIVE, _answers, _elsewhere, positive


def test_a_positive_class_nobody_has_is_refused():
    assert positive(["calm", "tense"], "calm").tolist() == [1, 0]
    with pytest.raises(ParamError, match="classes are calm, tense"):
        positive(["calm", "tense"], "stressed")


def test_a_patient_on_both_sides_is_refused():
    rows = pd.DataFrame({"item": ["a", "b", "c"]})
    check_apart(rows[:2], rows[2:])
    with pytest.raises(ShapeError, match="'b'"):
        check_apart(rows[:2], rows[1:])


def test_patients_are_held_against_all_others_with_the_error_of_both():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, 400)
    good, bad = (
        pd.DataFrame({"truth": truth, "risk": signal * truth + rng.normal(size=400)})
        for signal in (2.0, 0.2)
    )
    assert lower_than(bad, good, 0.95)
    assert not lower_than(good, bad, 0.95)
    assert not lower_than(good[:200], good[200:], 0.95)
    assert not lower_than(bad[:12], good, 0.95)  # too few of either class


def test_a_copy_is_met_again_where_rows_are_dealt_and_nowhere_else():
    rows = cohort(0.5).assign(truth=lambda table: positive(table["label"], POSITIVE))
    met = {
        split: _answers(rows, KINDS[0], split, 3, 0.5, 0)[0]["answer"].eq("near duplicate").mean()
        for split in SPLITS
    }
    assert met["rows dealt"] > 0.2
    assert met["recordings dealt"] == met["people dealt"] == 0


def test_features_are_shuffled_for_people_dealt_only():
    rows = cohort(0.0).assign(truth=lambda table: positive(table["label"], POSITIVE))
    assert len(_answers(rows, KINDS[0], "rows dealt", 1, 0.0, 0)) == 1
    found = _answers(rows, KINDS[0], "people dealt", 1, 0.0, 0)
    assert [one["perturbation"].iloc[0] for one in found[1:]] == [f"{f} shuffled" for f in FEATURES]
    plain, first = found[0]["output"].to_numpy(), found[1]["output"].to_numpy()
    assert (plain != first).mean() > 0.9


def test_the_old_and_every_country_are_judged_by_models_of_others():
    rows = cohort(0.0).assign(truth=lambda table: positive(table["label"], POSITIVE))
    old = _elsewhere(rows, KINDS[0], SHIFTS[0])
    assert old["age"].min() > rows.drop_duplicates("person")["age"].median()
    assert len(_elsewhere(rows, KINDS[0], SHIFTS[1])) == len(rows)
