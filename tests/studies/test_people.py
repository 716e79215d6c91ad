"""The parts two studies of people are made of: what they refuse, and how subgroups are judged."""

import numpy as np
import pandas as pd
import pytest

from stresslab.errors import ParamError, ShapeError
from stresslab.studies.clinicllm import check_apart, lower_than
from stresslab.studies.wearable_audit import positive


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
