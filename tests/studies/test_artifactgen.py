"""The parts study 23 is made of: spectra, scalings, discrepancy, generators and what is refused."""

import numpy as np
import pytest

from stresslab.errors import ShapeError
from stresslab.evidence import Evidence
from stresslab.geometry.between.mmd import mmd
from stresslab.studies import _artifact_fidelity as fidelity
from stresslab.studies._artifact_signals import GENERATORS, RATE, generated, labels, reference
from stresslab.studies.artifactgen_eeg import _short


@pytest.fixture(scope="module")
def real():
    return reference(60)


def test_the_discrepancy_is_that_of_the_geometry_piece(real):
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 40, 6))
    b += 0.4
    value, p = fidelity.discrepancy(a, b, rng=rng)
    piece = mmd(Evidence(features=a), Evidence(features=b), rng=rng)["mmd2"]
    assert value == pytest.approx(piece, abs=1e-9)
    assert p < 0.05
    assert np.isnan(fidelity.discrepancy(a[:10], b[:10], rng=rng)[1])


def test_two_sets_of_one_kind_are_seldom_told_apart():
    rng = np.random.default_rng(1)
    p = [fidelity.discrepancy(*rng.normal(size=(2, 30, 4)), rng=rng)[1] for _ in range(60)]
    assert np.mean(np.array(p) <= 0.05) <= 0.15


def test_power_adds_up_to_the_variance():
    noise = np.random.default_rng(2).normal(0, 3, (20, 2, 500))
    frequency, power = fidelity.spectrum(noise, RATE)
    total = power.sum(axis=1) * (frequency[1] - frequency[0])
    assert total.mean() == pytest.approx(9, rel=0.05)


def test_scalings_take_mean_and_spread_off(real):
    window = fidelity.standardised(real, "per window")
    assert window.mean(axis=(1, 2)) == pytest.approx(0, abs=1e-12)
    assert window.std(axis=(1, 2)) == pytest.approx(1)
    channel = fidelity.standardised(5 * real + 2, "per channel")
    assert channel.std(axis=(0, 2)) == pytest.approx(1)
    assert fidelity.standardised(real, "raw") is real


def test_a_constant_window_correlates_with_nothing(real):
    flat = real[:4].copy()
    flat[1] = 3.0
    found = fidelity.correlations(flat)
    assert np.isnan(found[1]).all()
    assert found[0, 2] == pytest.approx(np.corrcoef(flat[0].ravel(), flat[2].ravel())[0, 1])


def test_other_channels_or_samples_are_refused(real):
    fidelity.check_alike(real, real)
    with pytest.raises(ShapeError, match="one number of channels"):
        fidelity.check_alike(real, real[:, :4])


def test_windows_too_short_for_delta_are_warned_of():
    assert _short(2.0) == ()
    assert "2 s" in _short(1.0)[0].message


@pytest.mark.parametrize("name", GENERATORS)
def test_a_generator_gives_as_many_windows_and_the_same_again(real, name):
    made = generated(name, real)
    assert made.shape == real.shape
    assert (generated(name, real) == made).all()
    assert generated(name, real, 3).std() > made.std()


def test_random_phases_keep_the_spectrum_and_the_collapsed_repeat_themselves(real):
    known = fidelity.summary(real, RATE)
    plain = np.abs(np.fft.rfft(real, axis=-1))
    turned = np.abs(np.fft.rfft(generated("random phases", real), axis=-1))
    assert turned == pytest.approx(plain, abs=1e-8)
    made = fidelity.summary(generated("collapsed", real), RATE)
    assert fidelity.distances(known, made)["repeats"] == 1
    assert fidelity.distances(known, known)["repeats"] == 0


def test_classes_come_in_turn():
    assert np.bincount(labels(100)).tolist() == [20] * 5
