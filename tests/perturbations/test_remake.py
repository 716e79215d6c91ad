import numpy as np
import pytest

from stresslab import perturbations
from stresslab.errors import ParamError, UnknownPieceError
from stresslab.perturbations.image._codec import from_uri, to_uri


def test_an_image_survives_the_way_through_its_address():
    image = np.arange(64, dtype=np.uint8).reshape(8, 8)
    assert np.array_equal(from_uri(to_uri(image)), image)


def test_remaking_an_address_equals_changing_the_array():
    image = np.arange(64, dtype=np.uint8).reshape(8, 8)
    address = perturbations.remake("image.noise", to_uri(image), 4, 7, "set/1")
    assert np.array_equal(
        from_uri(address), perturbations.perturb("image.noise", image, 4, 7, "set/1")
    )


def test_tier_0_is_the_stored_input_letter_for_letter():
    assert perturbations.remake("text.typos", "A  film", 0, 0, "set/1") == "A  film"
    assert (
        perturbations.remake("image.blur", "not even an image", 0, 0, "set/1")
        == "not even an image"
    )


def test_items_and_seeds_have_random_numbers_of_their_own():
    text = "several different longer words standing together somewhere"
    made = {
        perturbations.remake("text.typos", text, 4, seed, item)
        for seed, item in ((0, "set/1"), (1, "set/1"), (0, "set/2"))
    }
    assert len(made) == 3


def test_an_unknown_tier_names_the_known_ones():
    with pytest.raises(ParamError, match="tiers 0 to 5; got 6"):
        perturbations.remake("text.typos", "words", 6, 0, "set/1")


def test_an_unknown_piece_brings_the_near_one():
    with pytest.raises(UnknownPieceError, match=r"text\.typos"):
        perturbations.remake("text.typo", "words", 1, 0, "set/1")


@pytest.mark.parametrize(
    "broken", ["a plain text", "data:image/png;base64,AAAA", "data:image/png;base64,%"]
)
def test_what_is_no_image_is_named(broken):
    with pytest.raises(ParamError, match="image"):
        perturbations.remake("image.blur", broken, 1, 0, "set/1")
