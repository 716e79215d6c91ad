import numpy as np
import pytest

from stresslab.perturbations.image.blur import blur
from stresslab.perturbations.image.contrast import lower_contrast
from stresslab.perturbations.image.invert import invert
from stresslab.perturbations.image.noise import add_noise
from stresslab.perturbations.image.occlude import cover
from stresslab.perturbations.image.rotate import turn

RNG = np.random.default_rng(0)
RAMP = np.arange(256, dtype=np.uint8).reshape(16, 16)
GREY = np.full((40, 40), 128, np.uint8)


def test_full_inversion_is_the_negative_and_twice_the_original():
    assert np.array_equal(invert(RAMP, 1.0, RNG), 255 - RAMP)
    assert np.array_equal(invert(invert(RAMP, 1.0, RNG), 1.0, RNG), RAMP)


def test_half_inversion_is_plain_grey():
    assert set(np.unique(invert(RAMP, 0.5, RNG))) <= {127, 128}


def test_contrast_shrinks_the_range_by_the_share():
    narrow = lower_contrast(RAMP, 0.9, RNG)
    assert (narrow.min(), narrow.max()) == (115, 140)


def test_noise_has_the_asked_spread():
    assert (add_noise(GREY, 0.1, RNG).astype(float) - 128).std() == pytest.approx(25.5, rel=0.1)


def test_noise_of_a_higher_tier_is_the_same_noise_but_louder():
    soft, loud = (
        add_noise(GREY, sd, np.random.default_rng(1)).astype(float) - 128 for sd in (0.05, 0.1)
    )
    assert np.allclose(loud, 2 * soft, atol=1.5)


def test_blur_leaves_an_even_image_alone_and_keeps_the_mean():
    assert np.array_equal(blur(GREY, 2.0, RNG), GREY)
    spot = np.zeros((41, 41), np.uint8)
    spot[20, 20] = 255
    wide = blur(spot, 1.0, RNG)
    assert wide[20, 20] == round(255 / (2 * np.pi))
    assert np.array_equal(wide, wide.T)


def test_the_patch_has_the_asked_side_and_grows_around_one_centre():
    masks = [
        cover(np.zeros((28, 28), np.uint8), share, np.random.default_rng(4)) == 128
        for share in (0.2, 0.4)
    ]
    assert masks[0].any(axis=0).sum() in (5, 6)
    assert masks[1].any(axis=1).sum() in (11, 12)
    assert (masks[1] | ~masks[0]).all()


def test_a_quarter_turn_moves_the_top_to_a_side():
    image = np.zeros((21, 21), np.uint8)
    image[2, 10] = 255
    turned = turn(image, 90.0, np.random.default_rng(0))
    assert turned[10, 2] == 255 or turned[10, 18] == 255


def test_turns_go_both_ways():
    image = np.zeros((21, 21), np.uint8)
    image[2, 10] = 255
    sides = {int(turn(image, 90.0, np.random.default_rng(seed))[10, 2]) for seed in range(10)}
    assert sides == {0, 255}
