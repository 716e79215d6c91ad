"""The parts of the study of familiarity: splits, words, shells, what is refused and what is told."""

import numpy as np
import pandas as pd
import pytest

from stresslab.errors import ShapeError
from stresslab.studies import _sage_ages as ages
from stresslab.studies import _sage_digits as digits
from stresslab.studies import _sage_tables as tables
from stresslab.studies.sage import coarse


def test_no_digit_stands_on_two_sides():
    parts = digits.split()
    whole = np.concatenate([parts.training, parts.calibration, parts.test])
    assert sorted(whole) == list(range(1797))
    assert [len(one) for one in (parts.training, parts.calibration, parts.test)] == [900, 450, 447]
    with pytest.raises(ShapeError, match="1 were, the first is 3"):
        digits.Split(np.array([1, 3]), np.array([3, 4]), np.array([5]))


def test_few_calibration_rows_are_warned_of_with_the_least_p():
    [warning] = coarse(19)
    assert "0.050" in warning.message
    assert coarse(30) == ()


def test_a_full_turn_and_no_noise_leave_a_digit_as_it_is():
    images = digits.digits()[0][:5]
    assert (digits.changed(images, "noise", 0) == images).all()
    turned = digits.changed(images, "rotation", 6)  # 90 degrees: exact
    assert turned == pytest.approx(np.rot90(images, axes=(1, 2)), abs=1e-9) or (
        turned == pytest.approx(np.rot90(images, -1, axes=(1, 2)), abs=1e-9)
    )


def test_the_third_score_of_ages_is_the_gap_to_the_neighbours():
    measures, old = ages.shells(300)
    model = ages.fit_ages(measures[:200], old[:200], measures[200:])
    features = (measures[200:203] - model.centre) / model.spread
    codes = model.code.of(features)
    for row, code in enumerate(codes):
        near = np.argsort(np.linalg.norm(model.code.codes - code, axis=1))[: ages.K]
        told = model.predict(features)[row]
        assert model.raw(features)[row, 2] == pytest.approx(abs(told - old[near].mean()))
    least_squares = np.linalg.lstsq(
        np.column_stack([np.ones(200), model.code.codes]), old[:200], rcond=None
    )[0]
    assert model.weights == pytest.approx(least_squares)


def test_noise_makes_shells_less_familiar_and_errors_larger():
    clean, noisy = ages.asked(0), ages.asked(5)
    assert np.median(noisy[3]) < np.median(clean[3]) / 3
    assert np.abs(noisy[0] - noisy[1]).mean() > np.abs(clean[0] - clean[1]).mean()


def rows(**columns):
    n = len(next(iter(columns.values())))
    return pd.DataFrame({"cluster": range(n), **columns})


def test_words_begin_where_calibration_rows_say():
    usual = rows(sage=np.linspace(0, 1, 101))
    asked = rows(
        sage=[0.5, 0.1, 0.04, 0.5], p_distance=[0.5, 0.5, 0.01, 0.05],
        p_confidence=[0.5, 0.5, 0.1, 0.5],
    )  # fmt: skip
    assert tables.with_words(asked, usual)["word"].tolist() == list(tables.WORDS)


def test_dropping_keeps_the_most_familiar():
    n = 100
    sage = np.arange(n) / n
    some = rows(score=(sage > 0.195).astype(float), **dict.fromkeys(tables.SCORES, sage))
    found = tables.dropping(some, "all").query("model == 'SAGE'").set_index("x")
    assert found.loc[0.0, "value"] == pytest.approx(0.8)
    assert found.loc[0.2, "value"] == 1.0
    assert found.loc[0.2, "n"] == 80
    assert found.loc[0.2, "low"] < 1  # eighty right of eighty leave room


def test_the_interval_of_a_median_covers_it():
    rng = np.random.default_rng(0)
    ends = [tables.median(rng.exponential(size=80)) for _ in range(300)]
    covered = [one["low"] <= np.log(2) <= one["high"] for one in ends]
    assert 0.92 < np.mean(covered) <= 0.99


def test_confident_but_outside_is_counted_apart():
    some = rows(
        perturbation=[None, "noise", "noise", "noise"], tier=[0, 1, 1, 1],
        score=[1.0, 0.0, 1.0, 1.0],
        word=["familiar", "confident but outside", "outside", "familiar"],
    )  # fmt: skip
    found = tables.confident(some).set_index("inputs")
    assert found.loc["confident but outside", ["value", "n"]].tolist() == [0.0, 1]
    assert found.loc["confident but outside", "share"] == pytest.approx(1 / 3)
    assert found.loc["all", "value"] == pytest.approx(2 / 3)
